// The Diffie-Hellman group under a suite's KEM (RFC 9180 §4.1, §7.1).
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/suite.h"

namespace mls {

// DiffieHellman is DH(skX, pkY), Ndh bytes: the u-coordinate (RFC 7748) or the x-coordinate. INVALID_KEY for
// a key that does not decode and for the all-zero result of low-order points (RFC 9180 §7.1.4).
Result<Secret> DiffieHellman(const Suite& suite, View private_key, View public_key);

// IsLowOrder: an X25519 or X448 key with which DiffieHellman fails whatever the private key is (RFC 7748 §6).
// NIST curves have none.
bool IsLowOrder(const Suite& suite, View public_key);

// DiffieHellmanPublicKey is pk(skX), Npk bytes; INVALID_KEY if `private_key` does not decode.
Result<Bytes> DiffieHellmanPublicKey(const Suite& suite, View private_key);

}  // namespace mls
