// Change: the outcome of one step of a Group, and what it may bring: a new epoch, a candidate commit (RFC
// 9420 §14).
#pragma once

#include "group/local_epoch.h"
#include "group/past_epoch.h"
#include "group/received.h"

namespace mls {

enum class Phase : std::uint8_t {
  joining = 1,  // external Commit made, not yet accepted
  active = 2,
  suspended = 3,  // a ReInit was committed (RFC 9420 §11.2)
  removed = 4,    // a Commit removed us (RFC 9420 §12.4.2)
};
constexpr bool IsKnown(Phase phase) { return phase >= Phase::joining && phase <= Phase::removed; }

// A Welcome for some of the joiners of a commit.
struct WelcomeMessage {
  Bytes message;                    // MLSMessage
  std::vector<Bytes> key_packages;  // references of those it is for
  static constexpr auto kWire = Fields(&WelcomeMessage::message, &WelcomeMessage::key_packages);
};

// NewEpoch: what a Commit leads to.
struct NewEpoch {
  std::optional<LocalEpoch> next;  // none: we were removed
  Undo undo;
  Secret signature_private_key;  // when the Commit changes ours, else empty
  std::optional<ReInit> reinit;
};

// Candidate is a commit of ours that waits for the delivery service's word (RFC 9420 §14). Its rows hold the
// content, the epoch secret and the new private keys; the rest of `outcome` is computed again when it is
// loaded.
struct Candidate {
  std::uint64_t id = 0;
  Bytes message;  // MLSMessage, as sent
  std::vector<WelcomeMessage> welcomes;
  AuthenticatedContent content;
  Secret epoch_secret;
  PrivateKeys path_keys;  // leaf and path nodes; empty without a path
  NewEpoch outcome;
  ReceivedCommit received;  // what its acceptance reports
};
using CandidatePtr = std::unique_ptr<Candidate>;

// SentMessage: by its hash an echo is known.
struct SentMessage {
  Digest hash;
  ContentType type = ContentType::application;
};

// UpdateKeys: the private half of an Update that we proposed, by ProposalRef.
struct UpdateKeys {
  Bytes reference;
  Secret encryption_private_key;
  Secret signature_private_key;  // new one, or empty
};

// Change is the outcome of one step: rows, and what Apply replaces in memory. `version` is that of the group
// it was computed from; a Change of another version is refused.
struct Change {
  Batch batch;
  std::uint64_t version = 0;
  std::optional<std::pair<std::uint64_t, SecretTreeChange>> ratchet;  // of this epoch
  std::optional<SentMessage> sent;
  Bytes proposed;  // ProposalRef of our own proposal, made now or before
  CachedProposalPtr proposal;
  std::optional<UpdateKeys> update;
  CandidatePtr candidate;
  std::optional<std::uint64_t> rejected;  // this candidate is dropped
  std::optional<std::uint64_t> accepted;  // this candidate becomes the epoch
  std::unique_ptr<NewEpoch> epoch;        // or another member's commit does
  std::uint64_t now = 0;                  // with accepted or epoch: when the old epoch ended
  std::optional<Phase> phase;
};

template <class T>
struct Done {
  Change change;
  T output;
};

}  // namespace mls
