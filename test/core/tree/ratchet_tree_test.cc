#include "tree/ratchet_tree.h"

#include <doctest/doctest.h>

#include "tree/members.h"
#include "tree/model.h"

using namespace mls;
using namespace mls::test;

namespace {

bool SameHashes(const RatchetTree& tree, const Model& model) {
  const std::vector<Bytes> hashes = model.Hashes();
  for (NodeIndex node(0); node.value < hashes.size(); ++node.value) {
    if (!Equal(tree.TreeHash(node), hashes[node.value])) return false;
  }
  return hashes.empty() || Equal(tree.RootHash(), hashes[Root(model.width()).value]);
}

bool SameViews(const RatchetTree& tree, const Model& model) {
  for (NodeIndex node(0); node.value < NodeWidth(model.width()); ++node.value) {
    if (tree.Resolution(node) != model.Resolution(node)) return false;
    if (IsLeaf(node) && tree.FilteredDirectPath(LeafOf(node)) != model.FilteredDirectPath(LeafOf(node)))
      return false;
  }
  return true;
}

void Compare(std::uint64_t seed, std::size_t target, int steps) {
  TreeWalk walk(seed, SmallSuite());
  for (int step = 0; step < steps; ++step) {
    walk.Step(target);
    REQUIRE(walk.model().Matches(walk.tree()));
    // Not after every step, so that several changes meet in one
    // update; on a copy or not, so that pages are shared.
    if (walk.random().Below(3) == 0) REQUIRE(walk.tree().UpdateHashes(nullptr).ok());
    if (walk.random().Below(4) == 0) {
      RatchetTree copy = walk.tree();
      REQUIRE(copy.UpdateHashes(nullptr).ok());
      REQUIRE(SameHashes(copy, walk.model()));
      REQUIRE(SameViews(copy, walk.model()));
    }
  }
}

}  // namespace

TEST_CASE("ratchet tree: random walks of small trees agree with the model") {
  for (std::uint64_t seed = 0; seed < 40; ++seed) Compare(seed, 2 + seed / 2, 200);
}

TEST_CASE("ratchet tree: random walks over several pages and bands agree with the model") {
  Compare(1000, 40, 300);
  Compare(1001, 90, 300);
  Compare(1002, 300, 200);
}

TEST_CASE("ratchet tree: a tree grows to several bands and goes back to nothing") {
  TreeWalk walk(5, SmallSuite());
  while (walk.model().leaves().size() < 600) walk.Step(2000);
  REQUIRE(walk.tree().UpdateHashes(nullptr).ok());
  CHECK(SameHashes(walk.tree(), walk.model()));
  while (walk.model().leaves().size() > 3) walk.Step(0);
  REQUIRE(walk.model().Matches(walk.tree()));
  REQUIRE(walk.tree().UpdateHashes(nullptr).ok());
  CHECK(SameHashes(walk.tree(), walk.model()));
}

TEST_CASE("ratchet tree: a copy does not see later changes") {
  TreeWalk walk(8, SmallSuite());
  while (walk.model().leaves().size() < 50) walk.Step(100);
  REQUIRE(walk.tree().UpdateHashes(nullptr).ok());
  const RatchetTree before = walk.tree();
  const Model model = walk.model();
  for (int i = 0; i < 60; ++i) walk.Step(30);
  REQUIRE(walk.tree().UpdateHashes(nullptr).ok());
  CHECK(model.Matches(before));
  CHECK(SameHashes(before, model));
}

TEST_CASE("ratchet tree: an empty tree") {
  RatchetTree tree(SmallSuite());
  CHECK(tree.width() == 0);
  CHECK(tree.RootHash().empty());
  CHECK(tree.UpdateHashes(nullptr).ok());
  CHECK(tree.LeftmostBlankLeaf() == LeafIndex{0});
  CHECK(tree.IsBlank(LeafIndex{0}));
  CHECK(!tree.NextMember({0}));
}

TEST_CASE("ratchet tree: the only member goes and another takes its place by a path") {
  SeededRandom random(13);
  RatchetTree tree(SmallSuite());
  tree.AddLeaf(RandomLeaf(random));
  REQUIRE(tree.UpdateHashes(nullptr).ok());
  tree.RemoveLeaf({0});
  CHECK(tree.width() == 0);
  tree.ExtendTo(tree.LeftmostBlankLeaf());
  CHECK(tree.RootHash().empty());
  REQUIRE(tree.UpdateHashes(nullptr).ok());  // of one blank leaf
  CHECK(tree.RootHash() == tree.TreeHash(NodeIndex(0)));
  CHECK(tree.FilteredDirectPath({0}).empty());
  tree.BlankDirectPath({0});
  const LeafNode leaf = RandomLeaf(random);
  tree.ReplaceLeaf({0}, leaf);
  REQUIRE(tree.UpdateHashes(nullptr).ok());
  RatchetTree same(SmallSuite());
  same.AddLeaf(leaf);
  REQUIRE(same.UpdateHashes(nullptr).ok());
  CHECK(tree.RootHash() == same.RootHash());
}

TEST_CASE("ratchet tree: nodes beyond the tree are blank") {
  TreeWalk walk(9, SmallSuite());
  while (walk.model().leaves().size() < 9) walk.Step(20);
  const RatchetTree& tree = walk.tree();
  for (const std::uint32_t leaf : {tree.width(), 0x7fff'ffffu, 0x8000'0000u, 0x8000'0001u, 0xffff'ffffu}) {
    CHECK(tree.IsBlank(LeafIndex{leaf}));
    CHECK(tree.EncodedLeaf({leaf}).empty());
    CHECK(tree.PublicKey(LeafIndex{leaf}).empty());
    CHECK(tree.SignatureKey({leaf}).empty());
    CHECK(!tree.NextMember({leaf}));
    CHECK(tree.FilteredDirectPath({leaf}).empty());
    CHECK(tree.Resolution(LeafIndex{leaf}).empty());
  }
  for (const std::uint32_t node : {NodeWidth(tree.width()), 0x7fff'ffffu, 0xffff'ffffu}) {
    CHECK(tree.IsBlank(NodeIndex(node)));
    CHECK(tree.Parent(NodeIndex(node)) == nullptr);
    CHECK(tree.Resolution(NodeIndex(node)).empty());
    CHECK(tree.TreeHash(NodeIndex(node)).empty());
  }
}

TEST_CASE("ratchet tree: one field of a leaf is read without the rest") {
  TreeWalk walk(10, SmallSuite());
  while (walk.model().leaves().size() < 20) walk.Step(40);
  for (const auto& [place, leaf] : walk.model().leaves()) {
    CHECK(Equal(walk.tree().PublicKey(LeafIndex{place}), leaf.encryption_key));
    CHECK(Equal(walk.tree().SignatureKey({place}), leaf.signature_key));
    CHECK(Equal(walk.tree().EncodedLeaf({place}), Encode(leaf)));
  }
}

TEST_CASE("ratchet tree: keys enter and leave the index with their nodes") {
  TreeWalk walk(11, SmallSuite());
  for (int i = 0; i < 200; ++i) {
    walk.Step(30);
    const RatchetTree& tree = walk.tree();
    CHECK(!tree.index().HasDuplicateKeys());
    CHECK(tree.index().members() == tree.member_count());
    for (NodeIndex node(0); node.value < NodeWidth(tree.width()); ++node.value) {
      if (!tree.IsBlank(node)) REQUIRE(tree.index().HasEncryptionKey(tree.PublicKey(node)));
    }
    for (const auto& [place, leaf] : walk.model().leaves())
      REQUIRE(tree.index().HasSignatureKey(leaf.signature_key));
    if (tree.member_count() > 0) {
      const LeafIndex gone{walk.model().leaves().begin()->first};
      const LeafNode leaf = tree.Leaf(gone);
      const Bytes root_key = ToBytes(tree.PublicKey(Root(tree.width())));
      RatchetTree copy = tree;
      copy.RemoveLeaf(gone);
      CHECK(!copy.index().HasEncryptionKey(leaf.encryption_key));
      CHECK(!copy.index().HasSignatureKey(leaf.signature_key));
      if (!root_key.empty()) CHECK(!copy.index().HasEncryptionKey(root_key));
      CHECK(tree.index().HasSignatureKey(leaf.signature_key));
    }
  }
}

TEST_CASE("ratchet tree: leaf pages are shared until one of the copies changes them") {
  TreeWalk walk(12, SmallSuite());
  while (walk.model().leaves().size() < 64) walk.Step(200);
  const RatchetTree before = walk.tree();
  CHECK(before.SharesLeafPage(walk.tree(), {3}));
  const LeafIndex place{walk.model().leaves().begin()->first};
  walk.tree().UpdateLeaf(place, RandomLeaf(walk.random()));
  CHECK(!before.SharesLeafPage(walk.tree(), place));
  CHECK(before.SharesLeafPage(walk.tree(), {place.value + 32}));
}
