// AEAD of a suite (RFC 5116): AES-GCM or ChaCha20-Poly1305. The ciphertext ends with the tag.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/suite.h"

namespace mls {

// AeadSeal encrypts: key Nk bytes, nonce Nn bytes; the result is plaintext.size() + Nt bytes.
Result<Bytes> AeadSeal(const Suite& suite, View key, View nonce, View aad, View plaintext);

// AeadOpen decrypts. Every failure, a short ciphertext included, is DECRYPT_FAILED.
Result<Secret> AeadOpen(const Suite& suite, View key, View nonce, View aad, View ciphertext);

}  // namespace mls
