#include "tree/ratchet_tree.h"

#include <algorithm>
#include <iterator>

namespace mls {

namespace {

NodeIndex AncestorAt(std::uint32_t level, LeafIndex leaf) {
  return NodeIndex(((leaf.value >> level) << (level + 1)) + (1u << level) - 1);
}

std::uint32_t PageOf(LeafIndex leaf) { return leaf.value / kLeavesPerPage; }
std::uint32_t SlotOf(LeafIndex leaf) { return leaf.value % kLeavesPerPage; }

}  // namespace

RatchetTree::RatchetTree(const Suite& suite) : suite_(&suite) {}

const Suite& RatchetTree::suite() const { return *suite_; }
std::uint32_t RatchetTree::width() const { return width_; }
std::uint32_t RatchetTree::member_count() const { return members_.size(); }
const TreeIndex& RatchetTree::index() const { return index_; }

bool RatchetTree::IsBlank(NodeIndex node) const {
  return IsLeaf(node) ? !members_.Has(LeafOf(node)) : Parent(node) == nullptr;
}

View RatchetTree::EncodedLeaf(LeafIndex leaf) const {
  if (!members_.Has(leaf)) return {};
  return *leaves_.Find(PageOf(leaf))->nodes[SlotOf(leaf)];
}

LeafNode RatchetTree::Leaf(LeafIndex leaf) const {
  ++Count().leaves_decoded;
  auto decoded = Decode<LeafNode>(EncodedLeaf(leaf));
  return decoded.ok() ? std::move(*decoded) : LeafNode();
}

View RatchetTree::SignatureKey(LeafIndex leaf) const {
  Reader in(EncodedLeaf(leaf));
  in.Vector();  // encryption_key
  return in.Vector();
}

View RatchetTree::PublicKey(NodeIndex node) const {
  if (IsLeaf(node)) return Reader(EncodedLeaf(LeafOf(node))).Vector();
  const ParentNode* parent = Parent(node);
  return parent == nullptr ? View() : View(parent->encryption_key);
}

const ParentNode* RatchetTree::Parent(NodeIndex node) const {
  if (node.value >= NodeWidth(width_) || IsLeaf(node)) return nullptr;
  const ParentPlace place = ParentPlace::Of(node);
  const ParentPage* page = parents_[place.band].Find(place.page);
  return page == nullptr || !page->nodes[place.slot] ? nullptr : &*page->nodes[place.slot];
}

std::optional<LeafIndex> RatchetTree::NextMember(LeafIndex from) const { return members_.Next(from); }

LeafIndex RatchetTree::LeftmostBlankLeaf() const { return members_.FirstAbsent(); }

std::vector<NodeIndex> RatchetTree::Resolution(NodeIndex node) const {
  std::vector<NodeIndex> nodes;
  if (node.value < NodeWidth(width_)) CollectResolution(node, nodes);
  return nodes;
}

// Recursion is as deep as the tree is high. A subtree without members has no parents either.
void RatchetTree::CollectResolution(NodeIndex node, std::vector<NodeIndex>& nodes) const {
  if (IsLeaf(node)) {
    if (members_.Has(LeafOf(node))) nodes.push_back(node);
    return;
  }
  if (const ParentNode* parent = Parent(node)) {
    nodes.push_back(node);
    nodes.insert(nodes.end(), parent->unmerged_leaves.begin(), parent->unmerged_leaves.end());
    return;
  }
  if (!members_.AnyBelow(node)) return;
  CollectResolution(Left(node), nodes);
  CollectResolution(Right(node), nodes);
}

std::vector<NodeIndex> RatchetTree::FilteredDirectPath(LeafIndex leaf) const {
  std::vector<NodeIndex> path;
  if (leaf.value >= width_) return path;
  for (NodeIndex node = leaf; node != Root(width_); node = ::mls::Parent(node)) {
    if (members_.AnyBelow(Sibling(node))) path.push_back(::mls::Parent(node));
  }
  return path;
}

LeafIndex RatchetTree::AddLeaf(const LeafNode& leaf) { return AddLeaves({Encode(leaf)}).front(); }

std::vector<LeafIndex> RatchetTree::AddLeaves(std::vector<Bytes> encoded) {
  std::vector<LeafIndex> added;
  added.reserve(encoded.size());
  for (Bytes& leaf : encoded) {
    const LeafIndex place = LeftmostBlankLeaf();
    ExtendTo(place);
    PutLeaf(place, std::move(leaf), TreeIndex::Merge::later);
    added.push_back(place);
  }
  index_.MergeCounts();
  AddUnmerged(added);
  return added;
}

// AddUnmerged works level by level, so that each list takes all its new entries (increasing) at once.
void RatchetTree::AddUnmerged(std::span<const LeafIndex> added) {
  for (std::uint32_t level = 1; (1u << level) <= width_; ++level) {
    for (std::size_t first = 0, last = 0; first < added.size(); first = last) {
      const NodeIndex node = AncestorAt(level, added[first]);
      while (last < added.size() && Contains(node, added[last])) ++last;
      if (Parent(node) == nullptr) continue;
      const ParentPlace place = ParentPlace::Of(node);
      std::vector<LeafIndex>& list =
          parents_[place.band].Write(place.page).nodes[place.slot].Write().unmerged_leaves;
      const std::span<const LeafIndex> below = added.subspan(first, last - first);
      if (list.empty() || list.back() < below.front()) {
        list.insert(list.end(), below.begin(), below.end());
        continue;
      }
      std::vector<LeafIndex> merged;
      merged.reserve(list.size() + below.size());
      std::merge(list.begin(), list.end(), below.begin(), below.end(), std::back_inserter(merged));
      list = std::move(merged);
    }
  }
}

void RatchetTree::UpdateLeaf(LeafIndex index, const LeafNode& leaf) {
  PutLeaf(index, Encode(leaf));
  BlankDirectPath(index);
}

void RatchetTree::RemoveLeaf(LeafIndex index) {
  ClearLeaf(index);
  BlankDirectPath(index);
  DropBlankPages(index);
  Truncate();
}

void RatchetTree::ReplaceLeaf(LeafIndex index, const LeafNode& leaf) { PutLeaf(index, Encode(leaf)); }

void RatchetTree::ExtendTo(LeafIndex leaf) {
  while (width_ <= leaf.value) width_ = std::max(1u, 2 * width_);
  parents_.resize(BandCount(width_));
}

void RatchetTree::BlankDirectPath(LeafIndex leaf) {
  for (std::uint32_t level = 1; (1u << level) <= width_; ++level) {
    ClearParent(AncestorAt(level, leaf));
    ForgetHash(AncestorAt(level, leaf));
  }
}

void RatchetTree::SetParent(NodeIndex node, Bytes encryption_key, Bytes parent_hash) {
  PutParent(node, {std::move(encryption_key), std::move(parent_hash), {}});
  ForgetHashesAbove(node);
}

void RatchetTree::PutLeaf(LeafIndex leaf, Bytes encoded, TreeIndex::Merge merge) {
  if (members_.Has(leaf)) index_.RemoveMember(ViewLeafNode(EncodedLeaf(leaf)));
  LeafPage& page = leaves_.Write(PageOf(leaf));
  page.nodes[SlotOf(leaf)] = Shared<Bytes>(std::move(encoded));
  page.hashes[SlotOf(leaf)].Clear();
  members_.Add(leaf);
  index_.AddMember(ViewLeafNode(EncodedLeaf(leaf)), merge);
  ForgetHashes(leaf);
}

void RatchetTree::ClearLeaf(LeafIndex leaf) {
  index_.RemoveMember(ViewLeafNode(EncodedLeaf(leaf)));
  LeafPage& page = leaves_.Write(PageOf(leaf));
  page.nodes[SlotOf(leaf)] = Shared<Bytes>();
  page.hashes[SlotOf(leaf)].Clear();
  members_.Remove(leaf);
}

void RatchetTree::PutParent(NodeIndex node, ParentNode value) {
  ClearParent(node);
  index_.AddParentKey(value.encryption_key);
  const ParentPlace place = ParentPlace::Of(node);
  ParentPage& page = parents_[place.band].Write(place.page);
  page.nodes[place.slot] = Shared<ParentNode>(std::move(value));
  page.hashes[place.slot].Clear();
}

void RatchetTree::ClearParent(NodeIndex node) {
  const ParentNode* former = Parent(node);
  if (former == nullptr) return;
  index_.RemoveParentKey(former->encryption_key);
  const ParentPlace place = ParentPlace::Of(node);
  ParentPage& page = parents_[place.band].Write(place.page);
  page.nodes[place.slot] = Shared<ParentNode>();
  page.hashes[place.slot].Clear();
}

void RatchetTree::ForgetHash(NodeIndex parent) {
  const ParentPlace place = ParentPlace::Of(parent);
  const ParentPage* page = parents_[place.band].Find(place.page);
  if (page == nullptr || page->hashes[place.slot].empty()) return;
  parents_[place.band].Write(place.page).hashes[place.slot].Clear();
}

void RatchetTree::ForgetHashes(LeafIndex leaf) {
  for (std::uint32_t level = 1; (1u << level) <= width_; ++level) ForgetHash(AncestorAt(level, leaf));
}

void RatchetTree::ForgetHashesAbove(NodeIndex node) {
  for (const NodeIndex root = Root(width_); node != root; node = ::mls::Parent(node)) {
    ForgetHash(::mls::Parent(node));
  }
}

// DropBlankPages frees the pages around `leaf` that hold no
// node any more; a wide tree of few members stays small.
void RatchetTree::DropBlankPages(LeafIndex leaf) {
  const std::uint32_t number = PageOf(leaf);
  const auto next = members_.Next({number * kLeavesPerPage});
  if (next && PageOf(*next) == number) return;
  leaves_.Erase(number);
  if (parents_.empty()) return;
  const ParentPage* page = parents_.front().Find(number);
  const auto blank = [](const Shared<ParentNode>& node) { return !node; };
  if (page != nullptr && std::all_of(page->nodes.begin(), page->nodes.end(), blank))
    parents_.front().Erase(number);
}

// Truncate halves the tree while its right half has no member (RFC 9420 §7.7). What is cut off may hold
// parents only at the roots of the halves, and these may share a page with nodes that stay.
void RatchetTree::Truncate() {
  const std::optional<LeafIndex> last = members_.Last();
  const std::uint32_t width = last ? FullWidth(last->value + 1) : 0;
  if (width == width_) return;
  for (std::uint32_t half = width_; half > std::max(width, 1u); half /= 2) {
    ClearParent(Root(half));
    ForgetHash(Root(half));
  }
  width_ = width;
  parents_.resize(BandCount(width));
  leaves_.Truncate(PagesFor(width, kLeavesPerPage));
  for (std::uint32_t band = 0; band < parents_.size(); ++band) {
    parents_[band].Truncate(PagesFor(width, LeavesPerParentPage(band)));
  }
}

bool RatchetTree::SharesLeafPage(const RatchetTree& other, LeafIndex leaf) const {
  return leaves_.Find(PageOf(leaf)) == other.leaves_.Find(PageOf(leaf));
}

}  // namespace mls
