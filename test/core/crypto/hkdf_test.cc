#include "crypto/hkdf.h"

#include <doctest/doctest.h>

#include "support/vectors.h"

using namespace mls;
using mls::test::FromHex;
using mls::test::ToHex;

namespace {

constexpr Kdf kKdfs[] = {Kdf::hkdf_sha256, Kdf::hkdf_sha384, Kdf::hkdf_sha512};

std::string HmacHex(Kdf kdf, View key, std::initializer_list<View> parts) {
  Bytes out(HashSize(kdf));
  REQUIRE(Hmac(kdf, key, parts, out).ok());
  return ToHex(out);
}

std::string HashHex(Kdf kdf, View data) {
  Bytes out(HashSize(kdf));
  Hasher hasher(kdf);
  hasher.Update(data);
  REQUIRE(hasher.Finish(out).ok());
  return ToHex(out);
}

Bytes Counting(std::uint8_t first, std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(first + i);
  return bytes;
}

}  // namespace

TEST_CASE("Hmac: RFC 4231 §4.2 with each hash") {
  const Bytes key(20, 0x0b);
  const std::string expected[] = {
      "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
      "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59cfaea9ea9076ede7f4af152e8b2fa9cb6",
      "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cde"
      "daa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854"};
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(HmacHex(kKdfs[i], key, {AsView("Hi There")}) == expected[i]);
    CHECK(HmacHex(kKdfs[i], key, {AsView("Hi"), {}, AsView(" "), AsView("There")}) == expected[i]);
  }
}

TEST_CASE("Hmac: a key above one block is its hash, one of a block is itself (RFC 2104 §2)") {
  for (const Kdf kdf : kKdfs) {
    const std::size_t block = HashBlock(kdf);
    const Bytes longer(block + 1, 7);
    CHECK(HmacHex(kdf, longer, {AsView("x")}) == HmacHex(kdf, FromHex(HashHex(kdf, longer)), {AsView("x")}));
    const Bytes whole(block, 7);
    CHECK(HmacHex(kdf, whole, {AsView("x")}) != HmacHex(kdf, FromHex(HashHex(kdf, whole)), {AsView("x")}));
    CHECK(HmacHex(kdf, {}, {AsView("x")}) == HmacHex(kdf, Bytes(block, 0), {AsView("x")}));
  }
}

TEST_CASE("HKDF: RFC 5869 A.1 to A.3") {
  const Bytes ikm(22, 0x0b);
  const auto check = [](View salt, View input, View info, std::size_t length, const std::string& prk_hex,
                        const std::string& okm_hex) {
    const auto prk = HkdfExtract(Kdf::hkdf_sha256, salt, {input});
    REQUIRE(prk.ok());
    CHECK(ToHex(*prk) == prk_hex);
    const auto okm = HkdfExpand(Kdf::hkdf_sha256, *prk, {info}, length);
    REQUIRE(okm.ok());
    CHECK(ToHex(*okm) == okm_hex);
  };
  check(Counting(0, 13), ikm, Counting(0xf0, 10), 42,
        "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5",
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
  check(Counting(0x60, 80), Counting(0, 80), Counting(0xb0, 80), 82,
        "06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244",
        "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09"
        "da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87");
  check({}, ikm, {}, 42, "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04",
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
}

TEST_CASE("HkdfExpand: each block is the HMAC of the one before, the info and its number, up to 255") {
  for (const Kdf kdf : kKdfs) {
    const Bytes prk(HashSize(kdf), 3);
    const auto out = HkdfExpand(kdf, prk, {AsView("in"), AsView("fo")}, 255 * HashSize(kdf));
    REQUIRE(out.ok());
    Bytes previous;
    for (std::size_t i = 0; i < 255; ++i) {
      const auto number = static_cast<std::uint8_t>(i + 1);
      const std::string block = HmacHex(kdf, prk, {previous, AsView("info"), {&number, 1}});
      previous = FromHex(block);
      REQUIRE(ToHex(out->view().subspan(i * HashSize(kdf), HashSize(kdf))) == block);
    }
    CHECK(HkdfExpand(kdf, prk, {}, 0)->empty());
    CHECK(HkdfExpand(kdf, prk, {}, 255 * HashSize(kdf) + 1).error() == Error::LIMIT_EXCEEDED);
    CHECK(HkdfExpand(kdf, prk, {}, SIZE_MAX).error() == Error::LIMIT_EXCEEDED);
  }
}

TEST_CASE("a Hasher that was given up leaves nothing to the next one") {
  for (const Kdf kdf : kKdfs) {
    const std::string expected = HashHex(kdf, AsView("abc"));
    {
      Hasher abandoned(kdf);
      abandoned.Update(AsView("something else"));
    }
    CHECK(HashHex(kdf, AsView("abc")) == expected);
    Bytes out(HashSize(kdf));
    Hasher secret(kdf);
    secret.Update(AsView("abc"));
    REQUIRE(secret.FinishSecret(out).ok());
    CHECK(ToHex(out) == expected);
    CHECK(HashHex(kdf, AsView("abc")) == expected);
  }
}
