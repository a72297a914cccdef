#include "crypto/ecdsa.h"

#include <doctest/doctest.h>

#include "support/error_of.h"
#include "support/vectors.h"

using namespace mls;
using mls::test::ErrorOf;

namespace {

Status Verify(const Suite& suite, View public_key, View content, View signature) {
  return EcdsaVerify(suite, *NistCurveOf(suite.signature), public_key, content, signature);
}

const Suite& kP256 = *FindSuite(CipherSuite::MLS_128_DHKEMP256_AES128GCM_SHA256_P256);

// The key and a signature of RFC 6979 A.2.5.
const Bytes kPublic = test::FromHex(
    "0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
    "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299");
const std::string kR = "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716";
const std::string kS = "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8";

}  // namespace

TEST_CASE("EcdsaVerify accepts the published signature, as its one DER encoding (RFC 6979 A.2.5)") {
  const View sample = AsView("sample");
  const Bytes good = test::FromHex("3046022100" + kR + "022100" + kS);
  CHECK(Verify(kP256, kPublic, sample, good).ok());
  CHECK(ErrorOf(Verify(kP256, kPublic, AsView("Sample"), good)) == Error::BAD_SIGNATURE);
  const std::vector<std::string> others = {
      "30440220" + kR + "0220" + kS,               // negative numbers
      "308146022100" + kR + "022100" + kS,         // a length in two bytes
      "304702220000" + kR + "022100" + kS,         // a zero too many
      "3046022100" + kR + "022100" + kS + "00",    // something behind it
      "3080022100" + kR + "022100" + kS + "0000",  // BER's indefinite length
      "3046022100" + kS + "022100" + kR,           // swapped
      kR + kS,                                     // the two numbers joined
      "3006020100020100",                          // zeros
      ""};
  for (const std::string& other : others) {
    CAPTURE(other);
    CHECK(ErrorOf(Verify(kP256, kPublic, sample, test::FromHex(other))) == Error::BAD_SIGNATURE);
  }
}

TEST_CASE("what EcdsaSign signs, EcdsaVerify accepts, and nothing that was changed") {
  for (const Suite& suite : AllSuites()) {
    const NistCurve* curve = NistCurveOf(suite.signature);
    if (curve == nullptr) continue;
    CAPTURE(suite.name);
    Bytes key(curve->size, 0);
    key.back() = 9;
    const Bytes public_key = *PublicPoint(*curve, key);
    const auto signature = EcdsaSign(suite, *curve, key, AsView("content"));
    REQUIRE(signature.ok());
    CHECK(Verify(suite, public_key, AsView("content"), *signature).ok());
    CHECK(ErrorOf(Verify(suite, public_key, AsView("contenu"), *signature)) == Error::BAD_SIGNATURE);
    CHECK(ErrorOf(Verify(suite, public_key, {}, *signature)) == Error::BAD_SIGNATURE);
    Bytes changed = *signature;
    changed.back() ^= 1;
    CHECK(ErrorOf(Verify(suite, public_key, AsView("content"), changed)) == Error::BAD_SIGNATURE);
    key.back() = 10;
    const Bytes other = *PublicPoint(*curve, key);
    CHECK(ErrorOf(Verify(suite, other, AsView("content"), *signature)) == Error::BAD_SIGNATURE);
    // The key object of a thread forgets the point before.
    CHECK(Verify(suite, public_key, AsView("content"), *signature).ok());
    const auto empty = EcdsaSign(suite, *curve, key, {});
    REQUIRE(empty.ok());
    CHECK(Verify(suite, other, {}, *empty).ok());
  }
}

TEST_CASE("EcdsaSign takes scalars in [1, n-1] alone") {
  for (const Suite& suite : AllSuites()) {
    const NistCurve* curve = NistCurveOf(suite.signature);
    if (curve == nullptr) continue;
    for (const Bytes& bad : {Bytes(curve->size, 0), Bytes(curve->size, 0xff), Bytes(curve->size - 1u, 1),
                             Bytes(curve->size + 1u, 1), Bytes{}}) {
      const auto signature = EcdsaSign(suite, *curve, bad, AsView("content"));
      REQUIRE_FALSE(signature.ok());
      CHECK(signature.error() == Error::INVALID_KEY);
    }
  }
}

TEST_CASE("EcdsaVerify takes uncompressed points of the curve alone, and recovers from others") {
  const Bytes good = test::FromHex("3046022100" + kR + "022100" + kS);
  Bytes hybrid = kPublic, off = kPublic;
  hybrid[0] = static_cast<std::uint8_t>(6 | (kPublic.back() & 1));
  off.back() ^= 1;
  for (const Bytes& bad : {hybrid, off, Bytes(65, 0)}) {
    CHECK(ErrorOf(Verify(kP256, bad, AsView("sample"), good)) == Error::INVALID_KEY);
    CHECK(Verify(kP256, kPublic, AsView("sample"), good).ok());
  }
}
