#include "kit/invitation.h"

namespace mls::test {

namespace {

const Suite& SuiteOf(Scene& scene) { return scene[0].suite(); }

GroupSecrets CloneSecrets(const GroupSecrets& from) {
  GroupSecrets secrets{from.joiner_secret.Clone(), std::nullopt, from.psks};
  if (from.path_secret) secrets.path_secret = PathSecret{from.path_secret->path_secret.Clone()};
  return secrets;
}

Extension& TreeExtension(GroupInfo& info) {
  for (Extension& extension : info.extensions) {
    if (extension.extension_type == ExtensionType::ratchet_tree) return extension;
  }
  throw std::runtime_error("this GroupInfo has no tree");
}

void ChangeTree(const Suite& suite, GroupInfo& info, const Hook<Nodes>& change) {
  if (!change) return;
  Extension& extension = TreeExtension(info);
  Nodes nodes = DecodeNodes(extension.extension_data);
  change(nodes);
  extension.extension_data = EncodeNodes(nodes);
  auto tree = RatchetTree::DecodeExtension(suite, extension.extension_data, {});
  if (!tree.ok()) return;  // so broken that it has no hash
  Must(tree->UpdateHashes(nullptr));
  info.group_context.tree_hash = ToBytes(tree->RootHash());
}

void Sign(const Suite& suite, GroupInfo& info, View signer, const InfoForgery& forgery) {
  Run(forgery.tag, info.confirmation_tag);
  Must(SignGroupInfo(suite, info, forgery.signer == nullptr ? signer : forgery.signer->view()));
  Run(forgery.signed_info, info);
}

Secret SignerOf(Scene& scene) { return Secret::Copy(*World::Saved(scene[0]).Get(RowKey(RowTag::signer))); }

}  // namespace

Invitation::Invitation(Scene& of, CommitOptions options)
    : scene(of),
      client(scene.world.NewClient(SuiteOf(scene), "newcomer " + std::to_string(scene.size()))),
      package(scene.world.NewKeyPackageOf(client)) {
  const Suite& suite = SuiteOf(scene);
  options.proposals.push_back({Add{package.key_package}});
  genuine = scene.Commit(0, std::move(options)).welcomes.at(0).message;
  welcome = std::get<Welcome>(Must(DecodeMessage(genuine, {})).body);
  secrets = Must(OpenGroupSecrets(Must(GroupSecretsInfo(suite, welcome)), welcome.secrets.at(0),
                                  package.keys.init_private_key, package.key_package.init_key));
  std::vector<View> psks;
  for (const PreSharedKeyID& id : secrets.psks) psks.push_back(scene.psks.at(Encode(id.body)));
  member_secret =
      Must(MemberSecret(suite, secrets.joiner_secret, Must(PskSecret(suite, secrets.psks, psks))));
  info = Must(OpenGroupInfo(suite, Must(WelcomeSecret(suite, member_secret)), welcome.encrypted_group_info));
  signer = SignerOf(scene);
}

Bytes Invitation::Forge(const WelcomeForgery& forgery) const {
  const Suite& suite = SuiteOf(scene);
  GroupInfo changed = info;
  ChangeTree(suite, changed, forgery.tree);
  Run(forgery.info, changed);
  const Secret epoch_secret = Must(EpochSecret(suite, member_secret, Encode(changed.group_context)));
  const Secret confirmation_key = Must(DeriveSecret(suite, epoch_secret, "confirm"));
  changed.confirmation_tag = ToBytes(
      Must(ConfirmationTag(suite, confirmation_key, changed.group_context.confirmed_transcript_hash)));
  Sign(suite, changed, signer, forgery);

  Welcome forged{welcome.cipher_suite,
                 {},
                 Must(SealGroupInfo(suite, Must(WelcomeSecret(suite, member_secret)), changed))};
  Run(forgery.encrypted_group_info, forged.encrypted_group_info);
  GroupSecrets given = CloneSecrets(secrets);
  Run(forgery.secrets, given);
  const Secret encoded = EncodeSecret(given);
  Bytes plain = ToBytes(encoded);
  Run(forgery.encoded_secrets, plain);
  forged.secrets.push_back({ToBytes(Must(KeyPackageRef(suite, package.key_package))),
                            Must(EncryptWithLabel(suite, package.key_package.init_key, "Welcome",
                                                  forged.encrypted_group_info, plain, scene.world.random))});
  Run(forgery.welcome, forged);
  return EncodeMessage(std::move(forged));
}

GroupInfo ForgeInfo(Scene& scene, GroupInfo info, const InfoForgery& forgery) {
  const Suite& suite = SuiteOf(scene);
  ChangeTree(suite, info, forgery.tree);
  Run(forgery.info, info);
  const Secret signer = SignerOf(scene);
  Sign(suite, info, signer, forgery);
  return info;
}

void SignLeafAt(Scene& scene, Nodes& nodes, std::size_t leaf, std::size_t member) {
  const LeafIndex index{static_cast<std::uint32_t>(leaf)};
  Must(SignLeafNode(SuiteOf(scene), LeafAt(nodes, leaf), scene.client(member).profile.signature_private_key,
                    scene[0].context().group_id, index));
}

}  // namespace mls::test
