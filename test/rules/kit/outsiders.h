// Outsiders: those who send to a group without being in it (RFC 9420 §12.1.8): two external senders, whose
// keys the test holds, and a stranger with a key package.
#pragma once

#include "kit/external_keys.h"
#include "kit/forged_commit.h"
#include "kit/scene.h"

namespace mls::test {

class Outsiders : public ExternalKeys, public Scene {
 public:
  Outsiders(const Suite& suite, std::size_t count, CompanyOptions options = Scene::Open())
      : ExternalKeys(suite),
        Scene(suite, count, In(std::move(options))),
        stranger(world.NewClient(suite, "stranger")),
        package(world.NewKeyPackageOf(stranger)) {}

  // Content is a proposal for this epoch by one who stands outside.
  FramedContent Content(Sender sender, ContentBody body) {
    const GroupContext& context = (*this)[0].context();
    return {context.group_id, context.epoch, sender, {}, std::move(body)};
  }
  FramedContent Content(Sender sender, Proposal proposal) {
    return Content(sender, ContentBody(ProposalContent{std::move(proposal)}));
  }
  // Signed gives the MLSMessage of `content` with the signature of `key`.
  Bytes Signed(FramedContent content, const Secret& key) {
    const Insider insider(*this, 0);
    return insider.Public(insider.SignWith(key, insider.context(), std::move(content)));
  }
  Bytes FromSender(std::uint32_t index, Proposal proposal) {
    return Signed(Content(Sender::External(index), std::move(proposal)), keys[index].private_key);
  }
  Bytes FromStranger(Proposal proposal) {
    return Signed(Content(Sender::NewMemberProposal(), std::move(proposal)),
                  stranger.profile.signature_private_key);
  }
  // Proceeds: everyone takes an honest proposal from outside, and a Commit to it.
  void Proceeds() {
    const Bytes honest = FromStranger({Add{package.key_package}});
    Accepts(1, honest);
    for (std::size_t i = 0; i < size(); ++i) {
      if (i != 1) Receive(i, honest);
    }
    const NewCommit commit = Commit(0);
    Enter(stranger, JoinByWelcome(commit.welcomes.at(0).message, package));
    Chat();
  }

  Client stranger;
  NewKeyPackage package;
};

}  // namespace mls::test
