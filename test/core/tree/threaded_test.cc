// The tree with a pool, and one tree under several threads' hands. ThreadSanitizer runs this file.
#include <doctest/doctest.h>

#include <thread>

#include "tree/members.h"
#include "tree/model.h"

using namespace mls;
using namespace mls::test;

TEST_CASE("threaded: with a pool the tree hashes are those of the model") {
  Pool pool(4);
  TreeWalk walk(6, SmallSuite());
  while (walk.model().leaves().size() < 1200) walk.Step(4000);
  for (int round = 0; round < 3; ++round) {
    const RatchetTree shared = walk.tree();  // so that pages are copied before they are written
    REQUIRE(walk.tree().UpdateHashes(&pool).ok());
    const std::vector<Bytes> hashes = walk.model().Hashes();
    for (NodeIndex node(0); node.value < hashes.size(); ++node.value) {
      REQUIRE(Equal(walk.tree().TreeHash(node), hashes[node.value]));
    }
    for (int step = 0; step < 40; ++step) walk.Step(1200);
  }
}

TEST_CASE("threaded: with a pool the checks of a join give the same answers") {
  Pool pool(4);
  TestGroup group(2);
  while (group.members().size() < 40) group.Join();
  for (std::uint32_t sender = 0; sender < 40; sender += 5) REQUIRE(group.Commit({sender}));
  const LeafRules rules = PlainRules();
  CHECK(ValidateTreeStructure(group.tree(), &pool).ok());
  CHECK(ValidateTreeLeaves(group.tree(), rules, group.group_id(), &pool).ok());
  CHECK(!ValidateTreeLeaves(group.tree(), rules, AsView("another group"), &pool).ok());
}

TEST_CASE("threaded: path secrets sealed with a pool are opened by everyone") {
  Pool pool(4);
  TestGroup group(3);
  while (group.members().size() < 20) group.Join();
  const LeafIndex sender{7};
  RatchetTree tree = group.tree();
  auto secrets = CreatePath(tree, sender, tree.Leaf(sender), group.members()[sender].signature_private_key,
                            group.group_id(), group.random(), &pool);
  REQUIRE(secrets.ok());
  REQUIRE(SealPath(tree, sender, *secrets, {}, AsView("context"), group.random(), &pool).ok());
  RatchetTree applied = group.tree();
  REQUIRE(ApplyPath(applied, sender, secrets->path, {}, &pool).ok());
  for (const auto& [place, member] : group.members()) {
    if (place == sender) continue;
    const auto opened = OpenPath(applied, sender, place, member.keys, secrets->path, {}, AsView("context"));
    REQUIRE(opened.ok());
    CHECK(opened->commit_secret == secrets->commit_secret);
  }
}

TEST_CASE("threaded: copies of one tree change side by side") {
  TreeWalk walk(9, SmallSuite());
  while (walk.model().leaves().size() < 200) walk.Step(400);
  REQUIRE(walk.tree().UpdateHashes(nullptr).ok());
  const RatchetTree origin = walk.tree();
  const Digest root = origin.RootHash();
  std::vector<Digest> results(4);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < results.size(); ++i) {
    threads.emplace_back([&, i] {
      // Pairs of threads do the same, so that they must come to the same tree.
      SeededRandom random(i / 2);
      RatchetTree copy = origin;
      for (int step = 0; step < 50; ++step) {
        const auto member = copy.NextMember({static_cast<std::uint32_t>(random.Below(copy.width()))});
        if (member) copy.RemoveLeaf(*member);
        copy.AddLeaf(RandomLeaf(random));
        if (!copy.UpdateHashes(nullptr).ok()) return;
      }
      results[i] = copy.RootHash();
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(!results[0].empty());
  CHECK(results[0] == results[1]);
  CHECK(results[2] == results[3]);
  CHECK(!(results[0] == results[2]));
  CHECK(origin.RootHash() == root);
}
