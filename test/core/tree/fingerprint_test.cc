#include "tree/fingerprint.h"

#include <doctest/doctest.h>

#include "support/vectors.h"

using namespace mls;
using namespace mls::test;

TEST_CASE("fingerprint: SipHash-2-4 gives the values of its authors' table") {
  const FingerprintKey key{0x0706050403020100, 0x0f0e0d0c0b0a0908};
  Bytes data;
  const std::uint64_t expected[] = {0x726fdb47dd0e0e31, 0x74f839c593dc67fd, 0x0d6c8009d9a94f5a,
                                    0x85676696d7fb7e2d, 0xcf2794e0277187b7, 0x18765564cd99a68d,
                                    0xcbc9466e58fee3ce, 0xab0200f58b01d137, 0x93f5f5799a932462};
  for (std::uint64_t value : expected) {
    CHECK(SipHash24(key, data) == value);
    data.push_back(static_cast<std::uint8_t>(data.size()));
  }
  while (data.size() < 15) data.push_back(static_cast<std::uint8_t>(data.size()));
  CHECK(SipHash24(key, data) == 0xa129ca6149be45e5);
}

TEST_CASE("fingerprint: the same data has the same one, other data another") {
  CHECK(Fingerprint(AsView("a key")) == Fingerprint(AsView("a key")));
  CHECK(Fingerprint(AsView("a key")) != Fingerprint(AsView("a kez")));
  CHECK(Fingerprint({}) != Fingerprint(Bytes{0}));
}
