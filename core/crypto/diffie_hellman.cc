#include "crypto/diffie_hellman.h"

#include <openssl/core_names.h>

#include <array>

#include "base/check.h"
#include "crypto/libcrypto.h"
#include "crypto/nist_curve.h"

namespace mls {

namespace {

using libcrypto::KeyType;
using libcrypto::MakeKey;
using libcrypto::Octets;
using libcrypto::Owned;

constexpr std::size_t kMaxMontgomerySize = 56;

KeyType MontgomeryType(Kem kem) { return kem == Kem::x25519 ? KeyType::x25519 : KeyType::x448; }

Owned<EVP_PKEY> PublicKey(const Suite& suite, View public_key) {
  std::array params{Octets(OSSL_PKEY_PARAM_PUB_KEY, public_key), OSSL_PARAM_construct_end()};
  return MakeKey(MontgomeryType(suite.kem), EVP_PKEY_PUBLIC_KEY, params.data());
}

// PrivateKey makes a key for DH alone. Its public half would cost a multiplication and takes no part in DH,
// so zeros stand in for it.
Owned<EVP_PKEY> PrivateKey(const Suite& suite, View private_key) {
  static constexpr std::array<std::uint8_t, kMaxMontgomerySize> kNoPublicKey{};
  std::array params{Octets(OSSL_PKEY_PARAM_PRIV_KEY, private_key),
                    Octets(OSSL_PKEY_PARAM_PUB_KEY, View(kNoPublicKey).first(suite.Npk)),
                    OSSL_PARAM_construct_end()};
  return MakeKey(MontgomeryType(suite.kem), EVP_PKEY_KEYPAIR, params.data());
}

bool IsZero(View bytes) {
  static constexpr std::array<std::uint8_t, kMaxMontgomerySize> kZeros{};
  return ConstantTimeEqual(bytes, View(kZeros).first(bytes.size()));
}

Result<Secret> MontgomeryLadder(const Suite& suite, View private_key, View public_key) {
  MLS_REQUIRE(private_key.size() == suite.Nsk, INVALID_KEY);  // RFC 9180 §7.1.2: keys have one size
  MLS_REQUIRE(public_key.size() == suite.Npk, INVALID_KEY);   // RFC 9180 §7.1.1: keys have one size
  const Owned<EVP_PKEY> own = PrivateKey(suite, private_key);
  const Owned<EVP_PKEY> peer = PublicKey(suite, public_key);
  if (own == nullptr || peer == nullptr) return Error::INTERNAL;
  const Owned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_pkey(nullptr, own.get(), nullptr));
  if (context == nullptr || EVP_PKEY_derive_init(context.get()) != 1 ||
      EVP_PKEY_derive_set_peer(context.get(), peer.get()) != 1) {
    return Error::INTERNAL;
  }
  Secret out(suite.Npk);
  std::size_t size = out.size();
  // libcrypto fails by itself when the result is zero.
  const bool derived = EVP_PKEY_derive(context.get(), out.span().data(), &size) == 1 && size == out.size();
  MLS_REQUIRE(derived && !IsZero(out),
              INVALID_KEY);  // RFC 9180 §7.1.4: a low-order point gives the all-zero value
  return out;
}

Result<Bytes> MontgomeryPublicKey(const Suite& suite, View private_key) {
  MLS_REQUIRE(private_key.size() == suite.Nsk, INVALID_KEY);  // RFC 9180 §7.1.2: keys have one size
  std::array params{Octets(OSSL_PKEY_PARAM_PRIV_KEY, private_key), OSSL_PARAM_construct_end()};
  const Owned<EVP_PKEY> key = MakeKey(MontgomeryType(suite.kem), EVP_PKEY_KEYPAIR, params.data());
  Bytes out(suite.Npk);
  std::size_t size = out.size();
  if (key == nullptr || EVP_PKEY_get_raw_public_key(key.get(), out.data(), &size) != 1 ||
      size != out.size()) {
    return Error::INTERNAL;
  }
  return out;
}

}  // namespace

Result<Secret> DiffieHellman(const Suite& suite, View private_key, View public_key) {
  const NistCurve* curve = NistCurveOf(suite.kem);
  return curve != nullptr ? Multiply(*curve, private_key, public_key)
                          : MontgomeryLadder(suite, private_key, public_key);
}

Result<Bytes> DiffieHellmanPublicKey(const Suite& suite, View private_key) {
  const NistCurve* curve = NistCurveOf(suite.kem);
  return curve != nullptr ? PublicPoint(*curve, private_key) : MontgomeryPublicKey(suite, private_key);
}

}  // namespace mls
