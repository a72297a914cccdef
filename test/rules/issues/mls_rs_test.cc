// Faults that were published and fixed in mls-rs (awslabs), tried on this engine; the tests are as those of
// openmls_test.cc.
#include "kit/forged_tree.h"
#include "kit/leaf_routes.h"

namespace mls::test {
namespace {

// Pull request 360: a tree was taken in which a node's parent hash had been cleared, although there is a
// parent whose hash it should have. With that, whoever hands out a tree can put in keys of its own above the
// node.
TEST_CASE("mls-rs 360: a parent hash that was cleared") {
  Grown scene(AllSuites().front(), 7);
  ForgedTree tree(scene);
  tree.RefusesClearedHashes();
  tree.GoesOn();
}

// Pull request 352: an honest tree was refused where a blank node stands between a parent and a node with
// unmerged leaves, so that one member could make a group that nobody can join.
TEST_CASE("mls-rs 352: trees with blank nodes above unmerged leaves are joined") {
  for (std::uint32_t gone = 1; gone < 8; ++gone) {
    Scene scene(AllSuites().front(), 8);
    for (std::size_t i = 8; i-- > 0;) scene.Commit(i);
    scene.Commit(0, Proposing({Remove{{gone}}}));
    for (const std::size_t committer : {0u, 7u, 3u}) {
      if (scene[committer].phase() == Phase::removed) continue;
      scene.Hire(0, 1, Lean());  // unmerged: no path
      scene.Commit(committer);
      const std::uint32_t next = (gone + 3) % 8;
      if (next != 0 && next != committer && scene[next].phase() != Phase::removed) {
        scene.Commit(0, Proposing({Remove{{next}}}));
      }
      scene.Hire(0, 2, Lean());
      scene.JoinByCommit(scene.world.NewClient(scene[0].suite(), "stranger " + std::to_string(scene.size())),
                         scene.Info(0));
    }
    scene.Chat();
  }
}

// Pull request 228: a message that came a second time took the sender's whole ratchet with it, so that
// nothing that this member sent was read any more.
TEST_CASE("mls-rs 228: a message that comes twice does not touch the ratchet") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    std::vector<Bytes> sent;
    for (int i = 0; i < 4; ++i) sent.push_back(scene.Send(2, "number " + std::to_string(i)));
    for (const std::size_t i : {0u, 2u, 1u, 3u}) {
      scene.Accepts(1, sent[i]);
      scene.Refuses(1, sent[i], Error::KEY_CONSUMED);
    }
    scene.GoesOn();
  }
}

}  // namespace
}  // namespace mls::test
