#include "support/newcomer.h"

#include "crypto/aead.h"

namespace mls::fuzz {

namespace {

Bytes WelcomeOfStranger(LiveGroup& group) {
  Company& company = group.company;
  CommitOptions options = Proposing({Add{group.strangers_package.key_package}});
  options.cached = CommitOptions::Cached::ignore;
  StagedCommit staged = Must(company[0].StageCommit(std::move(options), company.world.env));
  const Answers answers = company.Answer(staged.questions);
  return Must(company[0].CompleteCommit(std::move(staged), answers, company.world.env))
      .output.welcomes.at(0)
      .message;
}

}  // namespace

Newcomer::Newcomer(LiveGroup& of)
    : group(of),
      genuine(WelcomeOfStranger(of)),
      signer(Secret::Copy(*World::Saved(of.company[0]).Get(RowKey(RowTag::signer)))) {
  const Suite& suite = group.suite();
  const Welcome welcome = std::get<Welcome>(Must(DecodeMessage(genuine, {})).body);
  secrets = Must(OpenGroupSecrets(Must(GroupSecretsInfo(suite, welcome)), welcome.secrets.at(0),
                                  group.strangers_package.keys.init_private_key,
                                  group.strangers_package.key_package.init_key));
  member_secret = Must(MemberSecret(suite, secrets.joiner_secret, Must(PskSecret(suite, {}, {}))));
  info = Must(OpenGroupInfo(suite, Must(WelcomeSecret(suite, member_secret)), welcome.encrypted_group_info));
}

bool Newcomer::Mend(GroupInfo& changed) const {
  const Suite& suite = group.suite();
  const Secret epoch_secret = Must(EpochSecret(suite, member_secret, Encode(changed.group_context)));
  const Secret key = Must(DeriveSecret(suite, epoch_secret, "confirm"));
  changed.confirmation_tag =
      ToBytes(Must(ConfirmationTag(suite, key, changed.group_context.confirmed_transcript_hash)));
  return SignGroupInfo(suite, changed, signer).ok();
}

Bytes Newcomer::Seal(View encoded_info, View encoded_secrets) const {
  const Suite& suite = group.suite();
  SeededRandom random(4);
  const KeyAndNonce key = Must(WelcomeKey(suite, Must(WelcomeSecret(suite, member_secret))));
  Bytes sealed_info = Must(AeadSeal(suite, key.key, key.nonce, {}, encoded_info));
  const KeyPackage& package = group.strangers_package.key_package;
  HPKECiphertext sealed =
      Must(EncryptWithLabel(suite, package.init_key, "Welcome", sealed_info, encoded_secrets, random));
  Welcome welcome{suite.id, {}, std::move(sealed_info)};
  welcome.secrets.push_back({ToBytes(Must(KeyPackageRef(suite, package))), std::move(sealed)});
  return EncodeMessage(std::move(welcome));
}

Result<Group> Newcomer::Join(View bytes) const {
  SeededRandom random(5);
  const Env env{kNow, &random, nullptr};
  auto message = DecodeMessage(bytes, {});
  if (!message.ok()) return message.error();
  const auto* welcome = std::get_if<Welcome>(&message->body);
  if (welcome == nullptr) return Error::WRONG_WIRE_FORMAT;
  const NewKeyPackage& ours = group.strangers_package;
  auto staged = Group::StageJoin(*welcome, {ours.key_package, ours.keys.Clone(), {}, nullptr, {}}, env);
  if (!staged.ok()) return staged.error();
  if (auto opened = Group::OpenJoin(*staged, std::move(group.Answer(staged->questions).psks), env);
      !opened.ok()) {
    return opened.error();
  }
  const Answers answers = group.Answer(staged->questions);
  return Group::CompleteJoin(std::move(*staged), answers, env);
}

void SetTree(const Suite& suite, GroupInfo& info, Bytes ratchet_tree) {
  auto tree = RatchetTree::DecodeExtension(suite, ratchet_tree, {});
  if (tree.ok() && tree->UpdateHashes(nullptr).ok()) info.group_context.tree_hash = ToBytes(tree->RootHash());
  for (Extension& extension : info.extensions) {
    if (extension.extension_type == ExtensionType::ratchet_tree)
      extension.extension_data = std::move(ratchet_tree);
  }
}

const Bytes& TreeOf(const GroupInfo& info) {
  const Bytes* tree = FindExtension(info.extensions, ExtensionType::ratchet_tree);
  if (tree == nullptr) throw std::runtime_error("this GroupInfo has no tree");
  return *tree;
}

void ExpectWhole(const Group& joined) {
  const MemoryRows rows = World::Saved(joined);
  SeededRandom random(6);
  const auto loaded = Group::Load(rows, {}, {kNow, &random, nullptr});
  Expect(loaded.ok() && World::Saved(*loaded) == rows, "a group that was joined loads as what it was");
}

}  // namespace mls::fuzz
