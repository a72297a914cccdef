#include "tree/fingerprint.h"

#include <bit>

#include "crypto/system_random.h"

namespace mls {

namespace {

struct SipState {
  std::uint64_t v0, v1, v2, v3;

  void Round() {
    v0 += v1, v1 = std::rotl(v1, 13), v1 ^= v0, v0 = std::rotl(v0, 32);
    v2 += v3, v3 = std::rotl(v3, 16), v3 ^= v2;
    v0 += v3, v3 = std::rotl(v3, 21), v3 ^= v0;
    v2 += v1, v1 = std::rotl(v1, 17), v1 ^= v2, v2 = std::rotl(v2, 32);
  }
  void Absorb(std::uint64_t word) {
    v3 ^= word;
    Round();
    Round();
    v0 ^= word;
  }
};

std::uint64_t LittleEndian(View bytes) {
  std::uint64_t word = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) word = (word << 8) | bytes[i];
  return word;
}

FingerprintKey DrawKey() {
  FingerprintKey key;
  std::uint8_t bytes[16] = {};
  // Without randomness the key is zero: fingerprints stay right, they only become predictable.
  if (SystemRandom random; random.Fill(bytes).ok()) {
    key.k0 = LittleEndian(View(bytes).first(8));
    key.k1 = LittleEndian(View(bytes).subspan(8));
  }
  return key;
}

}  // namespace

std::uint64_t SipHash24(const FingerprintKey& key, View data) {
  SipState state{key.k0 ^ 0x736f6d6570736575, key.k1 ^ 0x646f72616e646f6d, key.k0 ^ 0x6c7967656e657261,
                 key.k1 ^ 0x7465646279746573};
  const std::uint64_t length = static_cast<std::uint64_t>(data.size()) << 56;
  for (; data.size() >= 8; data = data.subspan(8)) state.Absorb(LittleEndian(data.first(8)));
  state.Absorb(length | LittleEndian(data));
  state.v2 ^= 0xff;
  for (int i = 0; i < 4; ++i) state.Round();
  return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
}

std::uint64_t Fingerprint(View data) {
  static const FingerprintKey key = DrawKey();
  return SipHash24(key, data);
}

}  // namespace mls
