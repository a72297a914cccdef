#include "base/counters.h"

#include <doctest/doctest.h>

#include <thread>

TEST_CASE("counters belong to a thread and start at zero") {
  ++mls::Count().hashes;
  const std::uint64_t here = mls::Count().hashes;
  std::uint64_t there = 99;
  std::thread([&] {
    there = mls::Count().hashes;
    mls::Count().hashes += 1000;
  }).join();
  CHECK(there == 0);
  CHECK(mls::Count().hashes == here);
}
