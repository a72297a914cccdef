#include "crypto/ecdsa.h"

#include <openssl/core_names.h>

#include <array>

#include "base/check.h"
#include "crypto/hkdf.h"
#include "crypto/libcrypto.h"

namespace mls {

namespace {

using libcrypto::KeyType;
using libcrypto::MakeKey;
using libcrypto::Owned;

OSSL_PARAM GroupName(const NistCurve& curve) {
  return OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, const_cast<char*>(curve.group_name), 0);
}

struct ContentHash {
  std::array<std::uint8_t, kMaxHashSize> bytes;
  std::size_t size;
};

Result<ContentHash> HashContent(const Suite& suite, View content) {
  ContentHash hash{.bytes = {}, .size = suite.Nh};
  Hasher hasher(suite.kdf);
  hasher.Update(content);
  MLS_DO(hasher.Finish({hash.bytes.data(), hash.size}));
  return hash;
}

Owned<EVP_PKEY> PrivateKey(const NistCurve& curve, View scalar) {
  Secret number(scalar.size());  // OSSL_PARAM numbers are in the machine's byte order
  const Owned<BIGNUM> converted(BN_secure_new());
  if (converted == nullptr ||
      BN_bin2bn(scalar.data(), static_cast<int>(scalar.size()), converted.get()) == nullptr ||
      BN_bn2nativepad(converted.get(), number.span().data(), static_cast<int>(number.size())) < 0) {
    return nullptr;
  }
  std::array params{GroupName(curve),
                    OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_PRIV_KEY, number.span().data(), number.size()),
                    OSSL_PARAM_construct_end()};
  return MakeKey(KeyType::ec, EVP_PKEY_KEYPAIR, params.data());
}

// PublicKey gives this thread's key object of `curve` with `point` in it, valid until the next call; null if
// the point does not decode. To make an object costs a fifth of a P-256 verification, most of it for the
// curve.
EVP_PKEY* PublicKey(const NistCurve& curve, View point) {
  thread_local std::array<Owned<EVP_PKEY>, kNistCurves> keys;
  Owned<EVP_PKEY>& key = keys[IndexOf(curve)];
  if (key == nullptr) {
    std::array params{GroupName(curve), OSSL_PARAM_construct_end()};
    key = MakeKey(KeyType::ec, EVP_PKEY_KEY_PARAMETERS, params.data());
    if (key == nullptr) return nullptr;
  }
  if (EVP_PKEY_set1_encoded_public_key(key.get(), point.data(), point.size()) != 1) {
    key.reset();
    return nullptr;
  }
  return key.get();
}

}  // namespace

Result<Bytes> EcdsaSign(const Suite& suite, const NistCurve& curve, View private_key, View content) {
  MLS_REQUIRE(ScalarIsValid(curve, private_key), INVALID_KEY);  // FIPS 186-5 §3: d is in [1, n-1]
  MLS_TRY(hash, HashContent(suite, content));
  const Owned<EVP_PKEY> key = PrivateKey(curve, private_key);
  if (key == nullptr) return Error::INTERNAL;
  const Owned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
  Bytes signature(static_cast<std::size_t>(EVP_PKEY_get_size(key.get())));
  std::size_t size = signature.size();
  // Without memory for the encoding libcrypto gives a size of -1 and calls that success.
  if (context == nullptr || EVP_PKEY_sign_init(context.get()) != 1 ||
      EVP_PKEY_sign(context.get(), signature.data(), &size, hash.bytes.data(), hash.size) != 1 ||
      size > signature.size()) {
    return Error::INTERNAL;
  }
  signature.resize(size);
  return signature;
}

Status EcdsaVerify(const Suite& suite, const NistCurve& curve, View public_key, View content,
                   View signature) {
  // libcrypto would read compressed and hybrid forms too.
  MLS_REQUIRE(public_key[0] == POINT_CONVERSION_UNCOMPRESSED, INVALID_KEY);  // RFC 9420 §5.1.1: uncompressed
  EVP_PKEY* key = PublicKey(curve, public_key);
  MLS_REQUIRE(key != nullptr, INVALID_KEY);  // RFC 8446 §4.2.8.2: the point is on the curve
  MLS_TRY(hash, HashContent(suite, content));
  const Owned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
  if (context == nullptr || EVP_PKEY_verify_init(context.get()) != 1) return Error::INTERNAL;
  // libcrypto re-encodes r and s and compares, so that of all encodings only the DER one verifies.
  const int verified =
      EVP_PKEY_verify(context.get(), signature.data(), signature.size(), hash.bytes.data(), hash.size);
  MLS_REQUIRE(verified == 1, BAD_SIGNATURE);  // RFC 9420 §5.1.2: Signature.Verify
  return kOk;
}

}  // namespace mls
