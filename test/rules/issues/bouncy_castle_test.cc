// Bouncy Castle has MLS since 1.78, and no attack on it is published that we know of; what is published is
// below it. The tests are as those of openmls_test.cc.
#include <chrono>

#include "kit/lists.h"

namespace mls::test {
namespace {

// CVE-2024-30172: verifying a signature under Ed25519 did not end for some keys and signatures that an
// attacker can choose. In MLS both come from others: the signature in any message, the key in any leaf.
TEST_CASE("Bouncy Castle CVE-2024-30172: degenerate keys and signatures are refused, and soon") {
  const auto start = std::chrono::steady_clock::now();
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    const Insider insider(scene, 2);
    const AuthenticatedContent honest = insider.Sign(insider.Content(Proposal{Remove{{0}}}));
    const std::size_t size = honest.auth.signature.size();
    Bytes one(size), identity(size);
    one.back() = identity.front() = 1;
    for (const Bytes& signature : {Bytes(size), Bytes(size, 0xFF), Bytes(size, 0x7F), Bytes(size, 0x80), one,
                                   identity, Bytes(size / 2, 0xFF), Bytes()}) {
      AuthenticatedContent forged = honest;
      forged.auth.signature = signature;
      scene.Refuses(1, insider.Public(forged), Error::BAD_SIGNATURE);
    }
    const std::size_t key_size = insider.epoch->tree.SignatureKey({0}).size();
    for (const std::uint8_t byte : {0x00, 0x01, 0x7F, 0x80, 0xFF}) {
      Bytes key(key_size, byte);
      if (byte == 1) std::fill(key.begin() + 1, key.end(), std::uint8_t{0});
      const Client client = scene.world.NewClient(suite, "newcomer");
      const Proposal add =
          AddOf(scene, client, [&](KeyPackage& package) { package.leaf_node.signature_key = key; });
      const MemoryRows before = World::Saved(scene[1]);
      CHECK_FALSE(scene.TryReceive(1, insider.Public(add)).ok());
      CHECK(before == World::Saved(scene[1]));
    }
    scene.GoesOn();
  }
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::minutes(2));
}

}  // namespace
}  // namespace mls::test
