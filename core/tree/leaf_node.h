// LeafNode (RFC 9420 §7.2, §7.3): one member's place in the tree, signed by that member.
#pragma once

#include <optional>

#include "identity/extension.h"
#include "tree/math.h"

namespace mls {

enum class LeafNodeSource : std::uint8_t { key_package = 1, update = 2, commit = 3 };
constexpr bool IsKnown(LeafNodeSource source) {
  return source >= LeafNodeSource::key_package && source <= LeafNodeSource::commit;
}

struct Capabilities {
  std::vector<ProtocolVersion> versions;
  std::vector<CipherSuite> cipher_suites;
  std::vector<ExtensionType> extensions;
  std::vector<ProposalType> proposals;
  std::vector<CredentialType> credentials;
  static constexpr auto kWire =
      Fields(&Capabilities::versions, &Capabilities::cipher_suites, &Capabilities::extensions,
             &Capabilities::proposals, &Capabilities::credentials);
  bool operator==(const Capabilities&) const = default;

  // Supports: default extension and proposal types are supported without being listed (RFC 9420 §7.2).
  bool Supports(ExtensionType type) const;
  bool Supports(ProposalType type) const;
  bool Supports(CredentialType type) const;
  bool Supports(CipherSuite suite) const;
  bool Supports(ProtocolVersion version) const;
};

struct Lifetime {
  std::uint64_t not_before = 0;  // seconds since 1970
  std::uint64_t not_after = 0;
  static constexpr auto kWire = Fields(&Lifetime::not_before, &Lifetime::not_after);
  bool operator==(const Lifetime&) const = default;
};

struct LeafNode {
  Bytes encryption_key;
  Bytes signature_key;
  Credential credential;
  Capabilities capabilities;
  LeafNodeSource leaf_node_source = LeafNodeSource::key_package;
  Lifetime lifetime;  // with source key_package
  Bytes parent_hash;  // with source commit
  Extensions extensions;
  Bytes signature;
  static constexpr auto kWire =
      Fields(&LeafNode::encryption_key, &LeafNode::signature_key, &LeafNode::credential,
             &LeafNode::capabilities, &LeafNode::leaf_node_source,
             When(&LeafNode::leaf_node_source, LeafNodeSource::key_package, &LeafNode::lifetime),
             When(&LeafNode::leaf_node_source, LeafNodeSource::commit, &LeafNode::parent_hash),
             &LeafNode::extensions, &LeafNode::signature);
  bool operator==(const LeafNode&) const = default;
};

// EncodeLeafNodeTBS gives what the signature covers (RFC 9420 §7.2):
// with sources update and commit also the group and the place in it.
Bytes EncodeLeafNodeTBS(const LeafNode& leaf, View group_id, LeafIndex index);
// SignLeafNode sets `signature`.
Status SignLeafNode(const Suite& suite, LeafNode& leaf, View signature_private_key, View group_id,
                    LeafIndex index);
// VerifyLeafSignature: BAD_LEAF_SIGNATURE.
Status VerifyLeafSignature(const Suite& suite, const LeafNode& leaf, View group_id, LeafIndex index);

// LeafRules: what a leaf must fit (RFC 9420 §7.3), apart from what depends on the other members.
struct LeafRules {
  const Suite* suite = nullptr;
  const Limits* limits = nullptr;
  const KnownCertificates* known_certificates = nullptr;  // fill the gaps of X.509 chains; or null
  const Extensions* group_extensions = nullptr;           // GroupContext.extensions; null outside a group
  const RequiredCapabilities* required = nullptr;  // decoded from group_extensions by the caller, or null
  std::optional<LeafNodeSource> source;            // the only source allowed here; none in a tree
  std::optional<std::uint64_t> now;                // seconds since 1970 where the lifetime is checked
};

// CheckLifetime: EXPIRED, NOT_YET_VALID. A must where we are the sender, whatever the policy says of others
// (RFC 9420 §7.3).
Status CheckLifetime(const Lifetime& lifetime, std::uint64_t now);

// ValidateLeafNode runs every check of RFC 9420 §7.3 that one leaf decides alone, except the signature and
// the credential question: size and keys (INVALID_KEY, LIMIT_EXCEEDED), source (INVALID_LEAF_SOURCE), version
// and suite (UNSUPPORTED_CAPABILITY), extensions against capabilities (INVALID_LEAF_NODE,
// DUPLICATE_EXTENSION), credential type listed (INVALID_LEAF_NODE), required capabilities and the group's
// extensions (UNSUPPORTED_CAPABILITY), lifetime range (INVALID_LIFETIME always; EXPIRED and NOT_YET_VALID
// with `now`), credential (ValidateCredential).
Status ValidateLeafNode(const LeafNode& leaf, const LeafRules& rules);

}  // namespace mls
