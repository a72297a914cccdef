// key-schedule, psk_secret, secret-tree and transcript-hashes.
#include "generate.h"
#include "schedule/transcript.h"

namespace mls::test {

namespace {

Json ExporterOf(const Suite& suite, View exporter_secret, SeededRandom& random) {
  const Bytes context = random.Some(32);
  const std::string label = ToHex(random.Some(16));
  return {{"label", label},
          {"context", ToHex(context)},
          {"length", suite.Nh},
          {"secret", ToHex(Must(ExportSecret(suite, exporter_secret, label, context, suite.Nh)))}};
}

// EpochOf gives one epoch and puts its init secret into `init_secret`.
Json EpochOf(const Suite& suite, GroupContext& context, Bytes& init_secret, SeededRandom& random) {
  context.tree_hash = random.Some(suite.Nh);
  context.confirmed_transcript_hash = random.Some(suite.Nh);
  const Bytes group_context = Encode(context), commit_secret = random.Some(suite.Nh),
              psk_secret = random.Some(suite.Nh);
  const Secret joiner_secret = Must(JoinerSecret(suite, init_secret, commit_secret, group_context));
  const Secret member_secret = Must(MemberSecret(suite, joiner_secret, psk_secret));
  const EpochSecrets secrets =
      Must(DeriveEpochSecrets(suite, Must(EpochSecret(suite, member_secret, group_context))));
  init_secret = ToBytes(secrets.init_secret);
  ++context.epoch;
  return {{"tree_hash", ToHex(context.tree_hash)},
          {"commit_secret", ToHex(commit_secret)},
          {"psk_secret", ToHex(psk_secret)},
          {"confirmed_transcript_hash", ToHex(context.confirmed_transcript_hash)},
          {"group_context", ToHex(group_context)},
          {"joiner_secret", ToHex(joiner_secret)},
          {"welcome_secret", ToHex(Must(WelcomeSecret(suite, member_secret)))},
          {"init_secret", ToHex(secrets.init_secret)},
          {"sender_data_secret", ToHex(secrets.sender_data_secret)},
          {"encryption_secret", ToHex(secrets.encryption_secret)},
          {"exporter_secret", ToHex(secrets.exporter_secret)},
          {"epoch_authenticator", ToHex(secrets.epoch_authenticator)},
          {"external_secret", ToHex(secrets.external_secret)},
          {"confirmation_key", ToHex(secrets.confirmation_key)},
          {"membership_key", ToHex(secrets.membership_key)},
          {"resumption_psk", ToHex(secrets.resumption_psk)},
          {"external_pub", ToHex(Must(ExternalKeyPair(suite, secrets.external_secret)).public_key)},
          {"exporter", ExporterOf(suite, secrets.exporter_secret, random)}};
}

Json KeyScheduleOf(const Suite& suite, SeededRandom& random) {
  GroupContext context;
  context.cipher_suite = suite.id;
  context.group_id = random.Some(16);
  Bytes init_secret = random.Some(suite.Nh);
  Json made = {{"group_id", ToHex(context.group_id)}, {"initial_init_secret", ToHex(init_secret)}};
  for (int epoch = 0; epoch < 3; ++epoch)
    made["epochs"].push_back(EpochOf(suite, context, init_secret, random));
  return made;
}

Json PskSecretOf(const Suite& suite, SeededRandom& random, std::size_t count) {
  Json made = {{"cipher_suite", Number(suite)}, {"psks", Json::array()}};
  std::vector<PreSharedKeyID> ids;
  std::vector<Bytes> psks;
  for (std::size_t i = 0; i < count; ++i) {
    const Bytes psk_id = random.Some(16), psk_nonce = random.Some(suite.Nh);
    ids.push_back({ExternalPsk{psk_id}, psk_nonce});
    psks.push_back(random.Some(32));
    made["psks"].push_back(
        {{"psk_id", ToHex(psk_id)}, {"psk", ToHex(psks.back())}, {"psk_nonce", ToHex(psk_nonce)}});
  }
  made["psk_secret"] = ToHex(Must(PskSecret(suite, ids, std::vector<View>(psks.begin(), psks.end()))));
  return made;
}

Json LeafKeys(const SecretTree& fresh, LeafIndex leaf) {
  Json entries = Json::array();
  for (const std::uint32_t generation : {0u, 1u, 9u}) {
    const auto key_of = [&](RatchetType type) {
      return std::move(Must(fresh.Receive({leaf, type}, generation, kLimits)).key_and_nonce);
    };
    const KeyAndNonce handshake = key_of(RatchetType::handshake),
                      application = key_of(RatchetType::application);
    entries.push_back({{"generation", generation},
                       {"handshake_key", ToHex(handshake.key)},
                       {"handshake_nonce", ToHex(handshake.nonce)},
                       {"application_key", ToHex(application.key)},
                       {"application_nonce", ToHex(application.nonce)}});
  }
  return entries;
}

Json SecretTreeOf(const Suite& suite, SeededRandom& random, std::uint32_t width) {
  const Bytes encryption_secret = random.Some(suite.Nh), sender_data_secret = random.Some(suite.Nh),
              ciphertext = random.Some(suite.Nh + 13u);
  const KeyAndNonce sender = Must(SenderDataKey(suite, sender_data_secret, ciphertext));
  const SecretTree tree = SecretTree::Create(suite, 0, width, Secret::Copy(encryption_secret));
  Json made = {{"cipher_suite", Number(suite)},
               {"encryption_secret", ToHex(encryption_secret)},
               {"sender_data",
                {{"sender_data_secret", ToHex(sender_data_secret)},
                 {"ciphertext", ToHex(ciphertext)},
                 {"key", ToHex(sender.key)},
                 {"nonce", ToHex(sender.nonce)}}}};
  for (std::uint32_t leaf = 0; leaf < width; ++leaf) made["leaves"].push_back(LeafKeys(tree, {leaf}));
  return made;
}

Json TranscriptOf(const Suite& suite, SeededRandom& random) {
  const SignatureKeyPair signer = Must(GenerateSignatureKeyPair(suite, random));
  const Bytes confirmation_key = random.Some(suite.Nh), interim_before = random.Some(suite.Nh);
  const ProposalOrRef reference{ProposalByReference{random.Some(suite.Nh)}};
  const Commit commit{EncodedList<ProposalOrRef>({&reference, 1}), std::nullopt};
  FramedContent content{random.Some(16), 0x123456, Sender::Member({2}), random.Some(8),
                        CommitContent{commit}};
  AuthenticatedContent authenticated =
      Must(SignContent(suite, WireFormat::mls_private_message, std::move(content), signer.private_key,
                       random.Some(64)))
          .Take();
  const Digest confirmed = Must(ConfirmedTranscriptHash(
      suite, interim_before, EncodedContent(authenticated).TranscriptPart(), authenticated.auth.signature));
  authenticated.auth.confirmation_tag = ToBytes(Must(ConfirmationTag(suite, confirmation_key, confirmed)));
  const Digest interim = Must(InterimTranscriptHash(suite, confirmed, authenticated.auth.confirmation_tag));
  return {{"confirmation_key", ToHex(confirmation_key)},
          {"authenticated_content", ToHex(Encode(authenticated))},
          {"interim_transcript_hash_before", ToHex(interim_before)},
          {"confirmed_transcript_hash_after", ToHex(confirmed)},
          {"interim_transcript_hash_after", ToHex(interim)}};
}

}  // namespace

Json KeySchedule() { return ForEachSuite(2, KeyScheduleOf); }
Json TranscriptHashes() { return ForEachSuite(3, TranscriptOf); }

Json PskSecrets() {
  Json cases = Json::array();
  for (const Suite& suite : AllSuites()) {
    SeededRandom random(4u << 16 | Number(suite));
    for (const std::size_t count : {0u, 1u, 3u}) cases.push_back(PskSecretOf(suite, random, count));
  }
  return cases;
}

Json SecretTrees() {
  Json cases = Json::array();
  for (const Suite& suite : AllSuites()) {
    SeededRandom random(5u << 16 | Number(suite));
    for (const std::uint32_t width : {1u, 4u}) cases.push_back(SecretTreeOf(suite, random, width));
  }
  return cases;
}

}  // namespace mls::test
