#include "schedule/key_schedule.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace mls {

namespace {

// RFC 9420 §8, Table 4: the secrets of an epoch and the labels that derive them.
struct EpochLabel {
  Secret EpochSecrets::* secret;
  std::string_view label;
};
constexpr EpochLabel kEpochLabels[] = {
    {&EpochSecrets::sender_data_secret, "sender data"},
    {&EpochSecrets::encryption_secret, "encryption"},
    {&EpochSecrets::exporter_secret, "exporter"},
    {&EpochSecrets::external_secret, "external"},
    {&EpochSecrets::confirmation_key, "confirm"},
    {&EpochSecrets::membership_key, "membership"},
    {&EpochSecrets::resumption_psk, "resumption"},
    {&EpochSecrets::epoch_authenticator, "authentication"},
    {&EpochSecrets::init_secret, "init"},
};

// RFC 9420 §8.3: the HPKE exporter context, the one label that ExpandWithLabel does not prefix.
constexpr std::string_view kExternalInitLabel = "MLS 1.0 external init secret";

Result<KeyAndNonce> ExpandKeyAndNonce(const Suite& suite, View secret, View context) {
  MLS_TRY(key, ExpandWithLabel(suite, secret, "key", context, suite.Nk));
  MLS_TRY(nonce, ExpandWithLabel(suite, secret, "nonce", context, suite.Nn));
  return KeyAndNonce{std::move(key), std::move(nonce)};
}

}  // namespace

Result<Secret> JoinerSecret(const Suite& suite, View init_secret, View commit_secret, View group_context) {
  MLS_TRY(extracted, Extract(suite, init_secret, commit_secret));
  return ExpandWithLabel(suite, extracted, "joiner", group_context, suite.Nh);
}

Result<Secret> MemberSecret(const Suite& suite, View joiner_secret, View psk_secret) {
  return Extract(suite, joiner_secret, psk_secret);
}

Result<Secret> WelcomeSecret(const Suite& suite, View member_secret) {
  return DeriveSecret(suite, member_secret, "welcome");
}

Result<Secret> EpochSecret(const Suite& suite, View member_secret, View group_context) {
  return ExpandWithLabel(suite, member_secret, "epoch", group_context, suite.Nh);
}

Result<EpochSecrets> DeriveEpochSecrets(const Suite& suite, View epoch_secret) {
  EpochSecrets secrets;
  for (const EpochLabel& row : kEpochLabels) {
    MLS_TRY(secret, DeriveSecret(suite, epoch_secret, row.label));
    secrets.*row.secret = std::move(secret);
  }
  return secrets;
}

Result<KeyAndNonce> WelcomeKey(const Suite& suite, View welcome_secret) {
  return ExpandKeyAndNonce(suite, welcome_secret, {});
}

Result<KeyAndNonce> SenderDataKey(const Suite& suite, View sender_data_secret, View ciphertext) {
  const View ciphertext_sample = ciphertext.first(std::min<std::size_t>(suite.Nh, ciphertext.size()));
  return ExpandKeyAndNonce(suite, sender_data_secret, ciphertext_sample);
}

Result<Digest> ConfirmationTag(const Suite& suite, View confirmation_key, View confirmed_transcript_hash) {
  return Mac(suite, confirmation_key, {confirmed_transcript_hash});
}

Result<Secret> ExportSecret(const Suite& suite, View exporter_secret, std::string_view label, View context,
                            std::size_t length) {
  // 255 hash blocks are fewer than the 65,535 bytes that KDFLabel.length can name.
  MLS_REQUIRE(length <= 255u * suite.Nh, TOO_LARGE);  // RFC 9420 §8.5: what KDF.Expand can give
  MLS_TRY(derived, DeriveSecret(suite, exporter_secret, label));
  MLS_TRY(context_hash, Hash(suite, {context}));
  return ExpandWithLabel(suite, derived, "exported", context_hash, length);
}

Result<HpkeKeyPair> ExternalKeyPair(const Suite& suite, View external_secret) {
  return DeriveKeyPair(suite, external_secret);
}

Result<ExternalInitSecret> SendExternalInit(const Suite& suite, View external_pub, Random& random) {
  MLS_DO(ValidateHpkePublicKey(suite, external_pub));
  MLS_TRY(info, HpkeInfo::Make(suite, {}));
  MLS_TRY(entropy, random.TakeSecret(suite.Nsk));
  ExternalInitSecret out;
  MLS_TRY(context, HpkeContext::SetupSender(info, external_pub, entropy, out.kem_output));
  MLS_TRY(init_secret, context.Export(AsView(kExternalInitLabel), suite.Nh));
  out.init_secret = std::move(init_secret);
  return out;
}

Result<Secret> ReceiveExternalInit(const Suite& suite, View external_secret, View kem_output) {
  MLS_TRY(external, ExternalKeyPair(suite, external_secret));
  MLS_TRY(info, HpkeInfo::Make(suite, {}));
  auto context = HpkeContext::SetupReceiver(info, external.private_key, external.public_key, kem_output);
  MLS_REQUIRE(context.ok() || context.error() != Error::INVALID_KEY,
              INVALID_EXTERNAL_INIT);  // RFC 9420 §8.3: kem_output is a key that decapsulates
  if (!context.ok()) return context.error();
  return context->Export(AsView(kExternalInitLabel), suite.Nh);
}

}  // namespace mls
