#include "support/random_walk.h"

#include <doctest/doctest.h>

using namespace mls;
using namespace mls::test;

TEST_CASE("Random walk: 300 steps whose work is spread over threads") {
  Pool pool(4);
  RunWalk({CipherSuite::MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519, 300, 12, 8, &pool});
}
