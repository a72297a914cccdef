// RFC 9420 §6.3.1, §15.1, §16.3: what we encrypt ourselves.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "crypto/system_random.h"
#include "kit/raw_public.h"
#include "kit/scene.h"

namespace mls::test {
namespace {

// SenderDataOf opens what a message says of its sender.
SenderData SenderDataOf(const Insider& insider, View message) {
  return Must(OpenSenderData(insider.suite(), Closed(message), insider.sender_data_secret));
}

// Many encrypts one signed content so many times in a row with fresh bytes of the system.
template <class Each>
void Many(const Insider& insider, std::size_t count, Each each) {
  SystemRandom random;
  const AuthenticatedContent content = insider.Data("x");
  MessageKeys keys{insider.sender_data_secret.Clone(),
                   SecretTree::Create(insider.suite(), 1, 4, Secret(insider.suite().Nh))};
  for (std::size_t i = 0; i < count; ++i) {
    SealedMessage sealed = Must(SealPrivateMessage(keys, insider.suite(), content, {}, {}, random));
    keys.secret_tree.Apply(std::move(sealed.change));
    each(sealed.message);
  }
}

// In a sanitizer's build, or where a million take too long, fewer show the same.
std::size_t HowMany() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return 20'000;
#else
  return 1'000'000;
#endif
}

TEST_CASE("R6.3.1-06, R16.3-01: fresh guards, and no ciphertext sample twice, in a million messages") {
  const Suite& suite = *FindSuite(CipherSuite::MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519);
  Scene scene(suite, 3);
  const Insider insider(scene, 2);
  const std::size_t count = HowMany();
  std::vector<std::uint32_t> generations;
  std::vector<std::uint32_t> guards;
  std::vector<std::array<std::uint8_t, 32>> samples;
  std::array<std::array<std::size_t, 256>, 4> counts{};
  Many(insider, count, [&](const PrivateMessage& message) {
    const SenderData sender = Must(OpenSenderData(suite, message, insider.sender_data_secret));
    generations.push_back(sender.generation);
    std::uint32_t guard = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      ++counts[i][sender.reuse_guard[i]];
      guard = guard << 8 | sender.reuse_guard[i];
    }
    guards.push_back(guard);
    REQUIRE(message.ciphertext.size() >= suite.Nh);
    std::copy_n(message.ciphertext.begin(), 32, samples.emplace_back().begin());
  });
  // No generation twice, so no (key, nonce) pair twice; no sample twice, so none for the sender data.
  const auto distinct = [](auto values) {
    std::sort(values.begin(), values.end());
    return static_cast<std::size_t>(std::unique(values.begin(), values.end()) - values.begin());
  };
  CHECK(distinct(generations) == count);
  CHECK(distinct(samples) == count);
  // Guards: as many coincidences as chance has (n^2 / 2^33, here 116; ten standard deviations), each byte
  // uniform (chi-squared with 255 degrees of freedom: 255 on average, standard deviation 22.6).
  const double expected = static_cast<double>(count) * static_cast<double>(count) / 8589934592.0;
  const auto coincidences = static_cast<double>(count - distinct(guards));
  CHECK(coincidences < expected + 10 * std::sqrt(expected) + 1);
  const double mean = static_cast<double>(count) / 256;
  for (const auto& of_byte : counts) {
    double chi = 0;
    for (const std::size_t n : of_byte)
      chi += (static_cast<double>(n) - mean) * (static_cast<double>(n) - mean) / mean;
    CHECK(chi < 255 + 8 * 22.6);
    CHECK(chi > 255 - 8 * 22.6);
  }
}

// CheckTwo: two that hold the same state, and so use the same generation, send with different guards.
void CheckTwo(const Insider& insider, View one, View other) {
  const SenderData a = SenderDataOf(insider, one);
  const SenderData b = SenderDataOf(insider, other);
  CHECK(a.generation == b.generation);
  CHECK(a.reuse_guard != b.reuse_guard);
  const std::size_t sample = insider.suite().Nh;
  CHECK_FALSE(
      Equal(View(Closed(one).ciphertext).first(sample), View(Closed(other).ciphertext).first(sample)));
}

TEST_CASE("R6.3.1-06: one state in two hands: after a restored snapshot, and after a fork") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    scene.NotInJournal();
    const Insider insider(scene, 2);
    SystemRandom random;
    Env env = scene.world.env;
    env.random = &random;
    const MemoryRows snapshot = World::Saved(scene[2]);
    const auto sent_by = [&](const Group& group) {
      return Must(group.Protect(AsView("the same text"), {}, env)).output;
    };
    const Bytes first = sent_by(Must(Group::Load(snapshot, scene[2].policy(), env)));
    CheckTwo(insider, first, sent_by(Must(Group::Load(snapshot, scene[2].policy(), env))));

    int ends[2];
    REQUIRE(pipe(ends) == 0);
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      const Bytes message = sent_by(scene[2]);
      const auto written = write(ends[1], message.data(), message.size());
      _exit(written == static_cast<ssize_t>(message.size()) ? 0 : 1);
    }
    close(ends[1]);
    const Bytes own = sent_by(scene[2]);
    Bytes message(4096);
    const ssize_t size = read(ends[0], message.data(), message.size());
    close(ends[0]);
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    REQUIRE(status == 0);
    message.resize(static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
    CheckTwo(insider, own, message);
  }
}

CompanyOptions Limited(std::size_t max_message_size, PaddingPolicy padding = {}) {
  CompanyOptions options = Scene::Open();
  options.policy.limits.max_message_size = max_message_size;
  options.policy.padding = padding;
  return options;
}

TEST_CASE("R6.3.1-09: AAD and ciphertext size within the AEAD limits") {
  const std::size_t limit = 20'000;
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3, Limited(limit));
    scene.NotInJournal();
    const auto protect = [&](std::size_t data, std::size_t authenticated_data) {
      const MemoryRows before = World::Saved(scene[2]);
      auto done = scene[2].Protect(Bytes(data, 1), Bytes(authenticated_data, 2), scene.world.env);
      CHECK(before == World::Saved(scene[2]));
      return done;
    };
    for (const auto& [data, aad] : {std::pair<std::size_t, std::size_t>{limit + 1, 0},
                                    {0, limit + 1},
                                    {limit / 2 + 1, limit / 2},
                                    {limit, 0},
                                    {limit - 50, 0},
                                    {10, limit - 50}}) {
      CHECK(ErrorOf(protect(data, aad)) == Error::TOO_LARGE);
    }
    auto sent = Must(protect(limit / 2, limit / 2 - 1000));
    scene.Apply(2, std::move(sent.change));
    scene.Deliver(2, sent.output);
    // A message that is larger than the limit is refused before it is read at all.
    const Insider insider(scene, 2);
    PrivateForgery large;
    large.plaintext = [=](Bytes& plaintext) { plaintext.resize(limit); };
    scene.Refuses(1, insider.Private(insider.Data(), large), Error::LIMIT_EXCEEDED);
    scene.GoesOn();
  }
}

TEST_CASE("R6.3.1-09: the largest message that is sent is one that is taken") {
  const Suite& suite = AllSuites().front();
  for (std::size_t limit = 20'000; limit < 20'040; ++limit) {
    Scene scene(suite, 2, Limited(limit));
    scene.NotInJournal();
    std::size_t size = limit;
    while (!scene[1].Protect(Bytes(size, 1), {}, scene.world.env).ok()) --size;
    REQUIRE(size > limit - 300);
    CHECK(scene.Send(1, std::string(size, 'x')).size() == limit);
    scene.Deliver(1, scene.Send(1, std::string(size, 'x')));
  }
}

TEST_CASE("R15.1-01: padding stays within size limits") {
  const std::size_t limit = 20'000;
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    for (const std::uint32_t multiple : {19'990u, 20'001u, 0x7FFFFFFFu, 0xFFFFFFFFu}) {
      Scene scene(suite, 3, Limited(limit, {PaddingPolicy::Kind::multiple, multiple}));
      scene.NotInJournal();
      const Bytes message = scene.Send(2, "short");
      CHECK(message.size() <= limit);
      CHECK(message.size() > limit - 10);  // padded as far as it goes
      scene.Accepts(1, message);
      scene.GoesOn();
    }
    Scene scene(suite, 3, Limited(limit, {PaddingPolicy::Kind::padme, 0}));
    scene.NotInJournal();
    const Bytes message = scene.Send(2, std::string(limit - 400, 'x'));
    CHECK(message.size() <= limit);
    scene.Accepts(1, message);
    scene.GoesOn();
  }
}

}  // namespace
}  // namespace mls::test
