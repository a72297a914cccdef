// A newcomer to a group in which everybody has committed can process everyone's next commit, at every size.
//
// The tree is full of parent nodes of which the newcomer knows few keys: it has to find the one on its own
// path, and no key of a node in which it is unmerged (RFC 9420 §7.6, §12.4.3.1).
#include "support/world.h"

#include <doctest/doctest.h>

namespace mls::test {
namespace {

// EveryNextCommit: each member makes a commit; the newcomer processes each of them as if it were the next.
void EveryNextCommit(World& world, std::vector<Group>& members, Group& newcomer, CommitOptions::Path path) {
  for (Group& member : members) {
    CommitOptions options;
    options.path = path;
    StagedCommit staged = Must(member.StageCommit(std::move(options), world.env));
    const Done<NewCommit> commit = Must(member.CompleteCommit(std::move(staged), {}, world.env));
    StagedMessage message = Must(newcomer.Stage(commit.output.message, world.env));
    CHECK(newcomer.Complete(std::move(message), AcceptAll(message.questions), world.env).ok());
  }
}

void Grow(const Suite& suite, std::uint32_t largest, CommitOptions::Path path_of_add) {
  World world(suite.Nh);
  std::vector<Group> members;
  members.push_back(world.NewGroup(world.NewClient(suite, "member 0")));
  for (std::uint32_t size = 2; size <= largest; ++size) {
    CAPTURE(size);
    const Client client = world.NewClient(suite, "member " + std::to_string(size - 1));
    const NewKeyPackage package = world.NewKeyPackageOf(client);
    Group& adder = members[world.random.Below(members.size())];
    CommitOptions options;
    options.path = path_of_add;
    options.proposals.push_back({Add{package.key_package}});
    const NewCommit commit = world.CommitNow(adder, std::move(options));
    for (Group& member : members) {
      if (&member != &adder) world.Receive(member, commit.message);
    }
    Group newcomer = world.Join(commit.welcomes.at(0).message, package);
    EveryNextCommit(world, members, newcomer, CommitOptions::Path::when_required);
    // The newcomer commits: now every parent node is filled, and everybody has the new path.
    const NewCommit own = world.CommitNow(newcomer, {});
    for (Group& member : members) world.Receive(member, own.message);
    EveryNextCommit(world, members, newcomer, CommitOptions::Path::always);
    members.push_back(std::move(newcomer));
    for (const Group& member : members) CHECK(World::Agree(member, members.front()));
  }
}

TEST_CASE("newcomers process everyone's next commit, from 2 to 33 members") {
  Grow(AllSuites()[0], 33, CommitOptions::Path::when_required);
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Grow(suite, 9, CommitOptions::Path::when_required);
  }
}

TEST_CASE("newcomers process everyone's next commit, when their Add came with a path") {
  Grow(AllSuites()[0], 12, CommitOptions::Path::always);
  for (const Suite& suite : AllSuites()) Grow(suite, 6, CommitOptions::Path::always);
}

// One who is added while blanks and unmerged leaves are about.
TEST_CASE("groups that shrink and grow at random stay in agreement") {
  World world(9);
  const Suite& suite = AllSuites()[0];
  std::vector<Group> members;
  members.push_back(world.NewGroup(world.NewClient(suite, "founder")));
  for (int step = 0; step < 60; ++step) {
    CAPTURE(step);
    const std::size_t by = world.random.Below(members.size());
    CommitOptions options;
    options.path =
        world.random.Below(2) == 0 ? CommitOptions::Path::always : CommitOptions::Path::when_required;
    std::vector<NewKeyPackage> packages;
    const std::size_t adds = world.random.Below(4);
    for (std::size_t i = 0; i < adds && members.size() + i < 20; ++i) {
      packages.push_back(
          world.NewKeyPackageOf(world.NewClient(suite, "c" + std::to_string(step * 4 + int(i)))));
      options.proposals.push_back({Add{packages.back().key_package}});
    }
    std::vector<std::size_t> out;
    for (std::size_t i = 0; i < members.size(); ++i) {
      if (i == by || world.random.Below(6) != 0) continue;
      options.proposals.push_back({Remove{members[i].self()}});
      out.push_back(i);
    }
    const NewCommit commit = world.CommitNow(members[by], std::move(options));
    for (std::size_t i = 0; i < members.size(); ++i) {
      if (i != by) world.Receive(members[i], commit.message);
    }
    for (; !out.empty(); out.pop_back()) {
      CHECK(members[out.back()].phase() == Phase::removed);
      members.erase(members.begin() + static_cast<std::ptrdiff_t>(out.back()));
    }
    for (const NewKeyPackage& package : packages) {
      members.push_back(world.Join(commit.welcomes.at(0).message, package));
    }
    for (const Group& member : members) CHECK(World::Agree(member, members.front()));
  }
}

}  // namespace
}  // namespace mls::test
