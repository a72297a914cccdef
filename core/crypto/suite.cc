#include "crypto/suite.h"

namespace mls {

namespace {

// RFC 9420 §17.1, with the sizes of RFC 9180 §7, RFC 8446 §4.2.8.2 and RFC 8032; the last line of a row
// is Nh, Nk, Nn, Nt, Npk, Nsk, Nsigpk, Nsigsk.
// clang-format off
constexpr Suite kSuites[] = {
    {CipherSuite::MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519,
     "MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519",
     Kem::x25519, Kdf::hkdf_sha256, Aead::aes128gcm, SignatureScheme::ed25519,
     32, 16, 12, 16, 32, 32, 32, 32},
    {CipherSuite::MLS_128_DHKEMP256_AES128GCM_SHA256_P256,
     "MLS_128_DHKEMP256_AES128GCM_SHA256_P256",
     Kem::p256, Kdf::hkdf_sha256, Aead::aes128gcm, SignatureScheme::ecdsa_p256_sha256,
     32, 16, 12, 16, 65, 32, 65, 32},
    {CipherSuite::MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519,
     "MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519",
     Kem::x25519, Kdf::hkdf_sha256, Aead::chacha20poly1305, SignatureScheme::ed25519,
     32, 32, 12, 16, 32, 32, 32, 32},
    {CipherSuite::MLS_256_DHKEMX448_AES256GCM_SHA512_Ed448,
     "MLS_256_DHKEMX448_AES256GCM_SHA512_Ed448",
     Kem::x448, Kdf::hkdf_sha512, Aead::aes256gcm, SignatureScheme::ed448,
     64, 32, 12, 16, 56, 56, 57, 57},
    {CipherSuite::MLS_256_DHKEMP521_AES256GCM_SHA512_P521,
     "MLS_256_DHKEMP521_AES256GCM_SHA512_P521",
     Kem::p521, Kdf::hkdf_sha512, Aead::aes256gcm, SignatureScheme::ecdsa_p521_sha512,
     64, 32, 12, 16, 133, 66, 133, 66},
    {CipherSuite::MLS_256_DHKEMX448_CHACHA20POLY1305_SHA512_Ed448,
     "MLS_256_DHKEMX448_CHACHA20POLY1305_SHA512_Ed448",
     Kem::x448, Kdf::hkdf_sha512, Aead::chacha20poly1305, SignatureScheme::ed448,
     64, 32, 12, 16, 56, 56, 57, 57},
    {CipherSuite::MLS_256_DHKEMP384_AES256GCM_SHA384_P384,
     "MLS_256_DHKEMP384_AES256GCM_SHA384_P384",
     Kem::p384, Kdf::hkdf_sha384, Aead::aes256gcm, SignatureScheme::ecdsa_p384_sha384,
     48, 32, 12, 16, 97, 48, 97, 48},
};
// clang-format on

}  // namespace

const Suite* FindSuite(CipherSuite id) {
  for (const Suite& suite : kSuites) {
    if (suite.id == id) return &suite;
  }
  return nullptr;
}

std::span<const Suite> AllSuites() { return kSuites; }

}  // namespace mls
