#include "tree/math.h"

#include <algorithm>
#include <bit>

namespace mls {

std::uint32_t Level(NodeIndex node) { return static_cast<std::uint32_t>(std::countr_one(node.value)); }

std::uint32_t FullWidth(std::uint32_t leaves) { return std::bit_ceil(std::max(leaves, 1u)); }

NodeIndex Root(std::uint32_t leaves) { return NodeIndex(leaves - 1); }

NodeIndex Left(NodeIndex node) { return NodeIndex(node.value ^ (1u << (Level(node) - 1))); }

NodeIndex Right(NodeIndex node) { return NodeIndex(node.value ^ (3u << (Level(node) - 1))); }

NodeIndex Parent(NodeIndex node) {
  const std::uint32_t level = Level(node);
  const std::uint32_t side = (node.value >> (level + 1)) & 1;
  return NodeIndex((node.value | (1u << level)) ^ (side << (level + 1)));
}

// Siblings differ in the one bit above their level.
NodeIndex Sibling(NodeIndex node) { return NodeIndex(node.value ^ (2u << Level(node))); }

std::vector<NodeIndex> DirectPath(NodeIndex node, std::uint32_t leaves) {
  std::vector<NodeIndex> path;
  const NodeIndex root = Root(leaves);
  while (node != root) {
    node = Parent(node);
    path.push_back(node);
  }
  return path;
}

std::vector<NodeIndex> Copath(NodeIndex node, std::uint32_t leaves) {
  std::vector<NodeIndex> copath;
  for (const NodeIndex root = Root(leaves); node != root; node = Parent(node))
    copath.push_back(Sibling(node));
  return copath;
}

NodeIndex CommonAncestor(LeafIndex a, LeafIndex b) {
  if (a == b) return a;
  // The leaf indices agree above the highest bit in which
  // they differ; the ancestor stands at that bit's level.
  const auto level = static_cast<std::uint32_t>(std::bit_width(a.value ^ b.value));
  const std::uint64_t above = static_cast<std::uint64_t>(a.value >> level) << (level + 1);
  return NodeIndex(static_cast<std::uint32_t>(above + (std::uint64_t{1} << level) - 1));
}

bool Contains(NodeIndex node, LeafIndex leaf) { return leaf.value - FirstLeaf(node).value < LeafSpan(node); }

LeafIndex FirstLeaf(NodeIndex node) { return {(node.value - ((1u << Level(node)) - 1)) / 2}; }

std::uint32_t LeafSpan(NodeIndex node) { return 1u << Level(node); }

}  // namespace mls
