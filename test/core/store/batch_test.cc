#include "store/batch.h"

#include <doctest/doctest.h>

#include "support/seeded_random.h"

using namespace mls;

namespace {

Bytes Key(std::string_view text) { return ToBytes(AsView(text)); }

Batch Puts(std::initializer_list<std::string_view> keys) {
  Batch batch;
  for (std::string_view key : keys) batch.PutPlain(Key(key), AsView(key));
  return batch;
}

std::vector<Bytes> Scanned(const Rows& rows, std::string_view prefix) {
  std::vector<Bytes> keys;
  CHECK(rows.Scan(AsView(prefix),
                  [&](View key, View value) -> Status {
                    CHECK(Equal(key, value));
                    keys.push_back(ToBytes(key));
                    return kOk;
                  })
            .ok());
  return keys;
}

}  // namespace

TEST_CASE("batch: keeps its operations in order, with the protection of each") {
  Batch batch;
  CHECK(batch.empty());
  batch.PutPlain(Key("a"), AsView("1"));
  batch.PutSecret(Key("b"), Secret::Copy(AsView("22")));
  batch.PutEpochSecret(7, Key("c"), Secret::Copy(AsView("333")));
  batch.Delete(Key("dd"));
  batch.DeletePrefix(Key("e"));
  const auto& operations = batch.operations();
  REQUIRE(operations.size() == 5);
  using Kind = Batch::Operation::Kind;
  const Kind kinds[] = {Kind::put, Kind::put, Kind::put, Kind::remove, Kind::remove_prefix};
  const Protection protections[] = {Protection::plain, Protection::state, Protection::epoch};
  for (std::size_t i = 0; i < 5; ++i) CHECK(operations[i].kind == kinds[i]);
  for (std::size_t i = 0; i < 3; ++i) CHECK(operations[i].row.protection == protections[i]);
  CHECK(operations[2].row.epoch == 7);
  CHECK(batch.bytes() == 1 + 1 + 1 + 2 + 1 + 3 + 2 + 1);
}

TEST_CASE("batch: counts what it writes") {
  const std::uint64_t before = Count().rows_written;
  Batch batch = Puts({"a", "b"});
  batch.Delete(Key("a"));
  batch.DeletePrefix(Key("b"));
  CHECK(Count().rows_written == before + 4);
}

TEST_CASE("batch: an appended batch takes effect after") {
  Batch batch = Puts({"a", "ab"});
  Batch more;
  more.DeletePrefix(Key("a"));
  batch.Append(std::move(more));
  CHECK(more.empty());  // NOLINT: Append leaves it empty
  MemoryRows rows;
  rows.Apply(batch);
  CHECK(rows.size() == 0);
}

TEST_CASE("rows: a put is read, a later put replaces it, a delete takes it away") {
  MemoryRows rows;
  CHECK(!rows.Get(AsView("a")));
  rows.Apply(Puts({"a", "b"}));
  REQUIRE(rows.Get(AsView("a")));
  CHECK(Equal(*rows.Get(AsView("a")), AsView("a")));
  Batch batch;
  batch.PutPlain(Key("a"), AsView("other"));
  batch.Delete(Key("b"));
  batch.Delete(Key("c"));  // was never there
  rows.Apply(batch);
  CHECK(Equal(*rows.Get(AsView("a")), AsView("other")));
  CHECK(!rows.Get(AsView("b")));
  CHECK(rows.size() == 1);
}

TEST_CASE("rows: an empty value is a row") {
  MemoryRows rows;
  rows.Put(AsView("a"), {});
  REQUIRE(rows.Get(AsView("a")));
  CHECK(rows.Get(AsView("a"))->empty());
}

TEST_CASE("rows: a prefix delete removes what was put before it, not after") {
  MemoryRows rows;
  rows.Apply(Puts({"a", "b1", "b2", "c"}));
  Batch batch;
  batch.PutPlain(Key("b3"), AsView("b3"));
  batch.DeletePrefix(Key("b"));
  batch.PutPlain(Key("b4"), AsView("b4"));
  rows.Apply(batch);
  CHECK(Scanned(rows, "") == std::vector{Key("a"), Key("b4"), Key("c")});
}

TEST_CASE("rows: a scan takes a prefix in key order, bytes being unsigned") {
  MemoryRows rows;
  rows.Apply(Puts({"b\xff\x01", "b", "a", "b\x01", "b\x7f", "c", "b\xff"}));
  CHECK(Scanned(rows, "b") ==
        std::vector{Key("b"), Key("b\x01"), Key("b\x7f"), Key("b\xff"), Key("b\xff\x01")});
  CHECK(Scanned(rows, "b\xff") == std::vector{Key("b\xff"), Key("b\xff\x01")});
  CHECK(Scanned(rows, "bb").empty());
  CHECK(Scanned(rows, "").size() == 7);
}

TEST_CASE("rows: a scan ends with the error it is given") {
  MemoryRows rows;
  rows.Apply(Puts({"a", "b", "c"}));
  int seen = 0;
  const Status status = rows.Scan({}, [&](View, View) -> Status {
    if (++seen == 2) return Error::STORAGE_DAMAGED;
    return kOk;
  });
  REQUIRE(!status.ok());
  CHECK(status.error() == Error::STORAGE_DAMAGED);
  CHECK(seen == 2);
}

TEST_CASE("row keys: big-endian numbers behind the tag, so that neighbours sort together") {
  CHECK(RowKey(RowTag::leaves, std::uint32_t{258}) == Bytes{2, 0, 0, 1, 2});
  CHECK(RowKey(RowTag::ratchet, std::uint64_t{1}, std::uint32_t{2}, std::uint8_t{3}) ==
        Bytes{7, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2, 3});
  CHECK(RowKey(RowTag::leaves, std::uint32_t{255}) < RowKey(RowTag::leaves, std::uint32_t{256}));
  CHECK(RowKey(RowTag::leaves, std::uint32_t{0xffff'ffff}) < RowKey(RowTag::parents, std::uint32_t{0}));
}

TEST_CASE("batch: its net change leads to the same rows, whatever the order of its operations") {
  test::SeededRandom random(5);
  for (int round = 0; round < 300; ++round) {
    CAPTURE(round);
    Batch batch;
    RowDelta delta;
    const auto key = [&] {
      Bytes bytes(1 + random.Below(3));
      for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>('a' + random.Below(3));
      return bytes;
    };
    for (std::uint64_t i = 0, count = random.Below(12); i < count; ++i) {
      const std::uint64_t kind = random.Below(4);
      const Bytes row = key(), value = random.Some(4);
      if (kind < 2) batch.PutPlain(row, value), delta.Put(row, value);
      if (kind == 2) batch.Delete(row), delta.Delete(row);
      if (kind == 3) batch.DeletePrefix(row), delta.DeletePrefix(row);
    }
    MemoryRows before;
    for (int i = 0; i < 6; ++i) before.Put(key(), AsView("before"));
    MemoryRows in_order, net_rows;
    for (const auto& [row, value] : before.rows()) {
      in_order.Put(row, value);
      net_rows.Put(row, value);
    }
    in_order.Apply(batch);

    const NetChange net = NetChangeOf(batch);
    Batch again;
    for (const View prefix : net.prefixes) again.DeletePrefix(ToBytes(prefix));
    for (const View row : net.deletes) again.Delete(ToBytes(row));
    for (const RowPut* put : net.puts) again.PutPlain(put->key, put->value);
    net_rows.Apply(again);
    CHECK(net_rows == in_order);
    MemoryRows by_delta;
    for (const auto& [row, value] : before.rows()) by_delta.Put(row, value);
    by_delta.Apply(delta);
    CHECK(by_delta == in_order);
    // What differs was touched, and a prefix of it, too.
    for (const auto* rows : {&before, &in_order}) {
      for (const auto& [row, value] : rows->rows()) {
        const auto was = before.Get(row), is = in_order.Get(row);
        if (was && is && Equal(*was, *is)) continue;
        CHECK(delta.Touches(row));
        for (std::size_t size = 0; size <= row.size(); ++size) {
          CHECK(delta.TouchesAny(View(row).first(size)));
        }
      }
    }
    for (const View row : net.deletes) {
      for (const RowPut* put : net.puts) CHECK(!Equal(row, put->key));
    }
  }
}

TEST_CASE("delta: it touches what it names and nothing else") {
  RowDelta delta;
  CHECK(!delta.TouchesAny({}));
  delta.Put(AsView("ab"), AsView("1"));
  delta.DeletePrefix(AsView("cd"));
  delta.Delete(AsView("e"));
  for (const char* key : {"ab", "cd", "cdx", "e"}) CHECK(delta.Touches(AsView(key)));
  for (const char* key : {"", "a", "abc", "c", "ce", "ee"}) CHECK(!delta.Touches(AsView(key)));
  for (const char* prefix : {"", "a", "ab", "c", "cd", "cdx", "e"}) CHECK(delta.TouchesAny(AsView(prefix)));
  for (const char* prefix : {"abc", "b", "ce", "ex"}) CHECK(!delta.TouchesAny(AsView(prefix)));
}
