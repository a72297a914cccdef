#include "support/random_walk.h"

#include <doctest/doctest.h>

using namespace mls;
using namespace mls::test;

TEST_CASE("Random walk: 2,500 steps with X25519 and AES") {
  RunWalk({CipherSuite::MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519, 2500, 12, 1, nullptr});
}
