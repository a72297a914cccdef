#include "tree/hashes.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <unordered_map>

#include "base/check.h"
#include "crypto/kem.h"
#include "tree/hash_input.h"

namespace mls {

namespace {

using LeafSpanOf = std::span<const LeafIndex>;

// Within gives the entries that lie in the subtree of `node`.
LeafSpanOf Within(LeafSpanOf leaves, NodeIndex node) {
  const LeafIndex first = FirstLeaf(node);
  const auto begin = std::lower_bound(leaves.begin(), leaves.end(), first);
  const auto end = std::lower_bound(begin, leaves.end(), LeafIndex{first.value + LeafSpan(node)});
  return {begin, end};
}

Result<Digest> HashParentHashInput(const Suite& suite, const ParentNode& node,
                                   View original_sibling_tree_hash) {
  return HashEncoded(suite, View(node.encryption_key), View(node.parent_hash), original_sibling_tree_hash);
}

// OriginalHashes computes tree hashes of subtrees as they were before some leaves were added:
// "for each leaf L in P.unmerged_leaves, blank L and remove it from the unmerged_leaves sets of
// all parent nodes" (RFC 9420 §7.9). Only nodes above such leaves differ from the tree as it is.
// Each node remembers the last set it was asked for: asked in the order of levels, sets only
// shrink, so a tree costs O(N log N) hashes at worst and O(N) when few are unmerged.
class OriginalHashes {
 public:
  explicit OriginalHashes(const RatchetTree& tree) : tree_(tree) {}

  // Get gives the hash of the subtree of `node` without `added`, all of which are in it.
  Result<Digest> Get(NodeIndex node, LeafSpanOf added) {
    if (added.empty()) return tree_.TreeHash(node);
    if (IsLeaf(node)) return HashLeafInput(tree_.suite(), LeafOf(node), std::nullopt);
    const auto known = known_.find(node.value);
    if (known != known_.end() && std::ranges::equal(known->second.added, added)) return known->second.hash;
    MLS_TRY(left, Get(Left(node), Within(added, Left(node))));
    MLS_TRY(right, Get(Right(node), Within(added, Right(node))));
    MLS_TRY(hash, HashWithout(tree_.Parent(node), added, left, right));
    known_[node.value] = {added, hash};
    return hash;
  }

 private:
  struct Known {
    LeafSpanOf added;  // part of a parent's list in the tree
    Digest hash;
  };

  Result<Digest> HashWithout(const ParentNode* node, LeafSpanOf added, View left, View right) const {
    if (node == nullptr) return HashParentInput(tree_.suite(), nullptr, left, right);
    ParentNode original{node->encryption_key, node->parent_hash, {}};
    std::ranges::set_difference(node->unmerged_leaves, added, std::back_inserter(original.unmerged_leaves));
    return HashParentInput(tree_.suite(), &original, left, right);
  }

  const RatchetTree& tree_;
  std::unordered_map<std::uint32_t, Known> known_;
};

// Side: what stands below one child of a parent P, down to the nearest non-blank nodes.
struct Side {
  NodeIndex child;
  LeafSpanOf unmerged;          // P's unmerged leaves in it
  std::uint32_t remaining = 0;  // nodes of its resolution that are not in `unmerged`; 2 stands for more
  NodeIndex last;               // the one that was found last
};

class StructureCheck {
 public:
  explicit StructureCheck(const RatchetTree& tree) : tree_(tree), original_(tree) {}

  Status CheckLists(NodeIndex node, const ParentNode& parent) const {
    const std::vector<LeafIndex>& list = parent.unmerged_leaves;
    const bool sorted = std::ranges::adjacent_find(list, std::greater_equal<>()) == list.end();
    MLS_REQUIRE(sorted, INVALID_TREE);  // RFC 9420 §7.1: strictly increasing
    const bool below = list.empty() || (Contains(node, list.front()) && Contains(node, list.back()));
    MLS_REQUIRE(below, INVALID_TREE);  // RFC 9420 §12.4.3.1: unmerged leaves are descendants
    return kOk;
  }

  // CheckParent: the lists of the nodes below agree with P's, and exactly one
  // node D below was set together with it (RFC 9420 §7.9.2). D is in the
  // resolution of a child C of P, and all others there are unmerged at P.
  Status CheckParent(NodeIndex node, const ParentNode& parent) {
    if (node == Root(tree_.width())) {
      MLS_REQUIRE(parent.parent_hash.empty(), INVALID_TREE);  // RFC 9420 §7.9: nothing is above the root
    }
    Side sides[] = {{Left(node), {}, 0, {}}, {Right(node), {}, 0, {}}};
    for (Side& side : sides) {
      side.unmerged = Within(parent.unmerged_leaves, side.child);
      MLS_DO(Walk(side.child, side.unmerged, side));
    }
    MLS_TRY(left_valid, SetTogether(parent, sides[0], sides[1]));
    MLS_TRY(right_valid, SetTogether(parent, sides[1], sides[0]));
    MLS_REQUIRE(left_valid != right_valid, INVALID_TREE);  // RFC 9420 §7.9.2: covered by exactly one chain
    return kOk;
  }

 private:
  // Walk visits the resolution of a subtree. Every blank node has one nearest non-blank ancestor, so that all
  // walks together visit each node once.
  Status Walk(NodeIndex node, LeafSpanOf unmerged, Side& side) const {
    if (IsLeaf(node)) {
      const bool member = !tree_.IsBlank(node);
      MLS_REQUIRE(member || unmerged.empty(),
                  INVALID_TREE);  // RFC 9420 §12.4.3.1: unmerged leaves are not blank
      if (member && unmerged.empty()) Note(side, node, 1);
      return kOk;
    }
    if (const ParentNode* parent = tree_.Parent(node)) {
      const bool listed = std::ranges::includes(parent->unmerged_leaves, unmerged);
      MLS_REQUIRE(listed, INVALID_TREE);  // RFC 9420 §12.4.3.1: nodes between have the entry too
      Note(side, node, parent->unmerged_leaves.size() == unmerged.size() ? 1 : 2);
      return kOk;
    }
    if (unmerged.empty() && side.remaining > 1) return kOk;
    MLS_DO(Walk(Left(node), Within(unmerged, Left(node)), side));
    return Walk(Right(node), Within(unmerged, Right(node)), side);
  }

  static void Note(Side& side, NodeIndex node, std::uint32_t count) {
    side.remaining = std::min(side.remaining + count, 2u);
    side.last = node;
  }

  View ParentHashOf(NodeIndex node) const {
    if (IsLeaf(node)) return ViewLeafNode(tree_.EncodedLeaf(LeafOf(node))).parent_hash;
    return tree_.Parent(node)->parent_hash;
  }

  // SetTogether says whether the node D that remains on `side` has P's parent hash with the other child.
  Result<bool> SetTogether(const ParentNode& parent, const Side& side, const Side& sibling) {
    if (side.remaining != 1) return false;
    const View claimed = ParentHashOf(side.last);
    if (claimed.size() != tree_.suite().Nh) return false;
    MLS_TRY(sibling_hash, original_.Get(sibling.child, sibling.unmerged));
    MLS_TRY(hash, HashParentHashInput(tree_.suite(), parent, sibling_hash));
    return Equal(claimed, hash);
  }

  const RatchetTree& tree_;
  OriginalHashes original_;
};

// ForEachParent visits the non-blank parents level by level, lowest first.
template <class Each>
Status ForEachParent(const RatchetTree& tree, Each each) {
  for (std::uint32_t level = 1; (1u << level) <= tree.width(); ++level) {
    for (NodeIndex node((1u << level) - 1); node.value < NodeWidth(tree.width()); node.value += 2u << level) {
      if (const ParentNode* parent = tree.Parent(node)) MLS_DO(each(node, *parent));
    }
  }
  return kOk;
}

// NamesItsReason: errors of one leaf that a joiner is told as they are.
bool NamesItsReason(Error error) {
  return error == Error::UNSUPPORTED_CREDENTIAL || error == Error::LIMIT_EXCEEDED ||
         error == Error::EXPIRED || error == Error::NOT_YET_VALID || error == Error::INTERNAL;
}

// ValidateCommonSupport asks the index what would otherwise be asked of every leaf.
Status ValidateCommonSupport(const TreeIndex& index, const LeafRules& rules) {
  for (CredentialType type : index.CredentialTypesInUse()) {
    MLS_REQUIRE(index.AllSupport(type),
                UNSUPPORTED_CREDENTIAL);  // RFC 9420 §7.3: all support each type in use
  }
  const auto all_support = [&](auto type) { return index.AllSupport(type); };
  if (const RequiredCapabilities* required = rules.required) {
    const bool supported = std::ranges::all_of(required->extension_types, all_support) &&
                           std::ranges::all_of(required->proposal_types, all_support) &&
                           std::ranges::all_of(required->credential_types, all_support);
    MLS_REQUIRE(supported, INVALID_TREE);  // RFC 9420 §7.3: required capabilities
  }
  if (rules.group_extensions != nullptr) {
    const bool supported =
        std::ranges::all_of(*rules.group_extensions, all_support, &Extension::extension_type);
    MLS_REQUIRE(supported, INVALID_TREE);  // RFC 9420 §13.4: members support the group's extensions
  }
  return kOk;
}

}  // namespace

Result<Digest> ParentHash(const RatchetTree& tree, NodeIndex node, NodeIndex sibling) {
  const Digest sibling_hash = tree.TreeHash(sibling);
  if (sibling_hash.empty() || tree.Parent(node) == nullptr) return Error::INTERNAL;
  return HashParentHashInput(tree.suite(), *tree.Parent(node), sibling_hash);
}

Status ValidateTreeStructure(const RatchetTree& tree, Pool* pool) {
  if (tree.RootHash().empty()) return Error::MISUSE;
  const bool distinct = !tree.index().HasDuplicateKeys();
  MLS_REQUIRE(distinct, INVALID_TREE);  // RFC 9420 §7.3, §12.4.3.1: no key twice
  StructureCheck check(tree);
  std::vector<View> keys;
  // All lists first: the later checks merge them, which needs them sorted.
  MLS_DO(ForEachParent(tree, [&](NodeIndex node, const ParentNode& parent) {
    keys.push_back(parent.encryption_key);
    return check.CheckLists(node, parent);
  }));
  MLS_DO(ParallelFor(pool, keys.size(), 64, [&](std::size_t i) -> Status {
    const bool valid = ValidateHpkePublicKey(tree.suite(), keys[i]).ok();
    MLS_REQUIRE(valid, INVALID_TREE);  // RFC 9420 §5.1.1: keys of the group's suite
    return kOk;
  }));
  return ForEachParent(
      tree, [&](NodeIndex node, const ParentNode& parent) { return check.CheckParent(node, parent); });
}

Status ValidateTreeLeaves(const RatchetTree& tree, const LeafRules& rules, View group_id, Pool* pool) {
  MLS_DO(ValidateCommonSupport(tree.index(), rules));
  LeafRules own = rules;
  own.required = nullptr;
  own.group_extensions = nullptr;
  std::vector<LeafIndex> members;
  members.reserve(tree.member_count());
  for (auto leaf = tree.NextMember({0}); leaf; leaf = tree.NextMember({leaf->value + 1}))
    members.push_back(*leaf);
  const auto check = [&](std::size_t i) -> Status {
    const LeafNode leaf = tree.Leaf(members[i]);
    const Status valid = ValidateLeafNode(leaf, own);
    if (!valid.ok() && NamesItsReason(valid.error())) return valid;
    MLS_REQUIRE(valid.ok(), INVALID_TREE);  // RFC 9420 §12.4.3.1: every leaf is valid
    const bool verified = VerifyLeafSignature(tree.suite(), leaf, group_id, members[i]).ok();
    MLS_REQUIRE(verified, INVALID_TREE);  // RFC 9420 §7.3: signed by its own key
    return kOk;
  };
  return ParallelFor(pool, members.size(), 8, check, "leaves");
}

}  // namespace mls
