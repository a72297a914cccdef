#include "base/bytes.h"

namespace mls {

void Wipe(Span bytes) {
  if (bytes.empty()) return;
#if defined(__GNUC__) || defined(__clang__)
  std::memset(bytes.data(), 0, bytes.size());
  __asm__ __volatile__("" : : "r"(bytes.data()) : "memory");  // the compiler must believe the zeros are read
#else
  volatile std::uint8_t* p = bytes.data();
  for (std::size_t i = 0; i < bytes.size(); ++i) p[i] = 0;
#endif
}

bool ConstantTimeEqual(View a, View b) {
  if (a.size() != b.size()) return false;
  volatile std::uint8_t difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference = static_cast<std::uint8_t>(difference | (a[i] ^ b[i]));
  }
  return difference == 0;
}

}  // namespace mls
