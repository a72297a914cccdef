// RatchetTree (RFC 9420 §4.1, §7.4, §7.7, §12.1): the public tree of a group.
//
// A value: copying one costs a table of pointers, not the nodes. Nodes live in pages that copies share until
// one of them writes (leaves in pages of 16, parents in subtrees of 4 levels); each leaf keeps its encoded
// bytes, tree hashes are cached beside the nodes, and the index answers what ranges over all members.
// Everything here is public data. Not thread-safe for writing; several threads may read.
#pragma once

#include <optional>
#include <span>

#include "base/pool.h"
#include "store/batch.h"
#include "tree/index.h"
#include "tree/leaf_set.h"

namespace mls {

class RatchetTree {
 public:
  explicit RatchetTree(const Suite& suite);
  const Suite& suite() const;

  // width: leaves of the full tree, a power of two, or 0 for a tree without members.
  std::uint32_t width() const;
  std::uint32_t member_count() const;
  bool IsBlank(NodeIndex node) const;  // also true beyond the tree
  // EncodedLeaf gives a member's LeafNode as encoded; empty for a blank leaf or beyond the tree.
  View EncodedLeaf(LeafIndex leaf) const;
  // Leaf decodes a member's LeafNode; the leaf must not be blank.
  LeafNode Leaf(LeafIndex leaf) const;
  // SignatureKey reads one field without decoding the rest; empty if blank.
  View SignatureKey(LeafIndex leaf) const;
  // PublicKey gives the encryption key of any node; empty if blank.
  View PublicKey(NodeIndex node) const;
  const ParentNode* Parent(NodeIndex node) const;  // null if blank
  const TreeIndex& index() const;
  // NextMember gives the first non-blank leaf at or after `from`.
  std::optional<LeafIndex> NextMember(LeafIndex from) const;
  // LeftmostBlankLeaf: where the next member goes (RFC 9420 §12.1.1); equals width() when the tree is full.
  LeafIndex LeftmostBlankLeaf() const;

  // Resolution (RFC 9420 §4.1.1), left to right.
  std::vector<NodeIndex> Resolution(NodeIndex node) const;
  // FilteredDirectPath (RFC 9420 §4.1.2), leaf to root: the
  // ancestors whose copath child has a non-empty resolution.
  std::vector<NodeIndex> FilteredDirectPath(LeafIndex leaf) const;

  // The three changes of membership (RFC 9420 §12.1.1 to §12.1.3). An index must be that of a member.
  LeafIndex AddLeaf(const LeafNode& leaf);
  // AddLeaves is AddLeaf for each in turn, encoded, and gives their places. It merges into each list of
  // unmerged leaves once, which AddLeaf in a loop does not.
  std::vector<LeafIndex> AddLeaves(std::vector<Bytes> encoded);
  void UpdateLeaf(LeafIndex index, const LeafNode& leaf);
  void RemoveLeaf(LeafIndex index);

  // Used by TreeKEM (RFC 9420 §7.5): replace the committer's leaf; blank its direct path; set a path node
  // with no unmerged leaves. ExtendTo grows the tree with blanks until `leaf` exists (external commits).
  void ReplaceLeaf(LeafIndex index, const LeafNode& leaf);
  void ExtendTo(LeafIndex leaf);
  void BlankDirectPath(LeafIndex leaf);
  void SetParent(NodeIndex node, Bytes encryption_key, Bytes parent_hash);

  // UpdateHashes computes every tree hash that is missing (RFC 9420 §7.8); TreeHash needs it done.
  Status UpdateHashes(Pool* pool);
  // TreeHash gives the hash of the subtree of `node`, blank or not; an empty Digest where it is missing.
  Digest TreeHash(NodeIndex node) const;
  const Digest& RootHash() const;

  // The ratchet_tree extension (RFC 9420 §12.4.3.3).
  Bytes EncodeExtension() const;
  // DecodeExtension builds a tree: MALFORMED, INVALID_TREE (node kinds, trailing blank), LIMIT_EXCEEDED.
  // Nothing is verified but what one node shows. Memory stays within a small multiple of the input.
  static Result<RatchetTree> DecodeExtension(const Suite& suite, View data, const Limits& limits);

  // Save writes the pages whose nodes differ from those of `previous` (all pages when null) and deletes those
  // that are gone. Load is STORAGE_DAMAGED for whatever Save does not write.
  void Save(Batch& batch, const RatchetTree* previous) const;
  static Result<RatchetTree> Load(const Suite& suite, std::uint32_t width, const Rows& rows);
  // Refresh gives the tree that Load would over the rows of this one changed by `delta` (STORAGE_DAMAGED).
  // Pages, hashes and index entries of what did not change are shared, or stay.
  Result<RatchetTree> Refresh(std::uint32_t width, const RowDelta& delta) const;

  // SharesLeafPage says whether `leaf`'s page is the same object in both trees: only others can differ.
  bool SharesLeafPage(const RatchetTree& other, LeafIndex leaf) const;

 private:
  struct DirtyPages;

  // PutLeaf and ClearLeaf change one leaf and the index; its path's nodes stay, their hashes are dropped.
  void PutLeaf(LeafIndex leaf, Bytes encoded, TreeIndex::Merge merge = TreeIndex::Merge::now);
  void ClearLeaf(LeafIndex leaf);
  void PutParent(NodeIndex node, ParentNode value);
  void ClearParent(NodeIndex node);
  void AddUnmerged(std::span<const LeafIndex> added);
  void ForgetHash(NodeIndex parent);
  void ForgetHashes(LeafIndex leaf);
  void ForgetHashesAbove(NodeIndex node);
  void DropBlankPages(LeafIndex leaf);
  // RestoreLeaves and RestoreParents make one page what its row says, all blank without a row
  // (STORAGE_DAMAGED). Nodes that are the same already keep their hashes.
  Status RestoreLeaves(std::uint32_t number, std::optional<View> row);
  Status RestoreParents(NodeIndex top, std::optional<View> row);
  Status RestorePage(View key, std::optional<View> row);
  void DropPageIfBlank(View key);
  std::vector<Bytes> RowKeys() const;
  bool HasParentsBeyond(std::uint32_t width) const;
  void Truncate();
  void CollectResolution(NodeIndex node, std::vector<NodeIndex>& nodes) const;

  Result<Digest> HashBlank(NodeIndex node) const;
  DirtyPages FindDirtyPages() const;
  Status HashLeafPage(LeafPage& page, std::uint32_t number) const;
  Status HashParentPage(ParentPage& page, std::uint32_t band, std::uint32_t number) const;
  Result<Digest> ChildHash(NodeIndex child) const;

  const Suite* suite_;
  std::uint32_t width_ = 0;
  LeafSet members_;
  PageTable<LeafPage> leaves_;
  std::vector<PageTable<ParentPage>> parents_;  // by band
  TreeIndex index_;
};

}  // namespace mls
