// Bouncy Castle has MLS since 1.78, and no attack on it is published that we know of; what is published is
// below it. The tests are as those of openmls_test.cc.
#include "kit/lists.h"
#include "kit/stopwatch.h"

namespace mls::test {
namespace {

// RefusesSoon: member 1 says `expected`, and in no more than ten times what it takes to accept `honest`.
void RefusesSoon(Scene& scene, const Bytes& forged, Error expected, const Bytes& honest) {
  scene.Refuses(1, forged, expected);
  const auto stage = [&](const Bytes& message) {
    return MillisecondsOf([&] { (void)scene[1].Stage(message, scene.world.env).ok(); });
  };
  CHECK(stage(forged) < 10 * stage(honest));
}

// What member 1 says to a package whose signature key consists of one octet again and again, or is 1: such a
// key is none, or one under which the signature is wrong. An EdDSA key is a number below p, the first octet
// being its lowest, and a sign (RFC 8032 §5.1.3, §5.2.3).
Error ExpectedOf(const Suite& suite, std::uint8_t octet) {
  const bool fits_ed25519 = suite.signature == SignatureScheme::ed25519 && octet != 0xFF;
  const bool fits_ed448 = suite.signature == SignatureScheme::ed448 && octet != 0xFF && octet != 0x7F;
  return fits_ed25519 || fits_ed448 ? Error::BAD_LEAF_SIGNATURE : Error::INVALID_KEY_PACKAGE;
}

// CVE-2024-30172: verifying a signature under Ed25519 did not end for some keys and signatures that an
// attacker can choose. In MLS both come from others: the signature in any message, the key in any leaf.
TEST_CASE("Bouncy Castle CVE-2024-30172: degenerate keys and signatures are refused, and soon") {
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
      RefusesSoon(scene, insider.Public(forged), Error::BAD_SIGNATURE, insider.Public(honest));
    }
    const Client client = scene.world.NewClient(suite, "newcomer");
    const Bytes package = insider.Public(AddOf(scene, client));
    for (const std::uint8_t octet : {0x00, 0x01, 0x7F, 0x80, 0xFF}) {
      CAPTURE(octet);
      Bytes key(insider.epoch->tree.SignatureKey({0}).size(), octet);
      if (octet == 1) std::fill(key.begin() + 1, key.end(), std::uint8_t{0});
      const Proposal add =
          AddOf(scene, client, [&](KeyPackage& changed) { changed.leaf_node.signature_key = key; });
      RefusesSoon(scene, insider.Public(add), ExpectedOf(suite, octet), package);
    }
    scene.GoesOn();
  }
}

}  // namespace
}  // namespace mls::test
