#include "crypto/nist_curve.h"

#include <openssl/obj_mac.h>

#include <array>

#include "base/check.h"

namespace mls {

namespace {

using libcrypto::Owned;

constexpr NistCurve kCurves[kNistCurves] = {
    {NID_X9_62_prime256v1, "P-256", 32, 0xff},
    {NID_secp384r1, "P-384", 48, 0xff},
    {NID_secp521r1, "P-521", 66, 0x01},
};

const EC_GROUP* GroupOf(const NistCurve& curve) {
  static std::array<std::atomic<EC_GROUP*>, kNistCurves> groups;
  return libcrypto::Once(groups[IndexOf(curve)], [&] { return EC_GROUP_new_by_curve_name(curve.nid); });
}

// DecodeScalar gives null unless `scalar` has the exact size and lies in [1, n-1].
Owned<BIGNUM> DecodeScalar(const NistCurve& curve, View scalar) {
  const EC_GROUP* group = GroupOf(curve);
  if (group == nullptr || scalar.size() != curve.size) return nullptr;
  Owned<BIGNUM> number(BN_secure_new());
  if (number == nullptr) return nullptr;
  BN_set_flags(number.get(), BN_FLG_CONSTTIME);
  if (BN_bin2bn(scalar.data(), static_cast<int>(scalar.size()), number.get()) == nullptr) return nullptr;
  if (BN_is_zero(number.get()) || BN_cmp(number.get(), EC_GROUP_get0_order(group)) >= 0) return nullptr;
  return number;
}

// DecodePoint gives null unless `point` is uncompressed, has coordinates below p and lies on the curve.
Owned<EC_POINT> DecodePoint(const NistCurve& curve, View point, BN_CTX* context) {
  if (point.size() != curve.point_size() || point[0] != POINT_CONVERSION_UNCOMPRESSED) return nullptr;
  Owned<EC_POINT> decoded(EC_POINT_new(GroupOf(curve)));
  if (decoded == nullptr ||
      EC_POINT_oct2point(GroupOf(curve), decoded.get(), point.data(), point.size(), context) != 1) {
    return nullptr;
  }
  return decoded;
}

// A context of its own for every use, because one that lives on would keep what passed through it.
Owned<BN_CTX> NewContext() {
  libcrypto::Start();
  return Owned<BN_CTX>(BN_CTX_secure_new());
}

}  // namespace

std::size_t IndexOf(const NistCurve& curve) { return static_cast<std::size_t>(&curve - kCurves); }

const NistCurve* NistCurveOf(Kem kem) {
  switch (kem) {
    case Kem::p256:
      return &kCurves[0];
    case Kem::p384:
      return &kCurves[1];
    case Kem::p521:
      return &kCurves[2];
    default:
      return nullptr;
  }
}

const NistCurve* NistCurveOf(SignatureScheme scheme) {
  switch (scheme) {
    case SignatureScheme::ecdsa_p256_sha256:
      return &kCurves[0];
    case SignatureScheme::ecdsa_p384_sha384:
      return &kCurves[1];
    case SignatureScheme::ecdsa_p521_sha512:
      return &kCurves[2];
    default:
      return nullptr;
  }
}

Status ValidatePoint(const NistCurve& curve, View point) {
  const Owned<BN_CTX> context = NewContext();
  MLS_REQUIRE(DecodePoint(curve, point, context.get()) != nullptr,
              INVALID_KEY);  // RFC 9180 §7.1.4: on the curve
  return kOk;
}

bool ScalarIsValid(const NistCurve& curve, View scalar) { return DecodeScalar(curve, scalar) != nullptr; }

Result<Bytes> PublicPoint(const NistCurve& curve, View scalar) {
  const EC_GROUP* group = GroupOf(curve);
  const Owned<BIGNUM> number = DecodeScalar(curve, scalar);
  MLS_REQUIRE(number != nullptr, INVALID_KEY);  // RFC 9180 §7.1.2: 0 and n have no public key
  const Owned<BN_CTX> context = NewContext();
  const Owned<EC_POINT> point(EC_POINT_new(group));
  Bytes encoded(curve.point_size());
  if (context == nullptr || point == nullptr ||
      EC_POINT_mul(group, point.get(), number.get(), nullptr, nullptr, context.get()) != 1 ||
      EC_POINT_point2oct(group, point.get(), POINT_CONVERSION_UNCOMPRESSED, encoded.data(), encoded.size(),
                         context.get()) != encoded.size()) {
    return Error::INTERNAL;
  }
  return encoded;
}

Result<Secret> Multiply(const NistCurve& curve, View scalar, View point) {
  const EC_GROUP* group = GroupOf(curve);
  const Owned<BN_CTX> context = NewContext();
  const Owned<BIGNUM> number = DecodeScalar(curve, scalar);
  MLS_REQUIRE(number != nullptr, INVALID_KEY);  // RFC 9180 §7.1.2: a private key is in [1, n-1]
  const Owned<EC_POINT> peer = DecodePoint(curve, point, context.get());
  MLS_REQUIRE(peer != nullptr, INVALID_KEY);  // RFC 9180 §7.1.4: public keys are validated before use
  const Owned<EC_POINT> shared(EC_POINT_new(group));
  const Owned<BIGNUM> x(BN_secure_new());
  if (context == nullptr || shared == nullptr || x == nullptr ||
      EC_POINT_mul(group, shared.get(), nullptr, peer.get(), number.get(), context.get()) != 1) {
    return Error::INTERNAL;
  }
  // RFC 9180 §7.1.4: not infinity, because the scalar lies in [1, n-1] and the order n is prime.
  Secret out(curve.size);
  if (EC_POINT_get_affine_coordinates(group, shared.get(), x.get(), nullptr, context.get()) != 1 ||
      BN_bn2binpad(x.get(), out.span().data(), static_cast<int>(out.size())) !=
          static_cast<int>(out.size())) {
    return Error::INTERNAL;
  }
  return out;
}

}  // namespace mls
