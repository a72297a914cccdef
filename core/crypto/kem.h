// The KEM of a suite (RFC 9180 §4.1, §7.1): DHKEM over X25519, X448 and the NIST curves.
#pragma once

#include "base/bytes.h"
#include "base/random.h"
#include "base/result.h"
#include "crypto/suite.h"

namespace mls {

struct HpkeKeyPair {
  Secret private_key;  // Nsk bytes
  Bytes public_key;    // Npk bytes; NIST points are uncompressed
};

struct Encapsulation {
  Bytes kem_output;      // Npk bytes
  Secret shared_secret;  // Nsecret = hash size of the KEM's KDF
};

// DeriveKeyPair maps `ikm` to a key pair (RFC 9180 §7.1.3).
Result<HpkeKeyPair> DeriveKeyPair(const Suite& suite, View ikm);

// GenerateHpkeKeyPair is DeriveKeyPair over Nsk fresh bytes, as RFC 9180 §4 allows.
Result<HpkeKeyPair> GenerateHpkeKeyPair(const Suite& suite, Random& random);

// ValidateHpkePublicKey checks the exact encoding (RFC 9180 §7.1.1) and that the point is on the NIST curve,
// or of X25519 and X448 none of low order (§7.1.4); INVALID_KEY. A member with a key of low order would let
// every Commit that has to be sealed to it fail.
Status ValidateHpkePublicKey(const Suite& suite, View public_key);

// Encap sends a fresh shared secret to `public_key`. `entropy` is Nsk fresh bytes, used for this one call.
// INVALID_KEY for a key that does not decode or gives the all-zero result (RFC 9180 §7.1.4).
Result<Encapsulation> Encap(const Suite& suite, View public_key, View entropy);

// Decap receives it. `public_key` is the one of `private_key`. INVALID_KEY as for Encap.
Result<Secret> Decap(const Suite& suite, View private_key, View public_key, View kem_output);

}  // namespace mls
