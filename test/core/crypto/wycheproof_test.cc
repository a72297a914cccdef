// All Wycheproof files that touch the primitives of the seven suites. Every case is judged: where our API
// cannot take the parameters (other nonce, tag or key sizes), a typed refusal is the right answer, because we
// never use them.
#include <doctest/doctest.h>

#include <algorithm>
#include <functional>

#include "crypto/aead.h"
#include "crypto/diffie_hellman.h"
#include "crypto/kdf.h"
#include "crypto/signature.h"
#include "support/tally.h"
#include "support/vectors.h"

using namespace mls;
using mls::test::FromHex;
using mls::test::Json;

namespace {

const Suite& SuiteOf(CipherSuite id) { return *FindSuite(id); }
const Suite& kSuite1 = SuiteOf(CipherSuite::MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519);
const Suite& kSuite2 = SuiteOf(CipherSuite::MLS_128_DHKEMP256_AES128GCM_SHA256_P256);
const Suite& kSuite3 = SuiteOf(CipherSuite::MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519);
const Suite& kSuite4 = SuiteOf(CipherSuite::MLS_256_DHKEMX448_AES256GCM_SHA512_Ed448);
const Suite& kSuite5 = SuiteOf(CipherSuite::MLS_256_DHKEMP521_AES256GCM_SHA512_P521);
const Suite& kSuite7 = SuiteOf(CipherSuite::MLS_256_DHKEMP384_AES256GCM_SHA384_P384);

// What Wycheproof leaves open ("acceptable"), and what we chose. The first row with a flag of the case
// decides.
enum class Choice { accept, refuse };
struct OpenCase {
  const char* flag;
  Choice choice;
  const char* reason;
};
constexpr OpenCase kOpenCases[] = {
    {"ZeroSharedSecret", Choice::refuse,
     "RFC 9180 §7.1.4: X25519 and X448 abort when the shared secret is all zeros, as low-order points give "
     "it"},
    {"CompressedPoint", Choice::refuse, "RFC 9180 §7.1.1: NIST points are uncompressed and have one size"},
    {"Twist", Choice::accept, "RFC 7748 §5: every string is a u-coordinate; the ladder is safe on the twist"},
    {"NonCanonicalPublic", Choice::accept,
     "RFC 7748 §5: u-coordinates of p and above, and the unused top bit of X25519, MUST be accepted and "
     "reduced"},
};

const OpenCase* ChoiceFor(const Json& test) {
  for (const OpenCase& open : kOpenCases) {
    const Json& flags = test["flags"];
    if (std::find(flags.begin(), flags.end(), open.flag) != flags.end()) return &open;
  }
  return nullptr;
}

// Outcome is what our code did: it refused, or it gave the result of the vector, or another one.
enum class Outcome { refused, match, mismatch };

template <class T>
Outcome Compare(const Result<T>& result, View expected) {
  if (!result.ok()) return Outcome::refused;
  return Equal(*result, expected) ? Outcome::match : Outcome::mismatch;
}

Outcome FromStatus(const Status& status) { return status.ok() ? Outcome::match : Outcome::refused; }

bool Judge(const Json& test, Outcome outcome) {
  const auto result = test["result"].get<std::string>();
  if (result == "valid") return outcome == Outcome::match;
  if (result == "invalid") return outcome == Outcome::refused;
  const OpenCase* open = ChoiceFor(test);
  if (open == nullptr) return false;
  return outcome == (open->choice == Choice::accept ? Outcome::match : Outcome::refused);
}

// ForEachCase runs every case of the file `name`; `run` says whether the case went as it must.
void ForEachCase(const std::string& name,
                 const std::function<bool(const Json& group, const Json& test)>& run) {
  for (const auto& file : test::FindWycheproof(name)) {
    test::Tally tally(file.set, file.path.stem().string());
    std::size_t cases = 0;
    for (const Json& group : file.json["testGroups"]) {
      for (const Json& test : group["tests"]) {
        ++cases;
        CAPTURE(name);
        CAPTURE(test["tcId"].get<int>());
        CHECK(tally.Count(run(group, test)));
      }
    }
    CHECK(cases == file.json["numberOfTests"].get<std::size_t>());
  }
}

Bytes Join(Bytes front, View back) {
  front.insert(front.end(), back.begin(), back.end());
  return front;
}

bool AeadCase(const Suite& suite, const Json& test) {
  const Bytes key = FromHex(test["key"]), nonce = FromHex(test["iv"]), aad = FromHex(test["aad"]);
  const Bytes plaintext = FromHex(test["msg"]), sealed = Join(FromHex(test["ct"]), FromHex(test["tag"]));
  const auto opened = AeadOpen(suite, key, nonce, aad, sealed);
  const auto ours = AeadSeal(suite, key, nonce, aad, plaintext);
  if (key.size() != suite.Nk || nonce.size() != suite.Nn) {
    return !opened.ok() && opened.error() == Error::DECRYPT_FAILED && !ours.ok() &&
           ours.error() == Error::MISUSE;
  }
  if (!Judge(test, Compare(opened, plaintext))) return false;
  if (!opened.ok()) return opened.error() == Error::DECRYPT_FAILED && ours.ok() && *ours != sealed;
  return ours.ok() && *ours == sealed;
}

bool DiffieHellmanCase(const Suite& suite, const Json& test, const Bytes& private_key) {
  const auto shared = DiffieHellman(suite, private_key, FromHex(test["public"]));
  if (!shared.ok() && shared.error() != Error::INVALID_KEY) return false;
  return Judge(test, Compare(shared, FromHex(test["shared"])));
}

// Scalar brings a number as Wycheproof writes it, without or with more leading zeros, to the one size we use.
Bytes Scalar(const Suite& suite, const Json& hex) {
  Bytes number = FromHex(hex);
  const auto first = std::find_if(number.begin(), number.end(), [](std::uint8_t byte) { return byte != 0; });
  number.erase(number.begin(), first);
  if (number.size() > suite.Nsk) return number;
  Bytes scalar(suite.Nsk - number.size());
  return Join(std::move(scalar), number);
}

bool HkdfCase(const Suite& suite, const Json& test) {
  const auto prk = Extract(suite, FromHex(test["salt"]), FromHex(test["ikm"]));
  if (!prk.ok()) return false;
  const auto okm = Expand(suite, *prk, FromHex(test["info"]), test["size"].get<std::size_t>());
  if (!okm.ok() && okm.error() != Error::LIMIT_EXCEEDED) return false;
  return Judge(test, Compare(okm, FromHex(test["okm"])));
}

bool HmacCase(const Suite& suite, const Json& group, const Json& test) {
  const auto mac = Mac(suite, FromHex(test["key"]), {FromHex(test["msg"])});
  if (!mac.ok()) return false;
  const View tag = mac->view().first(group["tagSize"].get<std::size_t>() / 8);
  return Judge(test, ConstantTimeEqual(tag, FromHex(test["tag"])) ? Outcome::match : Outcome::refused);
}

bool SignatureCase(const Suite& suite, const Json& public_key, const Json& test) {
  const Status status = Verify(suite, FromHex(public_key), FromHex(test["msg"]), FromHex(test["sig"]));
  if (!status.ok() && status.error() != Error::BAD_SIGNATURE) return false;
  return Judge(test, FromStatus(status));
}

}  // namespace

TEST_CASE("Wycheproof AES-GCM") {
  ForEachCase("aes_gcm_test", [](const Json& group, const Json& test) {
    return AeadCase(group["keySize"] == 256 ? kSuite4 : kSuite1, test);
  });
}

TEST_CASE("Wycheproof ChaCha20-Poly1305") {
  ForEachCase("chacha20_poly1305_test",
              [](const Json&, const Json& test) { return AeadCase(kSuite3, test); });
}

TEST_CASE("Wycheproof X25519 and X448") {
  ForEachCase("x25519_test", [](const Json&, const Json& test) {
    return DiffieHellmanCase(kSuite1, test, FromHex(test["private"]));
  });
  ForEachCase("x448_test", [](const Json&, const Json& test) {
    return DiffieHellmanCase(kSuite4, test, FromHex(test["private"]));
  });
}

TEST_CASE("Wycheproof ECDH over the NIST curves") {
  const auto run = [](const std::string& name, const Suite& suite) {
    ForEachCase(name, [&](const Json&, const Json& test) {
      return DiffieHellmanCase(suite, test, Scalar(suite, test["private"]));
    });
  };
  run("ecdh_secp256r1_ecpoint_test", kSuite2);
  run("ecdh_secp384r1_ecpoint_test", kSuite7);
  run("ecdh_secp521r1_ecpoint_test", kSuite5);
}

TEST_CASE("Wycheproof HKDF") {
  ForEachCase("hkdf_sha256_test", [](const Json&, const Json& test) { return HkdfCase(kSuite1, test); });
  ForEachCase("hkdf_sha384_test", [](const Json&, const Json& test) { return HkdfCase(kSuite7, test); });
  ForEachCase("hkdf_sha512_test", [](const Json&, const Json& test) { return HkdfCase(kSuite5, test); });
}

TEST_CASE("Wycheproof HMAC") {
  const auto run = [](const std::string& name, const Suite& suite) {
    ForEachCase(name, [&](const Json& group, const Json& test) { return HmacCase(suite, group, test); });
  };
  run("hmac_sha256_test", kSuite1);
  run("hmac_sha384_test", kSuite7);
  run("hmac_sha512_test", kSuite5);
}

TEST_CASE("Wycheproof ECDSA") {
  const auto run = [](const std::string& name, const Suite& suite) {
    ForEachCase(name, [&](const Json& group, const Json& test) {
      return SignatureCase(suite, group["publicKey"]["uncompressed"], test);
    });
  };
  run("ecdsa_secp256r1_sha256_test", kSuite2);
  run("ecdsa_secp384r1_sha384_test", kSuite7);
  run("ecdsa_secp521r1_sha512_test", kSuite5);
}

TEST_CASE("Wycheproof EdDSA") {
  const auto run = [](const std::string& name, const Suite& suite) {
    ForEachCase(name, [&](const Json& group, const Json& test) {
      return SignatureCase(suite, group["publicKey"]["pk"], test);
    });
  };
  run("ed25519_test", kSuite1);
  run("ed448_test", kSuite4);
}
