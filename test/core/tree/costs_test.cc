// What a step costs, in counted operations (base/counters.h): the formula, not the clock.
#include <doctest/doctest.h>

#include <bit>

#include "base/counters.h"
#include "tree/members.h"
#include "tree/model.h"

using namespace mls;
using namespace mls::test;

namespace {

// Warm gives a tree in which every parent is set: all leaves
// by one add, then a path from each, made without keys.
RatchetTree Warm(std::uint32_t size, SeededRandom& random) {
  RatchetTree tree(SmallSuite());
  std::vector<Bytes> leaves;
  for (std::uint32_t i = 0; i < size; ++i) leaves.push_back(Encode(RandomLeaf(random)));
  tree.AddLeaves(std::move(leaves));
  for (std::uint32_t sender = 0; sender < size; ++sender) {
    const std::vector<NodeIndex> path = tree.FilteredDirectPath({sender});
    tree.BlankDirectPath({sender});
    for (NodeIndex node : path)
      tree.SetParent(node, GenerateHpkeKeyPair(SmallSuite(), random)->public_key, {});
  }
  for (std::uint32_t i = 0; i < size; i += 1 + size / 16) {
    LeafNode leaf = tree.Leaf({i});
    leaf.encryption_key = GenerateHpkeKeyPair(SmallSuite(), random)->public_key;
    tree.ReplaceLeaf({i}, leaf);
  }
  CHECK(tree.UpdateHashes(nullptr).ok());
  return tree;
}

struct Cost {
  std::uint64_t hashes, pages;
};

template <class Step>
Cost Measure(Step step) {
  const Counters before = Count();
  step();
  return {Count().hashes - before.hashes, Count().pages_copied - before.pages_copied};
}

std::uint32_t Depth(std::uint32_t size) {
  return static_cast<std::uint32_t>(std::bit_width(FullWidth(size))) - 1;
}

}  // namespace

TEST_CASE("costs: a commit in a warm tree hashes and copies its path only") {
  for (const std::uint32_t size : {2u, 16u, 100u, 256u, 2000u}) {
    SeededRandom random(size);
    const RatchetTree tree = Warm(size, random);
    const auto signature = *GenerateSignatureKeyPair(SmallSuite(), random);
    const LeafIndex sender{size / 2 - size / 2 % (1 + size / 16)};
    const std::uint64_t depth = Depth(size);
    RatchetTree made = tree;
    std::optional<PathSecrets> secrets;
    const Cost create = Measure([&] {
      auto created = CreatePath(made, sender, made.Leaf(sender), signature.private_key, {}, random, nullptr);
      REQUIRE(created.ok());
      REQUIRE(made.UpdateHashes(nullptr).ok());
      secrets = std::move(*created);
    });
    // One tree hash for each node of the path and the leaf, one parent hash for each node of the filtered
    // path. Where the neighbour is a blank page of leaves (31 hashes), once for it.
    const std::uint64_t hashes = depth + 1 + secrets->nodes.size() + 31;
    CHECK(create.hashes <= hashes);
    REQUIRE(SealPath(made, sender, *secrets, {}, {}, random, nullptr).ok());
    RatchetTree applied = tree;
    const Cost apply = Measure([&] {
      REQUIRE(ApplyPath(applied, sender, secrets->path, {}, nullptr).ok());
      REQUIRE(applied.UpdateHashes(nullptr).ok());
    });
    CHECK(applied.RootHash() == made.RootHash());
    CHECK(apply.hashes <= hashes);
    // Tree pages and their chunks: one of leaves, one for each band. Index: a key out and a key in for each
    // node of the path and the leaf, each in a bucket and its chunk, the signature key and the counts.
    const std::uint64_t pages = 2 * (1 + (depth + 3) / 4) + 2 * 2 * (depth + 1) + 4 + 1;
    CHECK(create.pages <= pages);
    CHECK(apply.pages <= pages);
    // And the rows of it.
    Batch batch;
    applied.Save(batch, &tree);
    CHECK(batch.operations().size() == 1 + (depth + 3) / 4);
    CHECK(batch.bytes() <= 16 * 1024);
  }
}

TEST_CASE("costs: adding many hashes each touched node once") {
  SeededRandom random(1);
  RatchetTree tree = Warm(1024, random);
  std::vector<Bytes> leaves;
  for (int i = 0; i < 1000; ++i) leaves.push_back(Encode(RandomLeaf(random)));
  const Cost add = Measure([&] { tree.AddLeaves(std::move(leaves)); });
  CHECK(add.hashes == 0);
  const Cost hash = Measure([&] { REQUIRE(tree.UpdateHashes(nullptr).ok()); });
  CHECK(hash.hashes == 1024 + 1024);  // the new half and the new root
}

TEST_CASE("costs: removing many hashes each touched node once") {
  SeededRandom random(2);
  RatchetTree tree = Warm(1024, random);
  for (std::uint32_t leaf = 0; leaf < 512; ++leaf) tree.RemoveLeaf({leaf});
  const Cost hash = Measure([&] { REQUIRE(tree.UpdateHashes(nullptr).ok()); });
  CHECK(hash.hashes == 1024);
}

TEST_CASE("costs: checking a warm tree takes two hashes for each node at most") {
  TestGroup group(5);
  while (group.members().size() < 64) group.Join();
  for (std::uint32_t sender = 0; sender < 64; ++sender) REQUIRE(group.Commit({sender}));
  Cost check = Measure([&] { REQUIRE(ValidateTreeStructure(group.tree(), nullptr).ok()); });
  CHECK(check.hashes <= 2 * 63);
  // With one unmerged leaf: its path once more, from each ancestor's other side it is not seen.
  group.Leave({10});
  REQUIRE(group.Commit({11}));
  group.Join();
  REQUIRE(group.tree().UpdateHashes(nullptr).ok());
  check = Measure([&] { REQUIRE(ValidateTreeStructure(group.tree(), nullptr).ok()); });
  CHECK(check.hashes <= 2 * 63 + 2 * 6);
}

TEST_CASE("costs: checking a tree in which everyone is unmerged everywhere") {
  // Every second leaf commits, then the others are added: each of them unmerged at each node above.
  TestGroup group(6);
  while (group.members().size() < 64) group.Join();
  for (std::uint32_t leaf = 0; leaf < 64; leaf += 4) {
    group.Leave({leaf + 1});
    if (leaf != 60) group.Leave({leaf + 3});
  }
  for (std::uint32_t leaf = 0; leaf < 64; leaf += 2) REQUIRE(group.Commit({leaf}));
  while (group.members().size() < 64) group.Join();
  REQUIRE(group.tree().UpdateHashes(nullptr).ok());
  const Cost check = Measure([&] { REQUIRE(ValidateTreeStructure(group.tree(), nullptr).ok()); });
  // Each node once without its unmerged leaves, and two
  // parent hashes for each parent: no factor of the depth.
  CHECK(check.hashes <= 127 + 2 * 63);
}
