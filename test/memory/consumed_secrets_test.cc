// After 10,000 operations nothing that was consumed is left in the memory of the process (RFC 9420 §9.2,
// §16.6, §16.7).
//
// A process of its own lives in a group. Each secret that it wipes goes, at that moment and from where it
// lies, through a pipe to the test, which keeps it. Then the process stops, and the test searches all of its
// memory, as in a core image.
#include <doctest/doctest.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <map>
#include <random>
#include <set>
#include <string>
#include <unordered_set>

#include "crypto/hpke.h"
#include "crypto/labeled_kdf.h"
#include "support/world.h"

extern "C" void wipe_as_ever(mls::Span bytes) __asm__(
    "__real__ZN3mls4WipeESt4spanIhLm18446744073709551615EE");
extern "C" void wipe_and_tell(mls::Span bytes) __asm__(
    "__wrap__ZN3mls4WipeESt4spanIhLm18446744073709551615EE");

namespace mls::test {
namespace {

constexpr std::size_t kNeedle = 12;  // bytes by which a secret is known
// An allocator writes over the first bytes of what is freed, glibc over sixteen: of longer secrets the last
// are looked for.
constexpr std::size_t kLong = 16 + kNeedle;
// Nonces, keys and what they are made of have these sizes, in bytes; what is longer is opened plaintext,
// which begins with public words.
constexpr std::size_t kShortest = kNeedle, kLongest = 66;
using Needle = std::array<std::uint8_t, kNeedle>;

// How far the process is. Members replace all their keys in `renewing`, so what was wiped in `living` and not
// again is gone for good.
enum class Phase : std::uint8_t { living, renewing, stopped };

struct Told {
  Phase phase;
  Needle begin;
};

int pipe_to_test = -1;
Phase phase = Phase::living;
// The controls: copies of every so many secrets are kept, or made when all is done and freed without a wipe.
enum class Copies : std::uint8_t { none, kept, freed };
constexpr std::size_t kKeptOfEach = 1000;
Copies copies = Copies::none;
std::array<Needle, 16> kept;
constexpr std::uint8_t kMask = 0xa5;  // so that what is to be freed is not found here

void Tell(const std::uint8_t* begin) {
  const iovec parts[] = {{&phase, sizeof phase}, {const_cast<std::uint8_t*>(begin), kNeedle}};
  if (writev(pipe_to_test, parts, 2) != sizeof phase + kNeedle) _exit(3);
  static std::size_t number = 0;
  if (copies != Copies::none && ++number % kKeptOfEach == 0 && number / kKeptOfEach <= kept.size()) {
    const std::uint8_t mask = copies == Copies::freed ? kMask : 0;
    std::transform(begin, begin + kNeedle, kept[number / kKeptOfEach - 1].begin(),
                   [mask](std::uint8_t byte) { return static_cast<std::uint8_t>(byte ^ mask); });
  }
}

View NeedleOf(View secret) { return secret.size() < kLong ? secret.first(kNeedle) : secret.last(kNeedle); }

// LooksRandom: not the end of a label or a context, which are public words and numbers.
bool LooksRandom(View needle) { return std::set<std::uint8_t>(needle.begin(), needle.end()).size() >= 9; }

// FreeCopies leaves copies of the kept secrets in memory that is free.
void FreeCopies() {
  std::array<std::unique_ptr<std::array<std::uint8_t, kLong>>, std::tuple_size_v<decltype(kept)>> blocks;
  for (std::size_t i = 0; i < kept.size(); ++i) {
    blocks[i] = std::make_unique<std::array<std::uint8_t, kLong>>();
    volatile std::uint8_t* end = blocks[i]->data() + kLong - kNeedle;
    for (std::size_t k = 0; k < kNeedle; ++k) end[k] = kept[i][k] ^ kMask;
  }
}

constexpr std::size_t kMembers = 8;
constexpr std::size_t kRounds = 140;     // of 73 operations: each sends, all receive, two commit, one in vain
constexpr std::size_t kFewRounds = 20;   // of the other suites, unless NODE_MLS_FULL is set
constexpr std::size_t kLastRounds = 24;  // more than the epochs, and resumption PSKs, that are kept

class Life {
 public:
  // Never the same twice: the process begins with all that the test remembers of the one before.
  explicit Life(const Suite& suite) : world_(std::random_device()()) {
    clients_.push_back(world_.NewClient(suite, "member 0"));
    groups_.push_back(std::make_unique<Group>(world_.NewGroup(clients_[0])));
    for (std::size_t i = 1; i < kMembers; ++i) {
      clients_.push_back(world_.NewClient(suite, "member " + std::to_string(i)));
      std::vector<Group*> others;
      for (std::size_t j = 1; j < i; ++j) others.push_back(groups_[j].get());
      groups_.push_back(std::make_unique<Group>(world_.AddMember(*groups_[0], others, clients_[i])));
    }
  }

  // TellKept tells of the secrets that a member has for good: so they are not of those that are gone.
  void TellKept() const {
    for (const Client& client : clients_) Tell(NeedleOf(client.profile.signature_private_key.view()).data());
  }

  void Round(std::size_t number) {
    for (const auto& sender : groups_) Deliver(*sender, world_.Send(*sender, "what was said"));
    Group &committer = *groups_[number % kMembers], &loser = *groups_[(number + 1) % kMembers];
    StagedCommit in_vain = Must(loser.StageCommit({}, world_.env));
    Must(loser.Apply(Must(loser.CompleteCommit(std::move(in_vain), {}, world_.env)).change));
    Deliver(committer, world_.CommitNow(committer, {}).message);
  }

 private:
  void Deliver(const Group& sender, View message) {
    for (const auto& receiver : groups_) {
      if (receiver.get() != &sender) world_.Receive(*receiver, message);
    }
  }

  World world_;
  std::vector<Client> clients_;
  std::vector<std::unique_ptr<Group>> groups_;
};

// Stop never returns: the process stops, with what it has in memory, until it is killed.
[[noreturn]] void Stop() {
  phase = Phase::stopped;
  Tell(Needle{}.data());
  std::raise(SIGSTOP);
  _exit(4);
}

void Live(const Suite& suite, std::size_t rounds) {
  Life life(suite);
  for (std::size_t i = 0; i < rounds; ++i) life.Round(i);
  phase = Phase::renewing;
  for (std::size_t i = 0; i < kLastRounds; ++i) life.Round(i);
  life.TellKept();
  if (copies == Copies::freed) FreeCopies();
  Stop();  // before the groups go
}

std::vector<Told> Listen(int from_process) {
  std::vector<Told> told;
  std::array<std::uint8_t, sizeof(Phase) + kNeedle> record;
  for (std::size_t have = 0; have < record.size();) {
    const ssize_t size = read(from_process, record.data() + have, record.size() - have);
    if (size <= 0) return told;
    have += static_cast<std::size_t>(size);
    if (have < record.size()) continue;
    have = 0;
    Told one{static_cast<Phase>(record[0]), {}};
    std::copy(record.begin() + 1, record.end(), one.begin.begin());
    told.push_back(one);
    if (one.phase == Phase::stopped) return told;
  }
  return told;
}

std::string AsText(const Needle& needle) { return {needle.begin(), needle.end()}; }

struct Region {
  std::uint64_t from = 0;
  std::uint64_t to = 0;
  std::string name;
};

std::vector<Region> WritableRegions(pid_t process) {
  std::vector<Region> regions;
  std::ifstream maps("/proc/" + std::to_string(process) + "/maps");
  for (std::string line; std::getline(maps, line);) {
    Region region;
    char mode[5] = {};
    int name_at = 0;
    if (std::sscanf(line.c_str(), "%lx-%lx %4s %*s %*s %*s %n", &region.from, &region.to, mode, &name_at) < 3)
      continue;
    if (mode[1] != 'w') continue;
    region.name = line.substr(static_cast<std::size_t>(name_at));
    regions.push_back(region);
  }
  return regions;
}

// Find gives how often each of `secrets` lies in the memory of a process, by the name of the region.
std::map<std::string, std::size_t> Find(pid_t process, const std::unordered_set<std::string>& secrets) {
  std::vector<bool> begins(1u << 24);
  const auto slot = [](const char* at) {
    return static_cast<std::size_t>(static_cast<unsigned char>(at[0]) |
                                    static_cast<unsigned char>(at[1]) << 8 |
                                    static_cast<unsigned char>(at[2]) << 16);
  };
  for (const std::string& secret : secrets) begins[slot(secret.data())] = true;
  std::map<std::string, std::size_t> found;
  std::ifstream memory("/proc/" + std::to_string(process) + "/mem", std::ios::binary);
  for (const Region& region : WritableRegions(process)) {
    std::string content(region.to - region.from, '\0');
    memory.clear();
    memory.seekg(static_cast<std::streamoff>(region.from));
    memory.read(content.data(), static_cast<std::streamsize>(content.size()));
    content.resize(static_cast<std::size_t>(std::max<std::streamsize>(memory.gcount(), 0)));
    for (std::size_t at = 0; at + kNeedle <= content.size(); ++at) {
      if (!begins[slot(content.data() + at)]) continue;
      if (secrets.contains(content.substr(at, kNeedle))) ++found[region.name];
    }
  }
  return found;
}

struct Left {
  std::size_t gone = 0;                      // secrets that should be
  std::map<std::string, std::size_t> found;  // of them, by the name of the region
};

// LiveAndSearch lets a process of its own do `life`, making copies of some secrets or not.
template <typename F>
Left LiveAndSearch(F&& life, Copies making = Copies::none) {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const pid_t process = fork();
  if (process == 0) {
    close(ends[0]);
    copies = making;
    pipe_to_test = ends[1];
    life();
    Stop();
  }
  close(ends[1]);
  const std::vector<Told> told = Listen(ends[0]);
  close(ends[0]);
  int status = 0;
  REQUIRE(waitpid(process, &status, WUNTRACED) == process);
  REQUIRE(WIFSTOPPED(status));
  std::unordered_set<std::string> gone, living;
  for (const Told& one : told) (one.phase == Phase::living ? gone : living).insert(AsText(one.begin));
  for (const std::string& secret : living) gone.erase(secret);
  Left left{gone.size(), Find(process, gone)};
  kill(process, SIGKILL);
  waitpid(process, &status, 0);
  return left;
}

TEST_CASE("after 10,000 operations no consumed secret is in the memory of the process") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    const bool all = suite.id == AllSuites().front().id || std::getenv("NODE_MLS_FULL") != nullptr;
    const std::size_t rounds = all ? kRounds : kFewRounds;
    const Left left = LiveAndSearch([&] { Live(suite, rounds); });
    CHECK(left.gone > 73 * rounds);
    for (const auto& [region, count] : left.found) MESSAGE(suite.name << ": " << region << ": " << count);
    CHECK(left.found.empty());
  }
}

TEST_CASE("what HPKE's key schedule makes of its info is not left in memory that is free") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    const Left left = LiveAndSearch([&] {
      std::random_device random;  // as in Life: never the same twice
      for (int i = 0; i < 8; ++i) Must(HpkeInfo::Make(suite, Encode(std::uint32_t{random()})));
      phase = Phase::renewing;  // the one hash that is always the same is not of those that are gone
      Must(LabeledExtract(suite, SuiteId::OfHpke(suite), {}, "psk_id_hash", {}));
    });
    CHECK(left.gone == 16);  // HMAC has an inner hash
    CHECK(left.found.empty());
  }
}

TEST_CASE("secrets of which copies stay are found, and those of which copies were freed as they were") {
  for (const Copies making : {Copies::kept, Copies::freed}) {
    CAPTURE(static_cast<int>(making));
    const Left left = LiveAndSearch([] { Live(AllSuites().front(), kRounds); }, making);
    std::size_t found = 0;
    for (const auto& [region, count] : left.found) {
      MESSAGE(region << ": " << count);
      found += count;
    }
    CHECK(found >= kept.size() / 2);  // some of them are in use for longer
  }
}

}  // namespace
}  // namespace mls::test

void wipe_and_tell(mls::Span bytes) {
  using namespace mls::test;
  if (bytes.size() >= kShortest && bytes.size() <= kLongest && pipe_to_test >= 0) {
    const mls::View needle = NeedleOf(bytes);
    if (LooksRandom(needle)) Tell(needle.data());
  }
  wipe_as_ever(bytes);
}
