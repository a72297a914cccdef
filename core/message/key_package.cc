#include "message/key_package.h"

#include <algorithm>

#include "base/check.h"

namespace mls {

KeyPackageKeys KeyPackageKeys::Clone() const {
  // A package of last resort serves several joins, each with its own copy of the keys.
  return {init_private_key.Clone(), encryption_private_key.Clone(), signature_private_key.Clone()};
}

Result<NewKeyPackage> GenerateKeyPackage(const Suite& suite, const MemberProfile& profile, Lifetime lifetime,
                                         Extensions extensions, Random& random) {
  MLS_TRY(init, GenerateHpkeKeyPair(suite, random));
  MLS_TRY(encryption, GenerateHpkeKeyPair(suite, random));
  NewKeyPackage made;
  LeafNode& leaf = made.key_package.leaf_node;
  leaf.encryption_key = std::move(encryption.public_key);
  leaf.signature_key = profile.signature_key;
  leaf.credential = profile.credential;
  leaf.capabilities = profile.capabilities;
  leaf.leaf_node_source = LeafNodeSource::key_package;
  leaf.lifetime = lifetime;
  leaf.extensions = profile.leaf_extensions;
  MLS_DO(SignLeafNode(suite, leaf, profile.signature_private_key, {}, {}));
  made.key_package.cipher_suite = suite.id;
  made.key_package.init_key = std::move(init.public_key);
  made.key_package.extensions = std::move(extensions);
  MLS_TRY(signature, SignUnsigned(suite, profile.signature_private_key, "KeyPackageTBS", made.key_package));
  made.key_package.signature = std::move(signature);
  made.keys.init_private_key = std::move(init.private_key);
  made.keys.encryption_private_key = std::move(encryption.private_key);
  made.keys.signature_private_key = profile.signature_private_key.Clone();  // the profile keeps its own
  return made;
}

Result<Capabilities> DefaultCapabilities(Random& random) {
  Capabilities capabilities;
  capabilities.versions = {ProtocolVersion::mls10};
  for (const Suite& suite : AllSuites()) capabilities.cipher_suites.push_back(suite.id);
  capabilities.credentials = {CredentialType::basic, CredentialType::x509};
  // RFC 9420 §13.5: one random GREASE value in each list, so that peers that choke on unknown values show
  // early.
  MLS_TRY(suite, RandomGrease(random));
  MLS_TRY(extension, RandomGrease(random));
  MLS_TRY(proposal, RandomGrease(random));
  MLS_TRY(credential, RandomGrease(random));
  capabilities.cipher_suites.push_back(static_cast<CipherSuite>(suite));
  capabilities.extensions.push_back(static_cast<ExtensionType>(extension));
  capabilities.proposals.push_back(static_cast<ProposalType>(proposal));
  capabilities.credentials.push_back(static_cast<CredentialType>(credential));
  return capabilities;
}

Status ValidateKeyPackage(const KeyPackage& key_package, LeafRules rules) {
  const Suite& suite = *rules.suite;
  const LeafNode& leaf = key_package.leaf_node;
  MLS_REQUIRE(FindSuite(key_package.cipher_suite) != nullptr,
              UNSUPPORTED_CIPHERSUITE);  // RFC 9420 §10: nothing inside can be judged
  MLS_REQUIRE(key_package.version == ProtocolVersion::mls10,
              INVALID_KEY_PACKAGE);  // RFC 9420 §10.1: the group's version
  MLS_REQUIRE(key_package.cipher_suite == suite.id,
              INVALID_KEY_PACKAGE);  // RFC 9420 §10.1: the group's suite
  MLS_REQUIRE(ValidateHpkePublicKey(suite, key_package.init_key).ok(),
              INVALID_KEY_PACKAGE);  // RFC 9420 §10: a key of the suite
  MLS_REQUIRE(!Equal(key_package.init_key, leaf.encryption_key),
              INVALID_KEY_PACKAGE);            // RFC 9420 §10.1: two uses, two keys
  rules.source = LeafNodeSource::key_package;  // RFC 9420 §7.3: source as the route demands
  const Status leaf_status = ValidateLeafNode(leaf, rules);
  MLS_REQUIRE(leaf_status.ok() || leaf_status.error() != Error::INVALID_KEY,
              INVALID_KEY_PACKAGE);  // RFC 9420 §10: the leaf's keys, too, are of the suite
  MLS_DO(leaf_status);
  MLS_DO(ValidateExtensions(key_package.extensions, ExtensionPlace::key_package, *rules.limits));
  for (const Extension& extension : key_package.extensions) {
    MLS_REQUIRE(leaf.capabilities.Supports(extension.extension_type),
                INVALID_KEY_PACKAGE);  // RFC 9420 §10: listed by its client
  }
  return kOk;
}

Status VerifyKeyPackageSignatures(const Suite& suite, const KeyPackage& key_package) {
  const LeafNode& leaf = key_package.leaf_node;
  MLS_DO(VerifyLeafSignature(suite, leaf, {}, {}));
  const Status signature = VerifyUnsigned(suite, leaf.signature_key, "KeyPackageTBS", key_package);
  MLS_REQUIRE(signature.ok(), INVALID_KEY_PACKAGE);  // RFC 9420 §10.1: signed by the leaf's key
  return kOk;
}

Result<Digest> KeyPackageRef(const Suite& suite, const KeyPackage& key_package) {
  return MakeKeyPackageRef(suite, Encode(key_package));
}

}  // namespace mls
