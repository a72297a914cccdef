#include "group/past_epoch.h"

#include "support/world.h"

#include <doctest/doctest.h>

namespace mls::test {
namespace {

// Line: a group of `count` members and what one member sees of it, without messages.
struct Line {
  World world{21};
  std::vector<Client> clients;
  std::unique_ptr<Group> group;

  explicit Line(const Suite& suite, int count) {
    for (int i = 0; i < count; ++i) clients.push_back(world.NewClient(suite, "member " + std::to_string(i)));
    group = std::make_unique<Group>(world.NewGroup(clients[0]));
    CommitOptions options;
    for (int i = 1; i < count; ++i) {
      options.proposals.push_back(
          {Add{world.NewKeyPackageOf(clients[static_cast<std::size_t>(i)]).key_package}});
    }
    world.CommitNow(*group, std::move(options));
  }
  const RatchetTree& tree() const { return group->tree(); }
  // UndoOf a plan that touches these leaves.
  Undo UndoOf(std::vector<LeafIndex> added, std::vector<LeafIndex> updated, std::vector<LeafIndex> removed,
              LeafIndex committer) {
    CommitPlan plan{
        tree(),  {},    {}, std::move(added), {}, std::move(updated), std::move(removed), {}, nullptr,
        nullptr, false, {}};
    return Undo::Make(group->epoch(), plan, committer);
  }
};

std::vector<std::uint32_t> LeavesOf(const Undo& undo) {
  std::vector<std::uint32_t> leaves;
  for (const PastLeaf& member : undo.members()) leaves.push_back(member.leaf.value);
  return leaves;
}

TEST_CASE("an Undo holds the leaves that a commit changed, as they were") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Line line(suite, 6);
    // 2 is updated, 4 is removed and its leaf filled again, 6 to 8 are filled, 1 commits.
    const Undo undo = line.UndoOf({{4}, {6}, {7}, {8}}, {{2}}, {{4}}, {1});
    CHECK(LeavesOf(undo) == std::vector<std::uint32_t>{1, 2, 4});
    for (const PastLeaf& member : undo.members()) {
      CHECK(Equal(member.signature_key, line.tree().SignatureKey(member.leaf)));
      CHECK(member.credential == line.clients[member.leaf.value].profile.credential);
      REQUIRE(undo.SignatureKey(member.leaf).has_value());
      CHECK(Equal(*undo.SignatureKey(member.leaf), member.signature_key));
    }
    for (const std::uint32_t leaf : {6u, 7u, 8u}) {
      REQUIRE(undo.SignatureKey({leaf}).has_value());
      CHECK(undo.SignatureKey({leaf})->empty());  // blank
    }
    for (const std::uint32_t leaf : {0u, 3u, 5u, 9u, 0xffffffffu}) {
      CHECK_FALSE(undo.SignatureKey({leaf}).has_value());  // untouched
    }
  }
}

TEST_CASE("blank leaves are kept as ranges: a bulk add costs one") {
  Line line(AllSuites()[0], 3);
  std::vector<LeafIndex> added;
  for (std::uint32_t i = 3; i < 20'000; ++i) added.push_back({i});
  const Undo undo = line.UndoOf(added, {}, {}, {0});
  CHECK(undo.Encode().size() < 200);
  CHECK(undo.SignatureKey({3})->empty());
  CHECK(undo.SignatureKey({19'999})->empty());
  CHECK_FALSE(undo.SignatureKey({20'000}).has_value());
  const Undo parted = line.UndoOf({{3}, {5}, {6}, {9}}, {}, {}, {0});
  for (const std::uint32_t leaf : {3u, 5u, 6u, 9u}) CHECK(parted.SignatureKey({leaf}).has_value());
  for (const std::uint32_t leaf : {1u, 2u, 4u, 7u, 8u, 10u}) {
    CHECK_FALSE(parted.SignatureKey({leaf}).has_value());
  }
}

TEST_CASE("the leaf of a joiner by external commit was blank, or somebody's") {
  Line line(AllSuites()[0], 3);
  const Undo joined = line.UndoOf({}, {}, {}, {3});
  CHECK(joined.members().empty());
  CHECK(joined.SignatureKey({3})->empty());
  const Undo resynced = line.UndoOf({}, {}, {{2}}, {2});
  CHECK(LeavesOf(resynced) == std::vector<std::uint32_t>{2});
}

TEST_CASE("an Undo of very many members with short names comes back") {
  // Commit plans of 60,000 members are costly to make; their bytes are not.
  std::vector<PastLeaf> members;
  for (std::uint32_t i = 0; i < 60'000; ++i)
    members.push_back({{i}, Bytes(32, 1), Credential::Basic(Bytes{1})});
  const Bytes bytes = Encode(members, std::vector<LeafRange>());
  CHECK(Must(Undo::Decode(bytes)).members().size() == 60'000);
}

TEST_CASE("an Undo comes back from its bytes; others are damaged") {
  Line line(AllSuites()[0], 6);
  const Undo undo = line.UndoOf({{6}, {7}, {9}}, {{2}}, {{4}}, {1});
  const Bytes bytes = undo.Encode();
  const auto decoded = Undo::Decode(bytes);
  REQUIRE(decoded.ok());
  CHECK(decoded->Encode() == bytes);
  CHECK(decoded->members() == undo.members());
  for (std::uint32_t leaf = 0; leaf < 12; ++leaf) {
    const auto a = undo.SignatureKey({leaf}), b = decoded->SignatureKey({leaf});
    REQUIRE(a.has_value() == b.has_value());
    if (a) CHECK(Equal(*a, *b));
  }
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    REQUIRE(ErrorOf(Undo::Decode(View(bytes).first(size))) == Error::STORAGE_DAMAGED);
  }
  Bytes longer = bytes;
  longer.push_back(0);
  CHECK(ErrorOf(Undo::Decode(longer)) == Error::STORAGE_DAMAGED);
}

PastEpoch NewPast(const Suite& suite, std::uint64_t epoch, Undo undo) {
  return {epoch,
          1000 + epoch,
          8,
          Bytes(20, 5),
          {Secret::Copy(Bytes(suite.Nh, 6)), SecretTree::Create(suite, epoch, 8, Secret(suite.Nh))},
          std::move(undo)};
}

TEST_CASE("a leaf of a past epoch is looked for in the changes since, then in the present tree") {
  const Suite& suite = AllSuites()[0];
  Line line(suite, 6);
  std::deque<PastEpoch> past;
  past.push_back(NewPast(suite, 3, line.UndoOf({}, {{2}}, {}, {1})));
  // What became of leaf 2 in epoch 4: blank.
  past.push_back(NewPast(suite, 4, line.UndoOf({{7}}, {}, {}, {3})));
  const auto key = [&](std::size_t position, std::uint32_t leaf) {
    return ToBytes(PastSignatureKey(past, position, line.tree(), {leaf}));
  };
  const auto present = [&](std::uint32_t leaf) { return ToBytes(line.tree().SignatureKey({leaf})); };
  CHECK(key(0, 2) == present(2));
  CHECK(key(0, 7).empty());
  CHECK(key(1, 7).empty());
  CHECK(key(1, 5) == present(5));
  CHECK(key(0, 5) == present(5));
  CHECK(key(2, 1) == present(1));
  // The earlier change hides the later one.
  Undo was_blank = *Undo::Decode(Encode(std::vector<PastLeaf>(), std::vector<LeafRange>{{{3}, 1}}));
  past[0].undo = std::move(was_blank);
  CHECK(key(0, 3).empty());
  CHECK(key(1, 3) == present(3));
}

TEST_CASE("the members of a past epoch are those of now without who came since") {
  const Suite& suite = AllSuites()[0];
  Line line(suite, 6);
  const auto members = [&](const std::vector<LeafRange>& blank) {
    std::deque<PastEpoch> past;
    past.push_back(NewPast(suite, 3, *Undo::Decode(Encode(std::vector<PastLeaf>(), blank))));
    std::vector<std::uint32_t> leaves;
    for (const auto& [leaf, credential] : PastMembers(past, 0, line.tree())) leaves.push_back(leaf.value);
    return leaves;
  };
  using Leaves = std::vector<std::uint32_t>;
  CHECK(members({}) == Leaves{0, 1, 2, 3, 4, 5});
  CHECK(members({{{1}, 2}, {{4}, 1}}) == Leaves{0, 3, 5});
  CHECK(members({{{4}, 0xFFFFFFFF}}) == Leaves{0, 1, 2, 3});
  CHECK(members({{{6}, 1}, {{9}, 0}}) == Leaves{0, 1, 2, 3, 4, 5});
}

// Copied gives the rows but those with one tag.
MemoryRows Copied(const MemoryRows& rows, RowTag without) {
  MemoryRows copy;
  for (const auto& [key, value] : rows.rows()) {
    if (key.at(0) != static_cast<std::uint8_t>(without)) copy.Put(key, value);
  }
  return copy;
}

TEST_CASE("a past epoch saves, loads and erases its rows, and no other's") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Line line(suite, 3);
    const PastEpoch past = NewPast(suite, 3, line.UndoOf({{3}}, {}, {}, {1}));
    const PastEpoch other = NewPast(suite, 4, line.UndoOf({}, {}, {}, {0}));
    Batch batch;
    past.Save(batch);
    other.Save(batch);
    MemoryRows rows;
    rows.Apply(batch);
    const Bytes row = RowKey(RowTag::epoch_secrets, std::uint64_t{3});
    const auto loaded = PastEpoch::Load(suite, 3, *rows.Get(row), rows);
    REQUIRE(loaded.ok());
    CHECK(loaded->epoch == 3);
    CHECK(loaded->ended == past.ended);
    CHECK(loaded->width == 8);
    CHECK(loaded->group_context == past.group_context);
    CHECK(loaded->keys.sender_data_secret == past.keys.sender_data_secret);
    CHECK(loaded->undo.Encode() == past.undo.Encode());
    Batch again;
    loaded->Save(again);
    other.Save(again);
    MemoryRows same;
    same.Apply(again);
    CHECK(same == rows);

    const Bytes header = ToBytes(*rows.Get(row));
    for (std::size_t size = 0; size < header.size(); ++size) {
      REQUIRE(ErrorOf(PastEpoch::Load(suite, 3, View(header).first(size), rows)) == Error::STORAGE_DAMAGED);
    }
    MemoryRows without_undo = Copied(rows, RowTag::undo);
    CHECK(ErrorOf(PastEpoch::Load(suite, 3, header, without_undo)) == Error::STORAGE_DAMAGED);
    Batch erasing;
    PastEpoch::EraseRows(3, erasing);
    rows.Apply(erasing);
    Batch alone;
    other.Save(alone);
    MemoryRows left;
    left.Apply(alone);
    CHECK(rows == left);
    CHECK(ErrorOf(PastEpoch::Load(suite, 3, header, rows)) == Error::STORAGE_DAMAGED);
  }
}

TEST_CASE("R9.2: the secrets of a past epoch lie under that epoch's key") {
  const Suite& suite = AllSuites()[0];
  Line line(suite, 2);
  Batch batch;
  NewPast(suite, 3, line.UndoOf({}, {}, {}, {0})).Save(batch);
  for (const Batch::Operation& operation : batch.operations()) {
    const bool is_undo = operation.row.key.at(0) == static_cast<std::uint8_t>(RowTag::undo);
    CHECK(operation.row.protection == (is_undo ? Protection::plain : Protection::epoch));
    if (!is_undo) CHECK(operation.row.epoch == 3);
  }
}

}  // namespace
}  // namespace mls::test
