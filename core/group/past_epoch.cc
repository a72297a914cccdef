#include "group/past_epoch.h"

#include "base/check.h"

namespace mls {

namespace {

// One entry of an Undo as it is stored.
struct UndoEntry {
  LeafIndex leaf;
  PastLeaf former;
  static constexpr auto kWire = Fields(&UndoEntry::leaf, &UndoEntry::former);
};

}  // namespace

Undo Undo::Make(const PublicEpoch& before, const CommitPlan& plan, LeafIndex committer) {
  Undo undo;
  const auto keep = [&](LeafIndex leaf) {
    PastLeaf& former = undo.former_[leaf];
    if (before.tree.IsBlank(leaf)) return;
    former.signature_key = ToBytes(before.tree.SignatureKey(leaf));
    former.credential = before.tree.Leaf(leaf).credential;
  };
  for (const LeafIndex leaf : plan.added) keep(leaf);
  for (const LeafIndex leaf : plan.updated) keep(leaf);
  for (const LeafIndex leaf : plan.removed) keep(leaf);
  keep(committer);
  return undo;
}

const PastLeaf* Undo::Find(LeafIndex leaf) const {
  const auto found = former_.find(leaf);
  return found == former_.end() ? nullptr : &found->second;
}

Bytes Undo::Encode() const {
  std::vector<UndoEntry> entries;
  entries.reserve(former_.size());
  for (const auto& [leaf, former] : former_) entries.push_back({leaf, former});
  return mls::Encode(entries);
}

Result<Undo> Undo::Decode(View bytes) {
  auto entries = mls::Decode<std::vector<UndoEntry>>(bytes);
  if (!entries.ok()) return Error::STORAGE_DAMAGED;
  Undo undo;
  for (UndoEntry& entry : *entries) undo.former_.emplace(entry.leaf, std::move(entry.former));
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
  batch.Delete(RowKey(RowTag::epoch_secrets, epoch));
  batch.Delete(RowKey(RowTag::undo, epoch));
  SecretTree::EraseRows(epoch, batch);
}

Result<PastEpoch> PastEpoch::Load(const Suite& suite, std::uint64_t epoch, View row, const Rows& rows) {
  std::uint64_t ended = 0;
  std::uint32_t width = 0;
  Bytes context;
  Secret sender_data_secret;
  Reader in(row);
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

View PastSignatureKey(const std::deque<PastEpoch>& past, std::size_t position, const RatchetTree& present,
                      LeafIndex leaf) {
  for (std::size_t i = position; i < past.size(); ++i) {
    if (const PastLeaf* former = past[i].undo.Find(leaf)) return former->signature_key;
  }
  return present.SignatureKey(leaf);
}

}  // namespace mls
