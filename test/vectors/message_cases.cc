// messages, message-protection and welcome.
#include "generate.h"
#include "group/message_keys.h"

namespace mls::test {

namespace {

std::string Hex(const Bytes& bytes) { return ToHex(bytes); }
template <class T>
std::string EncodedHex(const T& value) {
  return ToHex(EncodeSecret(value));
}

// --- messages ---

// GroupOfTwo: Alice's group with Bob in it, and what went over the wire to get there.
struct GroupOfTwo {
  GroupOfTwo(const Suite& suite, std::uint64_t seed) : world(seed), alice(world.NewClient(suite, "alice")) {
    Policy policy;
    policy.handshake_format = WireFormat::mls_public_message;
    group.emplace(world.NewGroup(alice, policy));
    key_package = world.NewKeyPackageOf(world.NewClient(suite, "bob")).key_package;
    CommitOptions options;
    options.proposals.push_back({Add{key_package}});
    commit = world.CommitNow(*group, std::move(options));
  }

  World world;
  Client alice;
  std::optional<Group> group;
  KeyPackage key_package;
  NewCommit commit;
};

GroupSecrets SecretsOf(const Suite& suite, SeededRandom& random) {
  GroupSecrets secrets{Must(random.TakeSecret(suite.Nh)), PathSecret{Must(random.TakeSecret(suite.Nh))}, {}};
  secrets.psks.push_back({ExternalPsk{random.Some(8)}, random.Some(suite.Nh)});
  secrets.psks.push_back(
      {ResumptionPsk{ResumptionPSKUsage::application, random.Some(16), 7}, random.Some(suite.Nh)});
  return secrets;
}

// PublicApplication is what nobody may send (RFC 9420 §6), but a decoder has to read.
std::string PublicApplication(const Suite& suite, const Client& sender, SeededRandom& random) {
  FramedContent content{random.Some(16), 1, Sender::Member({0}), {}, ApplicationContent{random.Some(32)}};
  const auto verified = Must(SignContent(suite, WireFormat::mls_public_message, std::move(content),
                                         sender.profile.signature_private_key, {}));
  return Hex(EncodeMessage(Must(ProtectPublic(suite, *verified, random.Some(suite.Nh), {}))));
}

Commit CommitIn(View message) {
  const MLSMessage decoded = Must(DecodeMessage(message, kLimits));
  return *std::get<PublicMessage>(decoded.body).content.commit();
}

// ProposalsOf adds the seven proposals, each without its type.
void ProposalsOf(GroupOfTwo& two, SeededRandom& random, Json& made) {
  const Suite& suite = *two.alice.suite;
  LeafNode leaf = two.group->tree().Leaf({0});
  leaf.leaf_node_source = LeafNodeSource::update;
  leaf.parent_hash.clear();
  Must(
      SignLeafNode(suite, leaf, two.alice.profile.signature_private_key, two.group->context().group_id, {0}));
  const Extensions extensions = {MakeExtension(RequiredCapabilities{{}, {}, {CredentialType::basic}})};
  const HpkeKeyPair external = Must(GenerateHpkeKeyPair(suite, random));
  made["add_proposal"] = EncodedHex(Add{two.key_package});
  made["update_proposal"] = EncodedHex(Update{leaf});
  made["remove_proposal"] = EncodedHex(Remove{{static_cast<std::uint32_t>(random.Next())}});
  made["pre_shared_key_proposal"] = EncodedHex(PreSharedKey{SecretsOf(suite, random).psks[1]});
  made["re_init_proposal"] =
      EncodedHex(ReInit{random.Some(16), ProtocolVersion::mls10, suite.id, extensions});
  made["external_init_proposal"] =
      EncodedHex(ExternalInit{Must(SendExternalInit(suite, external.public_key, random)).kem_output});
  made["group_context_extensions_proposal"] = EncodedHex(GroupContextExtensions{extensions});
}

Json MessagesOf(const Suite& suite, SeededRandom& random) {
  GroupOfTwo two(suite, random.Next());
  Json made;
  made["mls_welcome"] = Hex(two.commit.welcomes.at(0).message);
  made["mls_group_info"] =
      Hex(EncodeMessage(GroupInfoMessage{Must(two.group->MakeGroupInfo({}, two.world.env))}));
  made["mls_key_package"] = Hex(EncodeMessage(KeyPackageMessage{two.key_package}));
  made["ratchet_tree"] = Hex(two.group->tree().EncodeExtension());
  made["group_secrets"] = EncodedHex(SecretsOf(suite, random));
  ProposalsOf(two, random, made);
  made["commit"] = EncodedHex(CommitIn(two.commit.message));
  made["public_message_application"] = PublicApplication(suite, two.alice, random);
  made["public_message_commit"] = Hex(two.commit.message);
  made["private_message"] = Hex(two.world.Send(*two.group, "hello"));
  made["public_message_proposal"] = Hex(two.world.Propose(*two.group, {Remove{{1}}}));
  return made;
}

// --- message-protection ---

// ProtectionOf makes the messages of leaf 1 in a group of two.
struct ProtectionOf {
  ProtectionOf(const Suite& of, SeededRandom& from) : suite(of), random(from) {}

  AuthenticatedContent Authenticate(WireFormat format, const ContentBody& body) {
    FramedContent content{context.group_id, context.epoch, Sender::Member({1}), random.Some(4), body};
    AuthenticatedContent authenticated =
        Must(SignContent(suite, format, std::move(content), signer.private_key, Encode(context))).Take();
    if (authenticated.content.commit() != nullptr)
      authenticated.auth.confirmation_tag = random.Some(suite.Nh);
    return authenticated;
  }
  std::string Public(const ContentBody& body) {
    return Hex(EncodeMessage(Must(ProtectPublic(suite, Authenticate(WireFormat::mls_public_message, body),
                                                membership_key, Encode(context)))));
  }
  std::string Private(const ContentBody& body) {
    const MessageKeys keys{Secret::Copy(sender_data_secret),
                           SecretTree::Create(suite, context.epoch, 2, Secret::Copy(encryption_secret))};
    const AuthenticatedContent content = Authenticate(WireFormat::mls_private_message, body);
    return Hex(EncodeMessage(Must(SealPrivateMessage(keys, suite, content, {}, kLimits, random)).message));
  }
  Json Make() {
    const Proposal proposal{Remove{{2}}};
    const ProposalOrRef reference{ProposalByReference{random.Some(suite.Nh)}};
    const Commit commit{EncodedList<ProposalOrRef>({&reference, 1}), std::nullopt};
    const Bytes application = random.Some(40);
    return {{"group_id", Hex(context.group_id)},
            {"epoch", context.epoch},
            {"tree_hash", Hex(context.tree_hash)},
            {"confirmed_transcript_hash", Hex(context.confirmed_transcript_hash)},
            {"signature_priv", ToHex(signer.private_key)},
            {"signature_pub", Hex(signer.public_key)},
            {"encryption_secret", Hex(encryption_secret)},
            {"sender_data_secret", Hex(sender_data_secret)},
            {"membership_key", Hex(membership_key)},
            {"proposal", EncodedHex(proposal)},
            {"proposal_pub", Public(ProposalContent{proposal})},
            {"proposal_priv", Private(ProposalContent{proposal})},
            {"commit", EncodedHex(commit)},
            {"commit_pub", Public(CommitContent{commit})},
            {"commit_priv", Private(CommitContent{commit})},
            {"application", Hex(application)},
            {"application_priv", Private(ApplicationContent{application})}};
  }

  const Suite& suite;
  SeededRandom& random;
  GroupContext context{
      ProtocolVersion::mls10, suite.id, random.Some(16), random.Below(1u << 24), random.Some(suite.Nh),
      random.Some(suite.Nh),  {}};
  SignatureKeyPair signer = Must(GenerateSignatureKeyPair(suite, random));
  Bytes encryption_secret = random.Some(suite.Nh);
  Bytes sender_data_secret = random.Some(suite.Nh);
  Bytes membership_key = random.Some(suite.Nh);
};

// --- welcome ---

Json WelcomeOf(const Suite& suite, SeededRandom& random) {
  const SignatureKeyPair signer = Must(GenerateSignatureKeyPair(suite, random));
  const NewKeyPackage joiner = MakeKeyPackage(suite, MakeProfile(suite, "joiner", random), random);
  const Secret joiner_secret = Must(random.TakeSecret(suite.Nh));
  const Secret member_secret = Must(MemberSecret(suite, joiner_secret, Must(PskSecret(suite, {}, {}))));
  GroupInfo info;
  info.group_context = {
      ProtocolVersion::mls10, suite.id, random.Some(16), random.Below(1u << 24), random.Some(suite.Nh),
      random.Some(suite.Nh),  {}};
  info.signer = {static_cast<std::uint32_t>(random.Below(100))};
  const EpochSecrets epoch =
      Must(DeriveEpochSecrets(suite, Must(EpochSecret(suite, member_secret, Encode(info.group_context)))));
  info.confirmation_tag = ToBytes(
      Must(ConfirmationTag(suite, epoch.confirmation_key, info.group_context.confirmed_transcript_hash)));
  Must(SignGroupInfo(suite, info, signer.private_key));

  Welcome welcome;
  welcome.cipher_suite = suite.id;
  welcome.encrypted_group_info = Must(SealGroupInfo(suite, Must(WelcomeSecret(suite, member_secret)), info));
  const Secret secrets = EncodeSecret(GroupSecrets{joiner_secret.Clone(), std::nullopt, {}});
  welcome.secrets.push_back({ToBytes(Must(KeyPackageRef(suite, joiner.key_package))),
                             Must(EncryptWithLabel(suite, joiner.key_package.init_key, "Welcome",
                                                   welcome.encrypted_group_info, secrets, random))});
  return {{"init_priv", ToHex(joiner.keys.init_private_key)},
          {"key_package", Hex(EncodeMessage(KeyPackageMessage{joiner.key_package}))},
          {"signer_pub", Hex(signer.public_key)},
          {"welcome", Hex(EncodeMessage(std::move(welcome)))}};
}

}  // namespace

Json Messages() { return ForEachSuite(9, MessagesOf); }
Json MessageProtection() {
  return ForEachSuite(
      10, [](const Suite& suite, SeededRandom& random) { return ProtectionOf(suite, random).Make(); });
}
Json Welcomes() { return ForEachSuite(11, WelcomeOf); }

}  // namespace mls::test
