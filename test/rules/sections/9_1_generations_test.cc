// RFC 9420 §9.1, §15.2, §15.3: generations, and how far a receiver follows them.
#include <algorithm>
#include <chrono>

#include "base/counters.h"
#include "kit/raw_public.h"
#include "kit/scene.h"

namespace mls::test {
namespace {

// NearTheEnd loads member `i` with its application ratchet set to the last generation but one.
void NearTheEnd(Scene& scene, std::size_t i) {
  MemoryRows rows = World::Saved(scene[i]);
  const Secret secret = Secret::Copy(Bytes(scene[i].suite().Nh, 0x42));
  const std::uint64_t epoch = scene[i].context().epoch;
  const Bytes key = RowKey(RowTag::ratchet, epoch, RatchetId{scene[i].self(), RatchetType::application});
  REQUIRE(rows.Get(key).has_value());
  rows.Put(key, EncodeSecret(std::uint32_t{0xFFFFFFFE}, secret));
  scene[i] = Must(Group::Load(rows, scene[i].policy(), scene.world.env));
}

std::string Protected(Scene& scene, std::size_t i) {
  auto done = scene[i].Protect(AsView("text"), {}, scene.world.env);
  if (!done.ok()) return std::string(Describe(done.error()).name);
  Must(scene[i].Apply(std::move(done->change)));
  return "sent";
}

TEST_CASE("R9.1-02: generation counter does not wrap") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 2);
    scene.NotInJournal();
    scene.Deliver(1, scene.Send(1, "the first"));
    NearTheEnd(scene, 1);
    CHECK(Protected(scene, 1) == "sent");
    CHECK(Protected(scene, 1) == "sent");  // generation 2^32-1
    for (int i = 0; i < 2; ++i) {
      const MemoryRows before = World::Saved(scene[1]);
      CHECK(Protected(scene, 1) == "LIMIT_EXCEEDED");
      CHECK(before == World::Saved(scene[1]));
    }
    // Neither does it begin again after a restart.
    scene[1] = Must(Group::Load(World::Saved(scene[1]), scene[1].policy(), scene.world.env));
    CHECK(Protected(scene, 1) == "LIMIT_EXCEEDED");
  }
}

TEST_CASE("R15.2-01: no more data per epoch than the AEAD bound") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 2);
    scene.NotInJournal();
    scene.Deliver(1, scene.Send(1, "the first"));
    NearTheEnd(scene, 1);
    CHECK(Protected(scene, 1) == "sent");
    CHECK(Protected(scene, 1) == "sent");
    CHECK(Protected(scene, 1) == "LIMIT_EXCEEDED");
    // A Commit has a key of its own, and brings new ones.
    const NewCommit commit = scene.MakeCommit(0);
    scene.Accept(0, commit.id);
    StagedMessage staged = Must(scene[1].Stage(commit.message, scene.world.env));
    const Answers answers = scene.Answer(staged.questions);
    Must(scene[1].Apply(Must(scene[1].Complete(std::move(staged), answers, scene.world.env)).change));
    CHECK(Protected(scene, 1) == "sent");
    CHECK(World::Agree(scene[0], scene[1]));
  }
}

// Ahead is a message of the insider under generation `generation` of one of its ratchets, right in all.
Bytes Ahead(const Insider& insider, RatchetType type, std::uint32_t generation) {
  PrivateForgery forgery;
  forgery.key_generation = generation;
  if (type == RatchetType::application) return insider.Private(insider.Data(), forgery);
  return insider.Private(
      insider.Sign(insider.Content(Proposal{Remove{{0}}}), WireFormat::mls_private_message), forgery);
}

TEST_CASE("R15.3-01: limit on forward ratchet steps") {
  const std::uint32_t limit = Limits{}.max_forward_steps;
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    for (const RatchetType type : {RatchetType::application, RatchetType::handshake}) {
      Scene scene(suite, 3);
      const Insider insider(scene, 2);
      scene.Refuses(1, Ahead(insider, type, limit + 1), Error::LIMIT_EXCEEDED);
      scene.Accepts(1, Ahead(insider, type, 4));  // from here the head is 5
      scene.Refuses(1, Ahead(insider, type, 5 + limit + 1), Error::LIMIT_EXCEEDED);
      scene.Accepts(1, Ahead(insider, type, 5 + limit));
      scene.Accepts(1, scene.Send(0, "honest"));
    }
  }
}

TEST_CASE("R15.3-02: generation 0xFFFFFFFF causes no long work") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    const Insider insider(scene, 2);
    PrivateForgery forgery;
    forgery.generation = 0xFFFFFFFF;  // there is no key for it that anybody could derive
    const Bytes message = insider.Private(insider.Data(), forgery);
    std::vector<double> milliseconds;
    for (int i = 0; i < 21; ++i) {
      const Counters before = Count();
      const auto start = std::chrono::steady_clock::now();
      const auto staged = scene[1].Stage(message, scene.world.env);
      const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
      milliseconds.push_back(took.count());
      CHECK(ErrorOf(staged) == Error::LIMIT_EXCEEDED);
      CHECK(Count().expands - before.expands == 2);  // key and nonce of the sender data, no ratchet step
      CHECK(Count().signature_verifications == before.signature_verifications);
    }
    std::nth_element(milliseconds.begin(), milliseconds.begin() + 10, milliseconds.end());
    CHECK(milliseconds[10] < 1.0);
    scene.Refuses(1, message, Error::LIMIT_EXCEEDED);
    scene.GoesOn();
  }
}

std::size_t SkippedKeys(const Group& group) {
  return Must(SecretTree::Load(group.suite(), group.context().epoch, group.tree().width(),
                               World::Saved(group)))
      .skipped_key_count();
}

TEST_CASE("R15.3-03: limit on stored skipped keys per sender") {
  const auto limit = static_cast<std::uint32_t>(Limits{}.max_skipped_keys_per_sender);
  REQUIRE(limit == Limits{}.max_forward_steps);
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    const Insider insider(scene, 2);
    const auto message = [&](std::uint32_t generation) {
      return Ahead(insider, RatchetType::application, generation);
    };
    scene.Accepts(1, message(limit));
    CHECK(SkippedKeys(scene[1]) == limit);
    scene.Accepts(1, message(limit + 2));  // passes over one more, for which the oldest goes
    CHECK(SkippedKeys(scene[1]) == limit);
    scene.Refuses(1, message(0), Error::KEY_CONSUMED);
    scene.Accepts(1, message(1));
    scene.Accepts(1, message(limit + 1));
    CHECK(SkippedKeys(scene[1]) == limit - 2);
    scene.Accepts(1, scene.Send(0, "honest"));
  }
}

TEST_CASE("R15.3-04: limit on the age of skipped keys") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    const std::uint64_t epoch = scene[1].context().epoch;
    const auto rows_of_epoch = [&] {
      const MemoryRows saved = World::Saved(scene[1]);
      std::size_t count = 0;
      for (const RowTag tag :
           {RowTag::skipped, RowTag::ratchet, RowTag::secret_tree, RowTag::epoch_secrets}) {
        for (const auto& [key, value] : saved.rows()) {
          if (StartsWith(key, RowKey(tag, epoch))) ++count;
        }
      }
      return count;
    };
    const Bytes passed_over = scene.Send(2, "passed over");
    const Bytes other = scene.Send(2, "passed over, too");
    scene.Accepts(1, scene.Send(2, "read"));
    scene.Commit(0);
    scene.Accepts(1, other);  // late, and in time
    CHECK(rows_of_epoch() > 0);
    scene.world.env.now += Limits{}.max_past_epoch_age + 1;
    scene.Commit(0);
    CHECK(rows_of_epoch() == 0);
    scene.Refuses(1, passed_over, Error::WRONG_EPOCH);
    scene.Refuses(1, other, Error::WRONG_EPOCH);
    scene.GoesOn();
  }
}

TEST_CASE("R15.3-04: and on the number of epochs") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    const Bytes passed_over = scene.Send(2, "passed over");
    const Bytes other = scene.Send(2, "passed over, too");
    scene.Accepts(1, scene.Send(2, "read"));
    for (std::size_t i = 0; i < Limits{}.max_past_epochs; ++i) scene.Commit(0);
    scene.Accepts(1, other);
    scene.Commit(0);
    scene.Refuses(1, passed_over, Error::WRONG_EPOCH);
    scene.GoesOn();
  }
}

TEST_CASE("R15.3-05: failed decryption at a far generation does not move the ratchet") {
  const std::uint32_t limit = Limits{}.max_forward_steps;
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    const Insider insider(scene, 2);
    const Bytes first = scene.Send(2, "generation 0");
    const Bytes second = scene.Send(2, "generation 1");
    scene.Accepts(1, first);
    PrivateForgery garbage;
    garbage.key_generation = 1;
    garbage.generation = 1 + limit;
    scene.Refuses(1, insider.Private(insider.Data(), garbage), Error::DECRYPT_FAILED);
    scene.Accepts(1, second);
    scene.GoesOn();
  }
}

}  // namespace
}  // namespace mls::test
