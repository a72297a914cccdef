// RFC 9420 §7.7: the tree doubles when it is full, up to a bound of ours.
#include "kit/forged_package.h"
#include "kit/forged_tree.h"

namespace mls::test {
namespace {

TEST_CASE("R7.7-02: tree growth bounded") {
  const Suite& suite = AllSuites().front();
  CompanyOptions options = Scene::Open();
  options.policy.limits.max_leaves = 4;
  Recruiting scene(suite, options);
  scene.NotInJournal();  // the limit is not in it: test/rules/api has a test of its own
  const KeyPackage first = scene.Forge(PackageForgery{}), second = scene.Forge(PackageForgery{});
  const auto forged = [&](std::vector<ProposalOrRef> proposals) {
    CommitForgery forgery;
    forgery.proposals = std::move(proposals);
    return ForgeCommit(Insider(scene, 2), forgery).message;
  };
  // Three members: one more fits, two do not.
  scene.Scene::Refuses(1, forged({Value({Add{first}}), Value({Add{second}})}), Error::LIMIT_EXCEEDED);
  CommitOptions both = Proposing({Add{first}});
  both.proposals.push_back({Add{second}});
  const MemoryRows before = World::Saved(scene[1]);
  CHECK(Scene::Name(scene[1].StageCommit(std::move(both), scene.world.env)) == "LIMIT_EXCEEDED");
  CHECK(before == World::Saved(scene[1]));
  scene.Hire(0);
  REQUIRE(scene[0].tree().member_count() == 4);
  const Client stranger = scene.world.NewClient(suite, "stranger");
  scene.Scene::Refuses(1, ForgeExternalCommit(Insider(scene, 0), stranger, {}).message,
                       Error::LIMIT_EXCEEDED);
  scene.Scene::Refuses(1, forged({Value({Add{first}})}), Error::LIMIT_EXCEEDED);
  // Somebody goes in the same Commit: there is room.
  CommitOptions exchange = Proposing({Remove{{3}}});
  exchange.proposals.push_back({Add{first}});
  scene.Commit(0, std::move(exchange));
  scene.GoesOn();
}

TEST_CASE("R7.7-02: a leaf index near 2^31 makes nothing grow") {
  const Suite& suite = AllSuites().front();
  Grown scene(suite, 3);
  const Insider insider(scene, 2);
  for (const std::uint32_t leaf : {4u, 1u << 20, 0x7FFFFFFEu, 0x7FFFFFFFu, 0x80000000u, 0xFFFFFFFFu}) {
    CAPTURE(leaf);
    CommitForgery forgery;
    forgery.proposals = {Value({Remove{{leaf}}})};
    scene.Refuses(1, insider.Public(Proposal{Remove{{leaf}}}), Error::INVALID_REMOVE);
    scene.Refuses(1, ForgeCommit(insider, forgery).message, Error::INVALID_REMOVE);
    FramedContent content = insider.Content(Proposal{Remove{{0}}});
    content.sender = Sender::Member({leaf});
    scene.Refuses(1, insider.Public(insider.Sign(content)), Error::UNKNOWN_SENDER);
  }
  ForgedTree tree(scene);
  for (const std::uint32_t leaf : {0x7FFFFFFFu, 0xFFFFFFFFu}) {
    tree.Refuses([&](Nodes& nodes) { ParentAt(nodes, 3).unmerged_leaves.push_back({leaf}); });
  }
  tree.GoesOn();
  // A tree that is wider than the bound: blanks cost one octet each.
  const Limits limits;
  Bytes blanks(2 * std::size_t{limits.max_leaves} + 1);
  const Bytes wide = Encode(View(blanks));
  const auto read = RatchetTree::DecodeExtension(suite, wide, limits);
  CHECK(Scene::Name(read) == "LIMIT_EXCEEDED");
}

}  // namespace
}  // namespace mls::test
