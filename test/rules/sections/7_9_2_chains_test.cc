// RFC 9420 §7.9, §7.9.2: where a chain of parent hashes ends, and what the hashes cover.
#include "kit/forged_tree.h"
#include "kit/leaf_routes.h"

namespace mls::test {
namespace {

TEST_CASE("R7.9.2-07: root's parent_hash is zero-length") {
  for (const Suite& suite : AllSuites()) {
    Grown scene(suite, 7);
    ForgedTree tree(scene);
    REQUIRE(ParentAt(tree.honest, 7).parent_hash.empty());
    for (const std::size_t size : {std::size_t{1}, tree.Nh()}) {
      tree.Refuses([&](Nodes& nodes) {
        ParentAt(nodes, 7).parent_hash = scene.world.random.Some(size);
        tree.Mend(nodes);
      });
    }
    tree.GoesOn();
  }
}

TEST_CASE("R7.9.2-08: empty parent_hash only where it is valid") {
  for (const Suite& suite : AllSuites()) {
    Grown scene(suite, 7);
    ForgedTree tree(scene);
    REQUIRE(tree.links.size() == 6);
    tree.RefusesClearedHashes();
    tree.GoesOn();

    // Where nothing is above, it is valid: a commit leaf in a tree without parents.
    Scene flat(suite, 1);
    flat.Hire(0, 2, Lean());
    ForgedTree leaves(flat);
    leaves.Takes([&](Nodes& nodes) {
      LeafAt(nodes, 1).leaf_node_source = LeafNodeSource::commit;
      LeafAt(nodes, 1).parent_hash.clear();
      leaves.Sign(nodes, 1);
    });
    leaves.GoesOn();
  }
}

// Everyone who comes checks the whole tree.
void Joins(Scene& scene) {
  scene.Hire(0, 1, Lean());
  scene.JoinByCommit(scene.world.NewClient(scene[0].suite(), "stranger " + std::to_string(scene.size())),
                     scene.Info(0));
}

TEST_CASE("R7.9.2-09: original sibling tree hash is computed with P's unmerged leaves blanked") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    // Added after everyone committed: leaf 7 is unmerged at 7 and 11, whose hashes were made without it.
    Grown added(suite, 7);
    added.Hire(0, 1, Lean());
    REQUIRE(added[0].tree().Parent(NodeIndex(11))->unmerged_leaves == std::vector<LeafIndex>{{7}});
    Joins(added);
    added.GoesOn();

    // A blank node above one whose list has changed: 7 is blank, leaf 5 is unmerged at 11 and at the root.
    Scene below(suite, 1);
    below.Hire(0, 9, Lean());
    below.Commit(0, Proposing({Remove{{5}}}));
    below.Commit(4);
    below.Deliver(1, below.ProposeUpdate(1));
    below.Commit(8);
    below.Hire(0, 1, Lean());
    const RatchetTree& tree = below[0].tree();
    REQUIRE(tree.IsBlank(NodeIndex(7)));
    REQUIRE(tree.Parent(NodeIndex(11))->unmerged_leaves == std::vector<LeafIndex>{{5}});
    REQUIRE(tree.Parent(NodeIndex(15))->unmerged_leaves == std::vector<LeafIndex>{{5}});
    Joins(below);
    below.GoesOn();
  }
}

TEST_CASE("R7.9.2-11: only commit leaves can end a chain") {
  for (const Suite& suite : AllSuites()) {
    Scene scene(suite, 1);
    scene.Hire(0, 6, Lean());
    for (const std::size_t member : {2u, 3u}) scene.Deliver(member, scene.ProposeUpdate(member));
    scene.Commit(6);
    ForgedTree tree(scene);
    const auto source = [&](std::size_t leaf) { return LeafAt(tree.honest, leaf).leaf_node_source; };
    REQUIRE(source(0) == LeafNodeSource::key_package);
    REQUIRE(source(2) == LeafNodeSource::update);
    // Node 1 is above leaves that came by key packages, node 5 above leaves that came by Updates. Whoever is
    // said to have been added later, nobody is left that could have set it; the chains of the others are
    // right.
    for (const std::size_t node : {1u, 5u}) {
      const auto left = static_cast<std::uint32_t>(node / 2);
      for (const std::vector<LeafIndex>& list :
           {std::vector<LeafIndex>{}, {{left}}, {{left + 1}}, {{left}, {left + 1}}}) {
        tree.Refuses([&](Nodes& nodes) {
          nodes[node] = AnyNode(ParentNode{tree.Key(), {}, list});
          tree.Mend(nodes);
        });
      }
    }
    tree.GoesOn();
  }
}

}  // namespace
}  // namespace mls::test
