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
  const auto own = SignWithLabel(suite, priv, label, content);
  const auto derived = SignaturePublicKey(suite, priv);
  return VerifyWithLabel(suite, pub, label, content, FromHex(vector["signature"])).ok() && own.ok() &&
         VerifyWithLabel(suite, pub, label, content, *own).ok() && derived.ok() && *derived == pub &&
         !VerifyWithLabel(suite, pub, label + "x", content, *own).ok();
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
