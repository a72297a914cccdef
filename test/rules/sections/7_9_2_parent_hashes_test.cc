// RFC 9420 §7.9.2: parent hashes of a tree that a newcomer is given.
#include "kit/forged_tree.h"
#include "kit/leaf_routes.h"

namespace mls::test {
namespace {

using List = std::vector<LeafIndex>;

TEST_CASE("R7.9.2-01: joining: every non-blank parent is parent-hash valid") {
  for (const Suite& suite : AllSuites()) {
    Grown scene(suite, 7);
    ForgedTree tree(scene);
    REQUIRE(tree.links.size() == 6);
    for (const Link& link : tree.links) {
      CAPTURE(link.parent);
      // The attacker's key; tree hash, confirmation tag and signature of the GroupInfo are right for it.
      tree.Refuses([&](Nodes& nodes) { ParentAt(nodes, link.parent).encryption_key = tree.Key(); });
    }
    // With the hashes below mended and their leaf signed by its owner it is an honest tree.
    tree.Takes([&](Nodes& nodes) {
      ParentAt(nodes, 7).encryption_key = tree.Key();
      tree.Mend(nodes);
    });
    tree.GoesOn();
  }
}

TEST_CASE("R7.9.2-02: D is a descendant of P") {
  for (const Suite& suite : AllSuites()) {
    Scene scene(suite, 1);
    scene.Hire(0, 6, Lean());
    ForgedTree tree(scene);
    const auto set_by = [&](std::size_t leaf, std::size_t sibling) {
      return [&tree, leaf, sibling](Nodes& nodes) {
        nodes[1] = AnyNode(ParentNode{tree.Key(), {}, {}});
        LeafAt(nodes, leaf).leaf_node_source = LeafNodeSource::commit;
        LeafAt(nodes, leaf).parent_hash = ParentHashOf(tree.scene[0].suite(), nodes, 1, sibling);
        tree.Sign(nodes, leaf);
      };
    };
    // A leaf of another subtree carries P's parent hash, with either child of P as the sibling.
    for (const std::size_t leaf : {2u, 3u, 4u, 6u}) {
      CAPTURE(leaf);
      tree.Refuses(set_by(leaf, 0));
      tree.Refuses(set_by(leaf, 2));
    }
    tree.Takes(set_by(1, 0));
    tree.GoesOn();
  }
}

TEST_CASE("R7.9.2-03: D.parent_hash equals the parent hash of P with sibling S") {
  for (const Suite& suite : AllSuites()) {
    Grown scene(suite, 7);
    ForgedTree tree(scene);
    REQUIRE_FALSE(tree.links.empty());
    for (const Link& broken : tree.links) {
      CAPTURE(broken.parent);
      // One bit of this hash; the chain below it, and its leaf, are made right for what it then is.
      tree.Refuses([&](Nodes& nodes) {
        std::vector<Link> others = tree.links;
        std::erase_if(others, [&](const Link& link) { return link.parent == broken.parent; });
        if (broken.below % 2 == 1) {
          ParentAt(nodes, broken.below).parent_hash[5] ^= 1;
        } else {
          LeafAt(nodes, broken.below / 2).parent_hash[5] ^= 1;
          tree.Sign(nodes, broken.below / 2);
        }
        tree.Mend(nodes, others);
      });
    }
    // The hash of P with the wrong sibling: its own child on D's side.
    tree.Refuses([&](Nodes& nodes) {
      LeafAt(nodes, 0).parent_hash = ParentHashOf(suite, nodes, 1, 0);
      tree.Sign(nodes, 0);
    });
    tree.GoesOn();
  }
}

TEST_CASE("R7.9.2-04: D in resolution of C and unmerged sets agree") {
  for (const Suite& suite : AllSuites()) {
    Grown scene(suite, 7);
    scene.Commit(4);
    ForgedTree tree(scene);
    // Member 4 has set 9, 11 and 7 together; leaf 7 came later and is in the lists of 7 and 11. The parent
    // hash of 7 covers neither its own list nor what is below 11.
    REQUIRE(ParentAt(tree.honest, 7).unmerged_leaves == List{{7}});
    REQUIRE(ParentAt(tree.honest, 11).unmerged_leaves == List{{7}});
    tree.Refuses([&](Nodes& nodes) { ParentAt(nodes, 7).unmerged_leaves.clear(); });
    tree.Refuses([&](Nodes& nodes) {
      ParentAt(nodes, 11).unmerged_leaves.clear();
      tree.Mend(nodes);
    });
    // A leaf that was there all along, at P alone and at P and D.
    tree.Refuses([&](Nodes& nodes) {
      ParentAt(nodes, 7).unmerged_leaves = {{6}, {7}};
      tree.Mend(nodes);
    });
    tree.Refuses([&](Nodes& nodes) {
      ParentAt(nodes, 11).unmerged_leaves = {{6}, {7}};
      tree.Mend(nodes);
    });
    // Two nodes of the resolution are left over where one should be: 9 is not in the list, nor is leaf 6.
    tree.Refuses([&](Nodes& nodes) {
      nodes[11].reset();
      std::vector<Link> links = tree.links;
      for (Link& link : links) {
        if (link.parent == 7) link.below = 9;
      }
      std::erase_if(links, [](const Link& link) { return link.parent == 11; });
      tree.Mend(nodes, links);
    });
    tree.GoesOn();
  }
}

TEST_CASE("R7.9.2-05: exactly one chain covers each parent: none") {
  for (const Suite& suite : AllSuites()) {
    Scene scene(suite, 1);
    scene.Hire(0, 6, Lean());
    ForgedTree tree(scene);
    REQUIRE(tree.links.empty());
    // A parent in a group where nobody has committed with a path, at every place that may have one.
    for (const std::size_t node : {1u, 3u, 5u, 7u, 9u, 11u, 13u}) {
      CAPTURE(node);
      tree.Refuses([&](Nodes& nodes) { nodes[node] = AnyNode(ParentNode{tree.Key(), {}, {}}); });
    }
    // And as if everyone below had been added later, so that nothing is left that could cover it.
    tree.Refuses([&](Nodes& nodes) { nodes[1] = AnyNode(ParentNode{tree.Key(), {}, {{0}, {1}}}); });
    tree.GoesOn();
  }
}

TEST_CASE("R7.9.2-06: exactly one chain covers each parent: two") {
  for (const Suite& suite : AllSuites()) {
    // Two on one side: the hash covers the other side alone, so both can carry it. (One on either side cannot
    // be: the hash that each carries would cover the other's.)
    Scene wide(suite, 1);
    wide.Hire(0, 6, Lean());
    ForgedTree eight(wide);
    const auto set_by = [&](const std::vector<std::size_t>& leaves, const List& list) {
      return [&eight, leaves, list](Nodes& nodes) {
        nodes[7] = AnyNode(ParentNode{eight.Key(), {}, list});
        for (const std::size_t leaf : leaves) {
          LeafAt(nodes, leaf).leaf_node_source = LeafNodeSource::commit;
          LeafAt(nodes, leaf).parent_hash = ParentHashOf(eight.scene[0].suite(), nodes, 7, 3);
          eight.Sign(nodes, leaf);
        }
      };
    };
    eight.Refuses(set_by({4, 6}, {{5}, {7}}));
    // Either chain alone, the rest added later, is a tree like any other.
    eight.Takes(set_by({4}, {{5}, {6}, {7}}));
    eight.Takes(set_by({6}, {{4}, {5}, {7}}));
    eight.GoesOn();
  }
}

}  // namespace
}  // namespace mls::test
