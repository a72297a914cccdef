#include "tree/leaf_node.h"

#include <doctest/doctest.h>

#include "tree/leaf_view.h"
#include "tree/members.h"

using namespace mls;
using namespace mls::test;

namespace {

constexpr auto kExtension = static_cast<ExtensionType>(0xF001);
constexpr auto kProposal = static_cast<ProposalType>(0xF001);

// Leaf: a valid one, and the rules that it fits, each test spoils one thing.
struct Fixture {
  SeededRandom random{1};
  Member member;
  LeafNode leaf = NewLeaf(SmallSuite(), random, "someone", member);
  LeafRules rules = PlainRules();

  Error Outcome() const {
    const Status status = ValidateLeafNode(leaf, rules);
    return status.ok() ? Error::INTERNAL : status.error();
  }
  bool Valid() const { return ValidateLeafNode(leaf, rules).ok(); }
};

}  // namespace

TEST_CASE("leaf node: a good one passes in every suite") {
  SeededRandom random(2);
  for (const Suite& suite : AllSuites()) {
    Member member;
    LeafNode leaf = NewLeaf(suite, random, "someone", member);
    CHECK(ValidateLeafNode(leaf, PlainRules(suite)).ok());
    CHECK(VerifyLeafSignature(suite, leaf, {}, {7}).ok());
    const Bytes encoded = Encode(leaf);
    const auto decoded = Decode<LeafNode>(encoded);
    REQUIRE(decoded.ok());
    CHECK(*decoded == leaf);
    CHECK(Encode(*decoded) == encoded);
  }
}

TEST_CASE(
    "leaf node: R7.2-12, R7.2-13: the signature binds group and index, but not of a key package's leaf") {
  SeededRandom random(3);
  const Bytes group = random.Some(8);
  for (const LeafNodeSource source :
       {LeafNodeSource::key_package, LeafNodeSource::update, LeafNodeSource::commit}) {
    Member member;
    LeafNode leaf = NewLeaf(SmallSuite(), random, "someone", member);
    leaf.leaf_node_source = source;
    REQUIRE(SignLeafNode(SmallSuite(), leaf, member.signature_private_key, group, {3}).ok());
    const bool bound = source != LeafNodeSource::key_package;
    CHECK(VerifyLeafSignature(SmallSuite(), leaf, group, {3}).ok());
    for (const auto& [id, index] :
         {std::pair{random.Some(8), LeafIndex{3}}, std::pair{group, LeafIndex{2}}}) {
      const Status verified = VerifyLeafSignature(SmallSuite(), leaf, id, index);
      CHECK(verified.ok() != bound);
      if (!verified.ok()) CHECK(verified.error() == Error::BAD_LEAF_SIGNATURE);
    }
  }
}

TEST_CASE("leaf node: R7.2-14: no signed byte changes unnoticed") {
  SeededRandom random(4);
  Member member;
  LeafNode leaf = NewLeaf(SmallSuite(), random, "someone", member);
  leaf.leaf_node_source = LeafNodeSource::commit;
  leaf.parent_hash = random.Some(32);
  leaf.extensions.push_back({kExtension, random.Some(5)});
  leaf.capabilities.extensions.push_back(kExtension);
  REQUIRE(SignLeafNode(SmallSuite(), leaf, member.signature_private_key, AsView("group"), {1}).ok());
  Bytes encoded = Encode(leaf);
  for (std::uint8_t& byte : encoded) {
    byte ^= 1;
    const auto changed = Decode<LeafNode>(encoded);
    if (changed.ok()) {
      const Status verified = VerifyLeafSignature(SmallSuite(), *changed, AsView("group"), {1});
      REQUIRE(!verified.ok());
      REQUIRE(verified.error() == Error::BAD_LEAF_SIGNATURE);
    }
    byte ^= 1;
  }
}

TEST_CASE("leaf node: R7.2-10: no other source decodes") {
  Fixture f;
  for (const int source : {0, 4, 255}) {
    f.leaf.leaf_node_source = static_cast<LeafNodeSource>(source);
    CHECK(!Decode<LeafNode>(Encode(f.leaf)).ok());
  }
}

TEST_CASE("leaf node: R7.2-03, R7.3-12: what a leaf carries it lists") {
  Fixture f;
  f.leaf.extensions.push_back({kExtension, {}});
  CHECK(f.Outcome() == Error::INVALID_LEAF_NODE);
  f.leaf.capabilities.extensions.push_back(kExtension);
  CHECK(f.Valid());
  f.leaf.extensions.push_back({static_cast<ExtensionType>(0x0A0A), {}});
  CHECK(f.Outcome() == Error::INVALID_LEAF_NODE);
  f.leaf.extensions.back().extension_type = ExtensionType::application_id;  // a default type
  CHECK(f.Valid());
  f.leaf.extensions.back().extension_type = kExtension;
  CHECK(f.Outcome() == Error::DUPLICATE_EXTENSION);
}

TEST_CASE("leaf node: R7.2-04: its credential type is listed") {
  Fixture f;
  f.leaf.capabilities.credentials = {CredentialType::x509};
  CHECK(f.Outcome() == Error::INVALID_LEAF_NODE);
  f.leaf.capabilities.credentials.clear();
  CHECK(f.Outcome() == Error::INVALID_LEAF_NODE);
}

TEST_CASE("leaf node: R7.2-05: unknown values in capabilities do no harm") {
  Fixture f;
  for (std::uint16_t value = 0x0A0A; value < 0x0A30; ++value) {
    f.leaf.capabilities.versions.push_back(static_cast<ProtocolVersion>(value));
    f.leaf.capabilities.cipher_suites.push_back(static_cast<CipherSuite>(value));
    f.leaf.capabilities.extensions.push_back(static_cast<ExtensionType>(value));
    f.leaf.capabilities.proposals.push_back(static_cast<ProposalType>(value));
    f.leaf.capabilities.credentials.push_back(static_cast<CredentialType>(value));
  }
  f.leaf.capabilities.extensions.push_back(
      ExtensionType::application_id);  // listed default types do not matter
  CHECK(f.Valid());
}

TEST_CASE("leaf node: R7.2-08, R7.2-09: Limits: max_lifetime: a range of n seconds at most") {
  Fixture f;
  const std::uint64_t max = kTreeLimits.max_lifetime;
  f.leaf.lifetime = {5, 5 + max};
  CHECK(f.Valid());
  f.leaf.lifetime = {5, 6 + max};
  CHECK(f.Outcome() == Error::INVALID_LIFETIME);
  f.leaf.lifetime = {6, 5};
  CHECK(f.Outcome() == Error::INVALID_LIFETIME);
  f.leaf.lifetime = {0, ~std::uint64_t{0}};
  CHECK(f.Outcome() == Error::INVALID_LIFETIME);
  f.leaf.lifetime = {~std::uint64_t{0}, 0};  // a difference of 1, modulo 2^64
  CHECK(f.Outcome() == Error::INVALID_LIFETIME);
  f.leaf.lifetime = {~std::uint64_t{0}, ~std::uint64_t{0}};
  CHECK(f.Valid());
  f.leaf.lifetime = {6, 5};
  f.leaf.leaf_node_source = LeafNodeSource::update;  // has none
  CHECK(f.Valid());
}

TEST_CASE("leaf node: R7.3-09, R7.3-10: the time is checked where one is given") {
  Fixture f;
  f.leaf.lifetime = {100, 200};
  for (const auto& [now, outcome] : {std::pair{99u, Error::NOT_YET_VALID}, std::pair{100u, Error::INTERNAL},
                                     std::pair{200u, Error::INTERNAL}, std::pair{201u, Error::EXPIRED}}) {
    f.rules.now = now;
    CHECK(f.Outcome() == outcome);
  }
  f.leaf.leaf_node_source = LeafNodeSource::commit;
  CHECK(f.Valid());
}

TEST_CASE("leaf node: R7.2-15: Limits: max_leaf_node_size: n bytes are taken, n + 1 refused") {
  Fixture f;
  Limits limits;
  f.rules.limits = &limits;
  limits.max_leaf_node_size = wire::Size(f.leaf);
  CHECK(f.Valid());
  --limits.max_leaf_node_size;
  CHECK(f.Outcome() == Error::LIMIT_EXCEEDED);
}

TEST_CASE("leaf node: R7.3-03, R7.3-04, R7.3-05: required capabilities") {
  Fixture f;
  RequiredCapabilities required;
  f.rules.required = &required;
  CHECK(f.Valid());
  required = {{kExtension}, {}, {}};
  CHECK(f.Outcome() == Error::UNSUPPORTED_CAPABILITY);
  required = {{}, {kProposal}, {}};
  CHECK(f.Outcome() == Error::UNSUPPORTED_CAPABILITY);
  required = {{}, {}, {CredentialType::x509}};
  CHECK(f.Outcome() == Error::UNSUPPORTED_CAPABILITY);
  required = {{ExtensionType::external_senders}, {ProposalType::reinit}, {CredentialType::basic}};
  CHECK(f.Valid());
  required = {{kExtension, kExtension}, {kProposal}, {CredentialType::x509, CredentialType::basic}};
  f.leaf.capabilities.extensions = {kExtension};
  f.leaf.capabilities.proposals = {kProposal};
  f.leaf.capabilities.credentials = {CredentialType::basic, CredentialType::x509};
  CHECK(f.Valid());
}

TEST_CASE("leaf node: R7.3-06: the group's version and suite are listed") {
  Fixture f;
  f.leaf.capabilities.versions = {static_cast<ProtocolVersion>(2)};
  CHECK(f.Outcome() == Error::UNSUPPORTED_CAPABILITY);
  f.leaf.capabilities.versions = {ProtocolVersion::mls10};
  f.leaf.capabilities.cipher_suites = {CipherSuite::MLS_128_DHKEMP256_AES128GCM_SHA256_P256};
  CHECK(f.Outcome() == Error::UNSUPPORTED_CAPABILITY);
}

TEST_CASE("leaf node: R13.4: the group's extensions are supported") {
  Fixture f;
  Extensions group = {{kExtension, {}}, {ExtensionType::external_senders, {}}};
  f.rules.group_extensions = &group;
  CHECK(f.Outcome() == Error::UNSUPPORTED_CAPABILITY);
  f.leaf.capabilities.extensions = {kExtension};
  CHECK(f.Valid());
}

TEST_CASE("leaf node: R7.3-13, R7.3-14, R7.3-16: the source fits the place") {
  const LeafNodeSource sources[] = {LeafNodeSource::key_package, LeafNodeSource::update,
                                    LeafNodeSource::commit};
  for (LeafNodeSource wanted : sources) {
    for (LeafNodeSource given : sources) {
      Fixture f;
      f.rules.source = wanted;
      f.leaf.leaf_node_source = given;
      CHECK(f.Outcome() == (wanted == given ? Error::INTERNAL : Error::INVALID_LEAF_SOURCE));
    }
  }
}

TEST_CASE("leaf node: R5.1.1-01, R5.1.1-02: keys of the suite's form") {
  for (const std::size_t size : {0u, 31u, 33u}) {
    Fixture f;
    f.leaf.encryption_key.resize(size);
    CHECK(f.Outcome() == Error::INVALID_KEY);
    Fixture g;
    g.leaf.signature_key.resize(size);
    CHECK(g.Outcome() == Error::INVALID_KEY);
  }
}

TEST_CASE("leaf node: a credential that nobody can judge") {
  Fixture f;
  f.leaf.credential.body = OpaqueCredential{static_cast<CredentialType>(0xF000), {1, 2}};
  f.leaf.capabilities.credentials = {static_cast<CredentialType>(0xF000)};
  CHECK(f.Outcome() == Error::UNSUPPORTED_CREDENTIAL);
}

TEST_CASE("leaf view: the fields are those of the decoded leaf") {
  Fixture f;
  f.leaf.extensions = {{ExtensionType::application_id, {1, 2, 3}}};
  for (LeafNodeSource source :
       {LeafNodeSource::key_package, LeafNodeSource::update, LeafNodeSource::commit}) {
    f.leaf.leaf_node_source = source;
    f.leaf.parent_hash = source == LeafNodeSource::commit ? Bytes(32, 9) : Bytes();
    const Bytes encoded = Encode(f.leaf);
    const LeafNodeView view = ViewLeafNode(encoded);
    CHECK(Equal(view.encryption_key, f.leaf.encryption_key));
    CHECK(Equal(view.signature_key, f.leaf.signature_key));
    CHECK(view.credential_type == CredentialType::basic);
    CHECK(Equal(view.credential, AsView("someone")));
    CHECK(view.leaf_node_source == source);
    CHECK(Equal(view.parent_hash, f.leaf.parent_hash));
    CHECK(Equal(view.signature, f.leaf.signature));
    CHECK(EncodedSize(view) == encoded.size());
    CHECK(Encode(view) == encoded);
  }
}
