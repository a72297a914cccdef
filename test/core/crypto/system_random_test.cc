#include "crypto/system_random.h"

#include <doctest/doctest.h>

#include <set>

using namespace mls;

TEST_CASE("SystemRandom fills what it is given, with other bytes each time") {
  SystemRandom random;
  std::set<Bytes> seen;
  for (int i = 0; i < 100; ++i) {
    Bytes bytes(32);
    REQUIRE(random.Fill(bytes).ok());
    CHECK(seen.insert(bytes).second);
  }
  CHECK(random.Fill({}).ok());
  Bytes large(100'000);
  REQUIRE(random.Fill(large).ok());
  std::set<std::uint8_t> values(large.begin(), large.end());
  CHECK(values.size() == 256);
  CHECK(std::set<std::uint8_t>(large.end() - 1000, large.end()).size() > 100);  // to the last byte
}

TEST_CASE("Take and TakeSecret give the size asked for") {
  SystemRandom random;
  CHECK(random.Take(7)->size() == 7);
  CHECK(random.TakeSecret(48)->size() == 48);
  CHECK_FALSE(*random.TakeSecret(48) == *random.TakeSecret(48));
}
