#include "group/inbox.h"

#include "support/company.h"

namespace mls::test {
namespace {

MemoryRows RowsOf(const Batch& batch) {
  MemoryRows rows;
  rows.Apply(batch);
  return rows;
}

ReceivedCommit SomeCommit() {
  ReceivedCommit commit;
  commit.epoch = 9;
  commit.committer = {3};
  commit.sender_type = SenderType::new_member_commit;
  commit.added = {{4}, {2}};
  commit.updated = {{1}};
  commit.removed = {{5}, {6}, {7}};
  commit.reinit = ReInit{Bytes(4, 1), ProtocolVersion::mls10, AllSuites()[0].id, {}};
  commit.authenticated_data = Bytes(3, 2);
  return commit;
}

bool Same(const ReceivedCommit& a, const ReceivedCommit& b) {
  return a.epoch == b.epoch && a.committer == b.committer && a.sender_type == b.sender_type &&
         a.added == b.added && a.updated == b.updated && a.removed == b.removed && a.own == b.own &&
         a.self_removed == b.self_removed && a.reinit == b.reinit &&
         a.authenticated_data == b.authenticated_data;
}

TEST_CASE("events come back from their rows as they were, in the order of their numbers") {
  Company company(AllSuites()[0], 2);
  company.Propose(0, {Remove{{1}}}, AsView("why"));
  const CachedProposalPtr proposal = company[0].proposals().in_order().at(0);
  const std::vector<WelcomeMessage> welcomes = {{Bytes(5, 1), {Bytes(2, 1), Bytes(3, 2)}}, {Bytes(4, 2), {}}};
  ReceivedCommit own = SomeCommit(), removing = SomeCommit();
  own.own = true;
  removing.self_removed = true;
  removing.reinit.reset();

  Batch batch;
  SaveEvent({300, 7}, own, welcomes, batch);
  SaveEvent({2, 7}, ProposalEvent{7, proposal}, batch);
  SaveEvent({1, 7}, ApplicationMessage{{8}, 6, Bytes(10, 3), Bytes(1, 4)}, batch);
  SaveEvent({301, 7}, removing, {}, batch);
  for (const Batch::Operation& one : batch.operations()) CHECK(one.row.protection == Protection::state);
  MemoryRows rows = RowsOf(batch);
  rows.Put(RowKey(RowTag::context), AsView("another row"));
  const std::vector<InboxEvent> events = Must(LoadInbox(rows));
  REQUIRE(events.size() == 4);
  CHECK(events[0].id == EventId{1, 7});
  const auto& message = std::get<ApplicationMessage>(events[0].event);
  CHECK(message.sender == LeafIndex{8});
  CHECK(message.epoch == 6);
  CHECK(message.data == Bytes(10, 3));
  CHECK(message.authenticated_data == Bytes(1, 4));
  CHECK(events[1].id == EventId{2, 7});
  const auto& proposed = std::get<ProposalEvent>(events[1].event);
  CHECK(proposed.epoch == 7);
  CHECK(proposed.proposal->reference == proposal->reference);
  CHECK(proposed.proposal->sender() == proposal->sender());
  CHECK(proposed.proposal->proposal() == proposal->proposal());
  CHECK(events[2].id == EventId{300, 7});
  const auto& committed = std::get<CommitEvent>(events[2].event);
  CHECK(Same(committed.commit, own));
  CHECK(Encode(committed.welcomes) == Encode(welcomes));
  CHECK(events[3].id == EventId{301, 7});
  CHECK(Same(std::get<CommitEvent>(events[3].event).commit, removing));
  CHECK(std::get<CommitEvent>(events[3].event).welcomes.empty());
  CHECK(Must(LoadInbox(MemoryRows())).empty());
}

TEST_CASE("a row that is no event is STORAGE_DAMAGED") {
  Batch batch;
  SaveEvent({1, 7}, SomeCommit(), {}, batch);
  SaveEvent({2, 7}, ApplicationMessage{{8}, 6, Bytes(10, 3), {}}, batch);
  const MemoryRows rows = RowsOf(batch);
  const auto damaged = [](const Bytes& key, View value) {
    MemoryRows wrong;
    wrong.Put(key, value);
    return ErrorOf(LoadInbox(wrong)) == Error::STORAGE_DAMAGED;
  };
  for (const auto& [key, value] : rows.rows()) {
    for (std::size_t size = 0; size < value.size(); ++size) CHECK(damaged(key, value.view().first(size)));
    Bytes longer = ToBytes(value.view()), other_kind = longer;
    longer.push_back(0);
    other_kind[0] = 4;
    CHECK(damaged(key, longer));
    CHECK(damaged(key, other_kind));
    CHECK(damaged(Bytes(key.begin(), key.end() - 1), value));
  }
  // The flags of a commit: 2 is neither yes nor no.
  Bytes commit = ToBytes(rows.rows().begin()->second.view());
  const Bytes lists = Encode(SomeCommit().added, SomeCommit().updated, SomeCommit().removed);
  const std::size_t flag = 1 + 8 + 4 + 1 + lists.size();
  CHECK(commit[flag] == 0);
  CHECK(!damaged(rows.rows().begin()->first, commit));
  for (const std::size_t at : {flag, flag + 1}) {
    Bytes wrong = commit;
    wrong[at] = 2;
    CHECK(damaged(rows.rows().begin()->first, wrong));
  }
}

TEST_CASE("events of two origins do not meet, and ids of before are read") {
  Batch batch;
  const auto save = [&](const EventId& id, std::uint8_t data) {
    SaveEvent(id, ApplicationMessage{{8}, 6, Bytes(1, data), {}}, batch);
  };
  save({5, 2}, 3);
  save({5, 1}, 2);
  save({5, std::nullopt}, 1);
  save({6, std::nullopt}, 4);
  const std::vector<InboxEvent> events = Must(LoadInbox(RowsOf(batch)));
  REQUIRE(events.size() == 4);
  for (std::size_t i = 0; i < events.size(); ++i) {
    CHECK(std::get<ApplicationMessage>(events[i].event).data == Bytes(1, static_cast<std::uint8_t>(i + 1)));
  }
  CHECK(events[0].id == EventId{5, std::nullopt});
  CHECK(events[2].id == EventId{5, 2});
  CHECK(events[2].id.Encode().size() == 16);
  CHECK(events[3].id.Encode() == Encode(std::uint64_t{6}));
}

TEST_CASE("numbers of events grow, whatever the clock does and whichever process draws them") {
  CHECK(NextEvent(0, 0) == 1);
  CHECK(NextEvent(0, 1'700'000'000'000) == std::uint64_t{1'700'000'000'000} << 20);
  const std::uint64_t first = NextEvent(0, 1'700'000'000'000);
  CHECK(NextEvent(first, 1'700'000'000'000) == first + 1);
  CHECK(NextEvent(first, 1'600'000'000'000) == first + 1);  // a clock that was set back
  CHECK(NextEvent(first + 1000, 1'700'000'000'001) == std::uint64_t{1'700'000'000'001} << 20);
}

}  // namespace
}  // namespace mls::test
