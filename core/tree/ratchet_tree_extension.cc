// The ratchet_tree extension (RFC 9420 §12.4.3.3): the nodes in order, blanks between them, none at the end.
//
//   struct {
//     NodeType node_type;
//     select (Node.node_type) {
//       case leaf:   LeafNode leaf_node;
//       case parent: ParentNode parent_node;
//     };
//   } Node;
//   optional<Node> ratchet_tree<V>;
#include "base/check.h"
#include "tree/hash_input.h"
#include "tree/ratchet_tree.h"

namespace mls {

namespace {

constexpr std::uint8_t kAbsent = 0;
constexpr std::uint8_t kPresent = 1;

// ReadLeaf takes one LeafNode off `in` and gives its bytes. The size is checked before anything is copied.
Result<View> ReadLeaf(Reader& in, const Limits& limits) {
  const View start = in.rest();
  Reader ahead = in;
  LeafNodeView view;
  wire::Read(ahead, view);
  MLS_REQUIRE(ahead.ok(), MALFORMED);  // RFC 9420 §12.4.3.3: what stands there is a LeafNode
  const View encoded = in.Take(start.size() - ahead.rest().size());
  MLS_REQUIRE(encoded.size() <= limits.max_leaf_node_size, LIMIT_EXCEEDED);  // RFC 9420 §7.2: bounded size
  MLS_TRY(leaf, Decode<LeafNode>(encoded));
  static_cast<void>(leaf);
  return encoded;
}

}  // namespace

Bytes RatchetTree::EncodeExtension() const {
  const std::optional<LeafIndex> last = members_.Last();
  const std::uint32_t count = last ? NodeIndex(*last).value + 1 : 0;
  std::size_t size = 0;
  for (NodeIndex node(0); node.value < count; ++node.value) {
    const ParentNode* parent = Parent(node);
    const std::size_t value = IsLeaf(node) ? EncodedLeaf(LeafOf(node)).size()
                              : parent     ? EncodedSize(*parent)
                                           : 0;
    size += sizeof(kPresent) + (value == 0 ? 0 : sizeof(NodeType) + value);
  }
  Bytes encoded(VectorSize(size));
  Writer out(encoded);
  out.Length(size);
  for (NodeIndex node(0); node.value < count; ++node.value) {
    if (IsBlank(node)) {
      out.Uint(kAbsent);
      continue;
    }
    out.Uint(kPresent);
    if (IsLeaf(node)) {
      wire::Write(out, NodeType::leaf);
      out.Put(EncodedLeaf(LeafOf(node)));
    } else {
      wire::Write(out, NodeType::parent);
      wire::Write(out, *Parent(node));
    }
  }
  return encoded;
}

Result<RatchetTree> RatchetTree::DecodeExtension(const Suite& suite, View data, const Limits& limits) {
  Reader outer(data);
  Reader in(outer.Vector());
  MLS_REQUIRE(outer.done(), MALFORMED);  // RFC 9420 §12.4.3.3: the data is one vector of nodes
  RatchetTree tree(suite);
  bool ends_in_leaf = false;
  for (NodeIndex node(0); !in.empty(); ++node.value) {
    const bool within = LeafOf(node).value < limits.max_leaves;
    MLS_REQUIRE(within, LIMIT_EXCEEDED);  // RFC 9420 §7.7: bounded tree
    const auto presence = in.Uint<std::uint8_t>();
    MLS_REQUIRE(presence <= kPresent, MALFORMED);  // RFC 9420 §2.1.1: the presence octet is 0 or 1
    ends_in_leaf = false;
    if (presence == kAbsent) continue;
    MLS_TRY(type, DecodePrefix<NodeType>(in));
    MLS_REQUIRE((type == NodeType::leaf) == IsLeaf(node),
                INVALID_TREE);  // RFC 9420 §12.4.3.3: leaves stand at even places
    if (type == NodeType::leaf) {
      MLS_TRY(leaf, ReadLeaf(in, limits));
      tree.ExtendTo(LeafOf(node));
      tree.PutLeaf(LeafOf(node), ToBytes(leaf), TreeIndex::Merge::later);
      ends_in_leaf = true;
    } else {
      MLS_TRY(parent, DecodePrefix<ParentNode>(in));
      // Its right half exists only from the next leaf on; until then the node may lie beyond the tree.
      tree.ExtendTo({LeafOf(node).value + 1});
      tree.PutParent(node, std::move(parent));
    }
  }
  tree.index_.MergeCounts();
  // A parent at the end would have nobody on its right: it is left out of the filtered direct path when its
  // half is empty (§4.1.2) and blanked when its last member goes (§12.1.3), so no group comes to such a tree.
  MLS_REQUIRE(ends_in_leaf, INVALID_TREE);  // RFC 9420 §12.4.3.3: no blank at the end, and a leaf is last
  return tree;
}

}  // namespace mls
