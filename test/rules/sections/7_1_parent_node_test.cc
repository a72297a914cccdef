// RFC 9420 §7.1: unmerged_leaves of a parent node.
#include "kit/forged_tree.h"
#include "kit/leaf_routes.h"

namespace mls::test {
namespace {

using List = std::vector<LeafIndex>;

// TwoUnmerged: leaves 5 and 7 are unmerged at the nodes 7 and 11.
struct TwoUnmerged : Grown {
  explicit TwoUnmerged(const Suite& suite) : Grown(suite, 7) {
    Commit(4, Proposing({Remove{{5}}}));
    Hire(0, 1, Lean());
  }
};

// A list that is out of order, of which a reader who takes it for sorted sees half: member 1 has set node 1
// as if member 0 had been added since, and is itself in the list.
Hook<Nodes> Disordered(const ForgedTree& tree) {
  return [&tree](Nodes& nodes) {
    nodes[1] = AnyNode(ParentNode{tree.Key(), {}, {{1}, {0}}});
    LeafAt(nodes, 1).leaf_node_source = LeafNodeSource::commit;
    LeafAt(nodes, 1).parent_hash = ParentHashOf(tree.scene[0].suite(), nodes, 1, 0);
    tree.Sign(nodes, 1);
  };
}

Hook<Nodes> Lists(std::vector<std::pair<std::size_t, List>> lists) {
  return [lists = std::move(lists)](Nodes& nodes) {
    for (const auto& [node, list] : lists) ParentAt(nodes, node).unmerged_leaves = list;
  };
}

TEST_CASE("R7.1-01: unmerged_leaves strictly increasing") {
  for (const Suite& suite : AllSuites()) {
    TwoUnmerged scene(suite);
    ForgedTree tree(scene);
    Nodes nodes = tree.honest;
    REQUIRE(ParentAt(nodes, 7).unmerged_leaves == List{{5}, {7}});
    REQUIRE(ParentAt(nodes, 11).unmerged_leaves == List{{5}, {7}});
    // The parent hashes do not cover the order of what was added later.
    tree.Refuses(Lists({{7, {{7}, {5}}}, {11, {{7}, {5}}}}));
    tree.Refuses(Lists({{7, {{7}, {5}}}}));
    tree.Refuses(Lists({{11, {{7}, {5}}}}));
    tree.GoesOn();

    Scene small(suite, 1);
    small.Hire(0, 1, Lean());
    ForgedTree pair(small);
    pair.Refuses(Disordered(pair));
    pair.GoesOn();
  }
}

TEST_CASE("R7.1-02: no duplicates in unmerged_leaves") {
  for (const Suite& suite : AllSuites()) {
    TwoUnmerged scene(suite);
    ForgedTree tree(scene);
    for (const List& list : {List{{5}, {5}, {7}}, List{{5}, {7}, {7}}}) {
      tree.Refuses(Lists({{7, list}, {11, list}}));
      tree.Refuses(Lists({{7, list}}));
      tree.Refuses(Lists({{11, list}}));
    }
    tree.GoesOn();
  }
}

}  // namespace
}  // namespace mls::test
