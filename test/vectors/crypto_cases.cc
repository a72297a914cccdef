// crypto-basics and deserialization.
#include "generate.h"

namespace mls::test {

namespace {

Json BasicsOf(const Suite& suite, SeededRandom& random) {
  const Bytes secret = random.Some(suite.Nh), context = random.Some(32), text = random.Some(48);
  const SignatureKeyPair signer = Must(GenerateSignatureKeyPair(suite, random));
  const HpkeKeyPair recipient = Must(GenerateHpkeKeyPair(suite, random));
  const HPKECiphertext sealed =
      Must(EncryptWithLabel(suite, recipient.public_key, "EncryptWithLabel", context, text, random));
  const std::uint32_t generation = static_cast<std::uint32_t>(random.Next());
  Json made;
  made["ref_hash"] = {
      {"label", "RefHash"}, {"value", ToHex(text)}, {"out", ToHex(Must(RefHash(suite, "RefHash", text)))}};
  made["expand_with_label"] = {
      {"secret", ToHex(secret)},
      {"label", "ExpandWithLabel"},
      {"context", ToHex(context)},
      {"length", suite.Nk},
      {"out", ToHex(Must(ExpandWithLabel(suite, secret, "ExpandWithLabel", context, suite.Nk)))}};
  made["derive_secret"] = {{"secret", ToHex(secret)},
                           {"label", "DeriveSecret"},
                           {"out", ToHex(Must(DeriveSecret(suite, secret, "DeriveSecret")))}};
  made["derive_tree_secret"] = {
      {"secret", ToHex(secret)},
      {"label", "DeriveTreeSecret"},
      {"generation", generation},
      {"length", suite.Nh},
      {"out", ToHex(Must(DeriveTreeSecret(suite, secret, "DeriveTreeSecret", generation, suite.Nh)))}};
  made["sign_with_label"] = {
      {"priv", ToHex(signer.private_key)},
      {"pub", ToHex(signer.public_key)},
      {"label", "SignWithLabel"},
      {"content", ToHex(text)},
      {"signature", ToHex(Must(SignWithLabel(suite, signer.private_key, "SignWithLabel", {text})))}};
  made["encrypt_with_label"] = {{"priv", ToHex(recipient.private_key)},
                                {"pub", ToHex(recipient.public_key)},
                                {"label", "EncryptWithLabel"},
                                {"context", ToHex(context)},
                                {"plaintext", ToHex(text)},
                                {"kem_output", ToHex(sealed.kem_output)},
                                {"ciphertext", ToHex(sealed.ciphertext)}};
  return made;
}

}  // namespace

Json CryptoBasics() { return ForEachSuite(1, BasicsOf); }

Json Deserialization() {
  Json cases = Json::array();
  for (const std::size_t length : {0u, 1u, 37u, 62u, 63u, 64u, 65u, 15293u, 16382u, 16383u, 16384u, 16385u,
                                   494878333u, (1u << 30) - 1}) {
    Bytes header(LengthSize(length));
    Writer out(header);
    out.Length(length);
    cases.push_back({{"vlbytes_header", ToHex(header)}, {"length", length}});
  }
  return cases;
}

}  // namespace mls::test
