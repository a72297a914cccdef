// RFC 9420 §12.4.2: what a Commit, taken or refused, leaves behind.
#include "kit/forged_commit.h"
#include "kit/invitation.h"

namespace mls::test {
namespace {

TEST_CASE("R12.4.2-14: nothing changes before all is checked") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 4);
    const Insider insider(scene, 2);
    for (const WireFormat format : {WireFormat::mls_public_message, WireFormat::mls_private_message}) {
      const auto refused = [&](Error expected, const std::function<void(CommitForgery&)>& change) {
        CommitForgery forgery;
        forgery.format = format;
        change(forgery);
        scene.Refuses(1, ForgeCommit(insider, forgery).message, expected);
      };
      // From the first check to the last one.
      refused(Error::WRONG_EPOCH,
              [](CommitForgery& one) { one.content = [](FramedContent& content) { content.epoch -= 1; }; });
      refused(Error::BAD_SIGNATURE, [](CommitForgery& one) {
        one.signed_content = [](AuthenticatedContent& content) { content.auth.signature.back() ^= 1; };
      });
      refused(Error::INVALID_REMOVE,
              [](CommitForgery& one) { one.proposals = {Value({Remove{{3}}}), Value({Remove{{9}}})}; });
      refused(Error::MISSING_PATH, [](CommitForgery& one) {
        one.proposals = {Value({Remove{{3}}})};
        one.path_is = CommitForgery::Path::without;
      });
      refused(Error::BAD_LEAF_SIGNATURE, [](CommitForgery& one) {
        one.signed_leaf = [](LeafNode& leaf) { leaf.signature.back() ^= 1; };
      });
      refused(Error::PARENT_HASH_MISMATCH,
              [](CommitForgery& one) { one.leaf = [](LeafNode& leaf) { leaf.parent_hash.back() ^= 1; }; });
      refused(Error::DECRYPT_FAILED, [](CommitForgery& one) {
        one.path_context = [](GroupContext& context) { context.epoch += 1; };
      });
      refused(Error::PATH_SECRET_MISMATCH, [&](CommitForgery& one) {
        one.path_secrets = [&](std::vector<Secret>& secrets) { secrets.back() = Secret(suite.Nh); };
      });
      refused(Error::BAD_CONFIRMATION_TAG, [](CommitForgery& one) {
        one.proposals = {Value({Remove{{3}}})};
        one.confirmation_tag = [](Bytes& tag) { tag.back() ^= 1; };
      });
    }
    scene.GoesOn();
  }
}

TEST_CASE("R12.4.2-15: after a ReInit the group sends nothing") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    scene.Commit(0, Proposing({ReInit{{1, 2}, ProtocolVersion::mls10, suite.id, {}}}));
    const Env& env = scene.world.env;
    for (std::size_t i = 0; i < 3; ++i) {
      const Group& group = scene[i];
      CHECK(group.phase() == Phase::suspended);
      const MemoryRows before = World::Saved(group);
      CHECK(ErrorOf(group.Protect(AsView("data"), {}, env)) == Error::GROUP_SUSPENDED);
      CHECK(ErrorOf(group.StageOwnProposal({Remove{{1}}}, {}, env)) == Error::GROUP_SUSPENDED);
      CHECK(ErrorOf(group.StageOwnUpdate({}, {}, env)) == Error::GROUP_SUSPENDED);
      CHECK(ErrorOf(group.StageCommit({}, env)) == Error::GROUP_SUSPENDED);
      CHECK(ErrorOf(group.MakeGroupInfo({}, env)) == Error::GROUP_SUSPENDED);
      CHECK(before == World::Saved(group));
    }
    CHECK(scene.Agree());
  }
}

TEST_CASE("R12.4.2-15: nobody takes a handshake that was sent after a ReInit all the same") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    const Bytes before = scene.Send(0, "before");
    scene.Commit(0, Proposing({ReInit{{1, 2}, ProtocolVersion::mls10, suite.id, {}}}));
    const Insider insider(scene, 2);
    for (const WireFormat format : {WireFormat::mls_public_message, WireFormat::mls_private_message}) {
      const AuthenticatedContent proposal = insider.Sign(insider.Content(Proposal{Remove{{0}}}), format);
      const bool open = format == WireFormat::mls_public_message;
      scene.Refuses(1, open ? insider.Public(proposal) : insider.Private(proposal), Error::GROUP_SUSPENDED);
      CommitForgery forgery;
      forgery.format = format;
      scene.Refuses(1, ForgeCommit(insider, forgery).message, Error::GROUP_SUSPENDED);
    }
    scene.Accepts(1, before);
    CHECK(scene.Agree());
  }
}

TEST_CASE("R12.4.2-17: who was removed sends no more, and has nothing left") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    scene.Commit(0);
    const Bytes known = scene.Send(0, "before");
    REQUIRE(scene.store(1).size() > 0);
    const NewCommit commit = scene.Commit(2, Proposing({Remove{{1}}}));
    const Group& group = scene[1];
    const Env& env = scene.world.env;
    CHECK(group.phase() == Phase::removed);
    CHECK(scene.store(1).size() == 1);  // that we were removed, and nothing else
    CHECK(scene.store(1).Get(RowKey(RowTag::removed))->empty());
    CHECK(ErrorOf(group.Protect(AsView("data"), {}, env)) == Error::REMOVED);
    CHECK(ErrorOf(group.StageOwnProposal({Remove{{0}}}, {}, env)) == Error::REMOVED);
    CHECK(ErrorOf(group.StageOwnUpdate({}, {}, env)) == Error::REMOVED);
    CHECK(ErrorOf(group.StageCommit({}, env)) == Error::REMOVED);
    CHECK(ErrorOf(group.MakeGroupInfo({}, env)) == Error::REMOVED);
    CHECK(ErrorOf(group.StageBranch({}, env)) == Error::REMOVED);
    CHECK(ErrorOf(group.Stage(known, env)) == Error::REMOVED);
    // No secret of the present epoch or of one before.
    CHECK(group.epoch_authenticator().empty());
    CHECK(ErrorOf(group.Export("label", {}, 16)) == Error::REMOVED);
    for (std::uint64_t epoch = 0; epoch <= commit.id + 4; ++epoch)
      CHECK(ErrorOf(group.ResumptionPskOf(epoch)) == Error::REMOVED);
    CHECK(group.KnownEpochs().empty());
    scene.GoesOn();
  }
}

TEST_CASE("R12.4.2-18: a pending Commit of our own comes back, comes back altered, or loses") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    const NewCommit ours = scene.MakeCommit(1);
    const auto framed = std::get<PublicMessage>(Must(DecodeMessage(ours.message, {})).body);
    // Altered by the delivery service, and by a member who can tag it again.
    PublicMessage altered = framed;
    altered.auth.confirmation_tag.back() ^= 1;
    scene.Refuses(1, EncodeMessage(altered), Error::BAD_MEMBERSHIP_TAG);
    const Insider insider(scene, 2);
    scene.Refuses(1, insider.Public({WireFormat::mls_public_message, altered.content, altered.auth}),
                  Error::OWN_MESSAGE);
    CHECK(scene[1].candidates().size() == 1);
    const auto merged = std::get<ReceivedCommit>(scene.Receive(1, ours.message));
    CHECK(merged.own);
    CHECK(merged.committer == scene[1].self());
    for (const std::size_t other : {0u, 2u}) scene.Accepts(other, ours.message);
    scene.Chat();

    const NewCommit lost = scene.MakeCommit(1);
    scene.Commit(0);
    CHECK(scene[1].candidates().empty());
    CHECK(ErrorOf(scene[1].AcceptCandidate(lost.id, scene.world.env)) == Error::STALE_CANDIDATE);
    scene.Refuses(1, lost.message, Error::WRONG_EPOCH);
    scene.GoesOn();
  }
}

TEST_CASE("R12.4.2-19: without a path the commit secret is zeros") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    // The kit's Commit, whose key schedule begins with zeros, is taken by all.
    const NewKeyPackage package = scene.world.NewKeyPackageOf(scene.world.NewClient(suite, "newcomer"));
    CommitForgery forgery;
    forgery.proposals = {Value({Add{package.key_package}})};
    forgery.path_is = CommitForgery::Path::without;
    const ForgedCommit commit = ForgeCommit(Insider(scene, 2), forgery);
    for (const std::size_t receiver : {0u, 1u}) {
      scene.Accepts(receiver, commit.message);
      CHECK(Insider(scene, receiver).confirmation_key ==
            Must(DeriveSecret(suite, commit.epoch_secret, "confirm")));
    }

    // And what the engine makes begins with them.
    Scene other(suite, 3);
    const Insider before(other, 1);
    CommitOptions lean;
    lean.path = CommitOptions::Path::when_required;
    const Invitation invitation(other, std::move(lean));
    const Secret zeros(suite.Nh);
    CHECK(invitation.secrets.joiner_secret ==
          Must(JoinerSecret(suite, before.init_secret, zeros, Encode(other[1].context()))));
    CHECK_FALSE(invitation.secrets.path_secret.has_value());
  }
}

}  // namespace
}  // namespace mls::test
