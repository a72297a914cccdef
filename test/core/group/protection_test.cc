// The tag of a row alone says whether it is sealed (store/format.h): what the engine asks for and what the
// tag says must not part.
#include <doctest/doctest.h>

#include "support/world.h"

using namespace mls;
using namespace mls::test;

namespace {

std::size_t CheckProtection(const Batch& batch) {
  for (const Batch::Operation& operation : batch.operations()) {
    if (operation.kind != Batch::Operation::Kind::put) continue;
    CAPTURE(int(operation.row.key[0]));
    CHECK(operation.row.protection == ProtectionOf(RowTag(operation.row.key[0])));
  }
  return batch.operations().size();
}

}  // namespace

TEST_CASE("protection: every row that a group writes is sealed as its tag says") {
  World world(1);
  const Suite& suite = AllSuites().front();
  Group alice = world.NewGroup(world.NewClient(suite, "alice"));
  Group bob = world.AddMember(alice, {}, world.NewClient(suite, "bob"));
  Group carol = world.AddMember(alice, {&bob}, world.NewClient(suite, "carol"));
  world.Receive(bob, world.Send(alice, "one"));
  world.Receive(alice, world.ProposeUpdate(bob));
  const StagedCommit staged = Must(alice.StageCommit({}, world.env));
  Done<NewCommit> done = Must(
      alice.CompleteCommit(Must(alice.StageCommit({}, world.env)), AcceptAll(staged.questions), world.env));
  std::size_t rows = CheckProtection(done.change.batch);
  Must(alice.Apply(std::move(done.change)));
  for (const Group* group : {&alice, &bob, &carol}) {
    Batch whole;
    group->Save(whole);
    rows += CheckProtection(whole);
  }
  CHECK(rows > 40);
}
