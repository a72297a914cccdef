// Impostor: somebody who makes a group that says it follows or branches from a scene's (RFC 9420 §11.2,
// §11.3), by hand, so that every choice is open. Its Welcome is right in all else.
#pragma once

#include "kit/scene.h"

namespace mls::test {

struct Impostor {
  Bytes group_id = {'n', 'e', 'w'};
  const Suite* suite = nullptr;  // default: that of the scene
  Extensions extensions;
  std::optional<ResumptionPSKUsage> usage;
  std::uint64_t psk_epoch_offset = 0;      // how much older the PSK is than it should be
  int commits_before = 0;                  // in the new group, before anybody is added
  std::vector<std::string> others;         // who are added besides member 1
  std::function<void(GroupInfo&)> change;  // made right again: confirmation tag, signature, seals

  // Join gives what member 1 of the scene says to the Welcome, which it compares with its own group.
  Result<Group> Join(Scene& scene) const {
    World& world = scene.world;
    const Suite& own = suite == nullptr ? scene[0].suite() : *suite;
    const Client creator = world.NewClient(own, "member 0");
    const NewKeyPackage package = world.NewKeyPackageOf(world.NewClient(own, "member 1"));
    Group group = Must(Group::Create({&own, group_id, extensions, {}}, creator.profile, world.env));
    for (int i = 0; i < commits_before; ++i) world.CommitNow(group, {});
    CommitOptions options = Proposing({Add{package.key_package}});
    for (const std::string& name : others) {
      options.proposals.push_back({Add{world.NewKeyPackageOf(world.NewClient(own, name)).key_package}});
    }
    const std::uint64_t epoch = scene[0].context().epoch - psk_epoch_offset;
    if (usage) {
      options.proposals.push_back(
          Must(group.MakePsk(ResumptionPsk{*usage, scene[0].context().group_id, epoch}, world.env)));
    }
    options.successor = usage;
    StagedCommit staged = Must(group.StageCommit(std::move(options), world.env));
    Answers answers = AcceptAll(staged.questions);
    const Secret psk = Must(scene[0].ResumptionPskOf(epoch));
    if (usage) answers.psks.at(0) = psk.Clone();
    Done<NewCommit> done = Must(group.CompleteCommit(std::move(staged), answers, world.env));
    Bytes welcome = done.output.welcomes.at(0).message;
    if (change) welcome = Changed(world, own, package, creator, psk, welcome);
    auto joined = scene.DoJoin(welcome, package, {}, &scene[1]);
    scene.NoteSuccessor(1, welcome, package, joined.ok() ? Outcome() : Outcome(joined.error()));
    return joined;
  }

 private:
  Bytes Changed(World& world, const Suite& own, const NewKeyPackage& package, const Client& creator,
                const Secret& psk, View message) const {
    const MLSMessage decoded = Must(DecodeMessage(message, {}));
    const auto& welcome = std::get<Welcome>(decoded.body);
    const Bytes reference = ToBytes(Must(KeyPackageRef(own, package.key_package)));
    const auto entry = std::find_if(welcome.secrets.begin(), welcome.secrets.end(),
                                    [&](const auto& one) { return one.new_member == reference; });
    const GroupSecrets secrets =
        Must(OpenGroupSecrets(Must(GroupSecretsInfo(own, welcome)), *entry, package.keys.init_private_key,
                              package.key_package.init_key));
    std::vector<View> psks(secrets.psks.size(), psk.view());
    const Secret member_secret =
        Must(MemberSecret(own, secrets.joiner_secret, Must(PskSecret(own, secrets.psks, psks))));
    const Secret welcome_secret = Must(WelcomeSecret(own, member_secret));
    GroupInfo info = Must(OpenGroupInfo(own, welcome_secret, welcome.encrypted_group_info));
    change(info);
    const Secret epoch_secret = Must(EpochSecret(own, member_secret, Encode(info.group_context)));
    const Secret confirmation_key = Must(DeriveSecret(own, epoch_secret, "confirm"));
    info.confirmation_tag =
        ToBytes(Must(ConfirmationTag(own, confirmation_key, info.group_context.confirmed_transcript_hash)));
    Must(SignGroupInfo(own, info, creator.profile.signature_private_key));
    const Bytes sealed = Must(SealGroupInfo(own, welcome_secret, info));
    HPKECiphertext given = Must(EncryptWithLabel(own, package.key_package.init_key, "Welcome", sealed,
                                                 EncodeSecret(secrets), world.random));
    return EncodeMessage(Welcome{own.id, {{reference, std::move(given)}}, sealed});
  }
};

}  // namespace mls::test
