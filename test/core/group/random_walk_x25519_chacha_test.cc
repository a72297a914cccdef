#include "support/random_walk.h"

#include <doctest/doctest.h>

using namespace mls;
using namespace mls::test;

TEST_CASE("Random walk: 2,200 steps with X25519 and ChaCha20") {
  RunWalk({CipherSuite::MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519, 2200, 12, 3, nullptr});
}
