// TreeHashInput (RFC 9420 §7.8): what the tree hash of one node covers.
//
//   struct {
//     NodeType node_type;                         leaf = 1, parent = 2
//     select (TreeHashInput.node_type) {
//       case leaf:   uint32 leaf_index; optional<LeafNode> leaf_node;
//       case parent: optional<ParentNode> parent_node; opaque left_hash<V>; opaque right_hash<V>;
//     };
//   } TreeHashInput;
#pragma once

#include <array>
#include <optional>

#include "crypto/kdf.h"
#include "tree/parent_node.h"

namespace mls {

enum class NodeType : std::uint8_t { leaf = 1, parent = 2 };
constexpr bool IsKnown(NodeType type) { return type == NodeType::leaf || type == NodeType::parent; }

// HashEncoded hashes the encodings of `values`; short ones, as most nodes have, without an allocation.
template <class... T>
Result<Digest> HashEncoded(const Suite& suite, const T&... values) {
  std::array<std::uint8_t, 512> buffer;
  const std::size_t size = EncodedSize(values...);
  if (size > buffer.size()) return Hash(suite, {Encode(values...)});
  const Span input = Span(buffer).first(size);
  Writer out(input);
  (wire::Write(out, values), ...);
  return Hash(suite, {input});
}

// HashLeafInput takes the LeafNode as encoded, or nothing for a blank leaf.
inline Result<Digest> HashLeafInput(const Suite& suite, LeafIndex index, std::optional<View> leaf_node) {
  const auto present = static_cast<std::uint8_t>(leaf_node ? 1 : 0);
  return HashEncoded(suite, NodeType::leaf, index, present, Encoded{leaf_node.value_or(View())});
}

// HashParentInput takes null for a blank node.
inline Result<Digest> HashParentInput(const Suite& suite, const ParentNode* node, View left_hash,
                                      View right_hash) {
  const auto present = static_cast<std::uint8_t>(node != nullptr ? 1 : 0);
  if (node == nullptr) return HashEncoded(suite, NodeType::parent, present, left_hash, right_hash);
  return HashEncoded(suite, NodeType::parent, present, *node, left_hash, right_hash);
}

}  // namespace mls
