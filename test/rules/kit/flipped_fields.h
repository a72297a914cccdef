// What a receiver says to a leaf of which one bit is another (RFC 9420 §7.2, §7.3), told by the field that
// the bit is in, and not by the engine's own validation.
#pragma once

#include <algorithm>

#include "kit/scene.h"

namespace mls::test {

// FlipErrors: what a changed field comes to that only a signature, or only a key, gives away.
struct FlipErrors {
  Error signed_field = Error::BAD_LEAF_SIGNATURE;   // one that may have any value
  Error signature_key = Error::BAD_LEAF_SIGNATURE;  // a key under which nothing verifies
  Error no_key = Error::INVALID_KEY;                // what is no key of the suite
};

// IsOnly: `field` differs in the two, and nothing else does.
template <class T, class M>
bool IsOnly(M T::* field, const T& honest, T flipped) {
  const bool differs = !(honest.*field == flipped.*field);
  flipped.*field = honest.*field;
  return differs && flipped == honest;
}

inline bool IsMontgomery(const Suite& suite) { return suite.kem == Kem::x25519 || suite.kem == Kem::x448; }

// NameOfLifetime judges a range as RFC 9420 §7.2 and §7.3 do.
inline Error NameOfLifetime(const Lifetime& lifetime, Error otherwise) {
  if (lifetime.not_after < lifetime.not_before) return Error::INVALID_LIFETIME;
  if (lifetime.not_after - lifetime.not_before > Limits{}.max_lifetime) return Error::INVALID_LIFETIME;
  if (lifetime.not_before > kNow) return Error::NOT_YET_VALID;
  return lifetime.not_after < kNow ? Error::EXPIRED : otherwise;
}

inline std::optional<Error> NameOfFlip(const Suite& suite, const Capabilities& honest,
                                       const Capabilities& flipped, Error signed_field) {
  const auto lost = [](const auto& values, auto value) {
    return std::find(values.begin(), values.end(), value) == values.end();
  };
  if (IsOnly(&Capabilities::versions, honest, flipped)) return Error::UNSUPPORTED_CAPABILITY;
  if (IsOnly(&Capabilities::cipher_suites, honest, flipped))
    return lost(flipped.cipher_suites, suite.id) ? Error::UNSUPPORTED_CAPABILITY : signed_field;
  if (IsOnly(&Capabilities::credentials, honest, flipped))
    return lost(flipped.credentials, CredentialType::basic) ? Error::INVALID_LEAF_NODE : signed_field;
  const bool free =
      IsOnly(&Capabilities::extensions, honest, flipped) || IsOnly(&Capabilities::proposals, honest, flipped);
  return free ? std::optional(signed_field) : std::nullopt;
}

// NameOfFlip gives none where more than one field is another, as when a length was flipped. The leaf has a
// basic credential, lists one version, and nothing of its own in the lists besides what is in use.
inline std::optional<Error> NameOfFlip(const Suite& suite, const LeafNode& honest, const LeafNode& flipped,
                                       const FlipErrors& errors) {
  // A point of a NIST curve with another bit is none; any octets are a key for X25519 and X448.
  if (IsOnly(&LeafNode::encryption_key, honest, flipped))
    return IsMontgomery(suite) ? errors.signed_field : errors.no_key;
  if (IsOnly(&LeafNode::signature_key, honest, flipped)) {
    const bool below_p =
        suite.signature == SignatureScheme::ed25519 ||
        (suite.signature == SignatureScheme::ed448 && flipped.signature_key.back() % 128 == 0);
    return below_p ? errors.signature_key : errors.no_key;
  }
  if (IsOnly(&LeafNode::credential, honest, flipped)) {
    const bool listed = flipped.credential.type() == CredentialType::basic;
    return listed ? errors.signed_field : Error::INVALID_LEAF_NODE;
  }
  if (IsOnly(&LeafNode::lifetime, honest, flipped))
    return NameOfLifetime(flipped.lifetime, errors.signed_field);
  if (!IsOnly(&LeafNode::capabilities, honest, flipped)) return std::nullopt;
  return NameOfFlip(suite, honest.capabilities, flipped.capabilities, errors.signed_field);
}

// StructuralBits counts those of the signed part that say how the rest is read: lengths, and the source.
inline std::size_t StructuralBits(const LeafNode& leaf) {
  const std::size_t lists = 5 + 1;  // of the capabilities, and the extensions
  return 8 * (LengthSize(leaf.encryption_key.size()) + LengthSize(leaf.signature_key.size()) +
              sizeof leaf.leaf_node_source + 1 /* identity */ + lists);
}

}  // namespace mls::test
