#include "crypto/diffie_hellman.h"

#include <openssl/core_names.h>

#include <algorithm>
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

// The u-coordinates of low order, and those above p that stand for them (RFC 7748 §6): all there are.
constexpr std::array<std::array<std::uint8_t, 32>, 2> kOrderEight25519 = {{
    {0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4, 0x6a,
     0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00},
    {0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55, 0x9c, 0x83, 0xef, 0x5b,
     0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c, 0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57},
}};

bool AllAre(View bytes, std::uint8_t value) {
  return std::all_of(bytes.begin(), bytes.end(), [&](std::uint8_t byte) { return byte == value; });
}

// 0, 1, p-1, p and p+1, with p = 2^255-19, and the two of order eight. The top bit does not count (RFC 7748
// §5).
bool IsLowOrder25519(View u) {
  for (const auto& point : kOrderEight25519) {
    if (Equal(u.first(31), View(point).first(31)) && (u[31] & 0x7f) == point[31]) return true;
  }
  const std::uint8_t last = u[31] & 0x7f;
  if (last == 0x00) return u[0] <= 1 && AllAre(u.subspan(1, 30), 0x00);
  return last == 0x7f && u[0] >= 0xec && u[0] <= 0xee && AllAre(u.subspan(1, 30), 0xff);
}

// 0, 1, p-1, p and p+1, with p = 2^448-2^224-1.
bool IsLowOrder448(View u) {
  if (AllAre(u.subspan(1), 0x00)) return u[0] <= 1;
  if (!AllAre(u.subspan(29), 0xff)) return false;
  if (u[28] == 0xff) return AllAre(u.first(28), 0x00);
  return u[28] == 0xfe && u[0] >= 0xfe && AllAre(u.subspan(1, 27), 0xff);
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

bool IsLowOrder(const Suite& suite, View public_key) {
  if (public_key.size() != suite.Npk) return false;
  if (suite.kem == Kem::x25519) return IsLowOrder25519(public_key);
  return suite.kem == Kem::x448 && IsLowOrder448(public_key);
}

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
