#include "wire/cursor.h"

namespace mls {

std::size_t Reader::Length() {
  const std::uint8_t first = Uint<std::uint8_t>();
  const unsigned prefix = first >> 6;
  if (prefix == 3) {  // RFC 9420 §2.1.2: prefix 11 is invalid
    Fail();
    return 0;
  }
  std::size_t value = first & 0x3f;
  for (std::uint8_t byte : Take((std::size_t{1} << prefix) - 1)) value = (value << 8) | byte;
  const std::size_t smallest = prefix == 0 ? 0 : prefix == 1 ? 64 : 16384;
  if (!ok_ || value < smallest || value > rest_.size()) {  // RFC 9420 §2.1.2: only the shortest form is valid
    Fail();
    return 0;
  }
  return value;
}

void Writer::Length(std::size_t size) {
  assert(size <= kMaxVectorSize);
  switch (LengthSize(size)) {
    case 1:
      Uint(static_cast<std::uint8_t>(size));
      break;
    case 2:
      Uint(static_cast<std::uint16_t>(size | 0x4000u));
      break;
    default:
      Uint(static_cast<std::uint32_t>(size | 0x80000000u));
      break;
  }
}

}  // namespace mls
