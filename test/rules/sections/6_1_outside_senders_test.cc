// RFC 9420 §6.1: content authentication, for those who send from outside the group.
#include <utility>

#include "kit/outsiders.h"
#include "kit/raw_public.h"

namespace mls::test {
namespace {

constexpr ProposalType kRefusedType{0xF123}, kUnknownType{0xF124};

// WithCustom: proposals of one more type, which members may send and external senders may not.
CompanyOptions WithCustom() {
  CompanyOptions options = Scene::Open();
  options.policy.custom_proposals.push_back(
      {kRefusedType, CustomProposalType::Path::required, CustomProposalType::External::refused});
  return options;
}

// CommitAs is a Commit of member 2, right in everything, that says it is of another sender.
Bytes CommitAs(Scene& scene, Sender sender, const Secret& signer) {
  CommitForgery forgery;
  forgery.content_signer = &signer;
  forgery.content = [&](FramedContent& content) { content.sender = sender; };
  return ForgeCommit(Insider(scene, 2), forgery).message;
}

const ContentBody kData(ApplicationContent{Bytes(4, 1)});

TEST_CASE("R6.1-06: external: key at sender_index of external_senders") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Outsiders scene(suite, 3);
    const Proposal add{Add{scene.package.key_package}};
    for (const std::uint32_t index : {2u, 3u, 0x80000000u, 0xFFFFFFFFu}) {
      for (const SignatureKeyPair& key_pair : scene.keys) {
        scene.Refuses(1, scene.Signed(scene.Content(Sender::External(index), add), key_pair.private_key),
                      Error::UNKNOWN_SENDER);
      }
    }
    for (const std::uint32_t index : {0u, 1u}) {
      const auto content = scene.Content(Sender::External(index), add);
      scene.Refuses(1, scene.Signed(content, scene.keys[1 - index].private_key), Error::BAD_SIGNATURE);
      scene.Refuses(1, scene.Signed(content, Insider(scene, index).signer), Error::BAD_SIGNATURE);
    }
    scene.Accepts(1, scene.FromSender(1, Proposal{Remove{{2}}}));
    scene.Accepts(2, scene.FromSender(0, Proposal{Remove{{1}}}));
  }
}

TEST_CASE("R6.1-06: a group without external_senders has no external sender") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    const ExternalKeys outside(suite);
    const GroupContext& context = scene[0].context();
    const Bytes message = Must(ProposeAsExternal(suite, context.group_id, context.epoch, 0,
                                                 outside.keys[0].private_key, {Remove{{2}}}));
    scene.Refuses(1, message, Error::UNKNOWN_SENDER);
    scene.GoesOn();
  }
}

TEST_CASE("R6.1-07: external sender content_type is proposal") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Outsiders scene(suite, 3);
    scene.Refuses(1, CommitAs(scene, Sender::External(0), scene.keys[0].private_key),
                  Error::INVALID_SENDER_TYPE);
    // That data is not encrypted is seen first (RFC 9420 §6).
    scene.Refuses(1, scene.Signed(scene.Content(Sender::External(0), kData), scene.keys[0].private_key),
                  Error::UNEXPECTED_PLAINTEXT);
    scene.Proceeds();
  }
}

TEST_CASE("R6.1-08: external sender proposal_type is allowed for external") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Outsiders scene(suite, 3, WithCustom());
    for (const Proposal& proposal :
         {Proposal{Update{scene[0].tree().Leaf({2})}}, Proposal{ExternalInit{Bytes(32, 1)}},
          Proposal{CustomProposal{kRefusedType, {1}}}, Proposal{CustomProposal{kUnknownType, {1}}}}) {
      CAPTURE(static_cast<int>(proposal.type()));
      scene.Refuses(1, scene.FromSender(0, proposal), Error::INVALID_SENDER_TYPE);
      // No signature is looked at for that.
      const FramedContent content = scene.Content(Sender::External(0), proposal);
      scene.Refuses(1, scene.Signed(content, scene.keys[1].private_key), Error::INVALID_SENDER_TYPE);
    }
    scene.Proceeds();
  }
}

TEST_CASE("R6.1-09: new_member_commit verified with the key of Commit.path.leaf_node") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Outsiders scene(suite, 3);
    const Insider insider(scene, 2);
    for (const Secret* signer : {&insider.signer, &std::as_const(scene.keys[0].private_key)}) {
      CommitForgery forgery;
      forgery.content_signer = signer;
      scene.Refuses(1, ForgeExternalCommit(insider, scene.stranger, forgery).message, Error::BAD_SIGNATURE);
    }
    scene.Accepts(1, ForgeExternalCommit(insider, scene.stranger, {}).message);
  }
}

TEST_CASE("R6.1-10: new_member_commit content_type is commit") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Outsiders scene(suite, 3);
    const Secret& key = scene.stranger.profile.signature_private_key;
    const auto content = scene.Content(Sender::NewMemberCommit(), Proposal{Add{scene.package.key_package}});
    scene.Refuses(1, scene.Signed(content, key), Error::INVALID_SENDER_TYPE);
    scene.Refuses(1, scene.Signed(scene.Content(Sender::NewMemberCommit(), kData), key),
                  Error::UNEXPECTED_PLAINTEXT);
    scene.Proceeds();
  }
}

TEST_CASE("R6.1-11: new_member_proposal verified with the key in the Add KeyPackage leaf") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Outsiders scene(suite, 3);
    const auto content = scene.Content(Sender::NewMemberProposal(), Proposal{Add{scene.package.key_package}});
    scene.Refuses(1, scene.Signed(content, Insider(scene, 2).signer), Error::BAD_SIGNATURE);
    scene.Refuses(1, scene.Signed(content, scene.keys[0].private_key), Error::BAD_SIGNATURE);
    scene.Proceeds();
  }
}

TEST_CASE("R6.1-12: new_member_proposal content_type is proposal") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Outsiders scene(suite, 3);
    const Secret& key = scene.stranger.profile.signature_private_key;
    scene.Refuses(1, CommitAs(scene, Sender::NewMemberProposal(), key), Error::INVALID_SENDER_TYPE);
    scene.Refuses(1, scene.Signed(scene.Content(Sender::NewMemberProposal(), kData), key),
                  Error::UNEXPECTED_PLAINTEXT);
    scene.Proceeds();
  }
}

TEST_CASE("R6.1-13: new_member_proposal proposal_type is add") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    CompanyOptions options = Scene::Open();
    options.policy.custom_proposals.push_back(
        {kRefusedType, CustomProposalType::Path::required, CustomProposalType::External::allowed});
    Outsiders scene(suite, 3, options);
    const Proposal psk = Must(scene[0].MakePsk(ExternalPsk{Bytes{1}}, scene.world.env));
    for (const Proposal& proposal :
         {Proposal{Remove{{2}}}, Proposal{Update{scene[0].tree().Leaf({2})}}, psk,
          Proposal{ReInit{Bytes(4, 1), ProtocolVersion::mls10, suite.id, {}}},
          Proposal{ExternalInit{Bytes(32, 1)}},
          Proposal{GroupContextExtensions{scene[0].context().extensions}},
          Proposal{CustomProposal{kRefusedType, {1}}}, Proposal{CustomProposal{kUnknownType, {1}}}}) {
      CAPTURE(static_cast<int>(proposal.type()));
      scene.Refuses(1, scene.FromStranger(proposal), Error::INVALID_SENDER_TYPE);
    }
    scene.Proceeds();
  }
}

}  // namespace
}  // namespace mls::test
