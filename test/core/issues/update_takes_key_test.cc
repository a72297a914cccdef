// An Update that took over another member's encryption key was refused as a list in which two proposals
// clash: the key was looked up only for an Update that changed its signature key too.
#include <doctest/doctest.h>

#include "support/world.h"

namespace mls::test {
namespace {

TEST_CASE("R7.3: an Update with the encryption key of another member is refused by its name") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    World world(8);
    Group alice = world.NewGroup(world.NewClient(suite, "alice"));
    Group bob = world.AddMember(alice, {}, world.NewClient(suite, "bob"));
    LeafNode leaf = alice.tree().Leaf(bob.self());
    leaf.leaf_node_source = LeafNodeSource::update;
    leaf.encryption_key = ToBytes(alice.tree().PublicKey(alice.self()));
    const Proposal update{Update{leaf}};
    const Bytes reference(32, 1);
    const ListedProposal listed{&update, Sender::Member(bob.self()), &reference, {}};
    const Policy policy;
    const PlanRules rules{&policy, kNow, nullptr, std::nullopt, PlanRules::Judged::nothing};
    CHECK(ErrorOf(PlanCommit(alice.epoch(), Sender::Member(alice.self()), {&listed, 1}, rules)) ==
          Error::DUPLICATE_ENCRYPTION_KEY);
  }
}

}  // namespace
}  // namespace mls::test
