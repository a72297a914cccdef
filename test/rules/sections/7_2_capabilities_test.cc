// RFC 9420 §7.2: what our own leaves say that we support.
#include <set>

#include "kit/bad_leaves.h"

namespace mls::test {
namespace {

template <class Body>
Body BodyOf(View message) {
  return std::get<Body>(Must(DecodeMessage(message, {})).body);
}

// OwnLeaves: leaves that this engine made, one for each way that it makes them.
std::vector<LeafNode> OwnLeaves(const Suite& suite) {
  Scene scene(suite, 2);
  std::vector<LeafNode> leaves = {
      scene.world.NewKeyPackageOf(scene.world.NewClient(suite, "newcomer")).key_package.leaf_node,
      scene[0].tree().Leaf({0}), scene[1].tree().Leaf({1})};
  const Bytes update = scene.ProposeUpdate(1);
  leaves.push_back(BodyOf<PublicMessage>(update).content.proposal()->As<Update>()->leaf_node);
  scene.Deliver(1, update);
  const Bytes commit = scene.Commit(0).message;
  leaves.push_back(BodyOf<PublicMessage>(commit).content.commit()->path->leaf_node);
  const ExternalJoin join =
      Must(scene.TryJoinByCommit(scene.world.NewClient(suite, "joiner"), scene.Info(0)));
  leaves.push_back(BodyOf<PublicMessage>(join.message).content.commit()->path->leaf_node);
  return leaves;
}

template <class T>
std::set<T> WithoutGrease(const std::vector<T>& listed) {
  std::set<T> values(listed.begin(), listed.end());
  for (const std::uint16_t grease : GreaseValues()) values.erase(static_cast<T>(grease));
  return values;
}

template <class T>
bool HasGrease(const std::vector<T>& listed) {
  return WithoutGrease(listed).size() < listed.size();
}

TEST_CASE("R7.2-01: capabilities do not list default proposal types 1..7") {
  for (const Suite& suite : AllSuites()) {
    for (const LeafNode& leaf : OwnLeaves(suite)) {
      REQUIRE_FALSE(leaf.capabilities.proposals.empty());
      for (const ProposalType type : leaf.capabilities.proposals) {
        CHECK((static_cast<std::uint16_t>(type) < 1 || static_cast<std::uint16_t>(type) > 7));
      }
    }
  }
}

TEST_CASE("R7.2-02: capabilities do not list default extension types 1..5") {
  for (const Suite& suite : AllSuites()) {
    for (const LeafNode& leaf : OwnLeaves(suite)) {
      REQUIRE_FALSE(leaf.capabilities.extensions.empty());
      for (const ExtensionType type : leaf.capabilities.extensions) {
        CHECK((static_cast<std::uint16_t>(type) < 1 || static_cast<std::uint16_t>(type) > 5));
      }
    }
  }
  // Others that list them say nothing false: docs/rfc9420-choices.md, §7.2.
  LeafForgery lists_defaults;
  lists_defaults.leaf = [](LeafNode& leaf) {
    for (std::uint16_t type = 1; type <= 5; ++type)
      leaf.capabilities.extensions.push_back(ExtensionType{type});
    for (std::uint16_t type = 1; type <= 7; ++type) leaf.capabilities.proposals.push_back(ProposalType{type});
  };
  TakesRoutes(AllSuites().front(), kAllRoutes, lists_defaults);
}

TEST_CASE("R7.2-06: our capabilities contain GREASE") {
  const Suite& suite = AllSuites().front();
  World world(6);
  std::set<ExtensionType> seen;
  for (int i = 0; i < 1000; ++i) {
    const LeafNode leaf = world.NewKeyPackageOf(world.NewClient(suite, "one")).key_package.leaf_node;
    REQUIRE(HasGrease(leaf.capabilities.cipher_suites));
    REQUIRE(HasGrease(leaf.capabilities.extensions));
    REQUIRE(HasGrease(leaf.capabilities.proposals));
    REQUIRE(HasGrease(leaf.capabilities.credentials));
    seen.insert(leaf.capabilities.extensions.begin(), leaf.capabilities.extensions.end());
  }
  CHECK(seen.size() == GreaseValues().size());  // each of the fifteen comes up
}

TEST_CASE("R7.2-07: capabilities list everything we support") {
  const Limits limits;
  for (const LeafNode& leaf : OwnLeaves(AllSuites().front())) {
    const Capabilities& listed = leaf.capabilities;
    std::set<CipherSuite> suites;
    std::set<CredentialType> credentials;
    for (std::uint32_t value = 0; value <= 0xFFFF; ++value) {
      const auto number = static_cast<std::uint16_t>(value);
      if (FindSuite(CipherSuite{number}) != nullptr) suites.insert(CipherSuite{number});
      Credential credential{OpaqueCredential{CredentialType{number}, {}}};
      if (CredentialType{number} == CredentialType::basic) credential = Credential::Basic({});
      if (CredentialType{number} == CredentialType::x509) credential = {X509Credential{}};
      const Status valid =
          ValidateCredential(AllSuites().front(), credential, leaf.signature_key, limits, nullptr);
      if (valid.ok() || valid.error() != Error::UNSUPPORTED_CREDENTIAL)
        credentials.insert(CredentialType{number});
    }
    CHECK(suites.size() == 7);
    CHECK(WithoutGrease(listed.cipher_suites) == suites);
    CHECK(WithoutGrease(listed.credentials) == credentials);
    // No extension or proposal type beyond the defaults means anything to the engine by itself.
    CHECK(WithoutGrease(listed.extensions).empty());
    CHECK(WithoutGrease(listed.proposals).empty());

    std::set<ProtocolVersion> versions;
    Bytes message = EncodeMessage(KeyPackageMessage{});
    for (std::uint32_t value = 0; value <= 0xFFFF; ++value) {
      for (const std::size_t at : {std::size_t{0}, std::size_t{4}}) {  // of the envelope, of the package
        message[at] = static_cast<std::uint8_t>(value >> 8);
        message[at + 1] = static_cast<std::uint8_t>(value);
      }
      const auto read = DecodeMessage(message, limits);
      if (read.ok() || read.error() != Error::UNSUPPORTED_VERSION)
        versions.insert(ProtocolVersion{static_cast<std::uint16_t>(value)});
    }
    CHECK(std::set<ProtocolVersion>(listed.versions.begin(), listed.versions.end()) == versions);
  }
}

}  // namespace
}  // namespace mls::test
