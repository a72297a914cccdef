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

Result<std::uint32_t> NumberOf(View key, RowTag tag) {
  const auto decoded = Decode<PageKey>(key);
  if (!decoded.ok() || decoded->tag != tag) return Error::STORAGE_DAMAGED;
  return decoded->number;
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

Result<RatchetTree> RatchetTree::Load(const Suite& suite, std::uint32_t width, const Rows& rows) {
  RatchetTree tree(suite);
  const bool possible = width == 0 || (std::has_single_bit(width) && width <= kWidestTree);
  MLS_REQUIRE(possible, STORAGE_DAMAGED);  // RFC 9420 §4.1: a full tree
  MLS_DO(rows.Scan(RowKey(RowTag::leaves), [&](View key, View value) -> Status {
    MLS_TRY(number, NumberOf(key, RowTag::leaves));
    if (number >= PagesFor(width, kLeavesPerPage)) return Error::STORAGE_DAMAGED;
    MLS_TRY(nodes, DecodePage<LeafPage, Bytes>(value));
    for (std::uint32_t slot = 0; slot < nodes.size(); ++slot) {
      if (!nodes[slot]) continue;
      if (!Decode<LeafNode>(*nodes[slot]).ok()) return Error::STORAGE_DAMAGED;
      const LeafIndex leaf{number * kLeavesPerPage + slot};
      tree.ExtendTo(leaf);
      tree.PutLeaf(leaf, std::move(*nodes[slot]));
    }
    return kOk;
  }));
  if (tree.width_ != width) return Error::STORAGE_DAMAGED;
  MLS_DO(rows.Scan(RowKey(RowTag::parents), [&](View key, View value) -> Status {
    MLS_TRY(number, NumberOf(key, RowTag::parents));
    const NodeIndex top(number);
    if (Level(top) == 0 || Level(top) % kLevelsPerPage != 0) return Error::STORAGE_DAMAGED;
    const ParentPlace place = ParentPlace::Of(top);
    MLS_TRY(nodes, DecodePage<ParentPage, ParentNode>(value));
    for (std::uint32_t slot = 0; slot < nodes.size(); ++slot) {
      if (!nodes[slot]) continue;
      const NodeIndex node = ParentPlace{place.band, place.page, slot}.Node();
      if (node.value >= NodeWidth(width)) return Error::STORAGE_DAMAGED;
      tree.PutParent(node, std::move(*nodes[slot]));
    }
    return kOk;
  }));
  return tree;
}

}  // namespace mls
