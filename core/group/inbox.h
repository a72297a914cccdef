// Events at rest (docs/store-format.md): what a step reported to the application, kept until acknowledged.
//
// Saving an event in the batch of its step makes that step at-least-once: after a crash the event is there
// again, or its message is not yet consumed. Numbers grow, so that the order of rows is that of events.
#pragma once

#include <span>

#include "group/change.h"

namespace mls {

struct ProposalEvent {
  std::uint64_t epoch = 0;
  CachedProposalPtr proposal;  // of a loaded event: reference, sender and proposal
};
struct CommitEvent {
  ReceivedCommit commit;
  std::vector<WelcomeMessage> welcomes;  // of a commit of our own that was accepted
};
// EventId names an event and orders it. Two processes may draw one number in the same moment, so it also has
// a random origin: of whoever draws numbers in a row. Ids of before have none.
struct EventId {
  std::uint64_t number = 0;
  std::optional<std::uint64_t> origin;
  bool operator==(const EventId&) const = default;
  Bytes Encode() const;  // 16 bytes, without an origin 8
};
struct InboxEvent {
  EventId id;
  std::variant<ApplicationMessage, ProposalEvent, CommitEvent> event;
};

// NextEvent gives the number after `last`; numbers of a later process are later, whatever it knows of `last`.
// `now` is in milliseconds since 1970.
std::uint64_t NextEvent(std::uint64_t last, std::uint64_t now);

void SaveEvent(const EventId& id, const ApplicationMessage& message, Batch& batch);
void SaveEvent(const EventId& id, const ProposalEvent& proposal, Batch& batch);
void SaveEvent(const EventId& id, const ReceivedCommit& commit, const std::vector<WelcomeMessage>& welcomes,
               Batch& batch);

// LoadInbox reads the saved events in their order; other rows are passed over (STORAGE_DAMAGED).
Result<std::vector<InboxEvent>> LoadInbox(const Rows& rows);

}  // namespace mls
