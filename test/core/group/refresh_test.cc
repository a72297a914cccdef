// Two processes with the same group from one store: who was overtaken reads again only what changed.
#include "support/company.h"
#include "support/count_of.h"
#include "support/row_delta.h"
#include "support/warm_group.h"

namespace mls::test {
namespace {

// Process is one process's copy of a member; Pair has two of them over one store, and a peer to talk to.
struct Process {
  Group group;
  MemoryRows seen;
};

struct Pair {
  World world{91};
  Group peer;
  std::vector<Process> processes;
  MemoryRows store;

  explicit Pair(const Suite& suite = AllSuites()[0], Policy of_peer = {})
      : peer(world.NewGroup(world.NewClient(suite, "peer"), of_peer)) {
    store = World::Saved(world.AddMember(peer, {}, world.NewClient(suite, "two of them")));
    for (int i = 0; i < 2; ++i) {
      processes.push_back({Must(Group::Load(store, {}, world.env)), CopyOf(store)});
    }
  }
  Group& operator[](std::size_t i) { return processes[i].group; }

  void Store(std::size_t i, Change change) {
    REQUIRE(processes[i].seen == store);  // else its atom would be refused
    store.Apply(change.batch);
    processes[i].seen.Apply(change.batch);
    Must(processes[i].group.Apply(std::move(change)));
  }
  void Refresh(std::size_t i) {
    Process& process = processes[i];
    process.group = Must(process.group.Refresh(DeltaBetween(process.seen, store), world.env));
    process.seen = CopyOf(store);
    CHECK(World::Saved(process.group) == store);
  }
  Done<Bytes> Protect(std::size_t i) { return Must((*this)[i].Protect(AsView("hello"), {}, world.env)); }
  Bytes Send(std::size_t i) {
    Done<Bytes> done = Protect(i);
    Store(i, std::move(done.change));
    return std::move(done.output);
  }
  Received Receive(std::size_t i, View message) {
    StagedMessage staged = Must((*this)[i].Stage(message, world.env));
    const Answers answers = AcceptAll(staged.questions);
    Done<Received> done = Must((*this)[i].Complete(std::move(staged), answers, world.env));
    Store(i, std::move(done.change));
    return std::move(done.output);
  }
};

TEST_CASE("R9.1: two processes with one ratchet use no generation twice, whoever reserves when") {
  Pair pair;
  const auto heard = [&](const Bytes& message) {
    // A generation that was used already is KEY_CONSUMED.
    return std::holds_alternative<ApplicationMessage>(pair.world.Receive(pair.peer, message));
  };
  for (int turn = 0; turn < 12; ++turn) {
    const std::size_t now = static_cast<std::size_t>(turn % 2), other = 1 - now;
    pair.Refresh(now);
    // Enough to end a range in some turns and not in others.
    for (int i = 0; i < 5 + 7 * (turn % 5); ++i) CHECK(heard(pair.Send(now)));
    // The other process is in the middle of its own range, which no row guards: it may use what it reserved.
    Done<Bytes> late = pair.Protect(other);
    if (!late.change.batch.empty()) continue;
    Must(pair[other].Apply(std::move(late.change)));
    CHECK(heard(late.output));
  }
}

TEST_CASE("R9.1: a delta that leaves our ratchet alone wastes no generation of its reserved range") {
  Policy next_only;
  next_only.limits.max_forward_steps = 0;  // the peer refuses a generation that was passed over
  Pair pair(AllSuites()[0], next_only);
  pair.world.Receive(pair.peer, pair.Send(0));
  pair.Refresh(1);
  CHECK(std::holds_alternative<ApplicationMessage>(pair.Receive(1, pair.world.Send(pair.peer, "one"))));
  pair.Refresh(0);
  Done<Bytes> next = pair.Protect(0);
  CHECK(next.change.batch.empty());  // still in the range of the first message
  CHECK(std::holds_alternative<ApplicationMessage>(pair.world.Receive(pair.peer, next.output)));
}

TEST_CASE("an echo is known after a refresh within the epoch, and no longer after one into the next") {
  Pair pair;
  const Bytes first = pair.Send(0);
  pair.Refresh(1);
  pair.Receive(1, pair.world.Send(pair.peer, "one"));
  pair.Refresh(0);
  CHECK(std::holds_alternative<OwnMessage>(pair.Receive(0, first)));
  pair.Refresh(1);
  pair.Receive(1, pair.world.CommitNow(pair.peer, {}).message);
  pair.Refresh(0);
  CHECK(ErrorOf(pair[0].Stage(first, pair.world.env)) == Error::OWN_MESSAGE);
}

TEST_CASE("what was staged before a refresh does not fit the group after it") {
  Pair pair;
  StagedCommit staged = Must(pair[0].StageCommit({}, pair.world.env));
  Done<Bytes> sent = pair.Protect(0);
  pair.Receive(1, pair.world.Send(pair.peer, "one"));
  pair.Refresh(0);
  CHECK(ErrorOf(pair[0].CompleteCommit(std::move(staged), {}, pair.world.env)) == Error::STALE_VERSION);
  CHECK(ErrorOf(pair[0].Apply(std::move(sent.change))) == Error::STALE_VERSION);
}

TEST_CASE("a process that computed what was never stored goes back to what is stored") {
  Pair pair;
  const Bytes commit = pair.world.CommitNow(pair.peer, {}).message;
  const MemoryRows before = World::Saved(pair[0]);
  StagedMessage staged = Must(pair[0].Stage(commit, pair.world.env));
  const Answers answers = AcceptAll(staged.questions);
  Done<Received> done = Must(pair[0].Complete(std::move(staged), answers, pair.world.env));
  Must(pair[0].Apply(std::move(done.change)));  // its atom is refused
  CHECK(pair[0].context().epoch == pair[1].context().epoch + 1);
  // The store gives what others changed, and the rows that the refused atom would have.
  const MemoryRows ahead = World::Saved(pair[0]);
  pair[0] = Must(pair[0].Refresh(DeltaBetween(ahead, before), pair.world.env));
  CHECK(World::Saved(pair[0]) == before);
  pair.Receive(0, commit);
  CHECK(World::Agree(pair[0], pair.peer));
}

TEST_CASE("R9.1: a range that was reserved and never stored is given back, one that another stored is not") {
  Pair pair;
  std::vector<Bytes> touched;
  const auto ahead = [&](std::size_t i) {
    Change change = pair.Protect(i).change;
    for (const Batch::Operation& one : change.batch.operations()) touched.push_back(one.row.key);
    Must(pair[i].Apply(std::move(change)));
  };
  const auto go_back = [&](std::size_t i) {
    RowDelta delta = DeltaBetween(World::Saved(pair[i]), pair.store);
    // Both may have reserved the same range: the row is the same, and yet it is another's.
    for (const Bytes& key : touched) {
      if (const auto value = pair.store.Get(key)) delta.Put(key, *value);
    }
    pair[i] = Must(pair[i].Refresh(delta, pair.world.env));
    pair.processes[i].seen = CopyOf(pair.store);
    CHECK(World::Saved(pair[i]) == pair.store);
  };
  const auto heard = [&](const Bytes& message) {
    return std::holds_alternative<ApplicationMessage>(pair.world.Receive(pair.peer, message));
  };
  ahead(0);  // nobody has stored a row of this ratchet
  go_back(0);
  CHECK(heard(pair.Send(0)));
  pair.Refresh(1);
  for (int i = 1; i < 32; ++i) CHECK(heard(pair.Send(0)));
  ahead(0);  // a second range, while the other process stores its first, which is the same
  CHECK(heard(pair.Send(1)));
  go_back(0);
  CHECK(heard(pair.Send(0)));
  pair.Refresh(1);
  CHECK(heard(pair.Send(1)));
}

TEST_CASE("R12.4.2: a refresh learns that another process was told of our removal") {
  Pair pair;
  pair.Receive(1, pair.world.CommitNow(pair.peer, Proposing({Remove{{1}}})).message);
  CHECK(pair.store.size() == 1);  // a row that says so
  CHECK(ErrorOf(Group::Load(pair.store, {}, pair.world.env)) == Error::REMOVED);
  RowDelta all, each;
  all.DeletePrefix({});
  all.Put(RowKey(RowTag::removed), {});
  for (const auto& [key, value] : pair.processes[0].seen.rows())
    each.Delete(key);  // as of a group that was deleted
  for (const RowDelta* delta : {&all, &each}) {
    const Group removed = Must(pair[0].Refresh(*delta, pair.world.env));
    CHECK(removed.phase() == Phase::removed);
    CHECK(World::Saved(removed) == pair.store);
    CHECK(ErrorOf(removed.Protect({}, {}, pair.world.env)) == Error::REMOVED);
    CHECK(Must(removed.Refresh({}, pair.world.env)).phase() == Phase::removed);
    // Had the removal not been stored, its process would be told all rows again.
    const Group back = Must(removed.Refresh(DeltaBetween({}, pair.processes[0].seen), pair.world.env));
    CHECK(World::Saved(back) == pair.processes[0].seen);
  }
  for (const auto& [key, value] : pair.processes[0].seen.rows()) {
    RowDelta all_but_one;
    all_but_one.DeletePrefix({});
    all_but_one.Put(key, value);
    all_but_one.Put(RowKey(RowTag::removed), {});
    CHECK(ErrorOf(pair[0].Refresh(all_but_one, pair.world.env)) == Error::STORAGE_DAMAGED);
  }
}

// Agrees: a refresh by `delta` gives what a load of the changed rows gives, and leaves its group alone.
bool Agrees(const Group& group, const MemoryRows& rows, const RowDelta& delta, const Env& env) {
  MemoryRows changed = CopyOf(rows);
  changed.Apply(delta);
  const auto loaded = Group::Load(changed, {}, env);
  const auto refreshed = group.Refresh(delta, env);
  if (World::Saved(group) != rows || loaded.ok() != refreshed.ok()) return false;
  if (!loaded.ok()) return loaded.error() == refreshed.error();
  return World::Saved(*loaded) == World::Saved(*refreshed) && World::Agree(*loaded, *refreshed);
}

TEST_CASE("a damaged delta is refused where a load of the rows would be, and nothing has changed") {
  SeededRandom dice(92);
  Company company(AllSuites()[0], 40);
  const MemoryRows old = World::Saved(company[1]);
  const Group group = Must(Group::Load(old, {}, company.world.env));
  for (int i = 0; i < 3; ++i) {
    company.Receive(1, company.Send(2, "a message"));
    company.Commit(0, Proposing({Remove{company[39 - static_cast<std::size_t>(i)].self()}}));
  }
  company.ProposeToAll(2, {Remove{{3}}});
  company.MakeCommit(1, {});
  const MemoryRows now = World::Saved(company[1]);
  const RowDelta whole = DeltaBetween(old, now);
  REQUIRE(Agrees(group, old, whole, company.world.env));
  for (const auto& [key, value] : old.rows()) {  // each row alone, one bit wrong in its middle or its end
    for (const std::size_t at : {value.size() / 2, value.size() - 1}) {
      Bytes wrong = ToBytes(value.view());
      wrong[at] ^= 1;
      RowDelta delta;
      delta.Put(key, wrong);
      const int tag = key[0];
      CAPTURE(tag);
      CHECK(Agrees(group, old, delta, company.world.env));
    }
  }
  std::vector<Bytes> keys;
  for (const auto& [key, value] : whole.rows()) keys.push_back(key);
  std::size_t refused = 0;
  for (int round = 0; round < 400; ++round) {
    RowDelta delta = DeltaBetween(old, now);
    for (std::uint64_t count = 1 + dice.Below(2); count > 0; --count) {
      const Bytes& key = keys[dice.Below(keys.size())];
      Bytes value = now.Get(key) ? ToBytes(*now.Get(key)) : ToBytes(old.Get(key).value_or(View()));
      switch (dice.Below(6)) {
        case 0:
          delta.Delete(key);
          break;
        case 1:
          delta.DeletePrefix(View(key).first(1 + dice.Below(key.size())));
          break;
        case 2:
          if (!value.empty()) value[dice.Below(value.size())] ^= 1;
          delta.Put(key, value);
          break;
        case 3:
          value.resize(dice.Below(value.size() + 1));
          delta.Put(key, value);
          break;
        case 4:
          delta.Put(keys[dice.Below(keys.size())], value);
          break;
        default:
          if (old.Get(key)) delta.Put(key, *old.Get(key));
      }
    }
    const bool agrees = Agrees(group, old, delta, company.world.env);
    if (!agrees) CAPTURE(round);
    CHECK(agrees);
    if (!group.Refresh(delta, company.world.env).ok()) ++refused;
  }
  CHECK(refused > 100);
}

TEST_CASE("a group keeps its suite: a context row of another one is damage") {
  Pair pair;  // of suite 1; suite 3 has the same hash, so all else fits
  Bytes row = ToBytes(*pair.store.Get(RowKey(RowTag::context)));
  REQUIRE(row.at(5) == 1);  // behind the format and the protocol version
  row[5] = 3;
  GroupContext other = pair[0].context();
  other.cipher_suite = CipherSuite{3};
  const Bytes hash = ToBytes(Must(Hash(pair[0].suite(), {Encode(other)})));
  const Bytes key = RowKey(RowTag::epoch_secrets, other.epoch);
  Bytes secrets = ToBytes(*pair.store.Get(key));  // the hash of the context is the last thing in it
  std::copy(hash.begin(), hash.end(), secrets.end() - static_cast<std::ptrdiff_t>(hash.size()));
  RowDelta delta;
  delta.Put(RowKey(RowTag::context), row);
  delta.Put(key, secrets);
  CHECK(ErrorOf(pair[0].Refresh(delta, pair.world.env)) == Error::STORAGE_DAMAGED);
}

TEST_CASE("Counters: a refresh costs what changed, in a large group as in a small one") {
  Counters of_message, of_commit;
  for (const std::uint32_t n : {20u, 2000u}) {
    CAPTURE(n);
    SeededRandom random(93);
    WarmGroup group = MakeWarmGroup(AllSuites()[0], n, TreeState::warm, random, nullptr);
    MemoryRows seen = World::Saved(group.members[2]);
    Group twin = Must(Group::Load(seen, group.members[2].policy(), group.env));
    const auto refresh = [&] {
      const MemoryRows now = World::Saved(group.members[2]);
      const RowDelta delta = DeltaBetween(seen, now);
      seen = CopyOf(now);
      const Counters cost = CountOf([&] { twin = Must(twin.Refresh(delta, group.env)); });
      CHECK(World::Saved(twin) == now);
      return cost;
    };

    Done<Bytes> sent = Must(group.members[0].Protect(AsView("data"), {}, group.env));
    Must(group.members[0].Apply(std::move(sent.change)));
    StagedMessage staged = Must(group.members[2].Stage(sent.output, group.env));
    Must(group.members[2].Apply(Must(group.members[2].Complete(std::move(staged), {}, group.env)).change));
    const PublicEpoch* const shared = &twin.epoch();
    const Counters message = refresh();
    CHECK(&twin.epoch() == shared);
    CHECK(message.hashes == 0);
    CHECK(message.leaves_decoded == 0);
    CHECK(message.pages_copied == 0);

    const std::uint32_t levels = Level(Root(twin.tree().width()));
    group.Commit(0, {});
    const Counters commit = refresh();
    CHECK(&twin.epoch() != shared);
    CHECK(commit.leaves_decoded == 1);
    CHECK(commit.hashes == levels + 3);  // the leaf, its path, the interim transcript, the context
    CHECK(commit.signature_verifications == 0);
    if (n == 20) {
      of_message = message;
      of_commit = commit;
      continue;
    }
    // Rows are counted where the state is taken apart: a node of the secret tree more for each level.
    CHECK(message.rows_written == of_message.rows_written);
    CHECK(commit.rows_written == of_commit.rows_written);
    const std::uint64_t more = levels - 5;
    CHECK(commit.pages_copied <= of_commit.pages_copied + 6 * more);
  }
}

}  // namespace
}  // namespace mls::test
