// Faults that were published and fixed in MLS++ (cisco/mlspp), tried on this engine; the tests are as those
// of openmls_test.cc.
#include "kit/forged_tree.h"
#include "kit/leaf_routes.h"
#include "kit/lists.h"

namespace mls::test {
namespace {

// Pull request 429: which types of proposals an external sender may send was not checked.
TEST_CASE("MLS++ 429: an external sender proposes what is for members alone") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 4);
    const Watcher watcher(scene);
    const LeafNode leaf = scene[0].tree().Leaf(LeafIndex{0});
    for (const Proposal& proposal : {Proposal{Update{leaf}}, Proposal{ExternalInit{Bytes(32, 1)}},
                                     Proposal{CustomProposal{kCustom, {}}}}) {
      scene.Refuses(kReceiver, watcher.Propose(proposal), Error::INVALID_SENDER_TYPE);
    }
    scene.Accepts(kReceiver, watcher.Propose({Remove{{3}}}));
  }
}

// Pull request 430: where the left half of a tree was empty, the parent hash of a path was computed wrongly,
// and newcomers could not join.
TEST_CASE("MLS++ 430: one half of the tree is empty, and a path goes through the other") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 8);
    for (std::size_t i = 8; i-- > 0;) scene.Commit(i);
    CommitOptions options;
    for (std::uint32_t leaf = 0; leaf < 4; ++leaf) options.proposals.push_back({Remove{{leaf}}});
    scene.Commit(5, std::move(options));
    scene.Commit(6);
    scene.JoinByCommit(scene.world.NewClient(suite, "stranger"), scene.Info(5));
    scene.Hire(5, 1, Lean());
    scene.Commit(7);
    scene.Hire(7);
    scene.Chat();
  }
}

// Pull request 363: a newcomer did not look at the tree that it was given, beyond its hash.
TEST_CASE("MLS++ 363: a newcomer is given a tree that its owners did not sign, or with a strange key in it") {
  Scene flat(AllSuites().front(), 1);
  flat.Hire(0, 3, Lean());  // no parents, so that nothing but the signature is wrong
  ForgedTree leaves(flat);
  for (const std::size_t leaf : {0u, 1u, 3u}) {
    leaves.Refuses([&](Nodes& nodes) { LeafAt(nodes, leaf).signature.at(7) ^= 1; });
  }
  leaves.GoesOn();
  Grown scene(AllSuites().front(), 5);
  ForgedTree tree(scene);
  tree.Refuses([&](Nodes& nodes) { ParentAt(nodes, 1).encryption_key = tree.Key(); });
  tree.GoesOn();
}

}  // namespace
}  // namespace mls::test
