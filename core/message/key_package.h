// KeyPackage (RFC 9420 §10): what a client publishes so that others can add it to groups.
#pragma once

#include "crypto/labels.h"
#include "tree/leaf_node.h"

namespace mls {

struct KeyPackage {
  ProtocolVersion version = ProtocolVersion::mls10;
  CipherSuite cipher_suite = CipherSuite::MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519;
  Bytes init_key;
  LeafNode leaf_node;
  Extensions extensions;
  Bytes signature;
  static constexpr auto kWire =
      Fields(&KeyPackage::version, &KeyPackage::cipher_suite, &KeyPackage::init_key, &KeyPackage::leaf_node,
             &KeyPackage::extensions, &KeyPackage::signature);
  bool operator==(const KeyPackage&) const = default;
};

// KeyPackageKeys: the private half. The init key is deleted when a Welcome was processed (RFC 9420 §16.8),
// unless the package is one of last resort.
struct KeyPackageKeys {
  Secret init_private_key;
  Secret encryption_private_key;
  Secret signature_private_key;
  KeyPackageKeys Clone() const;
  static constexpr auto kWire =
      Fields(&KeyPackageKeys::init_private_key, &KeyPackageKeys::encryption_private_key,
             &KeyPackageKeys::signature_private_key);
};

// MemberProfile: what a client says about itself in every leaf it makes.
struct MemberProfile {
  Credential credential;
  Secret signature_private_key;
  Bytes signature_key;
  Capabilities capabilities;  // as sent, GREASE included
  Extensions leaf_extensions;
};

struct NewKeyPackage {
  KeyPackage key_package;
  KeyPackageKeys keys;
};

// GenerateKeyPackage makes and signs one with fresh init and encryption keys.
Result<NewKeyPackage> GenerateKeyPackage(const Suite& suite, const MemberProfile& profile, Lifetime lifetime,
                                         Extensions extensions, Random& random);

// DefaultCapabilities lists what this engine supports for clients that do X.509 and basic (RFC 9420 §7.2),
// with random GREASE values in every list that may carry them (§13.5).
Result<Capabilities> DefaultCapabilities(Random& random);

// ValidateKeyPackage runs RFC 9420 §10.1 except the two signatures: INVALID_KEY_PACKAGE, or what
// ValidateLeafNode gives for the leaf. rules.source is set here.
Status ValidateKeyPackage(const KeyPackage& key_package, LeafRules rules);
// VerifyKeyPackageSignatures checks the leaf's signature (BAD_LEAF_SIGNATURE) and the package's
// (INVALID_KEY_PACKAGE).
Status VerifyKeyPackageSignatures(const Suite& suite, const KeyPackage& key_package);

// KeyPackageRef is the name of a KeyPackage in a Welcome (RFC 9420 §5.2), by the hash of its own suite.
Result<Digest> KeyPackageRef(const Suite& suite, const KeyPackage& key_package);

}  // namespace mls
