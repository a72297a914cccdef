#include "message/key_package.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>

#include "base/check.h"
#include "support/clients.h"

using namespace mls;
using mls::test::MakeKeyPackage;
using mls::test::MakeProfile;
using mls::test::SeededRandom;

namespace {

constexpr auto kPrivate = static_cast<ExtensionType>(0xF001);

const Suite& SuiteOne() { return AllSuites()[0]; }

Status Validate(const Suite& suite, const KeyPackage& package) {
  LeafRules rules;
  rules.suite = &suite;
  rules.limits = &test::kLimits;
  rules.now = test::kNow;
  MLS_DO(ValidateKeyPackage(package, rules));
  return VerifyKeyPackageSignatures(suite, package);
}

// After changes a good package, signs it again as its owner would, and gives what becomes of it: INTERNAL
// stands for "accepted".
Error After(const Suite& suite, const std::function<void(KeyPackage&)>& change) {
  SeededRandom random(31);
  const MemberProfile profile = MakeProfile(suite, "alice", random);
  KeyPackage package = MakeKeyPackage(suite, profile, random).key_package;
  REQUIRE(Validate(suite, package).ok());
  change(package);
  test::Sign(suite, package, profile.signature_private_key);
  const Status status = Validate(suite, package);
  return status.ok() ? Error::INTERNAL : status.error();
}
Error After(const std::function<void(KeyPackage&)>& change) { return After(SuiteOne(), change); }

}  // namespace

TEST_CASE("a generated key package is valid, in every suite") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    SeededRandom random(32);
    const MemberProfile profile = MakeProfile(suite, "alice", random);
    const NewKeyPackage made = MakeKeyPackage(suite, profile, random);
    const LeafNode& leaf = made.key_package.leaf_node;
    CHECK(Validate(suite, made.key_package).ok());
    CHECK(leaf.leaf_node_source == LeafNodeSource::key_package);
    CHECK(leaf.lifetime == test::kLifetime);
    CHECK(leaf.credential == profile.credential);
    CHECK(leaf.signature_key == profile.signature_key);
    CHECK(made.key_package.init_key.size() == suite.Npk);
    CHECK(leaf.encryption_key.size() == suite.Npk);
    CHECK(made.keys.init_private_key.size() == suite.Nsk);
    CHECK(made.keys.encryption_private_key.size() == suite.Nsk);
    CHECK(made.keys.signature_private_key == profile.signature_private_key);
    CHECK(Decode<KeyPackage>(Encode(made.key_package)).ok());
  }
}

TEST_CASE("the private keys are those of the public ones") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    SeededRandom random(33);
    const NewKeyPackage made = MakeKeyPackage(suite, MakeProfile(suite, "alice", random), random);
    const auto opens = [&](View public_key, View private_key) {
      const auto sealed = EncryptWithLabel(suite, public_key, "test", {}, AsView("secret"), random);
      return sealed.ok() && DecryptWithLabel(suite, private_key, public_key, "test", {}, *sealed).ok();
    };
    CHECK(opens(made.key_package.init_key, made.keys.init_private_key));
    CHECK(opens(made.key_package.leaf_node.encryption_key, made.keys.encryption_private_key));
  }
}

TEST_CASE("R10-02: two key packages of one client share no HPKE key") {
  SeededRandom random(34);
  const MemberProfile profile = MakeProfile(SuiteOne(), "alice", random);
  std::vector<Bytes> keys;
  for (int i = 0; i < 100; ++i) {
    const KeyPackage package = MakeKeyPackage(SuiteOne(), profile, random).key_package;
    keys.push_back(package.init_key);
    keys.push_back(package.leaf_node.encryption_key);
  }
  std::sort(keys.begin(), keys.end());
  CHECK(std::adjacent_find(keys.begin(), keys.end()) == keys.end());
}

TEST_CASE("generation fails when there is no randomness") {
  SeededRandom random(35);
  test::BrokenRandom broken;
  const MemberProfile profile = MakeProfile(SuiteOne(), "alice", random);
  CHECK_FALSE(GenerateKeyPackage(SuiteOne(), profile, test::kLifetime, {}, broken).ok());
  CHECK_FALSE(DefaultCapabilities(broken).ok());
}

TEST_CASE("R10-01: init_key is a key of the suite") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    for (const std::size_t size : {std::size_t{0}, suite.Npk - std::size_t{1}, suite.Npk + std::size_t{1}}) {
      CHECK(After(suite, [&](KeyPackage& package) { package.init_key.resize(size, 1); }) ==
            Error::INVALID_KEY_PACKAGE);
    }
    if (suite.kem == Kem::x25519 || suite.kem == Kem::x448) continue;
    CHECK(After(suite, [](KeyPackage& package) { package.init_key.back() ^= 1; }) ==
          Error::INVALID_KEY_PACKAGE);  // off the curve
  }
}

TEST_CASE("R10-03: the leaf's keys are keys of the suite") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    CHECK(After(suite, [](KeyPackage& package) { package.leaf_node.encryption_key.pop_back(); }) ==
          Error::INVALID_KEY_PACKAGE);
    CHECK(After(suite, [](KeyPackage& package) { package.leaf_node.signature_key.push_back(0); }) ==
          Error::INVALID_KEY_PACKAGE);
  }
}

TEST_CASE("R10-04, R10.1-04: the package is signed with the leaf's key") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    SeededRandom random(36);
    const MemberProfile alice = MakeProfile(suite, "alice", random);
    const MemberProfile mallory = MakeProfile(suite, "mallory", random);
    const KeyPackage good = MakeKeyPackage(suite, alice, random).key_package;
    const auto error_of = [&](const KeyPackage& package) { return Validate(suite, package).error(); };

    KeyPackage package = good;
    package.signature =
        *SignWithLabel(suite, mallory.signature_private_key, "KeyPackageTBS", {EncodeUnsigned(package)});
    CHECK(error_of(package) == Error::INVALID_KEY_PACKAGE);
    package.signature =
        *SignWithLabel(suite, alice.signature_private_key, "LeafNodeTBS", {EncodeUnsigned(package)});
    CHECK(error_of(package) == Error::INVALID_KEY_PACKAGE);
    package.signature.clear();
    CHECK(error_of(package) == Error::INVALID_KEY_PACKAGE);
    package = good;
    package.init_key = MakeKeyPackage(suite, alice, random).key_package.init_key;
    CHECK(error_of(package) == Error::INVALID_KEY_PACKAGE);
    package = good;
    package.leaf_node.credential = Credential::Basic(AsView("bob"));
    CHECK(error_of(package) == Error::BAD_LEAF_SIGNATURE);
  }
}

TEST_CASE("R10-04: no bit of a key package can change") {
  SeededRandom random(37);
  const KeyPackage good =
      MakeKeyPackage(SuiteOne(), MakeProfile(SuiteOne(), "alice", random), random).key_package;
  Bytes encoded = Encode(good);
  for (std::size_t bit = 0; bit < encoded.size() * 8; ++bit) {
    const auto mask = static_cast<std::uint8_t>(1u << (bit % 8));
    encoded[bit / 8] ^= mask;
    const auto package = Decode<KeyPackage>(encoded);
    CHECK_FALSE((package.ok() && Validate(SuiteOne(), *package).ok()));
    encoded[bit / 8] ^= mask;
  }
}

TEST_CASE("R10-06: the leaf comes from a key package") {
  CHECK(After([](KeyPackage& package) { package.leaf_node.leaf_node_source = LeafNodeSource::update; }) ==
        Error::INVALID_LEAF_SOURCE);
  CHECK(After([](KeyPackage& package) { package.leaf_node.leaf_node_source = LeafNodeSource::commit; }) ==
        Error::INVALID_LEAF_SOURCE);
}

TEST_CASE("R10-07, R10-09: extensions of a package are listed in the capabilities, and then ignored") {
  const Extension extension{kPrivate, Bytes(1000, 7)};
  CHECK(After([&](KeyPackage& package) { package.extensions = {extension}; }) == Error::INVALID_KEY_PACKAGE);
  CHECK(After([&](KeyPackage& package) {
          package.extensions = {extension};
          package.leaf_node.capabilities.extensions.push_back(kPrivate);
        }) == Error::INTERNAL);
}

TEST_CASE("R10-11, R10.1-01: the suite is one we speak, and the group's") {
  for (const unsigned suite : {0x0000u, 0x0008u, 0x0A0Au, 0xF000u, 0xFFFFu}) {
    CHECK(After([&](KeyPackage& package) { package.cipher_suite = static_cast<CipherSuite>(suite); }) ==
          Error::UNSUPPORTED_CIPHERSUITE);
  }
  // Suite 3 has the same kinds of keys as suite 1.
  CHECK(After([](KeyPackage& package) { package.cipher_suite = AllSuites()[2].id; }) ==
        Error::INVALID_KEY_PACKAGE);
}

TEST_CASE("R10.1-02: the version is the group's") {
  for (const unsigned version : {0u, 2u, 0xFFFFu}) {
    CHECK(After([&](KeyPackage& package) { package.version = static_cast<ProtocolVersion>(version); }) ==
          Error::INVALID_KEY_PACKAGE);
  }
}

TEST_CASE("R10.1-05: init_key and encryption_key differ") {
  CHECK(After([](KeyPackage& package) { package.init_key = package.leaf_node.encryption_key; }) ==
        Error::INVALID_KEY_PACKAGE);
}

TEST_CASE("R13.4-06, R17.3-01: no extension twice, none out of its place") {
  const auto with = [](Extensions extensions) {
    return After([&](KeyPackage& package) {
      package.extensions = extensions;
      package.leaf_node.capabilities.extensions.push_back(kPrivate);
    });
  };
  CHECK(with({{kPrivate, {1}}, {kPrivate, {2}}}) == Error::DUPLICATE_EXTENSION);
  CHECK(with({{kPrivate, {1}}, {kPrivate, {1}}}) == Error::DUPLICATE_EXTENSION);
  for (const ExtensionType type :
       {ExtensionType::application_id, ExtensionType::ratchet_tree, ExtensionType::required_capabilities,
        ExtensionType::external_pub, ExtensionType::external_senders}) {
    CHECK(with({{type, {}}}) == Error::INVALID_EXTENSION);
  }
  Extensions many(test::kLimits.max_extensions + 1, {kPrivate, {}});
  CHECK(with(many) == Error::LIMIT_EXCEEDED);
}

TEST_CASE("R7.2-01, R7.2-02, R7.2-06, R7.2-07: what we say we support") {
  SeededRandom random(38);
  const Capabilities capabilities = *DefaultCapabilities(random);
  CHECK(capabilities.versions == std::vector<ProtocolVersion>{ProtocolVersion::mls10});
  for (const Suite& suite : AllSuites()) CHECK(capabilities.Supports(suite.id));
  CHECK(capabilities.Supports(CredentialType::basic));
  CHECK(capabilities.Supports(CredentialType::x509));
  const auto listed = [](const auto& list, const auto& is) {
    return std::any_of(list.begin(), list.end(), is);
  };
  CHECK_FALSE(listed(capabilities.extensions, [](ExtensionType type) { return IsDefault(type); }));
  CHECK_FALSE(listed(capabilities.proposals, [](ProposalType type) { return IsDefault(type); }));
  const auto is_grease = [](auto value) {
    const auto values = GreaseValues();
    return std::find(values.begin(), values.end(), static_cast<std::uint16_t>(value)) != values.end();
  };
  CHECK(listed(capabilities.cipher_suites, is_grease));
  CHECK(listed(capabilities.extensions, is_grease));
  CHECK(listed(capabilities.proposals, is_grease));
  CHECK(listed(capabilities.credentials, is_grease));
  CHECK_FALSE(listed(capabilities.versions, is_grease));
}

TEST_CASE("R13.5-01, R7.2-05: unknown and GREASE values in capabilities do no harm") {
  CHECK(After([](KeyPackage& package) {
          Capabilities& capabilities = package.leaf_node.capabilities;
          for (const std::uint16_t value : GreaseValues()) {
            capabilities.versions.push_back(static_cast<ProtocolVersion>(value));
            capabilities.cipher_suites.push_back(static_cast<CipherSuite>(value));
            capabilities.extensions.push_back(static_cast<ExtensionType>(value));
            capabilities.proposals.push_back(static_cast<ProposalType>(value));
            capabilities.credentials.push_back(static_cast<CredentialType>(value));
          }
          capabilities.extensions.push_back(static_cast<ExtensionType>(0xFFFF));
          capabilities.proposals.push_back(ProposalType::reserved);
        }) == Error::INTERNAL);
}

TEST_CASE("R5.2-02: the reference is the labelled hash of the whole package, by its own suite") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    SeededRandom random(39);
    const KeyPackage package = MakeKeyPackage(suite, MakeProfile(suite, "alice", random), random).key_package;
    const auto reference = KeyPackageRef(suite, package);
    REQUIRE(reference.ok());
    CHECK(reference->size() == suite.Nh);
    CHECK(*reference == *RefHash(suite, "MLS 1.0 KeyPackage Reference", Encode(package)));
    CHECK_FALSE(*reference == *RefHash(suite, "MLS 1.0 KeyPackage Reference", EncodeUnsigned(package)));
  }
}

TEST_CASE("a clone of the keys is a copy") {
  SeededRandom random(40);
  const NewKeyPackage made = MakeKeyPackage(SuiteOne(), MakeProfile(SuiteOne(), "alice", random), random);
  const KeyPackageKeys clone = made.keys.Clone();
  CHECK(EncodeSecret(clone) == EncodeSecret(made.keys));
  CHECK(clone.init_private_key.view().data() != made.keys.init_private_key.view().data());
}
