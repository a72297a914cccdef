#include "crypto/eddsa.h"

#include <openssl/core_names.h>

#include <array>
#include <vector>

#include "base/check.h"
#include "crypto/hkdf.h"
#include "crypto/libcrypto.h"

namespace mls {

namespace {

using libcrypto::KeyType;
using libcrypto::MakeKey;
using libcrypto::Octets;
using libcrypto::Owned;

constexpr std::size_t kMaxKeySize = 57;

KeyType TypeOf(const Suite& suite) {
  return suite.signature == SignatureScheme::ed25519 ? KeyType::ed25519 : KeyType::ed448;
}

std::size_t SignatureSize(const Suite& suite) { return 2 * std::size_t{suite.Nsigpk}; }

Result<Bytes> ComputePublicKey(const Suite& suite, View private_key) {
  std::array params{Octets(OSSL_PKEY_PARAM_PRIV_KEY, private_key), OSSL_PARAM_construct_end()};
  const Owned<EVP_PKEY> key = MakeKey(TypeOf(suite), EVP_PKEY_KEYPAIR, params.data());
  Bytes public_key(suite.Nsigpk);
  std::size_t size = public_key.size();
  if (key == nullptr || EVP_PKEY_get_raw_public_key(key.get(), public_key.data(), &size) != 1 ||
      size != public_key.size()) {
    return Error::INTERNAL;
  }
  return public_key;
}

// PublicKeys remembers the public keys of the private keys that this thread used last. Signing needs both
// (RFC 8032 §5.1.6), and to compute the public one costs as much as the signature. A private key is known by
// its SHA-256 alone, so nothing secret stays; the whole hash is compared, because a signature under a wrong
// public key gives away the private one.
class PublicKeys {
 public:
  static Result<Bytes> Of(const Suite& suite, View private_key) {
    Fingerprint fingerprint;
    const auto scheme = static_cast<std::uint8_t>(suite.signature);
    Hasher hasher(Kdf::hkdf_sha256);
    hasher.Update({&scheme, 1});
    hasher.Update(private_key);
    MLS_DO(hasher.Finish(fingerprint));

    thread_local std::vector<Entry> entries(kEntries);
    Entry& entry = entries[fingerprint[0] % kEntries];
    if (entry.used && ConstantTimeEqual(entry.fingerprint, fingerprint)) {
      return ToBytes(View(entry.public_key).first(suite.Nsigpk));
    }
    MLS_TRY(public_key, ComputePublicKey(suite, private_key));
    entry.used = true;
    entry.fingerprint = fingerprint;
    std::memcpy(entry.public_key.data(), public_key.data(), public_key.size());
    return std::move(public_key);
  }

 private:
  static constexpr std::size_t kEntries = 256;
  using Fingerprint = std::array<std::uint8_t, 32>;
  struct Entry {
    bool used = false;
    Fingerprint fingerprint{};
    std::array<std::uint8_t, kMaxKeySize> public_key{};
  };
};

}  // namespace

Result<Bytes> EddsaPublicKey(const Suite& suite, View private_key) {
  return PublicKeys::Of(suite, private_key);
}

Result<Bytes> EddsaSign(const Suite& suite, View private_key, View content) {
  MLS_TRY(public_key, PublicKeys::Of(suite, private_key));
  std::array params{Octets(OSSL_PKEY_PARAM_PRIV_KEY, private_key),
                    Octets(OSSL_PKEY_PARAM_PUB_KEY, public_key), OSSL_PARAM_construct_end()};
  const Owned<EVP_PKEY> key = MakeKey(TypeOf(suite), EVP_PKEY_KEYPAIR, params.data());
  const Owned<EVP_MD_CTX> context(EVP_MD_CTX_new());
  Bytes signature(SignatureSize(suite));
  std::size_t size = signature.size();
  if (key == nullptr || context == nullptr ||
      EVP_DigestSignInit_ex(context.get(), nullptr, nullptr, nullptr, nullptr, key.get(), nullptr) != 1 ||
      EVP_DigestSign(context.get(), signature.data(), &size, content.data(), content.size()) != 1 ||
      size != signature.size()) {
    return Error::INTERNAL;
  }
  return signature;
}

Status EddsaVerify(const Suite& suite, View public_key, View content, View signature) {
  MLS_REQUIRE(EddsaKeyIsCanonical(suite, public_key), INVALID_KEY);  // RFC 8032 §5.1.3: y is below p
  std::array params{Octets(OSSL_PKEY_PARAM_PUB_KEY, public_key), OSSL_PARAM_construct_end()};
  const Owned<EVP_PKEY> key = MakeKey(TypeOf(suite), EVP_PKEY_PUBLIC_KEY, params.data());
  const Owned<EVP_MD_CTX> context(EVP_MD_CTX_new());
  if (key == nullptr || context == nullptr ||
      EVP_DigestVerifyInit_ex(context.get(), nullptr, nullptr, nullptr, nullptr, key.get(), nullptr) != 1) {
    return Error::INTERNAL;
  }
  const int verified =
      EVP_DigestVerify(context.get(), signature.data(), signature.size(), content.data(), content.size());
  MLS_REQUIRE(verified == 1, BAD_SIGNATURE);  // RFC 9420 §5.1.2: Signature.Verify
  return kOk;
}

bool EddsaKeyIsCanonical(const Suite& suite, View public_key) {
  if (suite.signature == SignatureScheme::ed25519) {
    // p = 2^255 - 19; little-endian, the sign in the top bit.
    if ((public_key[31] & 0x7f) != 0x7f || public_key[0] < 0xed) return true;
    for (std::size_t i = 1; i < 31; ++i) {
      if (public_key[i] != 0xff) return true;
    }
    return false;
  }
  // p = 2^448 - 2^224 - 1; little-endian, the sign in the top bit of the last byte, whose other bits are
  // zero.
  if ((public_key[56] & 0x7f) != 0) return false;
  for (std::size_t i = 55; i >= 28; --i) {
    const std::uint8_t of_p = i == 28 ? 0xfe : 0xff;
    if (public_key[i] != of_p) return public_key[i] < of_p;
  }
  for (std::size_t i = 0; i < 28; ++i) {
    if (public_key[i] != 0xff) return true;
  }
  return false;
}

}  // namespace mls
