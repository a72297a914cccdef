// The saved form of a tree: one row for each page that holds a
// node (docs/store-format.md). Hashes are not saved.
//
//   leaves/<page>     16 × optional<opaque<V>>     encoded LeafNodes
//   parents/<node>    15 × optional<ParentNode>    named by the node at the top of the page
#include <algorithm>
#include <bit>

#include "base/check.h"
#include "tree/ratchet_tree.h"

namespace mls {

namespace {

// A wider tree could not be sent: each of its nodes takes a byte of a vector (RFC 9420 §2.1.2).
constexpr std::uint32_t kWidestTree = 1u << 28;

bool AllBlank(const LeafPage& page) {
  return std::none_of(page.nodes.begin(), page.nodes.end(), [](const auto& node) { return bool{node}; });
}
bool AllBlank(const ParentPage& page) {
  return std::none_of(page.nodes.begin(), page.nodes.end(), [](const auto& node) { return bool{node}; });
}

template <class Page>
bool SameNodes(const Page& a, const Page& b) {
  return std::equal(a.nodes.begin(), a.nodes.end(), b.nodes.begin(),
                    [](const auto& one, const auto& other) { return one.SameAs(other); });
}

// EncodePage gives the row's value: presence octets and nodes.
template <class Page>
Bytes EncodePage(const Page& page) {
  std::size_t size = page.nodes.size();
  for (const auto& node : page.nodes) size += node ? EncodedSize(*node) : 0;
  Bytes row(size);
  Writer out(row);
  for (const auto& node : page.nodes) {
    out.Uint(static_cast<std::uint8_t>(node ? 1 : 0));
    if (node) wire::Write(out, *node);
  }
  return row;
}

// SavePage puts or deletes one row where the nodes of a page differ from the former ones.
template <class Page>
void SavePage(Batch& batch, Bytes key, const Page* page, const Page* former) {
  const bool now = page != nullptr && !AllBlank(*page);
  const bool then = former != nullptr && !AllBlank(*former);
  if (now && then && SameNodes(*page, *former)) return;
  if (now) {
    batch.PutPlain(std::move(key), EncodePage(*page));
  } else if (then) {
    batch.Delete(std::move(key));
  }
}

template <class Page, class Node>
Result<std::vector<std::optional<Node>>> DecodePage(View row) {
  std::vector<std::optional<Node>> nodes(std::tuple_size_v<decltype(Page::nodes)>);
  Reader in(row);
  for (std::optional<Node>& node : nodes) wire::Read(in, node);
  const bool any = std::any_of(nodes.begin(), nodes.end(), [](const auto& node) { return node.has_value(); });
  if (!in.done() || !any) return Error::STORAGE_DAMAGED;
  return nodes;
}

struct PageKey {
  RowTag tag = RowTag::leaves;
  std::uint32_t number = 0;
  static constexpr auto kWire = Fields(&PageKey::tag, &PageKey::number);
};

// IsPage: the key of a page, or one that claims to be.
bool IsPage(View key) {
  return key[0] == static_cast<std::uint8_t>(RowTag::leaves) ||
         key[0] == static_cast<std::uint8_t>(RowTag::parents);
}

bool NamesPages(const std::vector<Bytes>& prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [](const Bytes& prefix) { return prefix.empty() || IsPage(prefix); });
}

bool IsWidth(std::uint32_t width) {
  return width == 0 || (std::has_single_bit(width) && width <= kWidestTree);
}

}  // namespace

void RatchetTree::Save(Batch& batch, const RatchetTree* previous) const {
  const RatchetTree nothing(*suite_);
  const RatchetTree& former = previous == nullptr ? nothing : *previous;
  leaves_.ForEachChange(former.leaves_, [&](std::size_t number, const LeafPage* page, const LeafPage* then) {
    SavePage(batch, RowKey(RowTag::leaves, static_cast<std::uint32_t>(number)), page, then);
  });
  const PageTable<ParentPage> none;
  for (std::size_t band = 0; band < std::max(parents_.size(), former.parents_.size()); ++band) {
    const PageTable<ParentPage>& now = band < parents_.size() ? parents_[band] : none;
    const PageTable<ParentPage>& then = band < former.parents_.size() ? former.parents_[band] : none;
    now.ForEachChange(then, [&](std::size_t number, const ParentPage* page, const ParentPage* before) {
      const ParentPlace top{static_cast<std::uint32_t>(band), static_cast<std::uint32_t>(number), kTopSlot};
      SavePage(batch, RowKey(RowTag::parents, top.Node()), page, before);
    });
  }
}

Status RatchetTree::RestoreLeaves(std::uint32_t number, std::optional<View> row) {
  std::vector<std::optional<Bytes>> nodes(kLeavesPerPage);
  if (row) {
    MLS_TRY(decoded, (DecodePage<LeafPage, Bytes>(*row)));
    nodes = std::move(decoded);
  }
  for (std::uint32_t slot = 0; slot < kLeavesPerPage; ++slot) {
    const LeafIndex leaf{number * kLeavesPerPage + slot};
    const bool member = members_.Has(leaf);
    if (!nodes[slot] && member) {
      ClearLeaf(leaf);
      ForgetHashes(leaf);
    }
    if (!nodes[slot] || (member && Equal(EncodedLeaf(leaf), *nodes[slot]))) continue;
    ++Count().leaves_decoded;
    if (leaf.value >= width_ || !Decode<LeafNode>(*nodes[slot]).ok()) return Error::STORAGE_DAMAGED;
    PutLeaf(leaf, std::move(*nodes[slot]), TreeIndex::Merge::later);
  }
  return kOk;
}

Status RatchetTree::RestoreParents(NodeIndex top, std::optional<View> row) {
  std::vector<std::optional<ParentNode>> nodes(kParentsPerPage);
  if (row) {
    MLS_TRY(decoded, (DecodePage<ParentPage, ParentNode>(*row)));
    nodes = std::move(decoded);
  }
  const ParentPlace place = ParentPlace::Of(top);
  for (std::uint32_t slot = 0; slot < kParentsPerPage; ++slot) {
    const NodeIndex node = ParentPlace{place.band, place.page, slot}.Node();
    const ParentNode* former = Parent(node);
    if (!nodes[slot] && former == nullptr) continue;
    if (nodes[slot] && former != nullptr && *nodes[slot] == *former) continue;
    if (node.value >= NodeWidth(width_)) return Error::STORAGE_DAMAGED;
    if (nodes[slot]) {
      PutParent(node, std::move(*nodes[slot]));
    } else {
      ClearParent(node);
    }
    ForgetHashesAbove(node);
  }
  return kOk;
}

// RestorePage: a row that is put must be a page of this tree; a row that is gone need not have been one.
Status RatchetTree::RestorePage(View key, std::optional<View> row) {
  const auto decoded = Decode<PageKey>(key);
  if (!decoded.ok()) return row ? Status(Error::STORAGE_DAMAGED) : Status(kOk);
  if (decoded->tag == RowTag::leaves) {
    const bool inside = decoded->number < PagesFor(width_, kLeavesPerPage);
    if (!inside) return row ? Status(Error::STORAGE_DAMAGED) : Status(kOk);
    return RestoreLeaves(decoded->number, row);
  }
  const NodeIndex top(decoded->number);
  const bool is_top = Level(top) != 0 && Level(top) % kLevelsPerPage == 0;
  const bool inside = is_top && ParentPlace::Of(top).band < parents_.size();
  if (!inside) return row ? Status(Error::STORAGE_DAMAGED) : Status(kOk);
  return RestoreParents(top, row);
}

void RatchetTree::DropPageIfBlank(View key) {
  const auto decoded = Decode<PageKey>(key);
  if (!decoded.ok()) return;
  std::uint32_t number = decoded->number;
  if (decoded->tag == RowTag::parents) {
    const NodeIndex top(number);
    if (Level(top) != kLevelsPerPage) return;  // only the lowest band's pages come and go with their leaves
    number = ParentPlace::Of(top).page;
  }
  if (number < PagesFor(width_, kLeavesPerPage)) DropBlankPages({number * kLeavesPerPage});
}

Result<RatchetTree> RatchetTree::Load(const Suite& suite, std::uint32_t width, const Rows& rows) {
  RatchetTree tree(suite);
  MLS_REQUIRE(IsWidth(width), STORAGE_DAMAGED);  // RFC 9420 §4.1: a full tree
  if (width != 0) tree.ExtendTo({width - 1});
  for (const RowTag tag : {RowTag::leaves, RowTag::parents}) {
    MLS_DO(rows.Scan(RowKey(tag), [&](View key, View value) { return tree.RestorePage(key, value); }));
  }
  tree.index_.MergeCounts();
  tree.Truncate();
  if (tree.width_ != width) return Error::STORAGE_DAMAGED;
  return tree;
}

std::vector<Bytes> RatchetTree::RowKeys() const {
  std::vector<Bytes> keys;
  leaves_.ForEach([&](std::size_t number, const LeafPage&) {
    keys.push_back(RowKey(RowTag::leaves, static_cast<std::uint32_t>(number)));
  });
  for (std::uint32_t band = 0; band < parents_.size(); ++band) {
    parents_[band].ForEach([&](std::size_t number, const ParentPage&) {
      const ParentPlace top{band, static_cast<std::uint32_t>(number), kTopSlot};
      keys.push_back(RowKey(RowTag::parents, top.Node()));
    });
  }
  return keys;
}

bool RatchetTree::HasParentsBeyond(std::uint32_t width) const {
  bool found = false;
  for (std::uint32_t band = 0; band < parents_.size(); ++band) {
    const std::uint32_t whole = width / LeavesPerParentPage(band);  // pages before these have none
    parents_[band].ForEach([&](std::size_t number, const ParentPage& page) {
      for (std::uint32_t slot = 0; number >= whole && slot < kParentsPerPage; ++slot) {
        const ParentPlace place{band, static_cast<std::uint32_t>(number), slot};
        found = found || (page.nodes[slot] && place.Node().value >= NodeWidth(width));
      }
    });
  }
  return found;
}

Result<RatchetTree> RatchetTree::Refresh(std::uint32_t width, const RowDelta& delta) const {
  MLS_REQUIRE(IsWidth(width), STORAGE_DAMAGED);  // RFC 9420 §4.1: a full tree
  std::map<Bytes, std::optional<View>> changed;  // leaves before parents, as their tags are
  if (NamesPages(delta.prefixes())) {
    for (Bytes& key : RowKeys()) {
      if (delta.Touches(key)) changed.emplace(std::move(key), std::nullopt);
    }
  }
  for (auto row = delta.rows().lower_bound(RowKey(RowTag::leaves)); row != delta.rows().end(); ++row) {
    if (!IsPage(row->first)) break;
    changed.insert_or_assign(row->first, row->second ? std::optional<View>(*row->second) : std::nullopt);
  }

  RatchetTree tree = *this;
  if (width > width_) tree.ExtendTo({width - 1});
  for (const auto& [key, row] : changed) MLS_DO(tree.RestorePage(key, row));
  tree.index_.MergeCounts();
  for (const auto& [key, row] : changed) tree.DropPageIfBlank(key);
  if (width < width_ && tree.HasParentsBeyond(width)) return Error::STORAGE_DAMAGED;
  tree.Truncate();
  if (tree.width_ != width) return Error::STORAGE_DAMAGED;
  return tree;
}

}  // namespace mls
