#include "crypto/signature.h"

#include <openssl/core_names.h>
#include <openssl/params.h>

#include <array>

#include "base/check.h"
#include "base/counters.h"
#include "crypto/hkdf.h"
#include "crypto/libcrypto.h"
#include "crypto/nist_curve.h"

namespace mls {

namespace {

using libcrypto::KeyType;
using libcrypto::MakeKey;
using libcrypto::Owned;

void* Mutable(View bytes) {
  return const_cast<std::uint8_t*>(bytes.data());
}  // OSSL_PARAM reads, but says void*

OSSL_PARAM Octets(const char* name, View bytes) {
  return OSSL_PARAM_construct_octet_string(name, Mutable(bytes), bytes.size());
}

// EdDSA (RFC 8032): raw keys, the message in one piece.

KeyType EdwardsType(const Suite& suite) {
  return suite.signature == SignatureScheme::ed25519 ? KeyType::ed25519 : KeyType::ed448;
}

std::size_t EdwardsSignatureSize(const Suite& suite) { return 2 * std::size_t{suite.Nsigpk}; }

Result<Bytes> EdwardsPublicKey(const Suite& suite, View private_key) {
  std::array params{Octets(OSSL_PKEY_PARAM_PRIV_KEY, private_key), OSSL_PARAM_construct_end()};
  const Owned<EVP_PKEY> key = MakeKey(EdwardsType(suite), EVP_PKEY_KEYPAIR, params.data());
  Bytes out(suite.Nsigpk);
  std::size_t size = out.size();
  if (key == nullptr || EVP_PKEY_get_raw_public_key(key.get(), out.data(), &size) != 1 ||
      size != out.size()) {
    return Error::INTERNAL;
  }
  return out;
}

Result<Bytes> EdwardsSign(const Suite& suite, View private_key, View content) {
  std::array params{Octets(OSSL_PKEY_PARAM_PRIV_KEY, private_key), OSSL_PARAM_construct_end()};
  const Owned<EVP_PKEY> key = MakeKey(EdwardsType(suite), EVP_PKEY_KEYPAIR, params.data());
  const Owned<EVP_MD_CTX> context(EVP_MD_CTX_new());
  Bytes out(EdwardsSignatureSize(suite));
  std::size_t size = out.size();
  if (key == nullptr || context == nullptr ||
      EVP_DigestSignInit_ex(context.get(), nullptr, nullptr, nullptr, nullptr, key.get(), nullptr) != 1 ||
      EVP_DigestSign(context.get(), out.data(), &size, content.data(), content.size()) != 1 ||
      size != out.size()) {
    return Error::INTERNAL;
  }
  return out;
}

Status EdwardsVerify(const Suite& suite, View public_key, View content, View signature) {
  MLS_REQUIRE(signature.size() == EdwardsSignatureSize(suite), BAD_SIGNATURE);  // RFC 8032 §5.1.7: R and S
  std::array params{Octets(OSSL_PKEY_PARAM_PUB_KEY, public_key), OSSL_PARAM_construct_end()};
  const Owned<EVP_PKEY> key = MakeKey(EdwardsType(suite), EVP_PKEY_PUBLIC_KEY, params.data());
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

// ECDSA (FIPS 186-5): the suite's hash, keys as uncompressed points, signatures in DER.

struct ContentHash {
  std::array<std::uint8_t, kMaxHashSize> bytes;
  std::size_t size;
  View view() const { return {bytes.data(), size}; }
};

Result<ContentHash> HashContent(const Suite& suite, View content) {
  ContentHash hash{.bytes = {}, .size = suite.Nh};
  Hasher hasher(suite.kdf);
  hasher.Update(content);
  MLS_DO(hasher.Finish({hash.bytes.data(), hash.size}));
  return hash;
}

OSSL_PARAM GroupName(const NistCurve& curve) {
  return OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, const_cast<char*>(curve.group_name), 0);
}

Result<Bytes> EcdsaSign(const Suite& suite, const NistCurve& curve, View private_key, View content) {
  MLS_REQUIRE(ScalarIsValid(curve, private_key), INVALID_KEY);  // FIPS 186-5 §3: d is in [1, n-1]
  MLS_TRY(hash, HashContent(suite, content));
  // OSSL_PARAM numbers are in the machine's byte order.
  Secret number(curve.size);
  Owned<BIGNUM> scalar(BN_secure_new());
  if (scalar == nullptr ||
      BN_bin2bn(private_key.data(), static_cast<int>(private_key.size()), scalar.get()) == nullptr ||
      BN_bn2nativepad(scalar.get(), number.span().data(), static_cast<int>(number.size())) < 0) {
    return Error::INTERNAL;
  }
  std::array params{GroupName(curve),
                    OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_PRIV_KEY, number.span().data(), number.size()),
                    OSSL_PARAM_construct_end()};
  const Owned<EVP_PKEY> key = MakeKey(KeyType::ec, EVP_PKEY_KEYPAIR, params.data());
  if (key == nullptr) return Error::INTERNAL;
  const Owned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
  Bytes out(static_cast<std::size_t>(EVP_PKEY_get_size(key.get())));
  std::size_t size = out.size();
  if (context == nullptr || EVP_PKEY_sign_init(context.get()) != 1 ||
      EVP_PKEY_sign(context.get(), out.data(), &size, hash.bytes.data(), hash.size) != 1) {
    return Error::INTERNAL;
  }
  out.resize(size);
  return out;
}

// DerReader reads the few forms of DER (X.690) that a signature has.
class DerReader {
 public:
  explicit DerReader(View input) : rest_(input) {}
  bool ok() const { return ok_; }
  bool done() const { return ok_ && rest_.empty(); }

  // Element gives the content of an element with `tag`: a length of one octet below 128, or 0x81 and one
  // octet.
  View Element(std::uint8_t tag) {
    if (Octet() != tag) return Fail();
    std::size_t length = Octet();
    if (length == 0x81) {
      length = Octet();
      if (length < 0x80) return Fail();
    } else if (length >= 0x80) {
      return Fail();
    }
    if (length > rest_.size()) return Fail();
    const View content = rest_.first(length);
    rest_ = rest_.subspan(length);
    return content;
  }

 private:
  View Fail() {
    ok_ = false;
    rest_ = {};
    return {};
  }
  std::uint8_t Octet() {
    if (rest_.empty()) {
      ok_ = false;
      return 0;
    }
    const std::uint8_t octet = rest_[0];
    rest_ = rest_.subspan(1);
    return octet;
  }

  View rest_;
  bool ok_ = true;
};

// IsShortestPositive says whether `integer` is the one encoding of a number above zero.
bool IsShortestPositive(View integer) {
  if (integer.empty() || integer[0] >= 0x80) return false;
  if (integer[0] != 0) return true;
  return integer.size() > 1 && integer[1] >= 0x80;
}

// IsStrictDer says whether `signature` is Ecdsa-Sig-Value { r INTEGER, s INTEGER } in DER and nothing else.
bool IsStrictDer(View signature) {
  DerReader outer(signature);
  DerReader inner(outer.Element(0x30));
  const View r = inner.Element(0x02);
  const View s = inner.Element(0x02);
  return outer.done() && inner.done() && IsShortestPositive(r) && IsShortestPositive(s);
}

Status EcdsaVerify(const Suite& suite, const NistCurve& curve, View public_key, View content,
                   View signature) {
  MLS_REQUIRE(IsStrictDer(signature), BAD_SIGNATURE);  // RFC 9420 §5.1.2: DER, as in RFC 8446 §4.2.3
  std::array params{GroupName(curve), Octets(OSSL_PKEY_PARAM_PUB_KEY, public_key),
                    OSSL_PARAM_construct_end()};
  const Owned<EVP_PKEY> key = MakeKey(KeyType::ec, EVP_PKEY_PUBLIC_KEY, params.data());
  MLS_REQUIRE(key != nullptr, INVALID_KEY);  // RFC 8446 §4.2.8.2: the point is on the curve
  MLS_TRY(hash, HashContent(suite, content));
  const Owned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
  if (context == nullptr || EVP_PKEY_verify_init(context.get()) != 1) return Error::INTERNAL;
  const int verified =
      EVP_PKEY_verify(context.get(), signature.data(), signature.size(), hash.bytes.data(), hash.size);
  MLS_REQUIRE(verified == 1, BAD_SIGNATURE);  // RFC 9420 §5.1.2: Signature.Verify
  return kOk;
}

}  // namespace

Result<SignatureKeyPair> GenerateSignatureKeyPair(const Suite& suite, Random& random) {
  const NistCurve* curve = NistCurveOf(suite.signature);
  for (;;) {
    MLS_TRY(private_key, random.TakeSecret(suite.Nsigsk));
    if (curve != nullptr) {
      // FIPS 186-5 §A.2.2: draw until the number lies in [1, n-1].
      private_key.span()[0] &= curve->top_mask;
      if (!ScalarIsValid(*curve, private_key)) continue;
    }
    MLS_TRY(public_key, SignaturePublicKey(suite, private_key));
    return SignatureKeyPair{std::move(private_key), std::move(public_key)};
  }
}

Result<Bytes> SignaturePublicKey(const Suite& suite, View private_key) {
  MLS_REQUIRE(private_key.size() == suite.Nsigsk, INVALID_KEY);  // RFC 9420 §5.1.1: keys have one size
  const NistCurve* curve = NistCurveOf(suite.signature);
  return curve != nullptr ? PublicPoint(*curve, private_key) : EdwardsPublicKey(suite, private_key);
}

Status ValidateSignatureKey(const Suite& suite, View public_key) {
  MLS_REQUIRE(public_key.size() == suite.Nsigpk, INVALID_KEY);  // RFC 9420 §5.1.1: keys have one size
  if (const NistCurve* curve = NistCurveOf(suite.signature)) return ValidatePoint(*curve, public_key);
  return kOk;
}

Result<Bytes> Sign(const Suite& suite, View private_key, View content) {
  ++Count().signatures;
  MLS_REQUIRE(private_key.size() == suite.Nsigsk, INVALID_KEY);  // RFC 9420 §5.1.1: keys have one size
  const NistCurve* curve = NistCurveOf(suite.signature);
  return curve != nullptr ? EcdsaSign(suite, *curve, private_key, content)
                          : EdwardsSign(suite, private_key, content);
}

Status Verify(const Suite& suite, View public_key, View content, View signature) {
  ++Count().signature_verifications;
  MLS_REQUIRE(public_key.size() == suite.Nsigpk, INVALID_KEY);  // RFC 9420 §5.1.1: keys have one size
  const NistCurve* curve = NistCurveOf(suite.signature);
  return curve != nullptr ? EcdsaVerify(suite, *curve, public_key, content, signature)
                          : EdwardsVerify(suite, public_key, content, signature);
}

}  // namespace mls
