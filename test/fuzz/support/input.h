// Input: decisions and byte strings read from the front of a fuzzer's bytes. Past the end everything is zero,
// so that every input says something.
#pragma once

#include <algorithm>

#include "base/bytes.h"

namespace mls::fuzz {

class Input {
 public:
  explicit Input(View bytes) : rest_(bytes) {}

  bool empty() const { return rest_.empty(); }
  std::uint8_t Byte() { return static_cast<std::uint8_t>(Number(1)); }
  // Number reads `size` bytes, big-endian.
  std::uint64_t Number(std::size_t size) {
    std::uint64_t value = 0;
    for (; size > 0; --size) {
      value = value << 8 | (rest_.empty() ? 0 : rest_.front());
      if (!rest_.empty()) rest_ = rest_.subspan(1);
    }
    return value;
  }
  // Below gives a number in [0, bound), for bounds up to 256.
  std::size_t Below(std::size_t bound) { return bound == 0 ? 0 : Byte() % bound; }

  // Part reads a length of two bytes and so many bytes, or what is left of them. AppendPart writes one.
  View Part() {
    const auto size = std::min<std::size_t>(Number(2), rest_.size());
    const View part = rest_.first(size);
    rest_ = rest_.subspan(size);
    return part;
  }
  View Rest() { return std::exchange(rest_, {}); }

 private:
  View rest_;
};

inline void Append(Bytes& to, View bytes) { to.insert(to.end(), bytes.begin(), bytes.end()); }

inline void AppendPart(Bytes& to, View part) {
  to.push_back(static_cast<std::uint8_t>(part.size() >> 8));
  to.push_back(static_cast<std::uint8_t>(part.size()));
  Append(to, part);
}

// Joined puts the bytes that say a target's choices before the rest.
inline Bytes Joined(Bytes front, View rest) {
  Append(front, rest);
  return front;
}

}  // namespace mls::fuzz
