#include "crypto/diffie_hellman.h"

#include <doctest/doctest.h>

#include "support/seeded_random.h"
#include "support/vectors.h"

using namespace mls;
using mls::test::SeededRandom;
using mls::test::ToHex;

namespace {

const Suite& kX25519 = *FindSuite(CipherSuite::MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519);
const Suite& kX448 = *FindSuite(CipherSuite::MLS_256_DHKEMX448_AES256GCM_SHA512_Ed448);

bool IsMontgomery(const Suite& suite) { return suite.kem == Kem::x25519 || suite.kem == Kem::x448; }

// A private key in range for every curve: P-521 has a top byte of one bit, the others' orders begin with ff.
Bytes PrivateKey(const Suite& suite, SeededRandom& random) {
  Bytes key = random.Some(suite.Nsk);
  if (!IsMontgomery(suite)) key[0] = 0;
  return key;
}

Error ErrorOf(const Suite& suite, View private_key, View public_key) {
  const auto shared = DiffieHellman(suite, private_key, public_key);
  return shared.ok() ? Error::INTERNAL : shared.error();
}

}  // namespace

TEST_CASE("X25519: RFC 7748 §6.1") {
  const Bytes a = test::FromHex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
  const Bytes b = test::FromHex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
  const Bytes public_a = *DiffieHellmanPublicKey(kX25519, a), public_b = *DiffieHellmanPublicKey(kX25519, b);
  CHECK(ToHex(public_a) == "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
  CHECK(ToHex(public_b) == "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
  CHECK(ToHex(*DiffieHellman(kX25519, a, public_b)) ==
        "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
}

TEST_CASE("both sides come to one secret, and a third to another") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    SeededRandom random(11);
    const Bytes a = PrivateKey(suite, random), b = PrivateKey(suite, random), c = PrivateKey(suite, random);
    const auto public_a = DiffieHellmanPublicKey(suite, a), public_b = DiffieHellmanPublicKey(suite, b);
    REQUIRE(public_a.ok());
    CHECK(public_a->size() == suite.Npk);
    const auto shared = DiffieHellman(suite, a, *public_b);
    REQUIRE(shared.ok());
    CHECK(shared->size() == (IsMontgomery(suite) ? suite.Npk : suite.Nsk));
    CHECK(*shared == *DiffieHellman(suite, b, *public_a));
    CHECK_FALSE(*shared == *DiffieHellman(suite, c, *public_a));
  }
}

TEST_CASE("keys have one size each (RFC 9180 §7.1)") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    SeededRandom random(12);
    const Bytes good = PrivateKey(suite, random);
    const Bytes peer = *DiffieHellmanPublicKey(suite, PrivateKey(suite, random));
    Bytes longer = good, shorter = good, longer_peer = peer, shorter_peer = peer;
    longer.insert(longer.begin(), 0);
    shorter.erase(shorter.begin());
    longer_peer.push_back(0);
    shorter_peer.pop_back();
    for (const Bytes& bad : {longer, shorter, Bytes{}}) {
      CHECK(ErrorOf(suite, bad, peer) == Error::INVALID_KEY);
      const auto public_key = DiffieHellmanPublicKey(suite, bad);
      REQUIRE_FALSE(public_key.ok());
      CHECK(public_key.error() == Error::INVALID_KEY);
    }
    for (const Bytes& bad : {longer_peer, shorter_peer, Bytes{}}) {
      CHECK(ErrorOf(suite, good, bad) == Error::INVALID_KEY);
    }
    CHECK(ErrorOf(suite, good, peer) == Error::INTERNAL);
  }
}

TEST_CASE("points of low order give no secret (RFC 9180 §7.1.4, RFC 7748 §6)") {
  SeededRandom random(13);
  const std::vector<std::string> low = {"0000000000000000000000000000000000000000000000000000000000000000",
                                        "0100000000000000000000000000000000000000000000000000000000000000",
                                        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
                                        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
                                        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                                        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                                        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"};
  for (const std::string& point : low) {
    CAPTURE(point);
    CHECK(ErrorOf(kX25519, random.Some(32), test::FromHex(point)) == Error::INVALID_KEY);
  }
  for (const std::uint8_t u : {0, 1}) {
    Bytes point(56);
    point[0] = u;
    CHECK(ErrorOf(kX448, random.Some(56), point) == Error::INVALID_KEY);
  }
  Bytes minus_one(56, 0xff);  // p - 1 = 2^448 - 2^224 - 2
  minus_one[0] = 0xfe;
  minus_one[28] = 0xfe;
  CHECK(ErrorOf(kX448, random.Some(56), minus_one) == Error::INVALID_KEY);
}
