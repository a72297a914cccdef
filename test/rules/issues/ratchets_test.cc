// Two faults that ratchets of several libraries had, and not those of MLS alone; the tests are as those of
// openmls_test.cc.
#include "base/counters.h"
#include "kit/insider.h"
#include "kit/scene.h"

namespace mls::test {
namespace {

AuthenticatedContent ContentOf(const Insider& insider, RatchetType type) {
  if (type == RatchetType::application) return insider.Data();
  return insider.Sign(insider.Content(Proposal{Remove{{0}}}), WireFormat::mls_private_message);
}

// Whoever knows the sender data secret, and that is every member, names any generation; a receiver that went
// there before it knew whether the message opens took as many steps as were asked for, 4,294,967,295 at most.
TEST_CASE("unbounded ratchet loop: a generation far ahead costs nothing") {
  const std::uint32_t limit = Limits{}.max_forward_steps;
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    const Insider insider(scene, 2);
    const auto refuses = [&](RatchetType type, std::uint32_t generation, LeafIndex leaf) {
      PrivateForgery forgery;
      forgery.generation = generation;
      forgery.leaf = leaf;
      const Bytes message = insider.Private(ContentOf(insider, type), forgery);
      const Counters before = Count();
      scene.Refuses(1, message, Error::LIMIT_EXCEEDED);
      CHECK(Count().expands - before.expands == 2);  // key and nonce of the sender data, no ratchet step
    };
    const auto refuses_all = [&](RatchetType type, std::uint32_t head) {
      for (const std::uint32_t generation :
           {head + limit + 1, 1u << 20, 0x7FFFFFFFu, 0x80000000u, 0xFFFFFFFFu}) {
        CAPTURE(generation);
        for (const LeafIndex leaf : {insider.self, LeafIndex{0}}) refuses(type, generation, leaf);
      }
    };
    refuses_all(RatchetType::application, 0);
    refuses_all(RatchetType::handshake, 0);
    scene.Accepts(1, insider.Private(insider.Data()));
    scene.Commit(0);
    refuses_all(RatchetType::application, 1);  // in an epoch that is over
    scene.GoesOn();
  }
}

// A key was deleted when it was derived, or when the message opened, and not when it proved to be of whom it
// names. Anybody on the way, or any member, could so take the genuine message of that generation away.
TEST_CASE("key consumed by a forgery: the genuine message of that generation is read") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3, CompanyOptions{});  // whose handshakes are private
    const Insider insider(scene, 2);
    std::vector<Bytes> genuine, handshakes;
    for (int i = 0; i < 4; ++i) genuine.push_back(scene.Send(0, "genuine"));
    for (const std::uint32_t leaf : {1u, 2u}) handshakes.push_back(scene.Propose(0, {Remove{{leaf}}}));

    const auto forge = [&](RatchetType type, std::uint32_t generation) {
      PrivateForgery forgery;
      forgery.leaf = forgery.key_leaf = LeafIndex{0};
      forgery.key_generation = generation;
      // Of a member, under the other's key, with its own signature and with none that is right.
      AuthenticatedContent content = ContentOf(insider, type);
      scene.Refuses(1, insider.Private(content, forgery), Error::BAD_SIGNATURE);
      forgery.plaintext = [](Bytes& plain) { std::fill(plain.begin(), plain.end(), std::uint8_t{0xFF}); };
      scene.Refuses(1, insider.Private(content, forgery), Error::MALFORMED);
      forgery.plaintext = {};
      forgery.ciphertext = [](Bytes& ciphertext) { ciphertext.front() ^= 1; };
      scene.Refuses(1, insider.Private(content, forgery), Error::DECRYPT_FAILED);
      forgery.ciphertext = [](Bytes& ciphertext) { std::fill(ciphertext.begin(), ciphertext.end(), 0); };
      scene.Refuses(1, insider.Private(content, forgery), Error::DECRYPT_FAILED);
    };
    // From the last to the first, so that keys that were passed over are tried, too.
    for (const std::uint32_t generation : {2u, 0u, 1u}) {
      forge(RatchetType::application, generation);
      scene.Accepts(1, genuine[generation]);
    }
    for (const std::uint32_t generation : {1u, 0u}) {
      forge(RatchetType::handshake, generation);
      scene.Accepts(1, handshakes[generation]);
    }
    scene.Accepts(1, genuine[3]);
  }
}

}  // namespace
}  // namespace mls::test
