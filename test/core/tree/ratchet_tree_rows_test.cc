#include <doctest/doctest.h>

#include "support/row_delta.h"
#include "tree/members.h"
#include "tree/model.h"

using namespace mls;
using namespace mls::test;

namespace {

MemoryRows FullSave(const RatchetTree& tree) {
  Batch batch;
  tree.Save(batch, nullptr);
  MemoryRows rows;
  rows.Apply(batch);
  return rows;
}

bool IsDamaged(std::uint32_t width, const MemoryRows& rows) {
  const auto tree = RatchetTree::Load(SmallSuite(), width, rows);
  return !tree.ok() && tree.error() == Error::STORAGE_DAMAGED;
}

MemoryRows Changed(const MemoryRows& from, const Bytes& key, View value) {
  MemoryRows rows;
  for (const auto& [one, content] : from.rows()) rows.Put(one, content);
  rows.Put(key, value);
  return rows;
}

MemoryRows Without(const MemoryRows& from, const Bytes& key) {
  MemoryRows rows;
  for (const auto& [one, content] : from.rows()) {
    if (one != key) rows.Put(one, content);
  }
  return rows;
}

}  // namespace

TEST_CASE("tree rows: changes replayed give the rows of a full save, and load as the same tree") {
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    TreeWalk walk(seed, SmallSuite());
    MemoryRows rows;
    RatchetTree saved(SmallSuite());
    for (int step = 0; step < 120; ++step) {
      // The target falls and rises, so that trees also shrink.
      walk.Step(step / 30 % 2 == 0 ? 40 + 60 * seed : 2);
      if (walk.random().Below(2) == 0) REQUIRE(walk.tree().UpdateHashes(nullptr).ok());
      if (walk.random().Below(3) == 0) continue;
      Batch batch;
      walk.tree().Save(batch, &saved);
      rows.Apply(batch);
      saved = walk.tree();
      REQUIRE(rows == FullSave(walk.tree()));
      auto loaded = RatchetTree::Load(SmallSuite(), walk.tree().width(), rows);
      REQUIRE(loaded.ok());
      REQUIRE(walk.model().Matches(*loaded));
      RatchetTree hashed = walk.tree();
      REQUIRE(hashed.UpdateHashes(nullptr).ok());
      REQUIRE(loaded->UpdateHashes(nullptr).ok());
      REQUIRE(loaded->RootHash() == hashed.RootHash());
      REQUIRE(loaded->index().members() == hashed.index().members());
    }
  }
}

TEST_CASE(
    "tree rows: a tree refreshed by what changed is the tree that all rows give, as it grows and shrinks") {
  for (std::uint64_t seed = 10; seed < 16; ++seed) {
    TreeWalk walk(seed, SmallSuite());
    MemoryRows seen;
    RatchetTree tree(SmallSuite());
    for (int step = 0; step < 150; ++step) {
      walk.Step(step / 30 % 2 == 0 ? 40 + 60 * seed : 2);
      if (walk.random().Below(3) == 0) continue;
      MemoryRows rows = FullSave(walk.tree());
      RowDelta delta = DeltaBetween(seen, rows);
      if (walk.random().Below(5) == 0) {  // a store may say more than it must
        delta.DeletePrefix(RowKey(walk.random().Below(2) == 0 ? RowTag::leaves : RowTag::parents));
        for (const auto& [key, value] : rows.rows()) delta.Put(key, value);
      }
      auto refreshed = tree.Refresh(walk.tree().width(), delta);
      REQUIRE(refreshed.ok());
      REQUIRE(walk.model().Matches(*refreshed));
      REQUIRE(FullSave(*refreshed) == rows);
      auto loaded = RatchetTree::Load(SmallSuite(), walk.tree().width(), rows);
      REQUIRE(loaded->UpdateHashes(nullptr).ok());
      REQUIRE(refreshed->UpdateHashes(nullptr).ok());
      REQUIRE(refreshed->RootHash() == loaded->RootHash());
      REQUIRE(refreshed->index().HasDuplicateKeys() == loaded->index().HasDuplicateKeys());
      REQUIRE(refreshed->LeftmostBlankLeaf() == loaded->LeftmostBlankLeaf());
      REQUIRE(refreshed->index().CredentialTypesInUse() == loaded->index().CredentialTypesInUse());
      if (walk.random().Below(4) != 0)
        tree = *refreshed;  // else one with stale hashes goes on
      else
        tree = std::move(*loaded);
      seen = std::move(rows);
    }
  }
}

TEST_CASE("tree rows: a delta is refused where its rows would be") {
  TreeWalk walk(80, SmallSuite());
  while (walk.model().leaves().size() < 40 || walk.tree().width() != 64) walk.Step(60);
  const RatchetTree& tree = walk.tree();
  const MemoryRows rows = FullSave(tree);
  std::size_t refused = 0;
  for (const auto& [key, value] : rows.rows()) {
    for (const std::uint32_t width : {32u, 64u, 128u}) {
      for (int damage = 0; damage < 4; ++damage) {
        RowDelta delta;
        if (damage == 0) delta.Delete(key);
        if (damage == 1) delta.Put(key, value.view().first(value.size() - 1));
        if (damage == 2) delta.Put(RowKey(RowTag::leaves, std::uint32_t{7}), value);
        if (damage == 3) delta.DeletePrefix(View(key).first(4));
        MemoryRows changed = CopyOf(rows);
        changed.Apply(delta);
        const auto loaded = RatchetTree::Load(SmallSuite(), width, changed);
        const auto refreshed = tree.Refresh(width, delta);
        REQUIRE(loaded.ok() == refreshed.ok());
        refused += refreshed.ok() ? 0 : 1;
        if (refreshed.ok()) REQUIRE(FullSave(*refreshed) == FullSave(*loaded));
      }
    }
  }
  CHECK(refused > 2 * rows.size());
  CHECK(!tree.Refresh(63, {}).ok());
  CHECK(!tree.Refresh(1u << 29, {}).ok());
  // A tree wider than any that can be sent, with a member at its end.
  const std::uint32_t wide = 1u << 29;
  RowDelta at_its_end;
  at_its_end.Put(RowKey(RowTag::leaves, wide / 16 - 1), *rows.Get(RowKey(RowTag::leaves, std::uint32_t{1})));
  CHECK(!tree.Refresh(wide, at_its_end).ok());
  CHECK(FullSave(*tree.Refresh(64, {})) == rows);
  // Keys of no page: one cut short, one of another shape, pages outside of the tree, a node that is no top.
  const auto page = [](RowTag tag, std::uint32_t number) { return RowKey(tag, number); };
  Bytes longer = page(RowTag::leaves, 0);
  longer.push_back(0);
  for (const Bytes& key : {RowKey(RowTag::leaves), longer, page(RowTag::leaves, 4), page(RowTag::parents, 0),
                           page(RowTag::parents, 1), page(RowTag::parents, (1u << 20) - 1)}) {
    RowDelta put, gone;
    put.Put(key, Bytes(3));
    gone.Delete(key);
    CHECK(ErrorOf(tree.Refresh(64, put)) == Error::STORAGE_DAMAGED);
    CHECK(FullSave(*tree.Refresh(64, gone)) == rows);
  }
}

TEST_CASE("tree rows: nothing changed, nothing written") {
  TreeWalk walk(77, SmallSuite());
  while (walk.model().leaves().size() < 100) walk.Step(200);
  RatchetTree copy = walk.tree();
  REQUIRE(copy.UpdateHashes(nullptr).ok());  // hashes alone are no change
  Batch batch;
  copy.Save(batch, &walk.tree());
  CHECK(batch.empty());
}

TEST_CASE("tree rows: whatever is off is STORAGE_DAMAGED") {
  TreeWalk walk(78, SmallSuite());
  while (walk.model().leaves().size() < 40 || walk.tree().width() != 64) walk.Step(60);
  const MemoryRows rows = FullSave(walk.tree());
  REQUIRE(RatchetTree::Load(SmallSuite(), 64, rows).ok());
  const Bytes leaves = RowKey(RowTag::leaves, std::uint32_t{1});
  REQUIRE(rows.Get(leaves));

  for (const std::uint32_t width : {0u, 1u, 32u, 63u, 65u, 128u, 1u << 30, 0xffff'ffffu})
    CHECK(IsDamaged(width, rows));
  CHECK(IsDamaged(64, Without(rows, RowKey(RowTag::leaves, std::uint32_t{2}))) ==
        !walk.tree().NextMember({48}).has_value());
  CHECK(IsDamaged(64, Changed(rows, RowKey(RowTag::leaves, std::uint32_t{4}), *rows.Get(leaves))));
  CHECK(IsDamaged(64, Changed(rows, RowKey(RowTag::leaves, std::uint16_t{4}), *rows.Get(leaves))));
  CHECK(IsDamaged(64, Changed(rows, RowKey(RowTag::leaves), *rows.Get(leaves))));
  CHECK(IsDamaged(64, Changed(rows, RowKey(RowTag::parents, NodeIndex(14)), *rows.Get(leaves))));
  CHECK(IsDamaged(64, Changed(rows, RowKey(RowTag::parents, NodeIndex(7)), *rows.Get(leaves))));
  CHECK(IsDamaged(64, Changed(rows, leaves, Bytes(16))));  // sixteen blanks: such a row is not written
  CHECK(IsDamaged(64, Changed(rows, leaves, Bytes())));
  Bytes longer = ToBytes(*rows.Get(leaves));
  longer.push_back(0);
  CHECK(IsDamaged(64, Changed(rows, leaves, longer)));
  longer.resize(longer.size() - 2);
  CHECK(IsDamaged(64, Changed(rows, leaves, longer)));
  Bytes presence = ToBytes(*rows.Get(leaves));
  presence[0] = 2;
  CHECK(IsDamaged(64, Changed(rows, leaves, presence)));
  // A tree wider than any that can be sent, with a member at its end.
  const std::uint32_t wide = 1u << 29;
  CHECK(IsDamaged(wide, Changed(rows, RowKey(RowTag::leaves, wide / 16 - 1), *rows.Get(leaves))));
  CHECK(!IsDamaged(64, Changed(rows, RowKey(RowTag::keys), leaves)));  // another kind of row
}

TEST_CASE("tree rows: no truncation of a row loads") {
  TreeWalk walk(79, SmallSuite());
  while (walk.model().leaves().size() < 9) walk.Step(12);
  const MemoryRows rows = FullSave(walk.tree());
  for (const auto& [key, value] : rows.rows()) {
    for (std::size_t size = 0; size < value.size(); ++size) {
      REQUIRE(IsDamaged(walk.tree().width(), Changed(rows, key, value.view().first(size))));
    }
  }
}

TEST_CASE("private keys: a packed row comes back, another shape is STORAGE_DAMAGED") {
  SeededRandom random(4);
  PrivateKeys keys;
  for (const std::uint32_t node : {7u, 0u, 3u}) keys.Set(NodeIndex(node), *random.TakeSecret(32));
  const Secret row = keys.Encode();
  const auto decoded = PrivateKeys::Decode(row);
  REQUIRE(decoded.ok());
  CHECK(decoded->keys() == keys.keys());
  CHECK(decoded->Encode() == row);
  CHECK(keys.Clone().keys() == keys.keys());
  CHECK(PrivateKeys::Decode(PrivateKeys().Encode()).ok());
  for (std::size_t size = 0; size < row.size(); ++size) {
    const auto cut = PrivateKeys::Decode(row.view().first(size));
    REQUIRE(!cut.ok());
    REQUIRE(cut.error() == Error::STORAGE_DAMAGED);
  }
  const auto repeated = PrivateKeys::Decode(
      Encode(View(Encode(NodeIndex(1), View(random.Some(2)), NodeIndex(1), View(random.Some(2))))));
  CHECK(!repeated.ok());
}
