#include "tree/leaf_node.h"

#include <algorithm>

#include "base/check.h"
#include "crypto/labels.h"

namespace mls {

Status CheckLifetime(const Lifetime& lifetime, std::uint64_t now) {
  MLS_REQUIRE(lifetime.not_before <= now, NOT_YET_VALID);  // RFC 9420 §7.3: the current time is in the range
  MLS_REQUIRE(now <= lifetime.not_after, EXPIRED);         // RFC 9420 §7.3: the current time is in the range
  return kOk;
}

namespace {

template <class T>
bool Lists(const std::vector<T>& values, T value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

// ListsAll: every one of `wanted`, apart from the default types, is in `values`. Both may be long.
template <class T>
bool ListsAll(std::vector<T> values, const std::vector<T>& wanted) {
  std::sort(values.begin(), values.end());
  return std::all_of(wanted.begin(), wanted.end(), [&](T type) {
    if constexpr (requires { IsDefault(type); }) {
      if (IsDefault(type)) return true;
    }
    return std::binary_search(values.begin(), values.end(), type);
  });
}

std::vector<ExtensionType> TypesOf(const Extensions& extensions) {
  std::vector<ExtensionType> types;
  types.reserve(extensions.size());
  for (const Extension& extension : extensions) types.push_back(extension.extension_type);
  return types;
}

Status ValidateCapabilities(const LeafNode& leaf, const LeafRules& rules) {
  const Capabilities& capabilities = leaf.capabilities;
  MLS_REQUIRE(capabilities.Supports(ProtocolVersion::mls10),
              UNSUPPORTED_CAPABILITY);  // RFC 9420 §7.3: our version
  MLS_REQUIRE(capabilities.Supports(rules.suite->id),
              UNSUPPORTED_CAPABILITY);  // RFC 9420 §7.3: the group's suite
  const bool extensions_listed = ListsAll(capabilities.extensions, TypesOf(leaf.extensions));
  MLS_REQUIRE(extensions_listed, INVALID_LEAF_NODE);  // RFC 9420 §7.2: a leaf lists what it carries
  const bool credential_listed = capabilities.Supports(leaf.credential.type());
  MLS_REQUIRE(credential_listed, INVALID_LEAF_NODE);  // RFC 9420 §7.2: and its own credential type
  if (const RequiredCapabilities* required = rules.required) {
    const bool extensions = ListsAll(capabilities.extensions, required->extension_types);
    MLS_REQUIRE(extensions, UNSUPPORTED_CAPABILITY);  // RFC 9420 §7.3: required extensions
    const bool proposals = ListsAll(capabilities.proposals, required->proposal_types);
    MLS_REQUIRE(proposals, UNSUPPORTED_CAPABILITY);  // RFC 9420 §7.3: required proposals
    const bool credentials = ListsAll(capabilities.credentials, required->credential_types);
    MLS_REQUIRE(credentials, UNSUPPORTED_CAPABILITY);  // RFC 9420 §7.3: required credential types
  }
  if (rules.group_extensions != nullptr) {
    const bool supported = ListsAll(capabilities.extensions, TypesOf(*rules.group_extensions));
    MLS_REQUIRE(supported, UNSUPPORTED_CAPABILITY);  // RFC 9420 §13.4: members support the group's extensions
  }
  return kOk;
}

Status ValidateLifetime(const Lifetime& lifetime, const LeafRules& rules) {
  MLS_REQUIRE(lifetime.not_before <= lifetime.not_after, INVALID_LIFETIME);  // RFC 9420 §7.2: a range
  const std::uint64_t total = lifetime.not_after - lifetime.not_before;
  MLS_REQUIRE(total <= rules.limits->max_lifetime,
              INVALID_LIFETIME);  // RFC 9420 §7.2: the application's maximum
  return rules.now ? CheckLifetime(lifetime, *rules.now) : Status(kOk);
}

}  // namespace

bool Capabilities::Supports(ExtensionType type) const { return IsDefault(type) || Lists(extensions, type); }
bool Capabilities::Supports(ProposalType type) const { return IsDefault(type) || Lists(proposals, type); }
bool Capabilities::Supports(CredentialType type) const { return Lists(credentials, type); }
bool Capabilities::Supports(CipherSuite suite) const { return Lists(cipher_suites, suite); }
bool Capabilities::Supports(ProtocolVersion version) const { return Lists(versions, version); }

Bytes EncodeLeafNodeTBS(const LeafNode& leaf, View group_id, LeafIndex index) {
  if (leaf.leaf_node_source == LeafNodeSource::key_package) return EncodeUnsigned(leaf);
  return EncodeUnsigned(leaf, group_id, index);
}

Status SignLeafNode(const Suite& suite, LeafNode& leaf, View signature_private_key, View group_id,
                    LeafIndex index) {
  const Bytes content = EncodeLeafNodeTBS(leaf, group_id, index);
  MLS_TRY(signature, SignWithLabel(suite, signature_private_key, "LeafNodeTBS", {content}));
  leaf.signature = std::move(signature);
  return kOk;
}

Status VerifyLeafSignature(const Suite& suite, const LeafNode& leaf, View group_id, LeafIndex index) {
  const Bytes content = EncodeLeafNodeTBS(leaf, group_id, index);
  const Status verified =
      VerifyWithLabel(suite, leaf.signature_key, "LeafNodeTBS", {content}, leaf.signature);
  MLS_REQUIRE(verified.ok(), BAD_LEAF_SIGNATURE);  // RFC 9420 §7.3: signed with its own signature_key
  return kOk;
}

Status ValidateLeafNode(const LeafNode& leaf, const LeafRules& rules) {
  const Limits& limits = *rules.limits;
  MLS_REQUIRE(wire::Size(leaf) <= limits.max_leaf_node_size, LIMIT_EXCEEDED);  // RFC 9420 §7.2: bounded size
  const bool source_fits = !rules.source || leaf.leaf_node_source == *rules.source;
  MLS_REQUIRE(source_fits, INVALID_LEAF_SOURCE);  // RFC 9420 §7.3: the source says how the leaf came here
  MLS_DO(ValidateExtensions(leaf.extensions, ExtensionPlace::leaf_node, limits));
  MLS_DO(ValidateCapabilities(leaf, rules));
  if (leaf.leaf_node_source == LeafNodeSource::key_package) MLS_DO(ValidateLifetime(leaf.lifetime, rules));
  MLS_DO(ValidateHpkePublicKey(*rules.suite, leaf.encryption_key));
  MLS_DO(ValidateSignatureKey(*rules.suite, leaf.signature_key));
  return ValidateCredential(*rules.suite, leaf.credential, leaf.signature_key, limits,
                            rules.known_certificates);
}

}  // namespace mls
