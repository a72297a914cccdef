#include <doctest/doctest.h>

#include <random>
#include <set>

#include "base/counters.h"
#include "schedule/trees.h"

namespace mls::test {
namespace {

constexpr RatchetId kOwn{{2}, RatchetType::application};

MemoryRows FullSave(const SecretTree& tree) {
  Batch batch;
  tree.Save(batch);
  MemoryRows rows;
  rows.Apply(batch);
  return rows;
}

// Saver is a tree together with the rows that its changes have written.
struct Saver {
  const Suite& suite = kSuite;
  std::uint32_t width = 8;
  SecretTree tree = Tree(width, suite);
  MemoryRows rows = FullSave(tree);
  std::size_t last_operations = 0;

  Result<std::uint32_t> Use(Result<MessageKey> key) {
    if (!key.ok()) return key.error();
    Batch batch;
    tree.SaveChange(key->change, batch);
    tree.Apply(std::move(key->change));
    rows.Apply(batch);
    last_operations = batch.operations().size();
    return key->generation;
  }
  Result<std::uint32_t> Send(RatchetId id, const Limits& limits = {}) { return Use(tree.Send(id, limits)); }
  Result<std::uint32_t> Receive(RatchetId id, std::uint32_t generation, const Limits& limits = {}) {
    return Use(tree.Receive(id, generation, limits));
  }
  void Restart() {
    auto loaded = SecretTree::Load(suite, kEpoch, width, rows);
    REQUIRE(loaded.ok());
    tree = std::move(*loaded);
  }
};

TEST_CASE("secret tree rows: a random walk of sends, receipts and restarts saves what a full save saves") {
  for (std::uint32_t seed = 0; seed < 40; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    const auto below = [&](std::uint32_t n) { return static_cast<std::uint32_t>(random() % n); };
    Saver saver{AllSuites()[seed % AllSuites().size()], 1u << below(6)};
    Limits limits;
    limits.reserved_generations = below(6);
    limits.max_skipped_keys_per_sender = below(60);
    limits.max_skipped_keys = below(120);
    const LeafIndex own{below(saver.width)};
    std::set<std::pair<RatchetId, std::uint32_t>> used;
    std::uint32_t horizon = 1;  // of received generations, so that they mostly move on

    for (int step = 0; step < 300; ++step) {
      const auto type = below(2) == 0 ? RatchetType::handshake : RatchetType::application;
      const std::uint32_t what = below(10);
      if (what == 0) {
        saver.Restart();
      } else if (what < 5) {
        const auto generation = saver.Send({own, type}, limits);
        REQUIRE(generation.ok());
        CHECK(used.emplace(RatchetId{own, type}, *generation).second);
      } else {
        const RatchetId id{{below(saver.width)}, type};
        if (id.leaf == own && below(20) != 0) continue;  // seldom, as no honest peer does it
        const auto generation = saver.Receive(id, below(horizon), limits);
        if (generation.ok()) CHECK(used.emplace(id, *generation).second);
        horizon += below(2);
      }
      CHECK(FullSave(saver.tree) == saver.rows);
      CHECK(saver.tree.skipped_key_count() <= limits.max_skipped_keys);
    }
  }
}

TEST_CASE("secret tree rows: a send inside a reserved range writes nothing") {
  Saver saver;
  for (std::uint32_t generation = 0; generation < 100; ++generation) {
    CHECK(*saver.Send(kOwn) == generation);
    CHECK(saver.last_operations == (generation == 0 ? 4 : generation % 32 == 0 ? 1 : 0));
    CHECK(FullSave(saver.tree) == saver.rows);
  }
}

TEST_CASE("secret tree rows: a crash skips generations and repeats none (R9.1-01, R9.2-06)") {
  Saver saver;
  std::uint32_t expected = 0;
  for (const std::uint32_t sends : {1u, 31u, 32u, 33u, 0u, 5u}) {
    for (std::uint32_t i = 0; i < sends; ++i) CHECK(*saver.Send(kOwn) == expected++);
    saver.Restart();
    expected = (expected + 31) / 32 * 32;
  }
  for (std::uint32_t generation = 0; generation < expected; ++generation) {
    CHECK(saver.Receive(kOwn, generation).error() == Error::KEY_CONSUMED);
  }
}

TEST_CASE("secret tree rows: a step that was not made durable is made again alike") {
  Saver saver;
  REQUIRE(saver.Send(kOwn).ok());
  saver.Restart();
  const auto lost = saver.tree.Send(kOwn, {});
  saver.Restart();
  const auto again = saver.tree.Send(kOwn, {});
  REQUIRE((lost.ok() && again.ok()));
  CHECK(lost->generation == again->generation);
  CHECK(lost->key_and_nonce.key == again->key_and_nonce.key);
}

TEST_CASE("secret tree rows: Limits: reserved_generations: sends that write nothing, none and some") {
  Saver saver;
  Limits limits;
  for (const std::uint32_t reserved : {0u, 1u}) {
    limits.reserved_generations = reserved;
    for (int i = 0; i < 3; ++i) {
      REQUIRE(saver.Send(kOwn, limits).ok());
      CHECK(saver.last_operations >= 1);
    }
  }
  limits.reserved_generations = 2;
  CHECK(*saver.Send(kOwn, limits) == 6);
  saver.Restart();
  CHECK(*saver.Send(kOwn, limits) == 8);
}

TEST_CASE("secret tree rows: a message in our name from beyond the reserved range writes the head again") {
  Saver saver;
  REQUIRE(saver.Send(kOwn).ok());
  REQUIRE(saver.Receive(kOwn, 30).ok());  // within it: the row stays
  CHECK(FullSave(saver.tree) == saver.rows);
  REQUIRE(saver.Receive(kOwn, 40).ok());
  CHECK(FullSave(saver.tree) == saver.rows);
  saver.Restart();
  CHECK(*saver.Send(kOwn) == 41);
}

TEST_CASE("secret tree rows: a receiver's restart keeps every key that is still to come (R9.2-02)") {
  Saver saver;
  const RatchetId id{{6}, RatchetType::application};
  REQUIRE(saver.Receive(id, 70).ok());
  for (const std::uint32_t generation : {0u, 31u, 32u, 63u, 64u, 69u}) {
    saver.Restart();
    CHECK(saver.Receive(id, generation).ok());
    saver.Restart();
    CHECK(saver.Receive(id, generation).error() == Error::KEY_CONSUMED);
  }
  CHECK(saver.Receive(id, 70).error() == Error::KEY_CONSUMED);
  CHECK(saver.Receive(id, 71).ok());
}

TEST_CASE("secret tree rows: a jump writes one row for 32 skipped keys") {
  Saver saver;
  const RatchetId id{{6}, RatchetType::application};
  REQUIRE(saver.Receive(id, 0).ok());
  REQUIRE(saver.Receive(id, 1).ok());
  CHECK(saver.last_operations == 1);  // the head
  REQUIRE(saver.Receive(id, 1024).ok());
  CHECK(saver.last_operations == 1 + 32);
  REQUIRE(saver.Receive(id, 500).ok());
  CHECK(saver.last_operations == 1);
}

// PutHeadRow forges the row of a ratchet, to reach generations that no test can send its way to.
void PutHeadRow(MemoryRows& rows, RatchetId id, std::uint32_t generation, const Secret& secret) {
  rows.Put(RowKey(RowTag::ratchet, kEpoch, id), EncodeSecret(generation, secret));
}

TEST_CASE("secret tree rows: the last generations are used once and do not wrap (R9.1-02)") {
  Saver saver;
  REQUIRE(saver.Send(kOwn).ok());
  PutHeadRow(saver.rows, kOwn, 0xFFFFFFFD, Secret(kSuite.Nh));
  saver.Restart();
  for (const std::uint32_t generation : {0xFFFFFFFDu, 0xFFFFFFFEu, 0xFFFFFFFFu}) {
    CHECK(*saver.Send(kOwn) == generation);
    CHECK(FullSave(saver.tree) == saver.rows);
  }
  const auto before = Count().expands;
  CHECK(saver.Send(kOwn).error() == Error::LIMIT_EXCEEDED);
  CHECK(saver.Receive(kOwn, 0xFFFFFFFF).error() == Error::KEY_CONSUMED);
  CHECK(saver.Receive(kOwn, 0).error() == Error::KEY_CONSUMED);
  CHECK(Count().expands == before);
  saver.Restart();
  CHECK(saver.Send(kOwn).error() == Error::LIMIT_EXCEEDED);
}

TEST_CASE("secret tree rows: the last generation can be received, with keys passed over") {
  Saver saver;
  const RatchetId id{{6}, RatchetType::application};
  REQUIRE(saver.Receive(id, 0).ok());
  PutHeadRow(saver.rows, id, 0xFFFFFFF0, Secret(kSuite.Nh));
  saver.Restart();
  CHECK(saver.Receive(id, 0xFFFFFFFF).ok());
  CHECK(FullSave(saver.tree) == saver.rows);
  saver.Restart();
  CHECK(saver.tree.skipped_key_count() == 15);
  CHECK(saver.Receive(id, 0xFFFFFFFF).error() == Error::KEY_CONSUMED);
  CHECK(saver.Receive(id, 0xFFFFFFFE).ok());
}

TEST_CASE("secret tree rows: erasing an epoch leaves no row of it and every row of others") {
  MemoryRows rows;
  Batch batch;
  std::vector<SecretTree> trees;
  for (const std::uint64_t epoch : {kEpoch, kEpoch + 1}) {
    SecretTree tree = SecretTree::Create(kSuite, epoch, 8, Secret(kSuite.Nh));
    auto key = tree.Receive(kOwn, 40, {});
    REQUIRE(key.ok());
    tree.Apply(std::move(key->change));
    tree.Save(batch);
    trees.push_back(std::move(tree));
  }
  SecretTree::EraseRows(kEpoch, batch);
  rows.Apply(batch);
  CHECK(SecretTree::Load(kSuite, kEpoch, 8, rows).error() == Error::STORAGE_DAMAGED);
  CHECK(rows == FullSave(trees[1]));
  CHECK(SecretTree::Load(kSuite, kEpoch + 1, 8, rows).ok());
}

TEST_CASE("secret tree rows: all of them are under the epoch's key") {
  SecretTree tree = Tree();
  auto key = tree.Receive(kOwn, 40, {});
  REQUIRE(key.ok());
  Batch batch;
  tree.SaveChange(key->change, batch);
  tree.Apply(std::move(key->change));
  tree.Save(batch);
  for (const auto& operation : batch.operations()) {
    if (operation.kind != Batch::Operation::Kind::put) continue;
    CHECK(operation.row.protection == Protection::epoch);
    CHECK(operation.row.epoch == kEpoch);
  }
}

TEST_CASE("secret tree rows: a row that is missing, cut, longer or foreign is STORAGE_DAMAGED") {
  Saver saver;
  REQUIRE(saver.Receive(kOwn, 40).ok());
  REQUIRE(saver.Send({{5}, RatchetType::handshake}).ok());
  const auto load = [](const MemoryRows& rows, std::uint32_t width = 8) {
    return SecretTree::Load(kSuite, kEpoch, width, rows);
  };
  REQUIRE(load(saver.rows).ok());
  CHECK(load(saver.rows, 4).error() == Error::STORAGE_DAMAGED);
  CHECK(load(saver.rows, 16).error() == Error::STORAGE_DAMAGED);

  const auto forged = [&](View key, View value) {
    MemoryRows rows = FullSave(saver.tree);
    rows.Put(key, value);
    return load(rows);
  };
  for (const auto& [key, value] : saver.rows.rows()) {
    const View bytes = value;
    CHECK(forged(key, {}).error() == Error::STORAGE_DAMAGED);
    CHECK(forged(key, bytes.first(bytes.size() - 1)).error() == Error::STORAGE_DAMAGED);
    Bytes longer = ToBytes(bytes);
    longer.push_back(0);
    CHECK(forged(key, longer).error() == Error::STORAGE_DAMAGED);
    Bytes foreign = key;
    foreign.push_back(0);
    CHECK(forged(foreign, bytes).error() == Error::STORAGE_DAMAGED);

    // Without a skipped row keys are lost, and nothing else; without another row the tree has a hole.
    Batch batch;
    batch.Delete(key);
    MemoryRows rows = FullSave(saver.tree);
    rows.Apply(batch);
    CHECK(load(rows).ok() == (key[0] == static_cast<std::uint8_t>(RowTag::skipped)));
  }
  // A node that is where it does not belong, twice there, above one that was used, or outside the tree.
  const Secret secret(kSuite.Nh);
  const auto node_row = [&](std::uint32_t leaf, std::uint32_t node) {
    const Bytes entry = Encode(node, View(secret));
    return forged(RowKey(RowTag::secret_tree, kEpoch, leaf), Encode(View(entry)));
  };
  for (const std::uint32_t node : {7u, 4u, 0u, 14u, 15u, 0x7FFFFFFFu, 0xFFFFFFFFu}) {
    CAPTURE(node);
    CHECK(node_row(2, node).error() == Error::STORAGE_DAMAGED);
    CHECK(node_row(0, node).error() == Error::STORAGE_DAMAGED);
    CHECK(node_row(8, node).error() == Error::STORAGE_DAMAGED);
  }
}

// Entry is one element of a row of nodes or of skipped keys.
Bytes Entry(std::uint32_t node, std::size_t secret_size) { return Encode(node, Bytes(secret_size)); }
Bytes Entry(std::uint8_t offset, std::size_t key_size, std::size_t nonce_size) {
  return Encode(offset, Bytes(key_size), Bytes(nonce_size));
}
Bytes List(std::initializer_list<Bytes> entries) {
  Bytes all;
  for (const Bytes& entry : entries) all.insert(all.end(), entry.begin(), entry.end());
  return Encode(all);
}

TEST_CASE("secret tree rows: well-formed rows that no tree can have written are STORAGE_DAMAGED") {
  const std::size_t Nh = kSuite.Nh, Nk = kSuite.Nk, Nn = kSuite.Nn;
  const RatchetId id{{0}, RatchetType::application};
  Saver saver;
  saver.tree = Tree(4);
  saver.rows = FullSave(saver.tree);
  REQUIRE(saver.Receive(id, 2).ok());  // leaves nodes 2 and 5, and the keys of generations 0 and 1
  const auto forged = [&](const Bytes& key, const Bytes& value) {
    MemoryRows rows = FullSave(saver.tree);
    rows.Put(key, value);
    const auto loaded = SecretTree::Load(kSuite, kEpoch, 4, rows);
    return loaded.ok() ? std::string_view("loads") : Describe(loaded.error()).name;
  };
  constexpr std::string_view kDamaged = "STORAGE_DAMAGED";

  const auto nodes = [](std::uint32_t leaf) { return RowKey(RowTag::secret_tree, kEpoch, leaf); };
  CHECK(forged(nodes(0), List({Entry(2, Nh), Entry(5, Nh)})) == "loads");
  CHECK(forged(nodes(0), List({Entry(2, Nh), Entry(5, Nh - 1)})) == kDamaged);
  CHECK(forged(nodes(0), List({Entry(2, Nh), Entry(5, Nh), Entry(5, Nh)})) == kDamaged);
  CHECK(forged(nodes(0), List({Entry(2, Nh), Entry(5, Nh), Entry(3, Nh)})) == kDamaged);
  CHECK(forged(nodes(1), List({Entry(0, Nh)})) == kDamaged);

  MemoryRows moved = FullSave(saver.tree);
  moved.Put(nodes(0), List({Entry(2, Nh)}));
  moved.Put(nodes(3), List({Entry(5, Nh)}));  // a change could not find it in this row
  CHECK(SecretTree::Load(kSuite, kEpoch, 4, moved).error() == Error::STORAGE_DAMAGED);

  const auto head = [](RatchetId ratchet) { return RowKey(RowTag::ratchet, kEpoch, ratchet); };
  CHECK(forged(head(id), Encode(std::uint32_t{2}, Bytes(Nh))) == "loads");
  CHECK(forged(head(id), Encode(std::uint32_t{2}, Bytes(Nh - 1))) == kDamaged);
  CHECK(forged(head(id), Encode(std::uint32_t{2}, Bytes())) == kDamaged);
  CHECK(forged(head(id), Encode(std::uint32_t{0xFFFFFFFF}, Bytes())) == "loads");
  CHECK(forged(head({{4}, RatchetType::handshake}), Encode(std::uint32_t{2}, Bytes(Nh))) == kDamaged);
  for (const std::uint8_t type : {0, 3, 255}) {
    CHECK(forged(head({{0}, RatchetType{type}}), Encode(std::uint32_t{2}, Bytes(Nh))) == kDamaged);
  }

  const auto skipped = [&](std::uint32_t block) { return RowKey(RowTag::skipped, kEpoch, id, block); };
  CHECK(forged(skipped(0), List({Entry(1, Nk, Nn)})) == "loads");
  CHECK(forged(skipped(0), List({Entry(3, Nk, Nn)})) == kDamaged);
  CHECK(forged(skipped(0), List({Entry(1, Nk - 1, Nn)})) == kDamaged);
  CHECK(forged(skipped(0), List({Entry(1, Nk, Nn + 1)})) == kDamaged);
  CHECK(forged(skipped(0), List({Entry(1, Nk, Nn), Entry(1, Nk, Nn)})) == kDamaged);
  CHECK(forged(skipped(1), List({Entry(0, Nk, Nn)})) == kDamaged);
  CHECK(forged(skipped(0x08000000), List({Entry(0, Nk, Nn)})) == kDamaged);  // generation 2^32
  CHECK(forged(RowKey(RowTag::skipped, kEpoch, RatchetId{{3}, id.type}, 0u), List({Entry(0, Nk, Nn)})) ==
        kDamaged);

  REQUIRE(saver.Receive(id, 40).ok());
  REQUIRE(saver.Receive(id, 32).ok());
  CHECK(forged(skipped(0), List({Entry(31, Nk, Nn)})) == "loads");
  CHECK(forged(skipped(0), List({Entry(32, Nk, Nn)})) == kDamaged);
}

TEST_CASE("secret tree rows: a node above leaves that were used is STORAGE_DAMAGED") {
  Saver saver;
  saver.width = 4;
  saver.tree = Tree(4);
  saver.rows = FullSave(saver.tree);
  for (const std::uint32_t leaf : {1u, 2u, 3u}) {
    REQUIRE(saver.Receive({{leaf}, RatchetType::application}, 0).ok());
  }
  saver.Restart();  // leaf 0 is still a node, the others have their ratchets
  saver.rows.Put(RowKey(RowTag::secret_tree, kEpoch, 2u), List({Entry(1, kSuite.Nh)}));
  CHECK(SecretTree::Load(kSuite, kEpoch, 4, saver.rows).error() == Error::STORAGE_DAMAGED);
}

TEST_CASE("secret tree rows: a width that no tree has is STORAGE_DAMAGED") {
  const Suite& suite = AllSuites().front();
  for (const std::uint32_t width : {0u, 3u, 0x111u, 1u << 28, 1u << 29, 1u << 31, 0xffffffffu}) {
    CAPTURE(width);
    const auto loaded = SecretTree::Load(suite, kEpoch, width, MemoryRows());
    CHECK((!loaded.ok() && loaded.error() == Error::STORAGE_DAMAGED));
  }
}

TEST_CASE("secret tree rows: a leaf that was left over alone has no row of its own") {
  Saver saver;
  REQUIRE(saver.Receive(kOwn, 0).ok());
  REQUIRE(saver.Receive({{3}, RatchetType::application}, 0).ok());
  CHECK(saver.last_operations == 3);  // the row that it was in, two ratchets
}

TEST_CASE("secret tree rows: rows with any one bit changed load or are refused, and still serve") {
  Saver saver;
  REQUIRE(saver.Receive(kOwn, 40).ok());
  REQUIRE(saver.Receive(kOwn, 7).ok());
  for (const auto& [key, value] : saver.rows.rows()) {
    for (std::size_t bit = 0; bit < value.size() * 8; ++bit) {
      Bytes forged = ToBytes(value);
      forged[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
      MemoryRows rows = FullSave(saver.tree);
      rows.Put(key, forged);
      auto loaded = SecretTree::Load(kSuite, kEpoch, 8, rows);
      if (!loaded.ok()) {
        CHECK(loaded.error() == Error::STORAGE_DAMAGED);
        continue;
      }
      const auto answer = loaded->Receive(kOwn, 41, {});
      CHECK(
          (answer.ok() || answer.error() == Error::LIMIT_EXCEEDED || answer.error() == Error::KEY_CONSUMED));
    }
  }
}

}  // namespace
}  // namespace mls::test
