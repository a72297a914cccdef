// Parent hashes and the tree checks of a join (RFC 9420 §7.9, §12.4.3.1).
//
// All three read a tree whose hashes are up to date (RatchetTree::UpdateHashes).
#pragma once

#include "tree/ratchet_tree.h"

namespace mls {

// ParentHash gives the parent hash of `node` with copath child `sibling` (RFC 9420 §7.9), where the sibling's
// tree hash is the current one, as it is for a path just being set. `parent_hash` is the node's own field.
Result<Digest> ParentHash(const RatchetTree& tree, NodeIndex node, NodeIndex sibling);

// ValidateTreeStructure checks what RFC 9420 §12.4.3.1 wants of a received tree apart from
// single leaves: unmerged leaves, parent-hash validity of every parent, encryption keys
// distinct over all nodes, signature keys distinct over all members, HPKE keys of parents
// well-formed (INVALID_TREE). Linear in the tree and its unmerged leaves, up to a log.
Status ValidateTreeStructure(const RatchetTree& tree, Pool* pool);

// ValidateTreeLeaves runs ValidateLeafNode and the signature for every leaf, and the capabilities and
// credential types that all members must support. The error is INVALID_TREE, but UNSUPPORTED_CREDENTIAL,
// LIMIT_EXCEEDED, EXPIRED and NOT_YET_VALID name their reason.
Status ValidateTreeLeaves(const RatchetTree& tree, const LeafRules& rules, View group_id, Pool* pool);

}  // namespace mls
