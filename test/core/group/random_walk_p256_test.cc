#include "support/random_walk.h"

#include <doctest/doctest.h>

using namespace mls;
using namespace mls::test;

TEST_CASE("Random walk: 2,300 steps with P-256") {
  RunWalk({CipherSuite::MLS_128_DHKEMP256_AES128GCM_SHA256_P256, 2300, 12, 2, nullptr});
}
