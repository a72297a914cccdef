#include "tree/math.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "support/tally.h"
#include "support/vectors.h"

using namespace mls;
using namespace mls::test;

namespace {

bool SameNode(const Json& expected, bool exists, NodeIndex (*step)(NodeIndex), NodeIndex node) {
  if (expected.is_null() || !exists) return expected.is_null() && !exists;
  return step(node).value == expected.get<std::uint32_t>();
}

bool MatchesVector(const Json& vector) {
  const auto leaves = vector["n_leaves"].get<std::uint32_t>();
  bool same = NodeWidth(leaves) == vector["n_nodes"].get<std::uint32_t>() &&
              Root(leaves).value == vector["root"].get<std::uint32_t>();
  for (NodeIndex node(0); node.value < NodeWidth(leaves); ++node.value) {
    const bool below_root = node != Root(leaves);
    same = same && SameNode(vector["left"][node.value], !IsLeaf(node), Left, node) &&
           SameNode(vector["right"][node.value], !IsLeaf(node), Right, node) &&
           SameNode(vector["parent"][node.value], below_root, Parent, node) &&
           SameNode(vector["sibling"][node.value], below_root, Sibling, node);
  }
  return same;
}

}  // namespace

TEST_CASE("tree math: official vectors") {
  for (const VectorFile& file : FindVectors("tree-math")) {
    Tally tally(file.set, "tree-math");
    for (const Json& vector : file.json) CHECK(tally.Count(MatchesVector(vector)));
  }
}

TEST_CASE("tree math: levels, widths and spans") {
  CHECK(Level(NodeIndex(0)) == 0);
  CHECK(Level(NodeIndex(1)) == 1);
  CHECK(Level(NodeIndex(11)) == 2);
  CHECK(Level(NodeIndex(127)) == 7);
  CHECK(FullWidth(0) == 1);
  CHECK(FullWidth(1) == 1);
  CHECK(FullWidth(3) == 4);
  CHECK(FullWidth(1024) == 1024);
  CHECK(FullWidth(1025) == 2048);
  CHECK(FirstLeaf(NodeIndex(11)).value == 4);
  CHECK(LeafSpan(NodeIndex(11)) == 4);
  CHECK(FirstLeaf(NodeIndex(10)).value == 5);
  CHECK(LeafSpan(NodeIndex(10)) == 1);
}

TEST_CASE("tree math: paths of RFC 9420 §4.1.2's example") {
  CHECK(DirectPath(LeafIndex{2}, 8) == std::vector{NodeIndex(5), NodeIndex(3), NodeIndex(7)});
  CHECK(Copath(LeafIndex{2}, 8) == std::vector{NodeIndex(6), NodeIndex(1), NodeIndex(11)});
  CHECK(DirectPath(NodeIndex(7), 8).empty());
  CHECK(Copath(NodeIndex(0), 1).empty());
}

TEST_CASE("tree math: the common ancestor is the lowest node that contains both") {
  for (std::uint32_t a = 0; a < 32; ++a) {
    for (std::uint32_t b = 0; b < 32; ++b) {
      const NodeIndex ancestor = CommonAncestor({a}, {b});
      CHECK(Contains(ancestor, {a}));
      CHECK(Contains(ancestor, {b}));
      if (a == b) {
        CHECK(ancestor == NodeIndex(LeafIndex{a}));
      } else {
        const NodeIndex child = Contains(Left(ancestor), {a}) ? Left(ancestor) : Right(ancestor);
        CHECK(!Contains(child, {b}));
      }
    }
  }
}

TEST_CASE("tree math: a leaf beyond every tree does not become another node") {
  CHECK(NodeIndex(LeafIndex{0x8000'0000}).value == 0xffff'fffe);
  CHECK(NodeIndex(LeafIndex{0xffff'ffff}).value == 0xffff'fffe);
  CHECK(NodeIndex(LeafIndex{0x7fff'ffff}).value == 0xffff'fffe);
  CHECK(CommonAncestor({0}, {0x7fff'ffff}).value == 0x7fff'ffff);
}
