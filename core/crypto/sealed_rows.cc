#include "crypto/sealed_rows.h"

#include <algorithm>
#include <functional>
#include <set>

#include "base/check.h"
#include "wire/cursor.h"

namespace mls {

namespace {

enum class Kind : std::uint8_t { remove_prefix = 0, remove = 1, put = 2 };

Protection ProtectionOfRow(View key) { return ProtectionOf(RowTag(key[0])); }
bool HasTag(View key, RowTag tag) { return !key.empty() && RowTag(key[0]) == tag; }

// EpochOf gives the number behind the tag of a row of an epoch.
Result<std::uint64_t> EpochOf(View key) {
  Reader in(key.subspan(1));
  const auto epoch = in.Uint<std::uint64_t>();
  MLS_REQUIRE(in.ok(), STORAGE_DAMAGED);  // RFC 9420 §8: an epoch has a number
  return epoch;
}

void AppendBytes(Bytes& out, View bytes) {
  const auto size = static_cast<std::uint32_t>(bytes.size());
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<std::uint8_t>(size >> shift));
  out.insert(out.end(), bytes.begin(), bytes.end());
}

void AppendKey(Bytes& out, Kind kind, View key) {
  out.push_back(static_cast<std::uint8_t>(kind));
  AppendBytes(out, key);
}

Status AppendSealed(Bytes& out, const Sealer* sealer, View key, View value, Random& random) {
  if (sealer == nullptr) return Error::INTERNAL;
  MLS_TRY(sealed, sealer->Seal(key, value, random));
  AppendKey(out, Kind::put, key);
  AppendBytes(out, sealed);
  return kOk;
}

// PackNet writes a net change; sealer_of(put) is whose key seals a row that is not plain.
template <class SealerOf>
Result<Bytes> PackNet(const NetChange& net, std::size_t size, Random& random, SealerOf sealer_of) {
  Bytes packed;
  packed.reserve(size);
  for (const View prefix : net.prefixes) AppendKey(packed, Kind::remove_prefix, prefix);
  for (const View key : net.deletes) AppendKey(packed, Kind::remove, key);
  for (const RowPut* put : net.puts) {
    if (ProtectionOfRow(put->key) != Protection::plain) {
      MLS_DO(AppendSealed(packed, sealer_of(*put), put->key, put->value, random));
      continue;
    }
    AppendKey(packed, Kind::put, put->key);
    AppendBytes(packed, put->value);
  }
  return packed;
}

// PackedSize is at least what PackNet writes.
std::size_t PackedSize(const Batch& batch) {
  return batch.bytes() + batch.operations().size() * (9 + Sealer::kOverhead);
}

// ReadRecords calls each(kind, key, value) for every record of a slice; there is a value only with a put.
template <class Each>
Status ReadRecords(View slice, Each each) {
  Reader in(slice);
  while (!in.done()) {
    const auto kind = Kind(in.Uint<std::uint8_t>());
    const View key = in.Take(in.Uint<std::uint32_t>());
    const View value = kind == Kind::put ? in.Take(in.Uint<std::uint32_t>()) : View();
    const bool known = kind == Kind::remove_prefix || (kind <= Kind::put && !key.empty());
    MLS_REQUIRE(in.ok() && known, STORAGE_DAMAGED);  // RFC 9420 §2.1: a record as we pack it
    MLS_DO(each(kind, key, value));
  }
  return kOk;
}

// OpenEach opens the slices in their order, and lets each go when it was read; open(key, value) opens a row
// that is not plain.
template <class Open, class Each>
Status OpenEach(std::vector<Bytes>& slices, Open open, Each each) {
  for (Bytes& slice : slices) {
    MLS_DO(ReadRecords(slice, [&](Kind kind, View key, View value) -> Status {
      if (kind != Kind::put || ProtectionOfRow(key) == Protection::plain) return each(kind, key, value);
      MLS_TRY(opened, open(key, value));
      return each(kind, key, opened.view());
    }));
    Bytes().swap(slice);
  }
  return kOk;
}

template <class Open>
Result<MemoryRows> OpenPuts(std::vector<Bytes> slices, Open open) {
  MemoryRows rows;
  MLS_DO(OpenEach(slices, open, [&](Kind kind, View key, View value) -> Status {
    MLS_REQUIRE(kind == Kind::put, STORAGE_DAMAGED);  // RFC 9420 §2.1: a whole scope is read, not changed
    rows.Put(key, value);
    return kOk;
  }));
  return rows;
}

}  // namespace

// Opener opens the rows of one call. A row of an epoch may come before that epoch's key, so keys are looked
// for first: STORAGE_DAMAGED, STORAGE_VERSION.
class SealedRows::Opener {
 public:
  static Result<Opener> For(const SealedRows& rows, const std::vector<Bytes>& slices) {
    Opener opener(rows);
    for (const Bytes& slice : slices) {
      MLS_DO(ReadRecords(slice, [&](Kind kind, View key, View value) -> Status {
        // What a later version sealed may not open, so its number is looked at before.
        if (kind == Kind::put && HasTag(key, RowTag::context)) return CheckFormat(value);
        if (kind != Kind::put || !HasTag(key, RowTag::epoch_key)) return kOk;
        MLS_TRY(epoch, EpochOf(key));
        MLS_TRY(opened, rows.scope_.Open(key, value));
        auto sealer = Sealer::WithKey(std::move(opened));
        MLS_REQUIRE(sealer.ok(), STORAGE_DAMAGED);  // RFC 5116 §5.2: a key of full size
        opener.keys_[epoch] = std::make_shared<const Sealer>(std::move(*sealer));
        return kOk;
      }));
    }
    return opener;
  }

  Result<Secret> operator()(View key, View value) const {
    if (ProtectionOfRow(key) == Protection::epoch) {
      MLS_TRY(epoch, EpochOf(key));
      if (const auto known = keys_.find(epoch); known != keys_.end()) {
        auto opened = known->second->Open(key, value);
        if (opened.ok()) return opened;
      }
      // What format 1 wrote into an epoch stays as it is when the epoch gets its key.
    }
    return scope_.Open(key, value);
  }

 private:
  explicit Opener(const SealedRows& rows) : scope_(rows.scope_), keys_(rows.epochs_) {}
  const Sealer& scope_;
  EpochKeys keys_;
};

Result<Bytes> SealedRows::Pack(const Batch& batch, Random& random) {
  if (batch.empty()) return Bytes();
  const NetChange net = NetChangeOf(batch);
  const bool with_context = std::any_of(net.puts.begin(), net.puts.end(),
                                        [](const RowPut* put) { return HasTag(put->key, RowTag::context); });
  const bool same_keys = !with_context && net.prefixes.empty() && net.deletes.empty();
  EpochKeys next = same_keys ? EpochKeys() : epochs_;
  for (const View prefix : net.prefixes) Forget(next, prefix);
  for (const View key : net.deletes) Forget(next, key);
  std::set<std::uint64_t> epochs;
  for (const RowPut* put : net.puts) {
    if (!with_context || ProtectionOfRow(put->key) != Protection::epoch) continue;
    epochs.insert(put->epoch);
    if (next.contains(put->epoch)) continue;
    MLS_TRY(key, random.TakeSecret(Sealer::kKeySize));
    MLS_TRY(sealer, Sealer::WithKey(std::move(key)));
    next.emplace(put->epoch, std::make_shared<const Sealer>(std::move(sealer)));
  }
  const EpochKeys& keys = same_keys ? epochs_ : next;
  const auto sealer_of = [&](const RowPut& put) -> const Sealer* {
    const auto key = ProtectionOfRow(put.key) == Protection::epoch ? keys.find(put.epoch) : keys.end();
    return key == keys.end() ? &scope_ : key->second.get();
  };
  const std::size_t key_rows = epochs.size() * (9 + 9 + Sealer::kKeySize + Sealer::kOverhead);
  MLS_TRY(packed, PackNet(net, PackedSize(batch) + key_rows, random, sealer_of));
  for (const std::uint64_t epoch : epochs) {
    const Bytes row = RowKey(RowTag::epoch_key, epoch);
    MLS_DO(AppendSealed(packed, &scope_, row, next.at(epoch)->key(), random));
  }
  if (!same_keys) epochs_ = std::move(next);
  return std::move(packed);
}

Result<MemoryRows> SealedRows::OpenRows(std::vector<Bytes> slices) const {
  MLS_TRY(opener, Opener::For(*this, slices));
  return OpenPuts(std::move(slices), std::cref(opener));
}

Result<RowDelta> SealedRows::OpenDelta(std::vector<Bytes> slices) const {
  MLS_TRY(opener, Opener::For(*this, slices));
  RowDelta delta;
  MLS_DO(OpenEach(slices, std::cref(opener), [&](Kind kind, View key, View value) -> Status {
    if (kind == Kind::put) delta.Put(key, value);
    if (kind == Kind::remove) delta.Delete(key);
    if (kind == Kind::remove_prefix) delta.DeletePrefix(key);
    return kOk;
  }));
  return delta;
}

// Forget drops the keys whose rows `prefix` names.
void SealedRows::Forget(EpochKeys& keys, View prefix) {
  if (!prefix.empty() && !HasTag(prefix, RowTag::epoch_key)) return;
  std::erase_if(keys,
                [&](const auto& one) { return StartsWith(RowKey(RowTag::epoch_key, one.first), prefix); });
}

void SealedRows::Remember(const MemoryRows& rows) {
  RowDelta delta;
  delta.DeletePrefix({});
  for (const auto& [key, value] : rows.rows()) {
    if (HasTag(key, RowTag::epoch_key)) delta.Put(key, value);
  }
  Remember(delta);
}

void SealedRows::Remember(const RowDelta& delta) {
  for (const Bytes& prefix : delta.prefixes()) Forget(epochs_, prefix);
  const Bytes first = RowKey(RowTag::epoch_key);
  for (auto row = delta.rows().lower_bound(first); row != delta.rows().end(); ++row) {
    if (!HasTag(row->first, RowTag::epoch_key)) break;
    Forget(epochs_, row->first);
    auto epoch = EpochOf(row->first);
    auto sealer = Sealer::WithKey(row->second ? row->second->Clone() : Secret());
    if (!epoch.ok() || !sealer.ok()) continue;  // deleted; what was opened has whole keys
    epochs_.emplace(*epoch, std::make_shared<const Sealer>(std::move(*sealer)));
  }
}

Result<Bytes> SealedRows::Reseal(std::vector<Bytes> slices, SealedRows& to, Random& random) const {
  MLS_TRY(rows, OpenRows(std::move(slices)));
  Batch batch;
  for (const auto& [key, value] : rows.rows()) {
    if (HasTag(key, RowTag::epoch_key)) continue;  // Pack draws new ones
    switch (ProtectionOfRow(key)) {
      case Protection::plain:
        batch.PutPlain(key, value);
        break;
      case Protection::state:
        batch.PutSecret(key, value.Clone());
        break;
      case Protection::epoch:
        MLS_TRY(epoch, EpochOf(key));
        batch.PutEpochSecret(epoch, key, value.Clone());
        break;
    }
  }
  return to.Pack(batch, random);
}

Result<Bytes> PackRows(const Sealer* sealer, const Batch& batch, Random& random) {
  if (batch.empty()) return Bytes();
  const NetChange net = NetChangeOf(batch);
  return PackNet(net, PackedSize(batch), random, [&](const RowPut&) { return sealer; });
}

Result<MemoryRows> OpenRows(const Sealer* sealer, std::vector<Bytes> slices) {
  return OpenPuts(std::move(slices), [&](View key, View value) -> Result<Secret> {
    if (sealer == nullptr) return Error::STORAGE_DAMAGED;
    return sealer->Open(key, value);
  });
}

}  // namespace mls
