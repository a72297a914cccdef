#include "crypto/signature.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <iterator>

#include "base/counters.h"
#include "crypto/nist_curve.h"
#include "crypto/system_random.h"
#include "support/vectors.h"

using namespace mls;

namespace {

bool IsNist(const Suite& suite) { return NistCurveOf(suite.signature) != nullptr; }

SignatureKeyPair NewPair(const Suite& suite) {
  SystemRandom random;
  return std::move(*GenerateSignatureKeyPair(suite, random));
}

void CheckError(const Status& status, Error error) {
  REQUIRE_FALSE(status.ok());
  CHECK(status.error() == error);
}

}  // namespace

TEST_CASE("Verify accepts what Sign signed") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    const SignatureKeyPair pair = NewPair(suite);
    CHECK(pair.private_key.size() == suite.Nsigsk);
    CHECK(pair.public_key.size() == suite.Nsigpk);
    CHECK(ValidateSignatureKey(suite, pair.public_key).ok());
    CHECK(*SignaturePublicKey(suite, pair.private_key) == pair.public_key);
    for (std::size_t size : {0u, 1u, 1000u}) {
      const Bytes content(size, 1);
      const auto signature = Sign(suite, pair.private_key, content);
      REQUIRE(signature.ok());
      CHECK(Verify(suite, pair.public_key, content, *signature).ok());
    }
  }
}

TEST_CASE("one key after another on a thread: each signs for itself") {
  for (const Suite& suite : AllSuites()) {
    std::vector<SignatureKeyPair> pairs;
    for (int i = 0; i < 70; ++i) pairs.push_back(NewPair(suite));  // more than any cache of keys holds
    for (int round = 0; round < 2; ++round) {
      for (std::size_t i = 0; i < pairs.size(); i += IsNist(suite) ? 20 : 1) {
        const auto signature = Sign(suite, pairs[i].private_key, AsView("content"));
        CHECK(Verify(suite, pairs[i].public_key, AsView("content"), *signature).ok());
        CheckError(Verify(suite, pairs[(i + 1) % pairs.size()].public_key, AsView("content"), *signature),
                   Error::BAD_SIGNATURE);
      }
    }
  }
}

TEST_CASE("every flipped bit of a signature, of the content and another key is BAD_SIGNATURE") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    const SignatureKeyPair pair = NewPair(suite);
    Bytes content = ToBytes(AsView("content"));
    Bytes signature = *Sign(suite, pair.private_key, content);
    for (std::size_t bit = 0; bit < signature.size() * 8; bit += IsNist(suite) ? 5 : 3) {
      signature[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
      CheckError(Verify(suite, pair.public_key, content, signature), Error::BAD_SIGNATURE);
      signature[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
    }
    content[0] ^= 1;
    CheckError(Verify(suite, pair.public_key, content, signature), Error::BAD_SIGNATURE);
    content[0] ^= 1;
    CheckError(Verify(suite, NewPair(suite).public_key, content, signature), Error::BAD_SIGNATURE);
    CHECK(Verify(suite, pair.public_key, content, signature).ok());
  }
}

TEST_CASE("signatures that are cut or have something behind them are BAD_SIGNATURE") {
  for (const Suite& suite : AllSuites()) {
    const SignatureKeyPair pair = NewPair(suite);
    Bytes signature = *Sign(suite, pair.private_key, {});
    for (std::size_t size = 0; size < signature.size(); ++size) {
      CheckError(Verify(suite, pair.public_key, {}, View(signature).first(size)), Error::BAD_SIGNATURE);
    }
    signature.push_back(0);
    CheckError(Verify(suite, pair.public_key, {}, signature), Error::BAD_SIGNATURE);
  }
}

TEST_CASE("EdDSA is deterministic and refuses S + L") {
  // The order of each curve, little-endian: S + L verifies by the bare equation (RFC 8032 §5.1.7, §5.2.7).
  const std::pair<SignatureScheme, const char*> orders[] = {
      {SignatureScheme::ed25519, "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010"},
      {SignatureScheme::ed448,
       "f34458ab92c27823558fc58d72c26c219036d6ae49db4ec4e923ca7cfffffffffffffffffffffffffffffffffffffffffffff"
       "fffffffff3f00"}};
  for (const Suite& suite : AllSuites()) {
    for (const auto& [scheme, hex] : orders) {
      if (suite.signature != scheme) continue;
      const SignatureKeyPair pair = NewPair(suite);
      Bytes signature = *Sign(suite, pair.private_key, AsView("content"));
      CHECK(signature == *Sign(suite, pair.private_key, AsView("content")));
      CHECK(signature.size() == 2u * suite.Nsigpk);
      const Bytes order = test::FromHex(hex);
      unsigned carry = 0;
      for (std::size_t i = 0; i < order.size(); ++i) {
        std::uint8_t& byte = signature[suite.Nsigpk + i];
        carry += byte + order[i];
        byte = static_cast<std::uint8_t>(carry);
        carry >>= 8;
      }
      CheckError(Verify(suite, pair.public_key, AsView("content"), signature), Error::BAD_SIGNATURE);
    }
  }
}

TEST_CASE("EdDSA signatures of RFC 8032") {
  const Suite& ed25519 = *FindSuite(CipherSuite::MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519);
  const Bytes priv = test::FromHex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
  CHECK(test::ToHex(*SignaturePublicKey(ed25519, priv)) ==
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
  CHECK(test::ToHex(*Sign(ed25519, priv, test::FromHex("72"))) ==
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
}

TEST_CASE("ECDSA signatures that are not the one DER encoding are BAD_SIGNATURE") {
  for (const Suite& suite : AllSuites()) {
    if (!IsNist(suite)) continue;
    CAPTURE(suite.name);
    const SignatureKeyPair pair = NewPair(suite);
    const Bytes signature = *Sign(suite, pair.private_key, {});
    const std::size_t front = signature[1] == 0x81 ? 3 : 2;  // the bytes before r's tag
    const auto check = [&](const Bytes& bad) {
      REQUIRE(bad != signature);
      CheckError(Verify(suite, pair.public_key, {}, bad), Error::BAD_SIGNATURE);
    };
    // A zero in front of r, with all lengths right.
    Bytes padded = signature;
    padded.insert(padded.begin() + static_cast<std::ptrdiff_t>(front) + 2, 0);
    ++padded[front + 1];
    ++padded[front - 1];
    check(padded);
    // The outer length in a longer form, and indefinite.
    Bytes longer{0x30, 0x82, 0, signature[front - 1]};
    longer.insert(longer.end(), signature.begin() + static_cast<std::ptrdiff_t>(front), signature.end());
    check(longer);
    Bytes indefinite{0x30, 0x80};
    indefinite.insert(indefinite.end(), signature.begin() + static_cast<std::ptrdiff_t>(front),
                      signature.end());
    indefinite.insert(indefinite.end(), {0, 0});
    check(indefinite);
    // Other tags; a third integer.
    for (std::size_t at : {std::size_t{0}, front}) {
      Bytes other = signature;
      other[at] ^= 0x20;
      check(other);
    }
    Bytes third = signature;
    third.insert(third.end(), {2, 1, 1});
    third[front - 1] = static_cast<std::uint8_t>(third[front - 1] + 3);
    check(third);
    // r or s zero, both zero, raw r | s.
    check(test::FromHex("3006020100020100"));
    check(test::FromHex("3006020101020100"));
    check(test::FromHex("3006020100020101"));
    check(Bytes(2u * suite.Nsigsk, 1));
  }
}

TEST_CASE("keys of another length are INVALID_KEY") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    const SignatureKeyPair pair = NewPair(suite);
    const Bytes signature = *Sign(suite, pair.private_key, {});
    for (int by : {-1, 1}) {
      Bytes key = pair.public_key, priv = ToBytes(pair.private_key);
      key.resize(key.size() + static_cast<std::size_t>(by));
      priv.resize(priv.size() + static_cast<std::size_t>(by));
      CheckError(ValidateSignatureKey(suite, key), Error::INVALID_KEY);
      CheckError(Verify(suite, key, {}, signature), Error::INVALID_KEY);
      CHECK(Sign(suite, priv, {}).error() == Error::INVALID_KEY);
      CHECK(SignaturePublicKey(suite, priv).error() == Error::INVALID_KEY);
    }
    CheckError(ValidateSignatureKey(suite, {}), Error::INVALID_KEY);
    CheckError(Verify(suite, {}, {}, signature), Error::INVALID_KEY);
  }
}

TEST_CASE("ECDSA keys off the curve, compressed or hybrid, and scalars 0, n and above are INVALID_KEY") {
  for (const Suite& suite : AllSuites()) {
    if (!IsNist(suite)) continue;
    CAPTURE(suite.name);
    const SignatureKeyPair pair = NewPair(suite);
    const Bytes signature = *Sign(suite, pair.private_key, {});
    const auto check = [&](const Bytes& bad) {
      CheckError(ValidateSignatureKey(suite, bad), Error::INVALID_KEY);
      CheckError(Verify(suite, bad, {}, signature), Error::INVALID_KEY);
    };
    Bytes off_curve = pair.public_key;
    off_curve.back() ^= 1;
    check(off_curve);
    Bytes hybrid = pair.public_key;
    hybrid[0] = hybrid.back() % 2 == 0 ? 6 : 7;
    check(hybrid);
    Bytes compressed(pair.public_key.begin(), pair.public_key.begin() + 1 + suite.Nsigsk);
    compressed[0] = hybrid[0] == 6 ? 2 : 3;
    check(compressed);
    check(Bytes(suite.Nsigpk, 0));
    for (std::uint8_t fill : {0x00, 0xff}) {
      CHECK(Sign(suite, Bytes(suite.Nsigsk, fill), {}).error() == Error::INVALID_KEY);
      CHECK(SignaturePublicKey(suite, Bytes(suite.Nsigsk, fill)).error() == Error::INVALID_KEY);
    }
  }
}

TEST_CASE("a refused ECDSA key leaves nothing behind for the next one on the thread") {
  for (const Suite& suite : AllSuites()) {
    if (!IsNist(suite)) continue;
    const SignatureKeyPair pair = NewPair(suite);
    const Bytes signature = *Sign(suite, pair.private_key, {});
    Bytes bad = pair.public_key;
    bad.back() ^= 1;
    for (int round = 0; round < 2; ++round) {
      CHECK(Verify(suite, pair.public_key, {}, signature).ok());
      CheckError(Verify(suite, bad, {}, signature), Error::INVALID_KEY);
      CheckError(Verify(suite, NewPair(suite).public_key, {}, signature), Error::BAD_SIGNATURE);
    }
  }
}

TEST_CASE("EdDSA keys with y of p or above are INVALID_KEY (RFC 8032 §5.1.3, §5.2.3)") {
  const auto check = [](SignatureScheme scheme, const std::string& hex, bool canonical) {
    CAPTURE(hex);
    std::size_t suites = 0;
    for (const Suite& suite : AllSuites()) {
      if (suite.signature != scheme) continue;
      ++suites;
      const Bytes key = test::FromHex(hex);
      const Bytes signature(2 * key.size(), 1);
      CHECK(ValidateSignatureKey(suite, key).ok() == canonical);
      CheckError(Verify(suite, key, {}, signature), canonical ? Error::BAD_SIGNATURE : Error::INVALID_KEY);
    }
    CHECK(suites == 2);
  };
  const auto ed25519 = SignatureScheme::ed25519, ed448 = SignatureScheme::ed448;
  const std::string ff = "ffffffffffffffffffffffffffff";  // 14 bytes
  check(ed25519, "ec" + ff + ff + "ffff7f", true);        // p - 1
  check(ed25519, "ed" + ff + ff + "ffff7f", false);       // p
  check(ed25519, "ed" + ff + ff + "ffffff", false);       // p, sign bit set
  check(ed25519, "ff" + ff + ff + "ffff7f", false);
  check(ed25519, "ff" + ff + ff + "ffff7e", true);
  check(ed25519, "ff" + ff + ff + "fe" + "ff7f", true);
  check(ed448, "fe" + ff + ff.substr(2) + "fe" + ff + ff.substr(2) + "00", true);   // p - 1
  check(ed448, "ff" + ff + ff.substr(2) + "fe" + ff + ff.substr(2) + "00", false);  // p
  check(ed448, "ff" + ff + ff.substr(2) + "fe" + ff + ff.substr(2) + "80", false);  // p, sign bit set
  check(ed448, "00" + ff + ff.substr(2) + "ff" + ff + ff.substr(2) + "00", false);
  check(ed448, "ff" + ff + ff.substr(2) + "fd" + ff + ff.substr(2) + "00", true);
  check(ed448, std::string(112, '0') + "01", false);  // bits above the field
  check(ed448, std::string(112, '0') + "80", true);
}

TEST_CASE("GenerateSignatureKeyPair draws again until a scalar is below the order") {
  // The first draw is all ones, which no curve's order reaches; the second is good.
  struct TwoDraws final : Random {
    int draws = 0;
    Status Fill(Span out) override {
      std::fill(out.begin(), out.end(), static_cast<std::uint8_t>(++draws == 1 ? 0xff : 0x01));
      return kOk;
    }
  };
  for (const Suite& suite : AllSuites()) {
    if (!IsNist(suite)) continue;
    TwoDraws random;
    const auto pair = GenerateSignatureKeyPair(suite, random);
    REQUIRE(pair.ok());
    CHECK(random.draws == 2);
  }
}

TEST_CASE("the counters count signatures and verifications") {
  const Suite& suite = AllSuites()[0];
  const SignatureKeyPair pair = NewPair(suite);
  const Counters before = Count();
  const Bytes signature = *Sign(suite, pair.private_key, {});
  REQUIRE(Verify(suite, pair.public_key, {}, signature).ok());
  CHECK(Count().signatures - before.signatures == 1);
  CHECK(Count().signature_verifications - before.signature_verifications == 1);
}
