// A saved GroupContext with an extension that does not decode was MALFORMED to who loaded it, as if somebody
// had sent it, and not damage of the store.
#include <doctest/doctest.h>

#include <algorithm>

#include "support/world.h"

namespace mls::test {
namespace {

TEST_CASE("a saved context with an extension that does not decode is damage") {
  World world(1);
  const RequiredCapabilities required{{ExtensionType::application_id}, {ProposalType::psk}, {}};
  const Extension extension = MakeExtension(required);
  const Group group = world.NewGroup(world.NewClient(AllSuites()[0], "alice"), {}, {extension});
  MemoryRows rows = World::Saved(group);
  MemoryRows of_tracker;
  Batch batch;
  group.tracker().Save(batch);
  of_tracker.Apply(batch);
  const Bytes key = RowKey(RowTag::context);
  const auto damaged = [&](const MemoryRows& from) {
    Bytes context = ToBytes(*from.Get(key));
    const Bytes& data = extension.extension_data;
    const auto at = std::search(context.begin(), context.end(), data.begin(), data.end());
    REQUIRE(at != context.end());
    *at += 1;  // the first list would end in the middle of a type
    return context;
  };
  RowDelta delta;
  delta.Put(key, damaged(rows));
  CHECK(ErrorOf(group.Refresh(delta, world.env)) == Error::STORAGE_DAMAGED);
  rows.Put(key, damaged(rows));
  CHECK(ErrorOf(Group::Load(rows, {}, world.env)) == Error::STORAGE_DAMAGED);
  of_tracker.Put(key, damaged(of_tracker));
  CHECK(ErrorOf(Tracker::Load(of_tracker, {}, world.env)) == Error::STORAGE_DAMAGED);
}

}  // namespace
}  // namespace mls::test
