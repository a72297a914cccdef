// Tree hashes (RFC 9420 §7.8), kept beside the nodes.
//
// Invariant: where a hash is missing, those of all its ancestors are missing. Subtrees of band 0 without any
// node have no pages, so their hashes are computed when a neighbour needs them: at most 31 each time.
#include <algorithm>
#include <functional>

#include "base/check.h"
#include "tree/hash_input.h"
#include "tree/ratchet_tree.h"

namespace mls {

namespace {

const Digest kNoHash;

// Pages are hashed by several threads from so many on.
constexpr std::size_t kParallelPages = 16;
constexpr std::size_t kGrain = 8;

}  // namespace

// DirtyPages: the pages with a hash to compute, by band.
struct RatchetTree::DirtyPages {
  std::vector<std::vector<std::uint32_t>> parents;
  std::vector<std::uint32_t> leaves;
};

Digest RatchetTree::TreeHash(NodeIndex node) const {
  if (node.value >= NodeWidth(width_)) return {};
  auto hash = ChildHash(node);
  return hash.ok() ? *hash : Digest();
}

const Digest& RatchetTree::RootHash() const {
  if (width_ <= 1) return leaves_.Find(0) == nullptr ? kNoHash : leaves_.Find(0)->hashes[0];
  const ParentPlace place = ParentPlace::Of(Root(width_));
  const ParentPage* page = parents_[place.band].Find(place.page);
  return page == nullptr ? kNoHash : page->hashes[place.slot];
}

// ChildHash gives a stored hash, or computes that of a subtree without pages.
Result<Digest> RatchetTree::ChildHash(NodeIndex child) const {
  if (IsLeaf(child)) {
    const LeafPage* page = leaves_.Find(LeafOf(child).value / kLeavesPerPage);
    return page == nullptr ? HashBlank(child) : page->hashes[LeafOf(child).value % kLeavesPerPage];
  }
  const ParentPlace place = ParentPlace::Of(child);
  const ParentPage* page = parents_[place.band].Find(place.page);
  if (page != nullptr) return page->hashes[place.slot];
  const bool blank = place.band == 0 && leaves_.Find(place.page) == nullptr;
  return blank ? HashBlank(child) : Digest();
}

Result<Digest> RatchetTree::HashBlank(NodeIndex node) const {
  if (IsLeaf(node)) return HashLeafInput(*suite_, LeafOf(node), std::nullopt);
  MLS_TRY(left, HashBlank(Left(node)));
  MLS_TRY(right, HashBlank(Right(node)));
  return HashParentInput(*suite_, nullptr, left, right);
}

Status RatchetTree::UpdateHashes(Pool* pool) {
  if (width_ == 0 || !RootHash().empty()) return kOk;
  const DirtyPages dirty = FindDirtyPages();
  // Pages are made private one after the other; then each is filled by whoever gets it.
  const auto run = [&](std::size_t count, const std::function<Status(std::size_t)>& body) {
    return ParallelFor(count < kParallelPages ? nullptr : pool, count, kGrain, body);
  };
  std::vector<LeafPage*> leaves;
  for (std::uint32_t number : dirty.leaves) leaves.push_back(&leaves_.Write(number));
  MLS_DO(run(leaves.size(), [&](std::size_t i) { return HashLeafPage(*leaves[i], dirty.leaves[i]); }));
  for (std::uint32_t band = 0; band < dirty.parents.size(); ++band) {
    const std::vector<std::uint32_t>& numbers = dirty.parents[band];
    std::vector<ParentPage*> pages;
    for (std::uint32_t number : numbers) pages.push_back(&parents_[band].Write(number));
    MLS_DO(run(pages.size(), [&](std::size_t i) { return HashParentPage(*pages[i], band, numbers[i]); }));
  }
  return kOk;
}

// FindDirtyPages descends from the root through missing hashes only.
RatchetTree::DirtyPages RatchetTree::FindDirtyPages() const {
  DirtyPages dirty;
  dirty.parents.resize(parents_.size());
  if (parents_.empty()) {
    dirty.leaves.push_back(0);
    return dirty;
  }
  dirty.parents.back().push_back(0);
  for (std::size_t band = parents_.size() - 1; band > 0; --band) {
    const std::uint32_t below = PagesFor(width_, LeavesPerParentPage(static_cast<std::uint32_t>(band) - 1));
    for (std::uint32_t above : dirty.parents[band]) {
      for (std::uint32_t page = 16 * above; page < std::min(16 * above + 16, below); ++page) {
        const ParentPage* found = parents_[band - 1].Find(page);
        const bool without_pages = band == 1 && found == nullptr && leaves_.Find(page) == nullptr;
        if (without_pages || (found != nullptr && !found->hashes[kTopSlot].empty())) continue;
        dirty.parents[band - 1].push_back(page);
      }
    }
  }
  for (std::uint32_t page : dirty.parents.front()) {
    const LeafPage* found = leaves_.Find(page);
    if (found == nullptr) continue;
    const std::uint32_t slots = std::min(kLeavesPerPage, width_);
    const auto missing = [](const Digest& hash) { return hash.empty(); };
    if (std::any_of(found->hashes.begin(), found->hashes.begin() + slots, missing))
      dirty.leaves.push_back(page);
  }
  return dirty;
}

Status RatchetTree::HashLeafPage(LeafPage& page, std::uint32_t number) const {
  for (std::uint32_t slot = 0; slot < std::min(kLeavesPerPage, width_); ++slot) {
    if (!page.hashes[slot].empty()) continue;
    const std::optional<View> node = page.nodes[slot] ? std::optional<View>(*page.nodes[slot]) : std::nullopt;
    MLS_TRY(hash, HashLeafInput(*suite_, {number * kLeavesPerPage + slot}, node));
    page.hashes[slot] = hash;
  }
  return kOk;
}

// HashParentPage goes up the page's levels; the pages below are done.
Status RatchetTree::HashParentPage(ParentPage& page, std::uint32_t band, std::uint32_t number) const {
  for (std::uint32_t level = 1; level <= kLevelsPerPage; ++level) {
    for (std::uint32_t slot = (1u << (level - 1)) - 1; slot < kParentsPerPage; slot += 1u << level) {
      const NodeIndex node = ParentPlace{band, number, slot}.Node();
      if (node.value >= NodeWidth(width_) || !page.hashes[slot].empty()) continue;
      MLS_TRY(left, ChildHash(Left(node)));
      MLS_TRY(right, ChildHash(Right(node)));
      const ParentNode* parent = page.nodes[slot] ? &*page.nodes[slot] : nullptr;
      MLS_TRY(hash, HashParentInput(*suite_, parent, left, right));
      page.hashes[slot] = hash;
    }
  }
  return kOk;
}

}  // namespace mls
