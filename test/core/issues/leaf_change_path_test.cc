// A commit that needs no path for its proposals ignored a change of the committer's own leaf.
#include <doctest/doctest.h>

#include "support/world.h"

namespace mls::test {
namespace {

TEST_CASE("a change of the own leaf brings a path with it") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    World world(7);
    Group alice = world.NewGroup(world.NewClient(suite, "alice"));
    Group bob = world.AddMember(alice, {}, world.NewClient(suite, "bob"));

    CommitOptions options;
    options.path = CommitOptions::Path::when_required;
    options.proposals.push_back({Add{world.NewKeyPackageOf(world.NewClient(suite, "carol")).key_package}});
    options.leaf.credential = Credential::Basic(AsView("alice, renamed"));
    const NewCommit commit = world.CommitNow(alice, std::move(options));
    world.Receive(bob, commit.message);

    CHECK(World::Agree(alice, bob));
    CHECK(bob.tree().Leaf(alice.self()).credential == Credential::Basic(AsView("alice, renamed")));
  }
}

}  // namespace
}  // namespace mls::test
