// Edit: some bytes of an encoding taken out and others put in. Inputs say what to change in something genuine
// by edits, so that they stay small and the rest stays right.
#pragma once

#include "support/input.h"
#include "wire/codec.h"

namespace mls::fuzz {

struct Edit {
  std::size_t at = 0;
  std::size_t erased = 0;
  View inserted;

  // Read takes two bytes for the place, one for what goes out, and a part for what comes in.
  static Edit Read(Input& input) {
    const auto at = static_cast<std::size_t>(input.Number(2));
    const std::size_t erased = input.Byte();
    return {at, erased, input.Part()};
  }
  static Bytes Encode(std::uint16_t at, std::uint8_t erased, View inserted) {
    Bytes bytes = mls::Encode(at, erased);
    AppendPart(bytes, inserted);
    return bytes;
  }

  bool empty() const { return erased == 0 && inserted.empty(); }

  Bytes In(View bytes) const {
    const std::size_t from = at % (bytes.size() + 1);
    const std::size_t to = std::min(bytes.size(), from + erased);
    Bytes changed = ToBytes(bytes.first(from));
    Append(changed, inserted);
    Append(changed, bytes.subspan(to));
    return changed;
  }
  // Change changes a structure, where what comes out is one.
  template <class T>
  void Change(T& value) const {
    if (empty()) return;
    const Secret encoded = EncodeSecret(value);
    auto changed = Decode<T>(In(encoded));
    if (changed.ok()) value = std::move(*changed);
  }
};

}  // namespace mls::fuzz
