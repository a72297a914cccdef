#include "crypto/labels.h"

#include <doctest/doctest.h>

#include "crypto/system_random.h"
#include "support/tally.h"
#include "support/vectors.h"

using namespace mls;
using mls::test::FromHex;
using mls::test::Json;

namespace {

std::string Text(const Json& json) { return json.get<std::string>(); }

bool Matches(const Result<Secret>& result, const Json& expected) {
  return result.ok() && Equal(*result, FromHex(expected));
}

bool Derivations(const Suite& suite, const Json& vector) {
  const Json& expand = vector["expand_with_label"];
  const Json& derive = vector["derive_secret"];
  const Json& tree = vector["derive_tree_secret"];
  return Matches(ExpandWithLabel(suite, FromHex(expand["secret"]), Text(expand["label"]),
                                 FromHex(expand["context"]), expand["length"]),
                 expand["out"]) &&
         Matches(DeriveSecret(suite, FromHex(derive["secret"]), Text(derive["label"])), derive["out"]) &&
         Matches(DeriveTreeSecret(suite, FromHex(tree["secret"]), Text(tree["label"]), tree["generation"],
                                  tree["length"]),
                 tree["out"]);
}

bool HashReference(const Suite& suite, const Json& vector) {
  const auto reference = RefHash(suite, Text(vector["label"]), FromHex(vector["value"]));
  return reference.ok() && Equal(*reference, FromHex(vector["out"]));
}

bool Signatures(const Suite& suite, const Json& vector) {
  const Bytes priv = FromHex(vector["priv"]), pub = FromHex(vector["pub"]),
              content = FromHex(vector["content"]);
  const std::string label = Text(vector["label"]);
  const auto own = SignWithLabel(suite, priv, label, {content});
  const auto derived = SignaturePublicKey(suite, priv);
  return VerifyWithLabel(suite, pub, label, {content}, FromHex(vector["signature"])).ok() && own.ok() &&
         VerifyWithLabel(suite, pub, label, {content}, *own).ok() && derived.ok() && *derived == pub &&
         !VerifyWithLabel(suite, pub, label + "x", {content}, *own).ok();
}

bool Encryption(const Suite& suite, const Json& vector) {
  const Bytes priv = FromHex(vector["priv"]), pub = FromHex(vector["pub"]),
              context = FromHex(vector["context"]);
  const Bytes plaintext = FromHex(vector["plaintext"]);
  const std::string label = Text(vector["label"]);
  const HPKECiphertext theirs{FromHex(vector["kem_output"]), FromHex(vector["ciphertext"])};
  SystemRandom random;
  const auto opened = DecryptWithLabel(suite, priv, pub, label, context, theirs);
  const auto ours = EncryptWithLabel(suite, pub, label, context, plaintext, random);
  if (!opened.ok() || !Equal(*opened, plaintext) || !ours.ok()) return false;
  const auto reopened = DecryptWithLabel(suite, priv, pub, label, context, *ours);
  return reopened.ok() && Equal(*reopened, plaintext);
}

}  // namespace

TEST_CASE("crypto-basics vectors") {
  for (const auto& file : test::FindVectors("crypto-basics")) {
    test::Tally tally(file.set, "crypto-basics");
    for (const Json& vector : file.json) {
      const Suite* suite = FindSuite(CipherSuite{vector["cipher_suite"].get<std::uint16_t>()});
      CAPTURE(vector["cipher_suite"].get<int>());
      REQUIRE(suite != nullptr);
      const bool derivations = Derivations(*suite, vector);
      const bool reference = HashReference(*suite, vector["ref_hash"]);
      const bool signatures = Signatures(*suite, vector["sign_with_label"]);
      const bool encryption = Encryption(*suite, vector["encrypt_with_label"]);
      CHECK(derivations);
      CHECK(reference);
      CHECK(signatures);
      CHECK(encryption);
      CHECK(tally.Count(derivations && reference && signatures && encryption));
    }
  }
}

TEST_CASE("content in parts is signed and verified as one, under one length") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    SystemRandom random;
    const auto keys = GenerateSignatureKeyPair(suite, random);
    REQUIRE(keys.ok());
    const Bytes whole(100, 7);
    const View head = View(whole).first(30), tail = View(whole).subspan(30);
    const auto signature = SignWithLabel(suite, keys->private_key, "label", {head, {}, tail});
    REQUIRE(signature.ok());
    CHECK(VerifyWithLabel(suite, keys->public_key, "label", {whole}, *signature).ok());
    CHECK(VerifyWithLabel(suite, keys->public_key, "label", {head, tail}, *signature).ok());
    CHECK_FALSE(VerifyWithLabel(suite, keys->public_key, "label", {tail}, *signature).ok());
    Bytes content = {13};  // SignContent written by hand (RFC 9420 §5.1.2)
    for (char letter : std::string("MLS 1.0 label")) content.push_back(static_cast<std::uint8_t>(letter));
    content.insert(content.end(), {0x40, 100});
    content.insert(content.end(), whole.begin(), whole.end());
    CHECK(Verify(suite, keys->public_key, content, *signature).ok());
  }
}

TEST_CASE("what a vector cannot hold is TOO_LARGE before it is read") {
  // Views of 1 GiB and a byte over one byte: whoever reads them crashes.
  const std::uint8_t byte = 0;
  const View huge(&byte, kMaxVectorSize + 1);
  const std::string_view huge_label(reinterpret_cast<const char*>(&byte), kMaxVectorSize + 1);
  const Suite& suite = AllSuites()[0];
  const Bytes key(32);
  SystemRandom random;
  const auto too_large = [](const auto& result) {
    return !result.ok() && result.error() == Error::TOO_LARGE;
  };
  CHECK(too_large(ExpandWithLabel(suite, key, "label", huge, 32)));
  CHECK(too_large(ExpandWithLabel(suite, key, huge_label, {}, 32)));
  CHECK(too_large(SignWithLabel(suite, key, "label", {huge})));
  CHECK(too_large(SignWithLabel(suite, key, huge_label, {})));
  CHECK(too_large(VerifyWithLabel(suite, key, "label", {huge}, {})));
  CHECK(too_large(VerifyWithLabel(suite, key, huge_label, {}, {})));
  CHECK(too_large(EncryptWithLabel(suite, key, "label", huge, {}, random)));
  CHECK(too_large(EncryptWithLabel(suite, key, huge_label, {}, {}, random)));
  CHECK(too_large(DecryptWithLabel(suite, key, key, "label", huge, {})));
  CHECK(too_large(RefHash(suite, "label", huge)));
  CHECK(too_large(RefHash(suite, huge_label, {})));
}

TEST_CASE("ExpandWithLabel gives up to 255 hash sizes") {
  for (const Suite& suite : AllSuites()) {
    const Bytes secret(suite.Nh);
    CHECK(ExpandWithLabel(suite, secret, "label", {}, 255u * suite.Nh)->size() == 255u * suite.Nh);
    CHECK(ExpandWithLabel(suite, secret, "label", {}, 255u * suite.Nh + 1).error() == Error::LIMIT_EXCEEDED);
    CHECK(ExpandWithLabel(suite, secret, "label", {}, 65'536 + 32).error() == Error::LIMIT_EXCEEDED);
  }
}

TEST_CASE("labels and contexts of any length are told apart") {
  const Suite& suite = AllSuites()[0];
  const Bytes secret(suite.Nh);
  const std::string long_label(300, 'l');
  const Bytes long_context(20'000, 1);
  const auto a = ExpandWithLabel(suite, secret, long_label, long_context, 32);
  const auto b = ExpandWithLabel(suite, secret, long_label + "l", View(long_context).subspan(1), 32);
  REQUIRE(a.ok());
  REQUIRE(b.ok());
  CHECK_FALSE(*a == *b);
}
