#include "crypto/suite.h"

#include <doctest/doctest.h>

#include "crypto/hkdf.h"

using namespace mls;

TEST_CASE("FindSuite knows the seven suites of RFC 9420 and no other") {
  std::size_t known = 0;
  for (unsigned value = 0; value <= 0xffff; ++value) {
    const Suite* suite = FindSuite(CipherSuite{static_cast<std::uint16_t>(value)});
    if (suite == nullptr) continue;
    ++known;
    CHECK(static_cast<unsigned>(suite->id) == value);
  }
  CHECK(known == 7);
  CHECK(AllSuites().size() == 7);
}

TEST_CASE("AllSuites is in the order of the numbers") {
  for (std::size_t i = 0; i < AllSuites().size(); ++i) {
    CHECK(static_cast<std::size_t>(AllSuites()[i].id) == i + 1);
  }
}

TEST_CASE("the sizes of a row follow from its algorithms") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    CHECK(suite.Nh == HashSize(suite.kdf));
    CHECK(suite.Nk == (suite.aead == Aead::aes128gcm ? 16 : 32));
    CHECK(suite.Nn == 12);
    CHECK(suite.Nt == 16);
    // The name says 128 or 256 and names the four algorithms.
    CHECK(suite.name.substr(0, 8) == (suite.Nh == 32 ? "MLS_128_" : "MLS_256_"));
  }
}
