// Signatures of a suite (RFC 9420 §5.1.1, §5.1.2): EdDSA over raw keys, ECDSA with DER signatures.
#pragma once

#include "base/bytes.h"
#include "base/random.h"
#include "base/result.h"
#include "crypto/suite.h"

namespace mls {

struct SignatureKeyPair {
  Secret private_key;  // Nsigsk bytes
  Bytes public_key;    // Nsigpk bytes
};

Result<SignatureKeyPair> GenerateSignatureKeyPair(const Suite& suite, Random& random);

// SignaturePublicKey gives the public key of a private key; INVALID_KEY if it is not one.
Result<Bytes> SignaturePublicKey(const Suite& suite, View private_key);

// ValidateSignatureKey checks length and encoding; for the NIST curves also that the point is on the curve.
Status ValidateSignatureKey(const Suite& suite, View public_key);

// Sign signs `content`. ECDSA takes its nonce from OpenSSL's own generator, EdDSA is deterministic.
Result<Bytes> Sign(const Suite& suite, View private_key, View content);

// Verify is BAD_SIGNATURE for every signature that is not exactly valid (strict DER, canonical S),
// INVALID_KEY for a key that ValidateSignatureKey refuses. An EdDSA key whose y has no point is
// BAD_SIGNATURE.
Status Verify(const Suite& suite, View public_key, View content, View signature);

}  // namespace mls
