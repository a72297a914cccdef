// RFC 9420 §10, RFC 9180 §7.1.4: a key of small order is nobody's public key. Nothing could be sealed to a
// member that has one.
#include "kit/forged_package.h"

namespace mls::test {
namespace {

// Points of small order, of which every Diffie-Hellman with a clamped scalar is zero (RFC 7748 §6.1, §6.2).
std::vector<Bytes> SmallOrder(const Suite& suite) {
  const std::size_t size = suite.Npk;
  Bytes zero(size), one(size), minus_one(size, 0xFF);
  one[0] = 1;
  minus_one[0] = suite.kem == Kem::x25519 ? 0xEC : 0xFE;  // p - 1
  if (suite.kem == Kem::x25519) {
    minus_one[31] = 0x7F;
  } else {
    minus_one[28] = 0xFE;  // p = 2^448 - 2^224 - 1
  }
  Bytes p = minus_one, above = minus_one;
  p[0] += 1;
  if (suite.kem == Kem::x25519) {
    above[0] += 2;
  } else {  // p + 1 = 2^448 - 2^224
    std::fill(above.begin(), above.begin() + 28, std::uint8_t{0});
    above[28] = 0xFF;
  }
  std::vector<Bytes> points = {zero, one, minus_one, p, above};
  if (suite.kem == Kem::x25519) {
    points.push_back({0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3,
                      0xfa, 0xf1, 0x9f, 0xc4, 0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32,
                      0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00});  // of order 8
    points.push_back({0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1,
                      0x55, 0x9c, 0x83, 0xef, 0x5b, 0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c,
                      0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57});
    Bytes high = zero;  // the top bit is ignored (RFC 7748 §5)
    high[31] = 0x80;
    points.push_back(high);
  }
  return points;
}

TEST_CASE("R10-01, R10-03: keys of small order") {
  std::size_t points = 0;
  for (const Suite& suite : AllSuites()) {
    if (suite.kem != Kem::x25519 && suite.kem != Kem::x448) continue;
    Recruiting scene(suite);
    for (const Bytes& point : SmallOrder(suite)) {
      ++points;
      PackageForgery init;
      init.package = [&](KeyPackage& package) { package.init_key = point; };
      scene.Refuses(init, Error::INVALID_KEY_PACKAGE);
      PackageForgery leaf;
      leaf.leaf = [&](LeafNode& node) { node.encryption_key = point; };
      scene.Refuses(leaf, Error::INVALID_KEY_PACKAGE);
    }
    scene.GoesOn();
  }
  CHECK(points == 2 * 8 + 2 * 5);
}

}  // namespace
}  // namespace mls::test
