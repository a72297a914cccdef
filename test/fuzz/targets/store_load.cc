// Reaches: loading what a store gives back (docs/store-format.md): rows of a group, a tracker and a client,
// as they lie in a store and as they are after they were opened. Holds: damage is STORAGE_DAMAGED or
// STORAGE_VERSION, or what was loaded is a whole that saves and loads again, reads, commits and refreshes
// without an INTERNAL error; Refresh comes to what Load does. Input: a byte that says what is loaded and how,
// then edits of rows, each with the number of a row and what becomes of it.
#include <map>

#include "crypto/sealed_rows.h"
#include "group/inbox.h"
#include "message/client_rows.h"
#include "support/edit.h"
#include "support/live_group.h"

namespace mls::fuzz {

namespace {

using Table = std::map<Bytes, Bytes>;

enum What : std::uint8_t { kGroup, kTracker, kClient, kPacked };
enum Fate : std::uint8_t { kEdited, kDeleted, kRenamed, kSwapped };

Env EnvOf(Random& random) { return {kNow, &random, nullptr}; }

SealedRows NewSealedRows() {
  return SealedRows(Must(Sealer::ForScope(Bytes(Sealer::kKeySize, 7), AsView("a scope"))));
}

MemoryRows RowsOf(const Batch& batch) {
  MemoryRows rows;
  rows.Apply(batch);
  return rows;
}

Table TableOf(const MemoryRows& rows) {
  Table table;
  for (const auto& [key, value] : rows.rows()) table[key] = ToBytes(value);
  return table;
}

struct Stored {
  LiveGroup& group = LiveGroup::Of(0);
  Table group_rows = TableOf(group.rows);
  Table tracker_rows, client_rows;
  Bytes packed;  // the group's, sealed

  Stored() {
    Batch of_tracker;
    group.receiver.tracker().Save(of_tracker);
    tracker_rows = TableOf(RowsOf(of_tracker));
    Batch of_client;
    SaveSigner(group.suite(), group.stranger.profile, of_client);
    const NewKeyPackage& package = group.strangers_package;
    const Digest reference = Must(KeyPackageRef(group.suite(), package.key_package));
    SaveKeyPackage(reference, {package.key_package, package.keys.Clone(), KeyPackageUse::once}, of_client);
    SaveEvent({1, 7}, ApplicationMessage{LeafIndex{1}, 2, Bytes(3, 4), {}}, of_client);
    SaveEvent({2, 7}, ProposalEvent{3, group.receiver.proposals().in_order().at(0)}, of_client);
    ReceivedCommit commit;
    commit.added = {LeafIndex{4}};
    SaveEvent({3, 7}, commit, {{Bytes(5, 6), {Bytes(32, 7)}}}, of_client);
    client_rows = TableOf(RowsOf(of_client));
    Batch whole;
    group.receiver.Save(whole);
    SeededRandom random(16);
    SealedRows sealed = NewSealedRows();
    packed = Must(sealed.Pack(whole, random));
  }
};

const Stored& TheStored() {
  static const Stored stored;
  return stored;
}

// ChangeRows does what the input says with some rows of a table, and notes which keys may be others.
void ChangeRows(Table& table, Input& input) {
  for (int count = 0; !input.empty() && count < 8 && !table.empty(); ++count) {
    const auto row = [&] {
      return std::next(table.begin(), static_cast<std::ptrdiff_t>(input.Below(table.size())));
    };
    const auto fate = static_cast<Fate>(input.Byte() % 4);
    const auto one = row();
    if (fate == kEdited) {
      one->second = Edit::Read(input).In(one->second);
    } else if (fate == kDeleted) {
      table.erase(one);
    } else if (fate == kRenamed) {
      const Bytes key = Edit::Read(input).In(one->first);
      if (!key.empty()) table[key] = one->second;
    } else {
      std::swap(one->second, row()->second);
    }
  }
}

MemoryRows RowsOf(const Table& table) {
  MemoryRows rows;
  for (const auto& [key, value] : table) rows.Put(key, value);
  return rows;
}

template <class T>
bool Loads(const Result<T>& loaded) {
  if (loaded.ok()) return true;
  const Error error = loaded.error();
  Expect(error == Error::STORAGE_DAMAGED || error == Error::STORAGE_VERSION, "damage is said to be damage");
  return false;
}

// Use does with a loaded group what an application does: nothing ends the process.
void Use(const LiveGroup& live, const Group& group) {
  SeededRandom random(17);
  const Env env = EnvOf(random);
  for (const Bytes* message : {&live.honest, &live.late, &live.passed_over}) {
    auto staged = group.Stage(*message, env);
    if (staged.ok()) ExpectSound(group.Complete(std::move(*staged), {}, env));
  }
  ExpectSound(group.Protect(AsView("text"), {}, env));
  ExpectSound(group.MakeGroupInfo({}, env));
  auto staged = group.StageCommit({}, env);
  ExpectSound(staged);
  if (!staged.ok()) return;
  const Answers answers = live.Answer(staged->questions);
  ExpectSound(group.CompleteCommit(std::move(*staged), answers, env));
}

void LoadGroup(const LiveGroup& live, const Table& before, const MemoryRows& rows) {
  SeededRandom random(18);
  const auto loaded = Group::Load(rows, live.receiver.policy(), EnvOf(random));
  if (Loads(loaded)) {
    NoteTaken();
    const MemoryRows again = World::Saved(*loaded);
    const auto reloaded = Group::Load(again, live.receiver.policy(), EnvOf(random));
    Expect(reloaded.ok() && World::Saved(*reloaded) == again,
           "what was loaded saves and loads as what it is");
    Use(live, *loaded);
  }
  RowDelta delta;
  for (const auto& [key, value] : before) {
    if (!rows.Get(key)) delta.Delete(key);
  }
  for (const auto& [key, value] : rows.rows()) {
    const auto was = before.find(key);
    if (was == before.end() || !Equal(was->second, value)) delta.Put(key, value);
  }
  const auto refreshed = live.receiver.Refresh(delta, EnvOf(random));
  if (!Loads(refreshed) || !loaded.ok()) return;
  Expect(World::Saved(*refreshed) == World::Saved(*loaded), "Refresh comes to what Load does");
}

void LoadTracker(const LiveGroup& live, const MemoryRows& rows) {
  SeededRandom random(19);
  const auto loaded = Tracker::Load(rows, live.receiver.policy(), EnvOf(random));
  if (!Loads(loaded)) return;
  NoteTaken();
  Batch batch;
  loaded->Save(batch);
  const MemoryRows again = RowsOf(batch);
  Expect(Tracker::Load(again, live.receiver.policy(), EnvOf(random)).ok(), "what was loaded saves and loads");
  ExpectSound(loaded->Stage(live.proposed.at(0), EnvOf(random)));
}

void LoadClient(const MemoryRows& rows) {
  (void)Loads(LoadInbox(rows));
  for (const auto& [key, value] : rows.rows()) {
    const auto signer = LoadSigner(key, value);
    ExpectSound(signer);
    const auto package = LoadKeyPackage(key, value);
    ExpectSound(package);
    if (signer.ok() || package.ok()) NoteTaken();
  }
}

}  // namespace

void FuzzOne(View bytes) {
  Input input(bytes);
  const auto what = static_cast<What>(input.Byte() % 4);
  const Stored& stored = TheStored();
  if (what == kPacked) {
    std::vector<Bytes> slices = {stored.packed};
    while (!input.empty()) slices[0] = Edit::Read(input).In(slices[0]);
    const SealedRows sealed = NewSealedRows();
    const auto rows = sealed.OpenRows(slices);
    (void)Loads(sealed.OpenDelta(slices));
    if (Loads(rows)) LoadGroup(stored.group, stored.group_rows, *rows);
    return;
  }
  Table table = what == kGroup     ? stored.group_rows
                : what == kTracker ? stored.tracker_rows
                                   : stored.client_rows;
  ChangeRows(table, input);
  if (what == kGroup) LoadGroup(stored.group, stored.group_rows, RowsOf(table));
  if (what == kTracker) LoadTracker(stored.group, RowsOf(table));
  if (what == kClient) LoadClient(RowsOf(table));
}

std::vector<Seed> Seeds() {
  const Stored& stored = TheStored();
  std::vector<Seed> seeds = {
      {"group", {kGroup}}, {"tracker", {kTracker}}, {"client", {kClient}}, {"packed", {kPacked}}};
  const auto each_row = [&](const char* name, What what, const Table& table) {
    std::uint8_t number = 0;
    for (const auto& [key, value] : table) {
      Bytes bytes = {static_cast<std::uint8_t>(what), number++, kEdited};
      Append(bytes, Edit::Encode(static_cast<std::uint16_t>(value.size() / 2), 1, Bytes{1}));
      seeds.push_back({name + ("-" + std::to_string(number)) + "-tag-" + std::to_string(key[0]), bytes});
    }
  };
  each_row("group", kGroup, stored.group_rows);
  each_row("tracker", kTracker, stored.tracker_rows);
  each_row("client", kClient, stored.client_rows);
  seeds.push_back({"packed-edited", Joined({kPacked}, Edit::Encode(100, 1, Bytes{1}))});
  return seeds;
}

}  // namespace mls::fuzz
