// The saved form of a secret tree (docs/store-format.md): one row per leaf with the nodes that its expansion
// left over, one per ratchet, one per block of 32 generations that has skipped keys. All are under the
// epoch's key.
#include <algorithm>
#include <bit>
#include <cassert>
#include <set>

#include "base/check.h"
#include "schedule/secret_tree.h"

namespace mls {

namespace {

constexpr std::uint32_t kBlock = 32;  // generations whose skipped keys share a row

struct SkippedBlock {
  RatchetId id;
  std::uint32_t block = 0;
  static constexpr auto kWire = Fields(&SkippedBlock::id, &SkippedBlock::block);
  auto operator<=>(const SkippedBlock&) const = default;
};

// The contents of rows. They view the secrets where they are.
struct SavedNode {
  NodeIndex node;
  View secret;
  static constexpr auto kWire = Fields(&SavedNode::node, &SavedNode::secret);
};
struct SavedHead {
  std::uint32_t generation = 0;
  View secret;  // empty when the generations are used up
  static constexpr auto kWire = Fields(&SavedHead::generation, &SavedHead::secret);
};
struct SavedKey {
  std::uint8_t offset = 0;  // of the generation in its block
  View key;
  View nonce;
  static constexpr auto kWire = Fields(&SavedKey::offset, &SavedKey::key, &SavedKey::nonce);
};

template <class Element>
void PutList(std::uint64_t epoch, Bytes row_key, const std::vector<Element>& elements, Batch& batch) {
  if (elements.empty()) {
    batch.Delete(std::move(row_key));
  } else {
    batch.PutEpochSecret(epoch, std::move(row_key), EncodeSecret(elements));
  }
}

void PutNodes(std::uint64_t epoch, LeafIndex towards, std::vector<SavedNode> nodes, Batch& batch) {
  // In the order of the tree's map, so that a change and a full save write the same bytes.
  std::sort(nodes.begin(), nodes.end(),
            [](const SavedNode& a, const SavedNode& b) { return a.node < b.node; });
  PutList(epoch, RowKey(RowTag::secret_tree, epoch, towards), nodes, batch);
}

void PutHead(std::uint64_t epoch, RatchetId id, const RatchetHead& head, Batch& batch) {
  batch.PutEpochSecret(epoch, RowKey(RowTag::ratchet, epoch, id),
                       EncodeSecret(SavedHead{head.generation, head.secret}));
}

SkippedBlock BlockOf(const std::pair<RatchetId, std::uint32_t>& key) {
  return {key.first, key.second / kBlock};
}

SavedKey Saved(std::uint32_t generation, const KeyAndNonce& value) {
  return {static_cast<std::uint8_t>(generation % kBlock), value.key, value.nonce};
}

// ScanRows calls `each` with what follows `prefix` in the row's key, and the row's value, both decoded.
template <class Key, class Value, class Each>
Status ScanRows(const Rows& rows, View prefix, const Each& each) {
  return rows.Scan(prefix, [&](View row_key, View row_value) -> Status {
    const auto key = Decode<Key>(row_key.subspan(prefix.size()));
    const auto value = Decode<Value>(row_value);
    if (!key.ok() || !value.ok() || !each(*key, *value)) return Error::STORAGE_DAMAGED;
    return kOk;
  });
}

}  // namespace

void SecretTree::SaveExpansion(const SecretTreeChange& change, Batch& batch) const {
  const LeafIndex leaf = change.heads.front().first.leaf;
  const auto expanded = nodes_.find(*change.expanded);
  assert(expanded != nodes_.end());
  const LeafIndex old = expanded->second.towards;
  std::vector<SavedNode> siblings;
  for (const auto& [node, secret] : change.siblings) siblings.push_back({node, secret});
  if (leaf == old)
    return PutNodes(epoch_, leaf, std::move(siblings), batch);  // the root, whose row is leaf 0's

  std::vector<SavedNode> rest;
  for (const NodeIndex node : Copath(old, width_)) {
    const auto found = nodes_.find(node);
    if (found == expanded || found == nodes_.end() || found->second.towards != old) continue;
    rest.push_back({node, found->second.secret});
  }
  PutNodes(epoch_, old, std::move(rest), batch);
  if (!siblings.empty()) PutNodes(epoch_, leaf, std::move(siblings), batch);
}

void SecretTree::SaveSkippedBlocks(const SecretTreeChange& change, Batch& batch) const {
  std::set<SkippedBlock> touched;
  for (const KeyId& key : change.dropped) touched.insert(BlockOf(key));
  for (const auto& [key, value] : change.skipped) touched.insert(BlockOf(key));
  auto added = change.skipped.begin();
  for (const SkippedBlock& block : touched) {
    std::vector<SavedKey> keys;
    auto kept = skipped_.lower_bound({block.id, block.block * kBlock});
    for (; kept != skipped_.end() && BlockOf(kept->first) == block; ++kept) {
      if (std::binary_search(change.dropped.begin(), change.dropped.end(), kept->first)) continue;
      keys.push_back(Saved(kept->first.second, kept->second));
    }
    // What is added is later than all that was there, and both are in order.
    for (; added != change.skipped.end() && BlockOf(added->first) == block; ++added) {
      keys.push_back(Saved(added->first.second, added->second));
    }
    PutList(epoch_, RowKey(RowTag::skipped, epoch_, block), keys, batch);
  }
}

void SecretTree::SaveChange(const SecretTreeChange& change, Batch& batch) const {
  if (change.expanded) SaveExpansion(change, batch);
  for (const auto& [id, head] : change.heads) {
    if (change.reserved && change.reserved->first == id) {
      PutHead(epoch_, id, change.reserved->second, batch);
      continue;
    }
    const auto reserved = reserved_.find(id);
    if (reserved != reserved_.end() && head.next() <= reserved->second.next()) continue;
    PutHead(epoch_, id, head, batch);
  }
  SaveSkippedBlocks(change, batch);
}

void SecretTree::Save(Batch& batch) const {
  std::map<LeafIndex, std::vector<SavedNode>> left_over;
  for (const auto& [index, node] : nodes_) left_over[node.towards].push_back({index, node.secret});
  for (auto& [leaf, nodes] : left_over) PutNodes(epoch_, leaf, std::move(nodes), batch);

  for (const auto& [id, head] : heads_) {
    const auto reserved = reserved_.find(id);
    PutHead(epoch_, id, reserved == reserved_.end() ? head : reserved->second, batch);
  }

  std::map<SkippedBlock, std::vector<SavedKey>> blocks;
  for (const auto& [key, value] : skipped_) blocks[BlockOf(key)].push_back(Saved(key.second, value));
  for (const auto& [block, keys] : blocks)
    PutList(epoch_, RowKey(RowTag::skipped, epoch_, block), keys, batch);
}

void SecretTree::EraseRows(std::uint64_t epoch, Batch& batch) {
  batch.DeletePrefix(RowKey(RowTag::secret_tree, epoch));
  batch.DeletePrefix(RowKey(RowTag::ratchet, epoch));
  batch.DeletePrefix(RowKey(RowTag::skipped, epoch));
}

Status SecretTree::LoadNodes(const Rows& rows) {
  const auto belongs = [&](NodeIndex node, LeafIndex towards) {
    if (node.value >= NodeWidth(width_) || towards.value >= width_) return false;
    if (node == Root(width_)) return towards == LeafIndex{0};
    return Contains(Parent(node), towards) && !Contains(node, towards);
  };
  return ScanRows<LeafIndex, std::vector<SavedNode>>(
      rows, RowKey(RowTag::secret_tree, epoch_), [&](LeafIndex towards, const std::vector<SavedNode>& nodes) {
        for (const SavedNode& saved : nodes) {
          if (saved.secret.size() != suite_->Nh || !belongs(saved.node, towards)) return false;
          if (!nodes_.emplace(saved.node, Node{Secret::Copy(saved.secret), towards}).second) return false;
        }
        return true;
      });
}

Status SecretTree::LoadHeads(const Rows& rows) {
  return ScanRows<RatchetId, SavedHead>(
      rows, RowKey(RowTag::ratchet, epoch_), [&](RatchetId id, const SavedHead& saved) {
        const bool used_up = saved.secret.empty() && saved.generation == kGenerations - 1;
        if (!used_up && saved.secret.size() != suite_->Nh) return false;
        heads_.emplace(id, RatchetHead{saved.generation, Secret::Copy(saved.secret)});
        return true;
      });
}

Status SecretTree::LoadSkipped(const Rows& rows) {
  return ScanRows<SkippedBlock, std::vector<SavedKey>>(
      rows, RowKey(RowTag::skipped, epoch_),
      [&](const SkippedBlock& block, const std::vector<SavedKey>& keys) {
        for (const SavedKey& saved : keys) {
          const std::uint64_t generation = std::uint64_t{block.block} * kBlock + saved.offset;
          if (saved.offset >= kBlock || generation >= NextOf(block.id)) return false;
          if (saved.key.size() != suite_->Nk || saved.nonce.size() != suite_->Nn) return false;
          const KeyId id = {block.id, static_cast<std::uint32_t>(generation)};
          KeyAndNonce value = {Secret::Copy(saved.key), Secret::Copy(saved.nonce)};
          if (!skipped_.emplace(id, std::move(value)).second) return false;
        }
        return true;
      });
}

void SecretTree::KeepReserved(const SecretTree& former, const RowDelta& delta) {
  for (const auto& [id, reserved] : former.reserved_) {
    if (delta.Touches(RowKey(RowTag::ratchet, epoch_, id)) || !heads_.contains(id)) continue;
    const auto copy = [](const RatchetHead& head) {
      return RatchetHead{head.generation, head.secret.Clone()};  // `former` is dropped when it was replaced
    };
    heads_.insert_or_assign(id, copy(former.heads_.at(id)));
    reserved_.insert_or_assign(id, copy(reserved));
  }
}

bool SecretTree::IsComplete() const {
  auto node = nodes_.begin();
  auto head = heads_.begin();
  // Disjoint subtrees stand in the map in the order of their leaves; handshake comes before application.
  for (std::uint32_t leaf = 0; leaf < width_;) {
    if (node != nodes_.end() && FirstLeaf(node->first).value == leaf) {
      leaf += LeafSpan(node->first);
      ++node;
      continue;
    }
    for (const RatchetType type : {RatchetType::handshake, RatchetType::application}) {
      if (head == heads_.end() || head->first != RatchetId{{leaf}, type}) return false;
      ++head;
    }
    ++leaf;
  }
  return node == nodes_.end() && head == heads_.end();
}

Result<SecretTree> SecretTree::Load(const Suite& suite, std::uint64_t epoch, std::uint32_t width,
                                    const Rows& rows) {
  // That of a past epoch was read from a row. A wider tree could not be sent.
  if (!std::has_single_bit(width) || width > 1u << 28) return Error::STORAGE_DAMAGED;
  SecretTree tree(suite, epoch, width);
  MLS_DO(tree.LoadNodes(rows));
  MLS_DO(tree.LoadHeads(rows));
  MLS_DO(tree.LoadSkipped(rows));
  if (!tree.IsComplete()) return Error::STORAGE_DAMAGED;
  return tree;
}

}  // namespace mls
