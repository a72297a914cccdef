// Groups on many threads: one group belongs to one thread at a time, while pools, epochs and tree pages are
// shared by all. ThreadSanitizer runs this file.
#include <doctest/doctest.h>

#include <atomic>
#include <future>

#include "support/warm_group.h"

using namespace mls;
using namespace mls::test;

namespace {

constexpr std::size_t kThreads = 4;

const Suite& TheSuite() { return *FindSuite(CipherSuite::MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519); }

// OnThreads runs body(i) on a thread each and says whether all gave true; what one throws is thrown here.
template <class Body>
bool OnThreads(std::size_t count, Body body) {
  std::vector<std::future<bool>> results;
  for (std::size_t i = 0; i < count; ++i) {
    results.push_back(std::async(std::launch::async, [&body, i] { return body(i); }));
  }
  bool all = true;
  for (std::future<bool>& result : results) all = result.get() && all;
  return all;
}

// LiveThroughGroup makes a group, adds 64 members at once, lets two of them join and talk.
bool LiveThroughGroup(std::uint64_t seed, Pool& pool) {
  World world(seed);
  world.env.pool = &pool;
  Group founder = world.NewGroup(world.NewClient(TheSuite(), "founder"));
  std::vector<NewKeyPackage> packages;
  CommitOptions options;
  for (int i = 0; i < 64; ++i) {
    packages.push_back(world.NewKeyPackageOf(world.NewClient(TheSuite(), "member " + std::to_string(i))));
    options.proposals.push_back({Add{packages.back().key_package}});
  }
  const NewCommit commit = world.CommitNow(founder, std::move(options));
  Group first = world.Join(commit.welcomes.at(0).message, packages.front());
  Group last = world.Join(commit.welcomes.at(0).message, packages.back());
  const Bytes next = world.CommitNow(last, {}).message;
  world.Receive(founder, next);
  world.Receive(first, next);
  const Bytes mail = world.Send(first, "over the pool");
  const auto opened = std::get<ApplicationMessage>(world.Receive(last, mail));
  return World::Agree(founder, last) && World::Agree(first, last) &&
         Equal(opened.data, AsView("over the pool"));
}

}  // namespace

TEST_CASE("Threads: several groups add and join many at once over one pool") {
  Pool pool(kThreads);
  CHECK(OnThreads(3, [&](std::size_t i) { return LiveThroughGroup(100 + i, pool); }));
}

TEST_CASE("Threads: trackers on many threads leave one epoch, whose pages all of them share") {
  SeededRandom random(7);
  Pool pool(kThreads);
  WarmGroup group = MakeWarmGroup(TheSuite(), 100, TreeState::warm, random, &pool);
  const PublicEpochPtr epoch = group.tracker.shared_epoch();
  const Policy policy = group.tracker.policy();
  std::vector<Bytes> commits;
  for (int i = 0; i < 6; ++i) commits.push_back(group.Commit(static_cast<std::size_t>(i) % 3, {}).message);
  CHECK(OnThreads(kThreads, [&](std::size_t i) {
    SeededRandom own(i);
    const Env env{kNow, &own, i % 2 == 0 ? &pool : nullptr};
    Tracker tracker(epoch, policy);
    for (const Bytes& commit : commits) {
      StagedHandshake staged = Must(tracker.Stage(commit, env));
      const Answers answers = AcceptAll(staged.questions);
      Must(tracker.Complete(std::move(staged), answers));
    }
    return tracker.epoch().context == group.tracker.epoch().context;
  }));
}

TEST_CASE("Threads: a group goes from thread to thread, while others read the epochs that it leaves") {
  SeededRandom random(8);
  WarmGroup group = MakeWarmGroup(TheSuite(), 40, TreeState::warm, random, nullptr);
  for (std::size_t round = 0; round < 6; ++round) {
    const std::size_t committer = round % group.members.size();
    const PublicEpochPtr before = group.members[committer].tracker().shared_epoch();
    const NewCommit commit = group.Make(committer, {});
    std::vector<std::future<Group>> moved;
    for (std::size_t i = 0; i < group.members.size(); ++i) {
      if (i == committer) continue;
      moved.push_back(std::async(std::launch::async, [&, i, member = std::move(group.members[i])]() mutable {
        SeededRandom own(i);
        const Env env{kNow, &own, nullptr};
        StagedMessage staged = Must(member.Stage(commit.message, env));
        const Answers answers = AcceptAll(staged.questions);
        Must(member.Apply(Must(member.Complete(std::move(staged), answers, env)).change));
        return std::move(member);
      }));
    }
    CHECK(OnThreads(2, [&](std::size_t) {
      auto decoded = RatchetTree::DecodeExtension(TheSuite(), before->tree.EncodeExtension(), Limits());
      return decoded.ok() && decoded->UpdateHashes(nullptr).ok() &&
             Equal(decoded->RootHash(), before->context.tree_hash);
    }));
    std::vector<Group> members;
    for (std::future<Group>& one : moved) members.push_back(one.get());
    members.insert(members.begin() + static_cast<std::ptrdiff_t>(committer),
                   std::move(group.members[committer]));
    group.members = std::move(members);
    for (const Group& member : group.members) CHECK(World::Agree(member, group.members.front()));
  }
}

TEST_CASE("Threads: copies of a tree are written by some threads and read by others") {
  SeededRandom random(9);
  Pool pool(kThreads);
  WarmGroup group = MakeWarmGroup(TheSuite(), 300, TreeState::warm, random, &pool);
  const RatchetTree tree = group.members[0].tree();
  const LeafNode leaf = tree.Leaf({17});
  std::atomic<std::size_t> writing{2};
  CHECK(OnThreads(4, [&](std::size_t i) {
    bool right = true;
    if (i >= 2) {
      for (int turn = 0; turn < 1000 && writing.load() != 0; ++turn) {
        const RatchetTree copy = tree;  // dropped, perhaps as the last owner of some pages
        right = right && copy.RootHash() == tree.RootHash() && !copy.EncodeExtension().empty();
      }
      return right;
    }
    for (std::uint32_t step = 0; step < 40; ++step) {
      RatchetTree copy = tree;
      copy.RemoveLeaf({step * 7 + static_cast<std::uint32_t>(i)});
      copy.AddLeaf(leaf);
      right = right && copy.UpdateHashes(&pool).ok() && !(copy.RootHash() == tree.RootHash());
    }
    --writing;
    return right;
  }));
  auto decoded = RatchetTree::DecodeExtension(TheSuite(), tree.EncodeExtension(), Limits());
  REQUIRE(decoded.ok());
  REQUIRE(decoded->UpdateHashes(nullptr).ok());
  CHECK(decoded->RootHash() == tree.RootHash());
}
