#include "rows.h"

namespace mls::binding {

namespace {

enum class Kind : std::uint8_t { remove_prefix = 0, remove = 1, put = 2 };

void AppendBytes(Bytes& out, View bytes) {
  const auto size = static_cast<std::uint32_t>(bytes.size());
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<std::uint8_t>(size >> shift));
  out.insert(out.end(), bytes.begin(), bytes.end());
}

void AppendKey(Bytes& out, Kind kind, View key) {
  out.push_back(static_cast<std::uint8_t>(kind));
  AppendBytes(out, key);
}

bool IsPlain(View key) { return ProtectionOf(RowTag(key[0])) == Protection::plain; }

// ReadChanges calls each(kind, key, value) for every record; the value is opened, and empty but with a put.
template <class Each>
Status ReadChanges(const Sealer* sealer, View slice, Each each) {
  Reader in(slice);
  while (!in.done()) {
    const auto kind = Kind(in.Uint<std::uint8_t>());
    const View key = in.Take(in.Uint<std::uint32_t>());
    const View value = kind == Kind::put ? in.Take(in.Uint<std::uint32_t>()) : View();
    if (!in.ok() || kind > Kind::put) return Error::STORAGE_DAMAGED;
    if (key.empty() && kind != Kind::remove_prefix) return Error::STORAGE_DAMAGED;
    if (kind != Kind::put || IsPlain(key)) {
      if (Status done = each(kind, key, value); !done.ok()) return done;
      continue;
    }
    if (sealer == nullptr) return Error::STORAGE_DAMAGED;
    auto opened = sealer->Open(key, value);
    if (!opened.ok()) return opened.error();
    if (Status done = each(kind, key, opened->view()); !done.ok()) return done;
  }
  return kOk;
}

}  // namespace

Result<Bytes> PackBatch(const Sealer* sealer, const Batch& batch) {
  SystemRandom random;
  Bytes packed;
  if (batch.empty()) return packed;
  const NetChange net = NetChangeOf(batch);
  packed.reserve(batch.bytes() + batch.operations().size() * (9 + Sealer::kOverhead));
  for (const View prefix : net.prefixes) AppendKey(packed, Kind::remove_prefix, prefix);
  for (const View key : net.deletes) AppendKey(packed, Kind::remove, key);
  for (const RowPut* put : net.puts) {
    AppendKey(packed, Kind::put, put->key);
    if (IsPlain(put->key)) {
      AppendBytes(packed, put->value);
      continue;
    }
    if (sealer == nullptr) return Error::INTERNAL;
    auto sealed = sealer->Seal(put->key, put->value, random);
    if (!sealed.ok()) return sealed.error();
    AppendBytes(packed, *sealed);
  }
  return packed;
}

Result<MemoryRows> OpenRows(const Sealer* sealer, std::vector<Bytes> slices) {
  MemoryRows rows;
  for (Bytes& slice : slices) {
    Status read = ReadChanges(sealer, slice, [&](Kind kind, View key, View value) -> Status {
      if (kind != Kind::put) return Error::STORAGE_DAMAGED;
      rows.Put(key, value);
      return kOk;
    });
    if (!read.ok()) return read.error();
    Bytes().swap(slice);
  }
  return rows;
}

Result<RowDelta> OpenDelta(const Sealer* sealer, std::vector<Bytes> slices) {
  RowDelta delta;
  for (Bytes& slice : slices) {
    Status read = ReadChanges(sealer, slice, [&](Kind kind, View key, View value) -> Status {
      if (kind == Kind::put) delta.Put(key, value);
      if (kind == Kind::remove) delta.Delete(key);
      if (kind == Kind::remove_prefix) delta.DeletePrefix(key);
      return kOk;
    });
    if (!read.ok()) return read.error();
    Bytes().swap(slice);
  }
  return delta;
}

}  // namespace mls::binding
