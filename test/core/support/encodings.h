// What must hold of the encoding of any structure, whatever it is (RFC 9420 §2.1).
#pragma once

#include <concepts>

#include "wire/codec.h"

namespace mls::test {

// Reencodes: `encoded` decodes as a T and encodes to the same bytes, of the size that was computed.
template <class T>
bool Reencodes(View encoded) {
  const auto value = Decode<T>(encoded);
  return value.ok() && EncodedSize(*value) == encoded.size() && Equal(EncodeSecret(*value), encoded);
}

// ComesBack: encode, decode, equal.
template <class T>
bool ComesBack(const T& value) {
  const Secret encoded = EncodeSecret(value);
  if (encoded.size() != EncodedSize(value)) return false;
  const auto decoded = Decode<T>(encoded);
  if (!decoded.ok() || !(EncodeSecret(*decoded) == encoded)) return false;
  if constexpr (std::equality_comparable<T>) {
    if (!(*decoded == value)) return false;
  }
  return true;
}

// RefusesPrefixes: no proper prefix decodes. Each one is an allocation of its own, so that a sanitizer sees a
// read past its end.
template <class T>
bool RefusesPrefixes(View encoded) {
  for (std::size_t size = 0; size < encoded.size(); ++size) {
    const Bytes prefix = ToBytes(encoded.first(size));
    const auto decoded = Decode<T>(prefix);
    if (decoded.ok() || decoded.error() != Error::MALFORMED) return false;
  }
  return true;
}

// RefusesMore: one byte after the end is refused.
template <class T>
bool RefusesMore(View encoded) {
  Bytes longer = ToBytes(encoded);
  longer.push_back(0);
  const auto decoded = Decode<T>(longer);
  return !decoded.ok() && decoded.error() == Error::MALFORMED;
}

// SurvivesMutations changes each byte in turn: what still decodes is the one encoding of what it decodes to.
template <class T>
bool SurvivesMutations(View encoded) {
  Bytes mutant = ToBytes(encoded);
  for (std::uint8_t& byte : mutant) {
    const std::uint8_t was = byte;
    for (const unsigned change : {0x01u, 0x02u, 0x04u, 0x08u, 0x10u, 0x20u, 0x40u, 0x80u, 0xffu}) {
      byte = static_cast<std::uint8_t>(was ^ change);
      const auto decoded = Decode<T>(mutant);
      if (decoded.ok() && !Equal(EncodeSecret(*decoded), mutant)) return false;
    }
    byte = was;
  }
  return true;
}

}  // namespace mls::test
