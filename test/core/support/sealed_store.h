// SealedStore: a store that knows packed batches and nothing of what is in them, as every store of lib/ does.
#pragma once

#include <map>

#include "crypto/sealed_rows.h"
#include "support/seeded_random.h"

namespace mls::test {

class SealedStore {
 public:
  void Apply(View packed) {
    Reader in(packed);
    while (!in.empty()) {
      const auto kind = in.Uint<std::uint8_t>();
      const Bytes key = ToBytes(in.Take(in.Uint<std::uint32_t>()));
      if (kind == 2) rows_[key] = ToBytes(in.Take(in.Uint<std::uint32_t>()));
      if (kind == 1) rows_.erase(key);
      if (kind == 0) std::erase_if(rows_, [&](const auto& row) { return StartsWith(row.first, key); });
    }
  }
  // Packed gives all rows as puts; without those that have a tag.
  Bytes Packed(std::optional<RowTag> without = std::nullopt) const {
    Bytes packed;
    const auto append = [&](View bytes) {
      const Bytes length = Encode(static_cast<std::uint32_t>(bytes.size()));
      packed.insert(packed.end(), length.begin(), length.end());
      packed.insert(packed.end(), bytes.begin(), bytes.end());
    };
    for (const auto& [key, value] : rows_) {
      if (without && RowTag(key[0]) == *without) continue;
      packed.push_back(2);
      append(key);
      append(value);
    }
    return packed;
  }
  std::map<Bytes, Bytes>& rows() { return rows_; }
  const std::map<Bytes, Bytes>& rows() const { return rows_; }

 private:
  std::map<Bytes, Bytes> rows_;
};

inline SealedRows NewSealedRows() {
  return SealedRows(*Sealer::ForScope(Bytes(Sealer::kKeySize, 7), AsView("a scope")));
}

}  // namespace mls::test
