// RFC 9420 §10: an init_key is used once.
#ifndef _WIN32
#include <sys/wait.h>
#include <unistd.h>
#endif

#include <algorithm>

#include "crypto/system_random.h"
#include "kit/scene.h"

namespace mls::test {
namespace {

constexpr std::size_t kKeySize = 32;

// Produce gives the HPKE keys of `count` packages; none if one could not be made.
Bytes Produce(std::size_t count) {
  const Suite& suite = AllSuites().front();
  SystemRandom random;
  SeededRandom seeded(1);  // the same client everywhere
  const MemberProfile profile = MakeProfile(suite, "one", seeded);
  Bytes keys;
  for (std::size_t i = 0; i < count; ++i) {
    const auto made = GenerateKeyPackage(suite, profile, kLifetime, {}, random);
    if (!made.ok()) return {};
    const KeyPackage& package = made->key_package;
    for (const Bytes* key : {&package.init_key, &package.leaf_node.encryption_key})
      keys.insert(keys.end(), key->begin(), key->end());
  }
  return keys;
}

#ifndef _WIN32

// Send writes the keys to a pipe. It leaves the process at once: this is a fork.
[[noreturn]] void Send(int out, const Bytes& keys) {
  for (std::size_t at = 0; at < keys.size();) {
    const ssize_t written = write(out, keys.data() + at, keys.size() - at);
    if (written <= 0) _exit(1);
    at += static_cast<std::size_t>(written);
  }
  _exit(0);
}

// InProcesses gives the keys of processes that were forked from this one and work at the same time.
Bytes InProcesses(std::size_t processes, std::size_t each) {
  std::vector<std::pair<pid_t, int>> children;
  for (std::size_t i = 0; i < processes; ++i) {
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) Send(ends[1], Produce(each));
    close(ends[1]);
    children.emplace_back(child, ends[0]);
  }
  Bytes keys;
  for (const auto& [child, in] : children) {
    std::uint8_t buffer[65536];
    for (ssize_t got = 0; (got = read(in, buffer, sizeof buffer)) > 0;)
      keys.insert(keys.end(), buffer, buffer + got);
    close(in);
    int status = -1;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK(status == 0);
  }
  return keys;
}

#else

// Without fork, one after the other.
Bytes InProcesses(std::size_t processes, std::size_t each) { return Produce(processes * each); }

#endif

TEST_CASE("R10-02: init_key unique among our KeyPackages") {
  constexpr std::size_t kProcesses = 4, kEach = 25'000;
  // The generator was used before the fork, as an application would have used it.
  SystemRandom random;
  REQUIRE(random.Take(16).ok());
  const Bytes keys = InProcesses(kProcesses, kEach);
  REQUIRE(keys.size() == kProcesses * kEach * 2 * kKeySize);
  std::vector<View> all;
  for (std::size_t at = 0; at < keys.size(); at += kKeySize) all.push_back(View(keys).subspan(at, kKeySize));
  std::sort(all.begin(), all.end(), [](View a, View b) {
    return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end());
  });
  CHECK(std::adjacent_find(all.begin(), all.end(), [](View a, View b) { return Equal(a, b); }) == all.end());
}

}  // namespace
}  // namespace mls::test
