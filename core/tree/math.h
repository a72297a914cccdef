// Tree arithmetic (RFC 9420 Appendix C): nodes of a full binary tree in the order of an in-order traversal,
// leaves at even positions. Width is the number of leaves, a power of two.
#pragma once

#include <compare>
#include <cstdint>
#include <vector>

#include "wire/codec.h"

namespace mls {

struct LeafIndex {
  std::uint32_t value = 0;
  static constexpr auto kWire = Fields(&LeafIndex::value);
  auto operator<=>(const LeafIndex&) const = default;
};

struct NodeIndex {
  std::uint32_t value = 0;
  constexpr NodeIndex() = default;
  constexpr explicit NodeIndex(std::uint32_t v) : value(v) {}
  // A leaf is a node. An index from the wire may be any number:
  // one that has no node maps to one beyond every tree.
  constexpr NodeIndex(LeafIndex leaf)  // NOLINT
      : value(leaf.value < 0x80000000u ? 2 * leaf.value : 0xFFFFFFFEu) {}
  auto operator<=>(const NodeIndex&) const = default;
  static constexpr auto kWire = Fields(&NodeIndex::value);
};

constexpr bool IsLeaf(NodeIndex node) { return (node.value & 1) == 0; }
constexpr LeafIndex LeafOf(NodeIndex node) { return {node.value / 2}; }

// Level: leaves are 0, their parents 1, and so on.
std::uint32_t Level(NodeIndex node);
// NodeWidth gives the number of nodes of a tree with `leaves` leaves.
constexpr std::uint32_t NodeWidth(std::uint32_t leaves) { return leaves == 0 ? 0 : 2 * leaves - 1; }
// FullWidth gives the smallest power of two that holds `leaves` leaves (at most 2^31), at least 1.
std::uint32_t FullWidth(std::uint32_t leaves);

// Root of a tree with `leaves` leaves, a power of two.
NodeIndex Root(std::uint32_t leaves);
// Left and Right need a parent node; Parent and Sibling a node that is not the root.
NodeIndex Left(NodeIndex node);
NodeIndex Right(NodeIndex node);
NodeIndex Parent(NodeIndex node);
NodeIndex Sibling(NodeIndex node);
// DirectPath lists the ancestors of `node` up to the root, nearest first, the node itself excluded.
std::vector<NodeIndex> DirectPath(NodeIndex node, std::uint32_t leaves);
// Copath lists the siblings of the node and of its ancestors below the root, nearest first.
std::vector<NodeIndex> Copath(NodeIndex node, std::uint32_t leaves);
// CommonAncestor gives the lowest node whose subtree holds both leaves.
NodeIndex CommonAncestor(LeafIndex a, LeafIndex b);
// Contains says whether `leaf` is in the subtree of `node`.
bool Contains(NodeIndex node, LeafIndex leaf);
// FirstLeaf and LeafSpan: the subtree of `node` holds LeafSpan leaves from FirstLeaf on.
LeafIndex FirstLeaf(NodeIndex node);
std::uint32_t LeafSpan(NodeIndex node);

}  // namespace mls
