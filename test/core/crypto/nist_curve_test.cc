#include "crypto/nist_curve.h"

#include <doctest/doctest.h>

#include <vector>

#include "support/vectors.h"

using namespace mls;
using mls::test::FromHex;
using mls::test::ToHex;

namespace {

constexpr Kem kKems[] = {Kem::p256, Kem::p384, Kem::p521};

// Numbers of a curve, from libcrypto's parameters.
struct Parameters {
  Bytes order, prime, generator;

  explicit Parameters(const NistCurve& curve) : order(curve.size), prime(curve.size) {
    EC_GROUP* group = EC_GROUP_new_by_curve_name(curve.nid);
    REQUIRE(group != nullptr);
    BIGNUM* p = BN_new();
    EC_GROUP_get_curve(group, p, nullptr, nullptr, nullptr);
    BN_bn2binpad(p, prime.data(), curve.size);
    BN_bn2binpad(EC_GROUP_get0_order(group), order.data(), curve.size);
    generator.resize(curve.point_size());
    EC_POINT_point2oct(group, EC_GROUP_get0_generator(group), POINT_CONVERSION_UNCOMPRESSED, generator.data(),
                       generator.size(), nullptr);
    BN_free(p);
    EC_GROUP_free(group);
  }
};

Bytes Number(const NistCurve& curve, std::uint8_t value) {
  Bytes number(curve.size);
  number.back() = value;
  return number;
}

Bytes MinusOne(Bytes number) {
  for (std::size_t i = number.size(); i-- > 0;) {
    if (number[i]-- != 0) break;
  }
  return number;
}

}  // namespace

TEST_CASE("every curve is found by its KEM and its signature scheme, the others have none") {
  const NistCurve* p256 = NistCurveOf(Kem::p256);
  REQUIRE(p256 != nullptr);
  CHECK(p256 == NistCurveOf(SignatureScheme::ecdsa_p256_sha256));
  CHECK(NistCurveOf(Kem::p384) == NistCurveOf(SignatureScheme::ecdsa_p384_sha384));
  CHECK(NistCurveOf(Kem::p521) == NistCurveOf(SignatureScheme::ecdsa_p521_sha512));
  CHECK(NistCurveOf(Kem::x25519) == nullptr);
  CHECK(NistCurveOf(Kem::x448) == nullptr);
  CHECK(NistCurveOf(SignatureScheme::ed25519) == nullptr);
  CHECK(NistCurveOf(SignatureScheme::ed448) == nullptr);
  for (std::size_t i = 0; i < kNistCurves; ++i) CHECK(IndexOf(*NistCurveOf(kKems[i])) == i);
  CHECK(p256->size == 32);
  CHECK(NistCurveOf(Kem::p384)->size == 48);
  CHECK(NistCurveOf(Kem::p521)->size == 66);
}

TEST_CASE("the top byte of an order fills the mask, and one bit more does not") {
  for (const Kem kem : kKems) {
    const NistCurve& curve = *NistCurveOf(kem);
    const Parameters parameters(curve);
    CHECK((parameters.order[0] & ~curve.top_mask) == 0);
    CHECK(parameters.order[0] == curve.top_mask);
  }
}

TEST_CASE("a scalar has the curve's size and lies in [1, n-1] (RFC 9180 §7.1.2)") {
  for (const Kem kem : kKems) {
    const NistCurve& curve = *NistCurveOf(kem);
    CAPTURE(curve.group_name);
    const Bytes order = Parameters(curve).order;
    CHECK(ScalarIsValid(curve, Number(curve, 1)));
    CHECK(ScalarIsValid(curve, MinusOne(order)));
    Bytes short_one = Number(curve, 1), long_one = Number(curve, 1);
    short_one.erase(short_one.begin());
    long_one.insert(long_one.begin(), 0);
    const Bytes above(curve.size, 0xff);
    for (const Bytes& bad : {Number(curve, 0), order, above, short_one, long_one, Bytes{}}) {
      CHECK_FALSE(ScalarIsValid(curve, bad));
      CHECK(PublicPoint(curve, bad).error() == Error::INVALID_KEY);
      CHECK_FALSE(PublicPoint(curve, bad).ok());
      CHECK(Multiply(curve, bad, Parameters(curve).generator).error() == Error::INVALID_KEY);
    }
  }
}

TEST_CASE("a point is uncompressed, on the curve, and its coordinates below p (RFC 9180 §7.1.4)") {
  for (const Kem kem : kKems) {
    const NistCurve& curve = *NistCurveOf(kem);
    CAPTURE(curve.group_name);
    const Parameters parameters(curve);
    const Bytes& good = parameters.generator;
    CHECK(ValidatePoint(curve, good).ok());
    std::vector<Bytes> bad(9, good);
    bad[0].back() ^= 1;                                            // off the curve
    bad[1][curve.size] ^= 1;                                       // the same in x
    bad[2][0] = static_cast<std::uint8_t>(6 | (good.back() & 1));  // hybrid
    bad[3][0] = 0;                                                 // infinity, padded
    bad[4] = {0};                                                  // infinity
    bad[5] = Bytes(good.begin(), good.begin() + 1 + curve.size);   // compressed
    bad[5][0] = static_cast<std::uint8_t>(2 | (good.back() & 1));
    bad[6].push_back(0);
    bad[7].pop_back();
    std::copy(parameters.prime.begin(), parameters.prime.end(), bad[8].begin() + 1);  // x = p stands for 0
    bad.push_back({});
    bad.push_back(Bytes(curve.point_size(), 0xff));
    bad.back()[0] = 4;
    for (std::size_t i = 0; i < bad.size(); ++i) {
      CAPTURE(i);
      const Status status = ValidatePoint(curve, bad[i]);
      REQUIRE_FALSE(status.ok());
      CHECK(status.error() == Error::INVALID_KEY);
      CHECK(Multiply(curve, Number(curve, 5), bad[i]).error() == Error::INVALID_KEY);
    }
  }
}

TEST_CASE("PublicPoint and Multiply: 1·G is G, (n-1)·G is its mirror, 2·(3·G) is 3·(2·G)") {
  for (const Kem kem : kKems) {
    const NistCurve& curve = *NistCurveOf(kem);
    CAPTURE(curve.group_name);
    const Parameters parameters(curve);
    const Bytes& generator = parameters.generator;
    CHECK(*PublicPoint(curve, Number(curve, 1)) == generator);
    const View x = View(generator).subspan(1, curve.size);
    const Bytes mirror = *PublicPoint(curve, MinusOne(parameters.order));
    CHECK(Equal(View(mirror).subspan(1, curve.size), x));
    CHECK(mirror != generator);
    CHECK(Equal(*Multiply(curve, Number(curve, 1), generator), x));
    CHECK(Equal(*Multiply(curve, MinusOne(parameters.order), generator), x));
    const Bytes twice = *PublicPoint(curve, Number(curve, 2)), thrice = *PublicPoint(curve, Number(curve, 3));
    const Bytes six = *PublicPoint(curve, Number(curve, 6));
    CHECK(*Multiply(curve, Number(curve, 2), thrice) == *Multiply(curve, Number(curve, 3), twice));
    CHECK(Equal(*Multiply(curve, Number(curve, 2), thrice), View(six).subspan(1, curve.size)));
  }
}

TEST_CASE("P-256: the base point of SP 800-186 and twice of it") {
  const NistCurve& curve = *NistCurveOf(Kem::p256);
  CHECK(ToHex(*PublicPoint(curve, Number(curve, 1))) ==
        "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
        "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5");
  CHECK(ToHex(*Multiply(curve, Number(curve, 2), *PublicPoint(curve, Number(curve, 1)))) ==
        "7cf27b188d034f7e8a52380304b51ac3c08969e277f21b35a60b48fc47669978");
}
