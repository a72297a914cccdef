// Pages: how a tree's nodes lie in memory so that copies share what neither of them changed.
//
// A PageTable finds pages by number, through chunks of page pointers; copying one costs
// a counter per chunk. Pages that nobody wrote do not exist. Leaves stand 16 to a page.
// Parents stand in subtrees of 4 levels: band 0 holds levels 1 to 4, band 1 levels 5 to
// 8, and so on, so that a direct path of length d touches about d/4 pages.
#pragma once

#include <array>
#include <vector>

#include "base/shared.h"
#include "crypto/kdf.h"
#include "tree/parent_node.h"

namespace mls {

template <class Page>
class PageTable {
 public:
  // Find gives a page, or null for one that nobody wrote.
  const Page* Find(std::size_t page) const {
    const Shared<Page>* slot = Slot(page);
    return slot == nullptr || !*slot ? nullptr : &**slot;
  }

  // Write gives a page for change, private to this table and made when it is not there. The reference holds
  // until the next change of the table.
  Page& Write(std::size_t page) {
    if (page / kChunk >= chunks_.size()) chunks_.resize(page / kChunk + 1);
    Shared<Chunk>& chunk = chunks_[page / kChunk];
    if (!chunk) chunk = Shared<Chunk>(Chunk());
    Shared<Page>& slot = chunk.Write()[page % kChunk];
    if (!slot) slot = Shared<Page>(Page());
    return slot.Write();
  }

  void Erase(std::size_t page) {
    if (Find(page) != nullptr) chunks_[page / kChunk].Write()[page % kChunk] = Shared<Page>();
  }

  // Truncate drops every page from number `pages` on.
  void Truncate(std::size_t pages) {
    for (std::size_t page = pages; page % kChunk != 0; ++page) Erase(page);
    const std::size_t chunks = (pages + kChunk - 1) / kChunk;
    if (chunks < chunks_.size()) chunks_.resize(chunks);
  }

  // ForEach calls each(number, page) in order of the numbers.
  template <class Each>
  void ForEach(Each each) const {
    ForEachChange(PageTable(),
                  [&](std::size_t number, const Page* page, const Page*) { each(number, *page); });
  }

  // ForEachChange calls each(number, page, former) where this table
  // and `former` hold different pages; either pointer may be null.
  template <class Each>
  void ForEachChange(const PageTable& former, Each each) const {
    const std::size_t chunks = std::max(chunks_.size(), former.chunks_.size());
    for (std::size_t chunk = 0; chunk < chunks; ++chunk) {
      if (chunk < chunks_.size() && chunk < former.chunks_.size() &&
          chunks_[chunk].SameAs(former.chunks_[chunk])) {
        continue;
      }
      for (std::size_t page = chunk * kChunk; page < (chunk + 1) * kChunk; ++page) {
        const Page* now = Find(page);
        const Page* then = former.Find(page);
        if (now != then) each(page, now, then);
      }
    }
  }

 private:
  static constexpr std::size_t kChunk = 32;
  using Chunk = std::array<Shared<Page>, kChunk>;

  const Shared<Page>* Slot(std::size_t page) const {
    if (page / kChunk >= chunks_.size() || !chunks_[page / kChunk]) return nullptr;
    return &(*chunks_[page / kChunk])[page % kChunk];
  }

  std::vector<Shared<Chunk>> chunks_;
};

inline constexpr std::uint32_t kLeavesPerPage = 16;
inline constexpr std::uint32_t kParentsPerPage = 15;
inline constexpr std::uint32_t kLevelsPerPage = 4;

struct LeafPage {
  std::array<Shared<Bytes>, kLeavesPerPage> nodes;  // encoded LeafNodes; null for a blank leaf
  std::array<Digest, kLeavesPerPage> hashes;        // tree hashes; empty where not computed
};

struct ParentPage {
  std::array<Shared<ParentNode>, kParentsPerPage> nodes;  // in order, left to right; null for a blank node
  std::array<Digest, kParentsPerPage> hashes;
};

// ParentPlace: where a parent node stands. Seen from its band, nodes are numbered as if the band's lowest
// children were leaves; a page takes 32 of these numbers, of which the odd ones are its nodes.
struct ParentPlace {
  std::uint32_t band;
  std::uint32_t page;
  std::uint32_t slot;

  static ParentPlace Of(NodeIndex node) {
    const std::uint32_t band = (Level(node) - 1) / kLevelsPerPage;
    const std::uint32_t number = node.value >> (kLevelsPerPage * band);
    return {band, number >> 5, (number & 31) >> 1};
  }
  NodeIndex Node() const {
    const std::uint32_t shift = kLevelsPerPage * band;
    return NodeIndex((((page << 5) | (slot << 1) | 1) << shift) | ((1u << shift) - 1));
  }
};

// kTopSlot is the root of a page's subtree.
inline constexpr std::uint32_t kTopSlot = 7;

// BandCount gives the number of bands of a tree with `width` leaves.
inline std::uint32_t BandCount(std::uint32_t width) {
  return width <= 1 ? 0 : (Level(Root(width)) + kLevelsPerPage - 1) / kLevelsPerPage;
}
// LeavesPerParentPage gives the number of leaves under one page of a band.
inline std::uint32_t LeavesPerParentPage(std::uint32_t band) { return 1u << (kLevelsPerPage * (band + 1)); }
// PagesFor gives the number of pages that cover `width` leaves, `per_page` to a page.
inline std::uint32_t PagesFor(std::uint32_t width, std::uint32_t per_page) {
  return width / per_page + (width % per_page != 0 ? 1 : 0);
}

}  // namespace mls
