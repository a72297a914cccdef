#include "support/random_walk.h"

#include <doctest/doctest.h>

using namespace mls;
using namespace mls::test;

TEST_CASE("Random walk: 750 steps with X448 and AES") {
  RunWalk({CipherSuite::MLS_256_DHKEMX448_AES256GCM_SHA512_Ed448, 750, 8, 4, nullptr});
}

TEST_CASE("Random walk: 750 steps with X448 and ChaCha20") {
  RunWalk({CipherSuite::MLS_256_DHKEMX448_CHACHA20POLY1305_SHA512_Ed448, 750, 8, 6, nullptr});
}
