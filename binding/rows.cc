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

Status ReadRows(const Sealer* sealer, View slice, MemoryRows& rows) {
  Reader in(slice);
  while (!in.done()) {
    const auto kind = in.Uint<std::uint8_t>();
    const View key = in.Take(in.Uint<std::uint32_t>());
    const View value = in.Take(in.Uint<std::uint32_t>());
    if (!in.ok() || Kind(kind) != Kind::put || key.empty()) return Error::STORAGE_DAMAGED;
    if (IsPlain(key)) {
      rows.Put(key, value);
      continue;
    }
    if (sealer == nullptr) return Error::STORAGE_DAMAGED;
    auto opened = sealer->Open(key, value);
    if (!opened.ok()) return opened.error();
    rows.Put(key, *opened);
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
    if (Status read = ReadRows(sealer, slice, rows); !read.ok()) return read.error();
    Bytes().swap(slice);
  }
  return rows;
}

}  // namespace mls::binding
