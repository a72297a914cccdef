#include "support/random_walk.h"

#include <doctest/doctest.h>

using namespace mls;
using namespace mls::test;

TEST_CASE("Random walk: 750 steps with P-521") {
  RunWalk({CipherSuite::MLS_256_DHKEMP521_AES256GCM_SHA512_P521, 750, 8, 5, nullptr});
}

TEST_CASE("Random walk: 750 steps with P-384") {
  RunWalk({CipherSuite::MLS_256_DHKEMP384_AES256GCM_SHA384_P384, 750, 8, 7, nullptr});
}
