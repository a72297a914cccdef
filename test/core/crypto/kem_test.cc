#include "crypto/kem.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "base/counters.h"
#include "crypto/diffie_hellman.h"
#include "crypto/labels.h"
#include "crypto/nist_curve.h"
#include "crypto/system_random.h"
#include "support/vectors.h"

using namespace mls;

using mls::test::Json;

namespace {

bool IsNist(const Suite& suite) { return NistCurveOf(suite.kem) != nullptr; }

HpkeKeyPair NewPair(const Suite& suite) {
  SystemRandom random;
  return std::move(*GenerateHpkeKeyPair(suite, random));
}

// Every public key that a KEM must refuse, for both roles.
void CheckRefused(const Suite& suite, const Bytes& bad) {
  const HpkeKeyPair own = NewPair(suite);
  const auto sent = Encap(suite, bad, Bytes(suite.Nsk, 1));
  CHECK(sent.error() == Error::INVALID_KEY);
  CHECK_FALSE(sent.ok());
  const auto received = Decap(suite, own.private_key, own.public_key, bad);
  CHECK(received.error() == Error::INVALID_KEY);
  CHECK_FALSE(received.ok());
}

}  // namespace

TEST_CASE("Decap gives the secret of Encap") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    const HpkeKeyPair pair = NewPair(suite);
    CHECK(pair.private_key.size() == suite.Nsk);
    CHECK(pair.public_key.size() == suite.Npk);
    CHECK(ValidateHpkePublicKey(suite, pair.public_key).ok());
    const auto sent = Encap(suite, pair.public_key, Bytes(suite.Nsk, 1));
    REQUIRE(sent.ok());
    CHECK(sent->kem_output.size() == suite.Npk);
    CHECK(sent->shared_secret.size() == suite.Nh);
    const auto received = Decap(suite, pair.private_key, pair.public_key, sent->kem_output);
    REQUIRE(received.ok());
    CHECK(*received == sent->shared_secret);
    const auto other = Encap(suite, pair.public_key, Bytes(suite.Nsk, 2));
    CHECK_FALSE(other->shared_secret == sent->shared_secret);
    CHECK(other->kem_output != sent->kem_output);
  }
}

TEST_CASE("DeriveKeyPair is a function of its input, and the counter counts it alone") {
  for (const Suite& suite : AllSuites()) {
    const Counters before = Count();
    const auto first = DeriveKeyPair(suite, AsView("ikm")), again = DeriveKeyPair(suite, AsView("ikm"));
    CHECK(Count().key_derivations - before.key_derivations == 2);
    CHECK(first->private_key == again->private_key);
    CHECK(first->public_key == again->public_key);
    CHECK(DeriveKeyPair(suite, AsView("ikn"))->public_key != first->public_key);
    REQUIRE(Encap(suite, first->public_key, Bytes(suite.Nsk, 1)).ok());
    CHECK(Count().key_derivations - before.key_derivations == 3);
  }
}

TEST_CASE("keys derived from the path secrets of the treekem vectors stand in their trees") {
  for (const auto& file : test::FindVectors("treekem")) {
    for (const Json& vector : file.json) {
      const Suite& suite = *FindSuite(CipherSuite{vector["cipher_suite"].get<std::uint16_t>()});
      const Bytes tree = test::FromHex(vector["ratchet_tree"]);
      for (const Json& leaf : vector["leaves_private"]) {
        for (const Json& node : leaf["path_secrets"]) {
          const auto node_secret = DeriveSecret(suite, test::FromHex(node["path_secret"]), "node");
          const auto pair = DeriveKeyPair(suite, *node_secret);
          REQUIRE(pair.ok());
          const Bytes& key = pair->public_key;
          CHECK(std::search(tree.begin(), tree.end(), key.begin(), key.end()) != tree.end());
        }
      }
    }
  }
}

TEST_CASE("keys of another length are refused") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    const HpkeKeyPair pair = NewPair(suite);
    const Bytes enc = Encap(suite, pair.public_key, Bytes(suite.Nsk, 1))->kem_output;
    for (std::size_t size :
         {std::size_t{0}, std::size_t{1}, suite.Npk - std::size_t{1}, suite.Npk + std::size_t{1}}) {
      Bytes bad = pair.public_key;
      bad.resize(size, 1);
      CHECK(ValidateHpkePublicKey(suite, bad).error() == Error::INVALID_KEY);
      CHECK(Decap(suite, pair.private_key, bad, enc).error() == Error::INVALID_KEY);
      CheckRefused(suite, bad);
    }
    for (std::size_t size : {std::size_t{0}, suite.Nsk - std::size_t{1}, suite.Nsk + std::size_t{1}}) {
      CHECK(Decap(suite, Bytes(size, 1), pair.public_key, enc).error() == Error::INVALID_KEY);
      CHECK(Encap(suite, pair.public_key, Bytes(size, 1)).error() == Error::MISUSE);
      CHECK(DiffieHellmanPublicKey(suite, Bytes(size, 1)).error() == Error::INVALID_KEY);
    }
  }
}

TEST_CASE("NIST points off the curve, compressed, at infinity or with coordinates above p are refused") {
  for (const Suite& suite : AllSuites()) {
    if (!IsNist(suite)) continue;
    CAPTURE(suite.name);
    const Bytes good = NewPair(suite).public_key;
    const std::size_t size = NistCurveOf(suite.kem)->size;
    const auto check = [&](const Bytes& bad) {
      CHECK(ValidateHpkePublicKey(suite, bad).error() == Error::INVALID_KEY);
      CHECK_FALSE(ValidateHpkePublicKey(suite, bad).ok());
      CheckRefused(suite, bad);
    };
    Bytes off_curve = good;
    off_curve.back() ^= 1;
    check(off_curve);
    Bytes compressed(good.begin(), good.begin() + 1 + static_cast<std::ptrdiff_t>(size));
    compressed[0] = good.back() % 2 == 0 ? 2 : 3;
    check(compressed);
    Bytes hybrid = good;
    hybrid[0] = good.back() % 2 == 0 ? 6 : 7;
    check(hybrid);
    check(Bytes{0});             // the encoding of infinity
    check(Bytes(suite.Npk, 0));  // the same, padded
    Bytes above(suite.Npk, 0xff);
    above[0] = 4;
    check(above);
    Bytes origin(suite.Npk, 0);
    origin[0] = 4;
    check(origin);
  }
}

TEST_CASE("NIST private keys 0, n and above are refused") {
  for (const Suite& suite : AllSuites()) {
    if (!IsNist(suite)) continue;
    const HpkeKeyPair pair = NewPair(suite);
    const Bytes enc = Encap(suite, pair.public_key, Bytes(suite.Nsk, 1))->kem_output;
    CHECK(Decap(suite, Bytes(suite.Nsk, 0), pair.public_key, enc).error() == Error::INVALID_KEY);
    CHECK(Decap(suite, Bytes(suite.Nsk, 0xff), pair.public_key, enc).error() == Error::INVALID_KEY);
  }
}

TEST_CASE("low-order points of X25519 and X448 are no keys, and are refused when they are used") {
  const std::pair<Kem, std::vector<const char*>> points[] = {
      {Kem::x25519,
       {"0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"}},
      {Kem::x448,
       {"0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
        "000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
        "000000000000",
        "fefffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffffffffffffffffffffffffffffffffffffff"
        "ffffffffffff",
        "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffffffffffffffffffffffffffffffffffffff"
        "ffffffffffff",
        "00000000000000000000000000000000000000000000000000000000ffffffffffffffffffffffffffffffffffffffffffff"
        "ffffffffffff"}}};
  std::size_t checked = 0;
  for (const Suite& suite : AllSuites()) {
    for (const auto& [kem, hexes] : points) {
      if (suite.kem != kem) continue;
      for (const char* hex : hexes) {
        CAPTURE(hex);
        CheckRefused(suite, test::FromHex(hex));
        CHECK(ValidateHpkePublicKey(suite, test::FromHex(hex)).error() == Error::INVALID_KEY);
        // Any other bit makes another point of it, but for the one that X25519 ignores.
        for (std::size_t bit = 0; bit < 8u * suite.Npk; ++bit) {
          Bytes other = test::FromHex(hex);
          other[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
          const bool again = ValidateHpkePublicKey(suite, other).ok();
          CHECK(again == Encap(suite, other, Bytes(suite.Nsk, 1)).ok());
        }
        ++checked;
      }
    }
  }
  CHECK(checked == 2 * 8 + 2 * 5);
}

TEST_CASE("Decap of another key's output gives another secret, not an error") {
  for (const Suite& suite : AllSuites()) {
    const HpkeKeyPair a = NewPair(suite), b = NewPair(suite);
    const auto sent = Encap(suite, a.public_key, Bytes(suite.Nsk, 1));
    const auto wrong = Decap(suite, b.private_key, b.public_key, sent->kem_output);
    REQUIRE(wrong.ok());
    CHECK_FALSE(*wrong == sent->shared_secret);
  }
}
