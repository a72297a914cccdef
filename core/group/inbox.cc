#include "group/inbox.h"

#include <algorithm>

#include "base/check.h"

namespace mls {

namespace {

enum class Flag : std::uint8_t { no = 0, yes = 1 };
constexpr bool IsKnown(Flag flag) { return flag == Flag::no || flag == Flag::yes; }
Flag FlagOf(bool set) { return set ? Flag::yes : Flag::no; }

enum class EventKind : std::uint8_t { message = 1, proposal = 2, commit = 3 };

struct MessageRow {
  static constexpr EventKind kTag = EventKind::message;
  LeafIndex sender;
  std::uint64_t epoch = 0;
  View data;
  View authenticated_data;
  static constexpr auto kWire =
      Fields(&MessageRow::sender, &MessageRow::epoch, &MessageRow::data, &MessageRow::authenticated_data);
};

struct ProposalRow {
  static constexpr EventKind kTag = EventKind::proposal;
  std::uint64_t epoch = 0;
  View reference;
  Sender sender;
  Proposal proposal;
  static constexpr auto kWire =
      Fields(&ProposalRow::epoch, &ProposalRow::reference, &ProposalRow::sender, &ProposalRow::proposal);
};

struct CommitRow {
  static constexpr EventKind kTag = EventKind::commit;
  std::uint64_t epoch = 0;
  LeafIndex committer;
  SenderType sender_type = SenderType::member;
  std::vector<LeafIndex> added, updated, removed;
  Flag own = Flag::no;
  Flag self_removed = Flag::no;
  std::optional<ReInit> reinit;
  View authenticated_data;
  std::vector<WelcomeMessage> welcomes;
  static constexpr auto kWire =
      Fields(&CommitRow::epoch, &CommitRow::committer, &CommitRow::sender_type, &CommitRow::added,
             &CommitRow::updated, &CommitRow::removed, &CommitRow::own, &CommitRow::self_removed,
             &CommitRow::reinit, &CommitRow::authenticated_data, &CommitRow::welcomes);
};

struct EventRow {
  std::variant<MessageRow, ProposalRow, CommitRow> body;
  static constexpr auto kWire = Fields(&EventRow::body);
};

template <class Row>
void Put(const EventId& id, const Row& row, Batch& batch) {
  batch.PutSecret(RowKey(RowTag::inbox, Encoded{id.Encode()}), EncodeSecret(Row::kTag, row));
}

ApplicationMessage EventOf(MessageRow&& row) {
  return {row.sender, row.epoch, ToBytes(row.data), ToBytes(row.authenticated_data)};
}

ProposalEvent EventOf(ProposalRow&& row) {
  CachedProposal proposal;
  proposal.reference = ToBytes(row.reference);
  proposal.content.content.epoch = row.epoch;
  proposal.content.content.sender = row.sender;
  proposal.content.content.body = ProposalContent{std::move(row.proposal)};
  return {row.epoch, std::make_shared<const CachedProposal>(std::move(proposal))};
}

CommitEvent EventOf(CommitRow&& row) {
  ReceivedCommit commit;
  commit.epoch = row.epoch;
  commit.committer = row.committer;
  commit.sender_type = row.sender_type;
  commit.added = std::move(row.added);
  commit.updated = std::move(row.updated);
  commit.removed = std::move(row.removed);
  commit.own = row.own == Flag::yes;
  commit.self_removed = row.self_removed == Flag::yes;
  commit.reinit = std::move(row.reinit);
  commit.authenticated_data = ToBytes(row.authenticated_data);
  return {std::move(commit), std::move(row.welcomes)};
}

}  // namespace

Bytes EventId::Encode() const { return origin ? mls::Encode(number, *origin) : mls::Encode(number); }

std::uint64_t NextEvent(std::uint64_t last, std::uint64_t now) { return std::max(last + 1, now << 20); }

void SaveEvent(const EventId& id, const ApplicationMessage& message, Batch& batch) {
  Put(id, MessageRow{message.sender, message.epoch, message.data, message.authenticated_data}, batch);
}

void SaveEvent(const EventId& id, const ProposalEvent& event, Batch& batch) {
  const CachedProposal& cached = *event.proposal;
  Put(id, ProposalRow{event.epoch, cached.reference, cached.sender(), cached.proposal()}, batch);
}

void SaveEvent(const EventId& id, const ReceivedCommit& commit, const std::vector<WelcomeMessage>& welcomes,
               Batch& batch) {
  Put(id,
      CommitRow{commit.epoch, commit.committer, commit.sender_type, commit.added, commit.updated,
                commit.removed, FlagOf(commit.own), FlagOf(commit.self_removed), commit.reinit,
                commit.authenticated_data, welcomes},
      batch);
}

Result<std::vector<InboxEvent>> LoadInbox(const Rows& rows) {
  std::vector<InboxEvent> events;
  MLS_DO(rows.Scan(RowKey(RowTag::inbox), [&](View key, View value) -> Status {
    Reader in(key.subspan(1));
    InboxEvent event{{in.Uint<std::uint64_t>(), std::nullopt}, {}};
    if (!in.empty()) event.id.origin = in.Uint<std::uint64_t>();
    auto row = DecodeStored<EventRow>(value);
    MLS_REQUIRE(in.done() && row.ok(), STORAGE_DAMAGED);  // RFC 9420 §2.1: a row as we wrote it
    event.event = std::visit([](auto&& body) -> decltype(event.event) { return EventOf(std::move(body)); },
                             std::move(row->body));
    events.push_back(std::move(event));
    return kOk;
  }));
  return events;
}

}  // namespace mls
