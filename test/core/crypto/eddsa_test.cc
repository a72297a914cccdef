#include "crypto/eddsa.h"

#include <doctest/doctest.h>

#include "support/vectors.h"

using namespace mls;
using mls::test::ToHex;

namespace {

const Suite& kEd25519 = *FindSuite(CipherSuite::MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519);
const Suite& kEd448 = *FindSuite(CipherSuite::MLS_256_DHKEMX448_AES256GCM_SHA512_Ed448);

}  // namespace

TEST_CASE("Ed25519: RFC 8032 §7.1 tests 1 and 2") {
  const Bytes key1 = test::FromHex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
  const Bytes key2 = test::FromHex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
  CHECK(ToHex(*EddsaPublicKey(kEd25519, key1)) ==
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
  CHECK(ToHex(*EddsaPublicKey(kEd25519, key2)) ==
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
  CHECK(ToHex(*EddsaSign(kEd25519, key1, {})) ==
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
        "d25bf5f0595bbe24655141438e7a100b");
  CHECK(ToHex(*EddsaSign(kEd25519, key2, test::FromHex("72"))) ==
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
        "387b2eaeb4302aeeb00d291612bb0c00");
}

TEST_CASE("a signature holds for its key, its content and its bytes") {
  for (const Suite* suite : {&kEd25519, &kEd448}) {
    CAPTURE(suite->name);
    // More keys than the memory of public keys has places, so that some are forgotten and computed again.
    for (std::size_t i = 0; i < 300; ++i) {
      Bytes key(suite->Nsigpk, static_cast<std::uint8_t>(i));
      key[1] = static_cast<std::uint8_t>(i >> 8);
      const Bytes public_key = *EddsaPublicKey(*suite, key);
      REQUIRE(public_key == *EddsaPublicKey(*suite, key));
      if (i % 50 != 0) continue;
      const Bytes signature = *EddsaSign(*suite, key, AsView("content"));
      CHECK(signature.size() == 2u * suite->Nsigpk);
      CHECK(EddsaVerify(*suite, public_key, AsView("content"), signature).ok());
      CHECK(EddsaVerify(*suite, public_key, AsView("contenu"), signature).error() == Error::BAD_SIGNATURE);
      for (const std::size_t at : {std::size_t{0}, signature.size() - 2}) {
        Bytes changed = signature;
        changed[at] ^= 1;
        CHECK(EddsaVerify(*suite, public_key, AsView("content"), changed).error() == Error::BAD_SIGNATURE);
      }
      CHECK(EddsaVerify(*suite, public_key, AsView("content"), View(signature).first(signature.size() - 1))
                .error() == Error::BAD_SIGNATURE);
    }
  }
}

TEST_CASE("Ed25519: keys with y from 2^255 - 19 on are not canonical (RFC 8032 §5.1.3)") {
  const std::string middle(60, 'f');
  for (const bool sign : {false, true}) {
    const std::string top = sign ? "ff" : "7f";
    for (const char* low : {"ed", "ee", "ff"}) {
      const Bytes key = test::FromHex(low + middle + top);
      CHECK_FALSE(EddsaKeyIsCanonical(kEd25519, key));
      CHECK(EddsaVerify(kEd25519, key, {}, Bytes(64)).error() == Error::INVALID_KEY);
    }
    CHECK(EddsaKeyIsCanonical(kEd25519, test::FromHex("ec" + middle + top)));
    CHECK(EddsaKeyIsCanonical(kEd25519, test::FromHex("ff" + middle + (sign ? "fe" : "7e"))));
    CHECK(EddsaKeyIsCanonical(kEd25519, test::FromHex("fffe" + middle.substr(2) + top)));
    CHECK(EddsaKeyIsCanonical(kEd25519, test::FromHex("ff" + middle.substr(2) + "fe" + top)));
  }
  CHECK(EddsaKeyIsCanonical(kEd25519, Bytes(32)));
}

TEST_CASE("Ed448: keys with y from 2^448 - 2^224 - 1 on are not canonical (RFC 8032 §5.2.3)") {
  Bytes p(57, 0xff);
  p[28] = 0xfe;
  p[56] = 0;
  const auto is_canonical = [](const Bytes& key) { return EddsaKeyIsCanonical(kEd448, key); };
  CHECK_FALSE(is_canonical(p));
  for (const std::uint8_t sign : {0x00, 0x80}) {
    Bytes key = p;
    key[56] = sign;
    CHECK_FALSE(is_canonical(key));
    key[0] = 0xfe;  // p - 1
    CHECK(is_canonical(key));
    key = p;
    key[56] = sign;
    key[28] = 0xff;  // above
    CHECK_FALSE(is_canonical(key));
    key[28] = 0xfd;  // below
    CHECK(is_canonical(key));
    key = p;
    key[56] = sign;
    key[55] = 0xfe;
    CHECK(is_canonical(key));
    key = Bytes(57);
    key[56] = static_cast<std::uint8_t>(sign | 1);  // the other bits of the last byte are zero
    CHECK_FALSE(is_canonical(key));
  }
  for (std::size_t i = 0; i < 28; ++i) {
    Bytes key = p;
    key[i] = 0xfe;
    CHECK(is_canonical(key));
  }
}
