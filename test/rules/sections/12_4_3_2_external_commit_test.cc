// RFC 9420 §12.4.3.2: joining by external Commit, seen from the members.
#include "kit/forged_commit.h"
#include "kit/invitation.h"
#include "support/change_list.h"

namespace mls::test {
namespace {

// Joining runs a scenario over all suites: a group of three and a stranger, who joins at the end.
template <class Scenario>
void Joining(Scenario scenario) {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    const Client stranger = scene.world.NewClient(suite, "stranger");
    scenario(suite, scene, stranger);
    scene.JoinByCommit(stranger, scene.Info(0));
    scene.GoesOn();
  }
}

TEST_CASE("R12.4.3.2-01: an external Commit has a path") {
  Joining([](const Suite&, Scene& scene, const Client& stranger) {
    CommitForgery forgery;
    forgery.path_is = CommitForgery::Path::without;
    scene.Refuses(1, ForgeExternalCommit(Insider(scene, 0), stranger, forgery).message, Error::MISSING_PATH);
    forgery.proposals = {Value({Remove{{2}}})};
    scene.Refuses(1, ForgeExternalCommit(Insider(scene, 0), stranger, forgery).message, Error::MISSING_PATH);
  });
}

TEST_CASE("R12.4.3.2-02: an external Commit has no proposals by reference") {
  Joining([](const Suite& suite, Scene& scene, const Client& stranger) {
    const NewKeyPackage package = scene.world.NewKeyPackageOf(scene.world.NewClient(suite, "newcomer"));
    scene.ProposeToAll(0, {Add{package.key_package}});
    const ProposalOrRef add = ReferenceToNewest(scene, 1);
    const Proposal psk = Must(scene[0].MakePsk(ExternalPsk{{1}}, scene.world.env));
    scene.psks[Encode(psk.As<PreSharedKey>()->psk.body)] = Bytes(16, 1);
    scene.ProposeToAll(0, psk);
    const ProposalOrRef by_reference = ReferenceToNewest(scene, 1);
    const Insider knows(scene, 0);
    CommitForgery forgery;
    for (const auto& list : {std::vector<ProposalOrRef>{add}, {by_reference}, {add, by_reference}}) {
      forgery.proposals = list;
      scene.Refuses(1, ForgeExternalCommit(knows, stranger, forgery).message, Error::INVALID_PROPOSAL_LIST);
    }
    // An ExternalInit that is named, not given. Nobody can have sent one, so the name is any.
    forgery.proposals = {Reference(Bytes(suite.Nh, 1))};
    scene.Refuses(1, ForgeExternalCommit(knows, stranger, forgery, Init::left_out).message,
                  Error::INVALID_PROPOSAL_LIST);
    // By value it is fine.
    forgery.proposals = {Value(psk)};
    const Client other = scene.world.NewClient(suite, "other");
    const ForgedCommit honest = ForgeExternalCommit(knows, other, forgery);
    for (std::size_t i = 0; i < 3; ++i) scene.Accepts(i, honest.message);
  });
}

TEST_CASE("R12.4.3.2-03: an external Commit is signed with the key of its path's leaf") {
  Joining([](const Suite& suite, Scene& scene, const Client& stranger) {
    const Secret another = Must(GenerateSignatureKeyPair(suite, scene.world.random)).private_key;
    const Secret removed = Insider(scene, 2).signer.Clone();
    for (const Secret* signer : {&another, &removed}) {
      CommitForgery forgery;
      forgery.content_signer = signer;
      scene.Refuses(1, ForgeExternalCommit(Insider(scene, 0), stranger, forgery).message,
                    Error::BAD_SIGNATURE);
      forgery.proposals = {Value({Remove{{2}}})};
      scene.Refuses(1, ForgeExternalCommit(Insider(scene, 0), stranger, forgery).message,
                    Error::BAD_SIGNATURE);
    }
  });
}

TEST_CASE("R12.4.3.2-04: the init secret comes from the ExternalInit") {
  Joining([](const Suite& suite, Scene& scene, const Client& stranger) {
    const Insider knows(scene, 0);
    const HpkeKeyPair external = Must(ExternalKeyPair(suite, knows.external_secret));
    const Bytes other = Must(SendExternalInit(suite, external.public_key, scene.world.random)).kem_output;
    const Bytes unrelated = Must(GenerateHpkeKeyPair(suite, scene.world.random)).public_key;
    for (const Bytes& kem_output : {other, unrelated}) {
      CommitForgery forgery;
      forgery.content = [&](FramedContent& content) {
        Commit& commit = std::get<CommitContent>(content.body).commit;
        ChangeList<ProposalOrRef>(commit.proposals, [&](auto& list) {
          std::get<ProposalByValue>(list.at(0).body).proposal = {ExternalInit{kem_output}};
        });
      };
      scene.Refuses(1, ForgeExternalCommit(knows, stranger, forgery).message, Error::BAD_CONFIRMATION_TAG);
    }
  });
}

TEST_CASE("R12.4.3.2-05: the sender of an external Commit is new_member_commit") {
  Joining([](const Suite& suite, Scene& scene, const Client& stranger) {
    for (const Sender& sender : {Sender::External(0), Sender::NewMemberProposal()}) {
      CommitForgery forgery;
      forgery.content = [&](FramedContent& content) { content.sender = sender; };
      scene.Refuses(1, ForgeExternalCommit(Insider(scene, 0), stranger, forgery).message,
                    Error::INVALID_SENDER_TYPE);
    }
    // A member's Commit is none: not with the stranger's key, and not with an ExternalInit in it.
    CommitForgery forgery;
    forgery.content = [](FramedContent& content) { content.sender = Sender::Member({2}); };
    scene.Refuses(1, ForgeExternalCommit(Insider(scene, 0), stranger, forgery).message, Error::BAD_SIGNATURE);
    const Insider insider(scene, 2);
    const HpkeKeyPair external = Must(ExternalKeyPair(suite, insider.external_secret));
    CommitForgery by_member;
    by_member.proposals = {Value(
        {ExternalInit{Must(SendExternalInit(suite, external.public_key, scene.world.random)).kem_output}})};
    scene.Refuses(1, ForgeCommit(insider, by_member).message, Error::INVALID_PROPOSAL_LIST);
  });
}

// Elsewhere makes the path as if `taken` were somebody's, so that the joiner stands on the next free leaf.
CommitForgery Elsewhere(const LeafNode& somebody, LeafIndex& stood) {
  CommitForgery forgery;
  forgery.tree = [&](RatchetTree& tree) {
    stood = tree.AddLeaf(somebody);
    tree.ExtendTo(tree.LeftmostBlankLeaf());
  };
  return forgery;
}

TEST_CASE("R12.4.3.2-06: the joiner takes the leftmost free leaf after the proposals") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 5);
    const Client stranger = scene.world.NewClient(suite, "stranger");
    const LeafNode somebody =
        scene.world.NewKeyPackageOf(scene.world.NewClient(suite, "somebody")).key_package.leaf_node;
    LeafIndex left_free;
    const std::vector<Error> expected = {Error::INVALID_UPDATE_PATH, Error::BAD_LEAF_SIGNATURE};
    CommitForgery forgery = Elsewhere(somebody, left_free);
    ForgedCommit forged = ForgeExternalCommit(Insider(scene, 0), stranger, forgery);
    CHECK(left_free == LeafIndex{5});
    CHECK(forged.committer == LeafIndex{6});
    scene.Refuses(1, forged.message, expected);
    // Not the freed leaf, but the one after the last.
    forgery.proposals = {Value({Remove{{2}}})};
    forged = ForgeExternalCommit(Insider(scene, 0), stranger, forgery);
    CHECK(left_free == LeafIndex{2});
    CHECK(forged.committer == LeafIndex{5});
    scene.Refuses(1, forged.message, expected);
    forgery.tree = {};
    forged = ForgeExternalCommit(Insider(scene, 0), stranger, forgery);
    CHECK(forged.committer == LeafIndex{2});
    for (const std::size_t i : {0u, 1u, 3u, 4u}) {
      scene.Accepts(i, forged.message);
      CHECK(scene[i].context() == forged.next);
    }
    CHECK(ToBytes(scene[1].tree().SignatureKey(LeafIndex{2})) == stranger.profile.signature_key);
  }
}

TEST_CASE("R12.4.3.2-07: the GroupInfo has an external_pub that can be used") {
  Joining([](const Suite& suite, Scene& scene, const Client& stranger) {
    const auto with = [&](const std::optional<Bytes>& external_pub) {
      InfoForgery forgery;
      forgery.info = [&](GroupInfo& info) {
        std::erase_if(info.extensions,
                      [](const Extension& one) { return one.extension_type == ExtensionType::external_pub; });
        if (external_pub) info.extensions.push_back(MakeExtension(ExternalPub{*external_pub}));
      };
      return ForgeInfo(scene, scene.Info(0), forgery);
    };
    scene.RefusesJoinByCommit(stranger, with(std::nullopt), Error::MISSING_EXTERNAL_PUB);
    const Bytes key = Must(GenerateHpkeKeyPair(suite, scene.world.random)).public_key;
    std::vector<Bytes> unusable = {{}, {1}, Bytes(key.begin(), key.end() - 1), Bytes(key.size(), 0)};
    unusable.push_back(key);
    unusable.back().push_back(0);
    if (key.size() % 2 == 1) {  // not on the curve
      unusable.push_back(key);
      unusable.back().back() ^= 1;
    } else {  // of order 1 and 2 and 4 on Curve25519 and Curve448
      unusable.push_back(Bytes(key.size(), 0));
      unusable.back().front() = 1;
    }
    for (std::size_t i = 0; i < unusable.size(); ++i) {
      CAPTURE(i);
      scene.RefusesJoinByCommit(stranger, with(unusable[i]), Error::INVALID_KEY);
    }
    InfoForgery garbage;
    garbage.info = [](GroupInfo& info) {
      for (Extension& one : info.extensions) {
        if (one.extension_type == ExtensionType::external_pub) one.extension_data.push_back(0);
      }
    };
    scene.RefusesJoinByCommit(stranger, ForgeInfo(scene, scene.Info(0), garbage), Error::MALFORMED);
  });
}

TEST_CASE("R12.4.3.2-08: an external Commit for an epoch that is over") {
  Joining([](const Suite&, Scene& scene, const Client& stranger) {
    const Insider former(scene, 0);
    const Bytes late = ForgeExternalCommit(former, stranger, {}).message;
    const ExternalJoin join = Must(scene.TryJoinByCommit(stranger, scene.Info(0)));
    scene.Commit(0);
    scene.Refuses(1, late, Error::WRONG_EPOCH);
    scene.Refuses(1, join.message, Error::WRONG_EPOCH);
  });
}

TEST_CASE("R12.4.3.2-09: an application may refuse external Commits and resyncs") {
  using Choice = Policy::ExternalCommits;
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    for (const Choice choice : {Choice::refuse, Choice::join}) {
      CompanyOptions options = Scene::Open();
      options.policy.external_commits = choice;
      Scene scene(suite, 3, std::move(options));
      const Client stranger = scene.world.NewClient(suite, "stranger");
      CommitForgery resync;
      resync.proposals = {Value({Remove{{2}}})};
      scene.Refuses(1, ForgeExternalCommit(Insider(scene, 0), stranger, resync).message, Error::POLICY);
      const Bytes joining = ForgeExternalCommit(Insider(scene, 0), stranger, {}).message;
      if (choice == Choice::refuse) {
        scene.Refuses(1, joining, Error::POLICY);
        scene.GoesOn();
      } else {
        scene.Accepts(1, joining);
      }
    }
    // A PSK may be demanded of who comes back: what a staged Commit injects can be seen before it is taken.
    Scene scene(suite, 3);
    scene.psks[Encode(PreSharedKeyID{ExternalPsk{{1}}, {}}.body)] = Bytes(16, 1);
    const Proposal psk = Must(scene[0].MakePsk(ExternalPsk{{1}}, scene.world.env));
    CommitForgery resync;
    resync.proposals = {Value({Remove{{2}}})};
    const MemoryRows before = World::Saved(scene[1]);
    const auto seen = [&] {
      const Bytes commit = ForgeExternalCommit(Insider(scene, 0), scene.client(2), resync).message;
      const StagedMessage staged = Must(scene[1].Stage(commit, scene.world.env));
      REQUIRE(staged.commit.has_value());
      CHECK(staged.commit->plan.removed == std::vector<LeafIndex>{{2}});
      return staged.commit->plan.psks.size();
    };
    CHECK(seen() == 0);
    resync.proposals.push_back(Value(psk));
    CHECK(seen() == 1);
    CHECK(before == World::Saved(scene[1]));  // dropped
    scene.GoesOn();
  }
}

}  // namespace
}  // namespace mls::test
