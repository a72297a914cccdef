#include "group/past_epoch.h"

#include <algorithm>

#include "base/check.h"

namespace mls {

Undo Undo::Make(const PublicEpoch& before, const CommitPlan& plan, LeafIndex committer) {
  std::vector<LeafIndex> touched = plan.added;
  touched.insert(touched.end(), plan.updated.begin(), plan.updated.end());
  touched.insert(touched.end(), plan.removed.begin(), plan.removed.end());
  touched.push_back(committer);
  std::sort(touched.begin(), touched.end());
  touched.erase(std::unique(touched.begin(), touched.end()), touched.end());
  Undo undo;
  for (const LeafIndex leaf : touched) {
    if (!before.tree.IsBlank(leaf)) {
      undo.members_.push_back(
          {leaf, ToBytes(before.tree.SignatureKey(leaf)), before.tree.Leaf(leaf).credential});
    } else if (!undo.blank_.empty() &&
               undo.blank_.back().first.value + undo.blank_.back().count == leaf.value) {
      ++undo.blank_.back().count;
    } else {
      undo.blank_.push_back({leaf, 1});
    }
  }
  return undo;
}

std::optional<View> Undo::SignatureKey(LeafIndex leaf) const {
  const auto member = std::lower_bound(members_.begin(), members_.end(), leaf,
                                       [](const PastLeaf& one, LeafIndex index) { return one.leaf < index; });
  if (member != members_.end() && member->leaf == leaf) return View(member->signature_key);
  auto range = std::upper_bound(blank_.begin(), blank_.end(), leaf,
                                [](LeafIndex index, const LeafRange& one) { return index < one.first; });
  if (range == blank_.begin()) return std::nullopt;
  --range;
  return leaf.value - range->first.value < range->count ? std::optional(View()) : std::nullopt;
}

void Undo::Restore(std::map<LeafIndex, Credential>& members) const {
  for (const LeafRange& range : blank_) {
    // What is stored is not taken at its word: the work grows with the members, not with a count.
    const std::uint64_t end = std::uint64_t{range.first.value} + range.count;
    auto member = members.lower_bound(range.first);
    while (member != members.end() && member->first.value < end) member = members.erase(member);
  }
  for (const PastLeaf& one : members_) members.insert_or_assign(one.leaf, one.credential);
}

Bytes Undo::Encode() const { return mls::Encode(members_, blank_); }

Result<Undo> Undo::Decode(View bytes) {
  Undo undo;
  Reader in = Reader::Again(bytes);  // DecodeStored: as many members as a Commit may remove
  wire::Read(in, undo.members_);
  wire::Read(in, undo.blank_);
  if (!in.done()) return Error::STORAGE_DAMAGED;
  return undo;
}

void PastEpoch::SaveHeader(std::uint64_t epoch, std::uint64_t ended, std::uint32_t width, View group_context,
                           const Secret& sender_data_secret, const Undo& undo, Batch& batch) {
  batch.PutEpochSecret(epoch, RowKey(RowTag::epoch_secrets, epoch),
                       EncodeSecret(ended, width, group_context, sender_data_secret));
  batch.PutPlain(RowKey(RowTag::undo, epoch), undo.Encode());
}

void PastEpoch::Save(Batch& batch) const {
  SaveHeader(epoch, ended, width, group_context, keys.sender_data_secret, undo, batch);
  keys.secret_tree.Save(batch);
}

void PastEpoch::EraseRows(std::uint64_t epoch, Batch& batch) {
  batch.Delete(RowKey(RowTag::epoch_key, epoch));  // without it the rest is gone, wherever a copy may be
  batch.Delete(RowKey(RowTag::epoch_secrets, epoch));
  batch.Delete(RowKey(RowTag::undo, epoch));
  SecretTree::EraseRows(epoch, batch);
}

Result<PastEpoch> PastEpoch::Load(const Suite& suite, std::uint64_t epoch, View row, const Rows& rows) {
  std::uint64_t ended = 0;
  std::uint32_t width = 0;
  Bytes context;
  Secret sender_data_secret;
  Reader in = Reader::Again(row);
  wire::Read(in, ended);
  wire::Read(in, width);
  wire::Read(in, context);
  wire::Read(in, sender_data_secret);
  MLS_REQUIRE(in.done(), STORAGE_DAMAGED);  // RFC 9420 §9.2: a record as we wrote it
  MLS_TRY(secret_tree, SecretTree::Load(suite, epoch, width, rows));
  const auto undo_row = rows.Get(RowKey(RowTag::undo, epoch));
  MLS_REQUIRE(undo_row.has_value(), STORAGE_DAMAGED);  // RFC 9420 §9.2: both rows or none
  MLS_TRY(undo, Undo::Decode(*undo_row));
  return PastEpoch{epoch,
                   ended,
                   width,
                   std::move(context),
                   {std::move(sender_data_secret), std::move(secret_tree)},
                   std::move(undo)};
}

std::map<LeafIndex, Credential> MembersOf(const RatchetTree& tree) {
  std::map<LeafIndex, Credential> members;
  for (auto leaf = tree.NextMember({0}); leaf; leaf = tree.NextMember({leaf->value + 1})) {
    members.emplace_hint(members.end(), *leaf, tree.Leaf(*leaf).credential);
  }
  return members;
}

std::map<LeafIndex, Credential> PastMembers(const std::deque<PastEpoch>& past, std::size_t position,
                                            const RatchetTree& present) {
  std::map<LeafIndex, Credential> members = MembersOf(present);
  for (std::size_t i = past.size(); i-- > position;) past[i].undo.Restore(members);
  return members;
}

View PastSignatureKey(const std::deque<PastEpoch>& past, std::size_t position, const RatchetTree& present,
                      LeafIndex leaf) {
  for (std::size_t i = position; i < past.size(); ++i) {
    if (const auto former = past[i].undo.SignatureKey(leaf)) return *former;
  }
  return present.SignatureKey(leaf);
}

}  // namespace mls
