#include "crypto/sealed_rows.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "support/sealed_store.h"

using namespace mls;
using namespace mls::test;

namespace {

// A context row, of which only the format matters here.
constexpr std::string_view kContext{"\0\2context", 9};

Sealer TheSealer() { return *Sealer::ForScope(Bytes(Sealer::kKeySize, 7), AsView("a scope")); }

Bytes RatchetRow(std::uint64_t epoch, std::uint32_t leaf) {
  return RowKey(RowTag::ratchet, epoch, leaf, std::uint8_t{1});
}
Bytes KeyRow(std::uint64_t epoch) { return RowKey(RowTag::epoch_key, epoch); }

// Entering is what the first batch of an epoch has: a context row, and rows of it and perhaps of the one
// before.
Batch Entering(std::uint64_t epoch, std::string_view secret = "secret") {
  Batch batch;
  batch.PutPlain(RowKey(RowTag::context), AsView(kContext));
  batch.PutSecret(RowKey(RowTag::signer), Secret::Copy(AsView("signer")));
  batch.PutEpochSecret(epoch, RowKey(RowTag::epoch_secrets, epoch), Secret::Copy(AsView(secret)));
  return batch;
}
Batch Message(std::uint64_t epoch, std::uint32_t leaf, std::string_view secret = "ratchet") {
  Batch batch;
  batch.PutEpochSecret(epoch, RatchetRow(epoch, leaf), Secret::Copy(AsView(secret)));
  return batch;
}

bool Reads(const Result<MemoryRows>& rows, const Bytes& key, std::string_view value) {
  return rows.ok() && rows->Get(key) && Equal(*rows->Get(key), AsView(value));
}
bool IsDamaged(const Result<MemoryRows>& rows) {
  return !rows.ok() && rows.error() == Error::STORAGE_DAMAGED;
}
bool Holds(View bytes, View part) {
  return std::search(bytes.begin(), bytes.end(), part.begin(), part.end()) != bytes.end();
}

}  // namespace

TEST_CASE("sealed rows: what is packed opens, and a store sees of secrets only their keys and sizes") {
  SeededRandom random(1);
  SealedRows rows = NewSealedRows();
  SealedStore store;
  store.Apply(*rows.Pack(Entering(5), random));
  store.Apply(*rows.Pack(Message(5, 3), random));
  CHECK(store.rows().size() == 5);  // the key of the epoch came with its context
  const Bytes packed = store.Packed();
  CHECK(Holds(packed, AsView("context")));
  for (const char* secret : {"secret", "signer", "ratchet"}) CHECK(!Holds(packed, AsView(secret)));
  const auto opened = NewSealedRows().OpenRows({packed});
  CHECK(Reads(opened, RowKey(RowTag::signer), "signer"));
  CHECK(Reads(opened, RowKey(RowTag::epoch_secrets, std::uint64_t{5}), "secret"));
  CHECK(Reads(opened, RatchetRow(5, 3), "ratchet"));
  CHECK(rows.Pack({}, random)->empty());
}

TEST_CASE("sealed rows: without the row of its key an epoch is gone, and other epochs are not") {
  SeededRandom random(2);
  SealedRows rows = NewSealedRows();
  SealedStore store;
  store.Apply(*rows.Pack(Entering(5), random));
  store.Apply(*rows.Pack(Entering(6), random));
  store.Apply(*rows.Pack(Message(5, 3), random));
  CHECK(NewSealedRows().OpenRows({store.Packed()}).ok());
  const Bytes key = store.rows()[KeyRow(5)];
  store.rows().erase(KeyRow(5));
  CHECK(IsDamaged(NewSealedRows().OpenRows({store.Packed()})));
  store.rows()[KeyRow(5)] = store.rows()[KeyRow(6)];  // nor does another epoch's key do
  CHECK(IsDamaged(NewSealedRows().OpenRows({store.Packed()})));
  store.rows()[KeyRow(5)] = key;
  CHECK(NewSealedRows().OpenRows({store.Packed()}).ok());
  // Neither do the scope's key or another's.
  for (const char* row : {"epoch", "ratchet"}) {
    const Bytes name = row[0] == 'e' ? RowKey(RowTag::epoch_secrets, std::uint64_t{5}) : RatchetRow(5, 3);
    CHECK(!TheSealer().Open(name, store.rows()[name]).ok());
  }
}

TEST_CASE("sealed rows: an erased epoch's key is forgotten, by its own row and by a prefix") {
  SeededRandom random(3);
  for (const bool by_prefix : {false, true}) {
    SealedRows rows = NewSealedRows();
    const Bytes first = *rows.Pack(Entering(5), random);
    Batch erasing;
    if (by_prefix) {
      erasing.DeletePrefix({});
    } else {
      erasing.Delete(KeyRow(5));
      erasing.DeletePrefix(RowKey(RowTag::ratchet, std::uint64_t{5}));
    }
    SealedStore store;
    store.Apply(first);
    const Bytes old_key = store.rows()[KeyRow(5)];
    store.Apply(*rows.Pack(erasing, random));
    CHECK(!store.rows().contains(KeyRow(5)));
    store.rows().clear();
    // The same number again has another key: what an old copy of the key row opens is nothing of it.
    store.Apply(*rows.Pack(Entering(5), random));
    CHECK(NewSealedRows().OpenRows({store.Packed()}).ok());
    store.rows()[KeyRow(5)] = old_key;
    CHECK(IsDamaged(NewSealedRows().OpenRows({store.Packed()})));
  }
}

TEST_CASE(
    "sealed rows: a context row brings the keys again, so that a batch that was not stored costs nothing") {
  SeededRandom random(4);
  SealedRows rows = NewSealedRows();
  SealedStore store;
  store.Apply(*rows.Pack(Entering(4), random));
  CHECK(rows.Pack(Entering(5), random).ok());  // lost on its way
  store.Apply(*rows.Pack(Entering(5), random));
  store.Apply(*rows.Pack(Message(5, 1), random));
  store.Apply(*rows.Pack(Message(4, 1), random));
  CHECK(NewSealedRows().OpenRows({store.Packed()}).ok());
}

TEST_CASE("sealed rows: rows of format 1 open, and an epoch that began with it may end with a key") {
  SeededRandom random(5);
  const Sealer scope = TheSealer();
  SealedStore store;
  store.Apply(*PackRows(&scope, Entering(5), random));
  store.Apply(*PackRows(&scope, Message(5, 1), random));
  CHECK(store.rows().size() == 4);
  SealedRows rows = NewSealedRows();
  const auto opened = rows.OpenRows({store.Packed()});
  REQUIRE(opened.ok());
  rows.Remember(*opened);
  // Until the context row tells the format, nothing is written that format 1 would not read.
  store.Apply(*rows.Pack(Message(5, 2), random));
  CHECK(store.rows().size() == 5);
  CHECK(OpenRows(&scope, {store.Packed()}).ok());
  Batch next = Entering(6);
  next.Append(Message(5, 3, "past"));
  store.Apply(*rows.Pack(next, random));
  CHECK(store.rows().contains(KeyRow(5)));
  CHECK(!OpenRows(&scope, {store.Packed()}).ok());
  store.Apply(*rows.Pack(Message(5, 1, "newer"), random));
  const auto mixed = NewSealedRows().OpenRows({store.Packed()});
  CHECK(Reads(mixed, RatchetRow(5, 1), "newer"));
  CHECK(Reads(mixed, RatchetRow(5, 2), "ratchet"));
  CHECK(Reads(mixed, RatchetRow(5, 3), "past"));
}

TEST_CASE(
    "sealed rows: a delta brings the keys of others, which are remembered only when it was taken over") {
  SeededRandom random(6);
  SealedRows one = NewSealedRows(), other = NewSealedRows();
  const Bytes first = *one.Pack(Entering(5), random);
  other.Remember(*other.OpenRows({first}));
  const Bytes second = *one.Pack(Entering(6), random);
  const Bytes third = *one.Pack(Message(6, 1), random);
  CHECK(!other.OpenDelta({third}).ok());
  CHECK(other.OpenDelta({third, second}).ok());  // a key may come after what it opens
  CHECK(!other.OpenDelta({third}).ok());
  const auto delta = other.OpenDelta({second});
  REQUIRE(delta.ok());
  other.Remember(*delta);
  CHECK(other.OpenDelta({third}).ok());
  // From now on both write what both read.
  CHECK(one.OpenDelta({*other.Pack(Message(6, 2), random)}).ok());
  Batch erasing;
  erasing.Delete(KeyRow(6));
  const auto erased = other.OpenDelta({third, *one.Pack(erasing, random)});
  REQUIRE(erased.ok());
  other.Remember(*erased);
  CHECK(!other.OpenDelta({third}).ok());
  RowDelta all;
  all.DeletePrefix({});
  other.Remember(all);
  CHECK(!other.OpenDelta({*one.Pack(Message(5, 1), random)}).ok());
}

TEST_CASE("sealed rows: a delta's other rows, and a row that is no epoch's key, leave the keys as they are") {
  SeededRandom random(11);
  SealedRows rows = NewSealedRows();
  const Bytes first = *rows.Pack(Entering(5), random);
  const Bytes message = *rows.Pack(Message(5, 1), random);
  Batch odd;
  odd.PutSecret(Bytes{21, 1}, Secret::Copy(AsView("of a later format")));
  odd.Delete(Bytes{20, 1});
  SealedRows other = NewSealedRows();
  const auto delta = other.OpenDelta({first, *NewSealedRows().Pack(odd, random)});
  REQUIRE(delta.ok());
  CHECK(delta->Touches(Bytes{21, 1}));
  CHECK(delta->Touches(Bytes{20, 1}));
  other.Remember(*delta);
  CHECK(other.OpenDelta({message}).ok());
}

TEST_CASE("sealed rows: sealed anew they are the same rows, under other keys throughout") {
  SeededRandom random(7);
  SealedRows rows = NewSealedRows();
  SealedStore store;
  store.Apply(*rows.Pack(Entering(4), random));
  store.Apply(*rows.Pack(Entering(5), random));
  store.Apply(*rows.Pack(Message(5, 1), random));
  const auto elsewhere = [] {
    return SealedRows(*Sealer::ForScope(Bytes(Sealer::kKeySize, 8), AsView("elsewhere")));
  };
  SealedRows to = elsewhere();
  const auto packed = NewSealedRows().Reseal({store.Packed()}, to, random);
  REQUIRE(packed.ok());
  CHECK(IsDamaged(NewSealedRows().OpenRows({*packed})));
  const MemoryRows before = *NewSealedRows().OpenRows({store.Packed()});
  const auto after = elsewhere().OpenRows({*packed});
  REQUIRE(after.ok());
  CHECK(after->size() == before.size());
  for (const auto& [key, value] : before.rows()) {
    REQUIRE(after->Get(key));
    CHECK(Equal(*after->Get(key), value) == (RowTag(key[0]) != RowTag::epoch_key));
  }
  // Nothing of what was sealed is as it was.
  SealedStore moved;
  moved.Apply(*packed);
  for (const auto& [key, sealed] : store.rows()) {
    if (ProtectionOf(RowTag(key[0])) != Protection::plain) CHECK(moved.rows()[key] != sealed);
  }
  SealedRows wrong = elsewhere();
  CHECK(wrong.Reseal({store.Packed()}, to, random).error() == Error::STORAGE_DAMAGED);
}

TEST_CASE("sealed rows: a delta keeps the order of its slices") {
  SeededRandom random(7);
  SealedRows rows = NewSealedRows();
  Batch put, gone, again;
  put.PutPlain(RowKey(RowTag::leaves, std::uint32_t{1}), AsView("one"));
  put.PutPlain(RowKey(RowTag::leaves, std::uint32_t{2}), AsView("two"));
  gone.DeletePrefix(RowKey(RowTag::leaves));
  again.PutPlain(RowKey(RowTag::leaves, std::uint32_t{2}), AsView("two again"));
  const auto delta =
      rows.OpenDelta({*rows.Pack(put, random), *rows.Pack(gone, random), *rows.Pack(again, random)});
  REQUIRE(delta.ok());
  CHECK(delta->prefixes().size() == 1);
  CHECK(delta->rows().size() == 1);
  CHECK(!rows.OpenRows({*rows.Pack(gone, random)}).ok());  // a whole scope is put
}

TEST_CASE("sealed rows: whatever was not packed like this is STORAGE_DAMAGED") {
  SeededRandom random(8);
  SealedRows rows = NewSealedRows();
  SealedStore store;
  store.Apply(*rows.Pack(Entering(5), random));
  const Bytes packed = store.Packed();
  std::size_t plain = 0;
  for (std::size_t i = 0; i < packed.size(); ++i) {
    CHECK(IsDamaged(NewSealedRows().OpenRows(
              {Bytes(packed.begin(), packed.begin() + static_cast<std::ptrdiff_t>(i))})) ==
          (i != 0 && i != 10 + kContext.size()));  // a slice may end after a record, here after the plain one
    Bytes wrong = packed;
    wrong[i] ^= 1;
    if (!IsDamaged(NewSealedRows().OpenRows({wrong}))) ++plain;
  }
  // The plain row's value, and the tag of the signer, which becomes that of a plain row.
  CHECK(plain == kContext.size() + 1);
  store.rows()[KeyRow(5)] = *TheSealer().Seal(KeyRow(5), Bytes(31, 1), random);
  CHECK(IsDamaged(NewSealedRows().OpenRows({store.Packed()})));
  store.rows()[Bytes{20, 1}] = store.rows()[KeyRow(5)];
  CHECK(IsDamaged(NewSealedRows().OpenRows({store.Packed()})));
  // A key of full size, sealed for its row, of which nobody can say what epoch it is of.
  store.rows()[Bytes{20, 1}] = *TheSealer().Seal(Bytes{20, 1}, Bytes(Sealer::kKeySize, 1), random);
  store.rows().erase(KeyRow(5));
  store.rows().erase(RowKey(RowTag::epoch_secrets, std::uint64_t{5}));
  CHECK(IsDamaged(NewSealedRows().OpenRows({store.Packed()})));
  store.rows().erase(Bytes{20, 1});
  CHECK(NewSealedRows().OpenRows({store.Packed()}).ok());
  // Neither of a row, though the scope's key opens it.
  store.rows()[Bytes{7, 1}] = *TheSealer().Seal(Bytes{7, 1}, Bytes(3), random);
  CHECK(IsDamaged(NewSealedRows().OpenRows({store.Packed()})));
  for (const Bytes& record :
       {Bytes{3, 0, 0, 0, 1, 1}, Bytes{1, 0, 0, 0, 0}, Bytes{2, 0, 0, 0, 0, 0, 0, 0, 0}}) {
    CHECK(!NewSealedRows().OpenDelta({record}).ok());
  }
}

TEST_CASE("sealed rows: without a sealer there are plain rows alone") {
  SeededRandom random(9);
  Batch batch;
  batch.PutPlain(RowKey(RowTag::context), AsView(kContext));
  const auto packed = PackRows(nullptr, batch, random);
  REQUIRE(packed.ok());
  CHECK(Reads(OpenRows(nullptr, {*packed}), RowKey(RowTag::context), kContext));
  CHECK(PackRows(nullptr, {}, random)->empty());
  CHECK(PackRows(nullptr, Entering(1), random).error() == Error::INTERNAL);
  const Sealer scope = TheSealer();
  CHECK(IsDamaged(OpenRows(nullptr, {*PackRows(&scope, Entering(1), random)})));
}

TEST_CASE("sealed rows: a store of a later format is STORAGE_VERSION, though nothing of it opens") {
  SeededRandom random(10);
  SealedRows rows = NewSealedRows();
  SealedStore store;
  store.Apply(*rows.Pack(Entering(5), random));
  store.rows()[RowKey(RowTag::context)] = Encode(std::uint16_t{kFormatVersion + 1});
  store.rows()[RowKey(RowTag::epoch_secrets, std::uint64_t{5})] = Bytes(50, 1);
  CHECK(NewSealedRows().OpenRows({store.Packed()}).error() == Error::STORAGE_VERSION);
  CHECK(NewSealedRows().OpenDelta({store.Packed()}).error() == Error::STORAGE_VERSION);
}
