// ParentNode (RFC 9420 §7.1): a subgroup's public key and who has not merged into it yet.
#pragma once

#include "tree/math.h"

namespace mls {

struct ParentNode {
  Bytes encryption_key;
  Bytes parent_hash;
  std::vector<LeafIndex> unmerged_leaves;  // strictly increasing
  static constexpr auto kWire =
      Fields(&ParentNode::encryption_key, &ParentNode::parent_hash, &ParentNode::unmerged_leaves);
  bool operator==(const ParentNode&) const = default;
};

}  // namespace mls
