// Cipher suites (RFC 9420 §5.1, §17.1): one table, one row per suite.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace mls {

// CipherSuite is a registry value; any 16-bit value may arrive. FindSuite says which ones we speak.
enum class CipherSuite : std::uint16_t {
  MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519 = 0x0001,
  MLS_128_DHKEMP256_AES128GCM_SHA256_P256 = 0x0002,
  MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519 = 0x0003,
  MLS_256_DHKEMX448_AES256GCM_SHA512_Ed448 = 0x0004,
  MLS_256_DHKEMP521_AES256GCM_SHA512_P521 = 0x0005,
  MLS_256_DHKEMX448_CHACHA20POLY1305_SHA512_Ed448 = 0x0006,
  MLS_256_DHKEMP384_AES256GCM_SHA384_P384 = 0x0007,
};

// RFC 9180 §7: the identifiers of the HPKE algorithms.
enum class Kem : std::uint16_t {
  p256 = 0x0010,
  p384 = 0x0011,
  p521 = 0x0012,
  x25519 = 0x0020,
  x448 = 0x0021
};
enum class Kdf : std::uint16_t { hkdf_sha256 = 0x0001, hkdf_sha384 = 0x0002, hkdf_sha512 = 0x0003 };
enum class Aead : std::uint16_t { aes128gcm = 0x0001, aes256gcm = 0x0002, chacha20poly1305 = 0x0003 };
// RFC 8446 §4.2.3: the identifiers of the signature schemes.
enum class SignatureScheme : std::uint16_t {
  ecdsa_p256_sha256 = 0x0403,
  ecdsa_p384_sha384 = 0x0503,
  ecdsa_p521_sha512 = 0x0603,
  ed25519 = 0x0807,
  ed448 = 0x0808,
};

struct Suite {
  CipherSuite id;
  std::string_view name;
  Kem kem;
  Kdf kdf;  // its hash is also the hash and the MAC of the suite
  Aead aead;
  SignatureScheme signature;

  // Sizes in bytes, named as in RFC 9180 §4 and RFC 9420.
  std::uint8_t Nh;      // hash, MAC and KDF.Extract output
  std::uint8_t Nk;      // AEAD key
  std::uint8_t Nn;      // AEAD nonce
  std::uint8_t Nt;      // AEAD tag
  std::uint8_t Npk;     // HPKE public key; a KEM output has the same size in all suites
  std::uint8_t Nsk;     // HPKE private key
  std::uint8_t Nsigpk;  // signature public key
  std::uint8_t Nsigsk;  // signature private key: EdDSA seed, or ECDSA scalar (big-endian, fixed size)
};

// FindSuite gives the row of `id`, or null for a suite we do not speak.
const Suite* FindSuite(CipherSuite id);
// AllSuites lists every suite we speak, in the order of their numbers.
std::span<const Suite> AllSuites();

}  // namespace mls
