// Trees that no group would come to: the nodes of a
// ratchet_tree extension taken apart and put together again.
#pragma once

#include <variant>

#include "tree/members.h"

namespace mls::test {

using AnyNode = std::variant<LeafNode, ParentNode>;
using Nodes = std::vector<std::optional<AnyNode>>;

inline Nodes DecodeNodes(View extension) {
  Nodes nodes;
  for (Reader in(Reader(extension).Vector()); in.ok() && !in.empty();) {
    nodes.emplace_back();
    if (in.Uint<std::uint8_t>() == 0) continue;
    if (in.Uint<std::uint8_t>() == 1) {
      nodes.back() = AnyNode(*DecodePrefix<LeafNode>(in));
    } else {
      nodes.back() = AnyNode(*DecodePrefix<ParentNode>(in));
    }
  }
  return nodes;
}

inline Bytes EncodeNodes(const Nodes& nodes) {
  Bytes content;
  const auto append = [&](const Bytes& bytes) { content.insert(content.end(), bytes.begin(), bytes.end()); };
  for (const auto& node : nodes) {
    append({static_cast<std::uint8_t>(node ? 1 : 0)});
    if (!node) continue;
    append({static_cast<std::uint8_t>(node->index() + 1)});
    append(std::visit([](const auto& value) { return Encode(value); }, *node));
  }
  return Encode(View(content));
}

inline const LeafNode& SomeLeaf(const Nodes& nodes) {
  for (const auto& node : nodes) {
    if (node && std::holds_alternative<LeafNode>(*node)) return std::get<LeafNode>(*node);
  }
  std::abort();
}

}  // namespace mls::test
