// What a received message turns out to be (RFC 9420 §6, §12).
#pragma once

#include "group/public_commit.h"

namespace mls {

struct ApplicationMessage {
  LeafIndex sender;
  std::uint64_t epoch = 0;
  Bytes data;
  Bytes authenticated_data;
};
struct ReceivedProposal {
  CachedProposalPtr proposal;
};
struct ReceivedCommit {
  std::uint64_t epoch = 0;  // the new one
  LeafIndex committer;
  SenderType sender_type = SenderType::member;
  std::vector<LeafIndex> added, updated, removed;
  bool own = false;           // our candidate came back
  bool self_removed = false;  // RFC 9420 §12.4.2: we are out
  std::optional<ReInit> reinit;
  Bytes authenticated_data;
};
struct OwnMessage {  // an echo of an application message or a proposal of ours
  ContentType content_type = ContentType::application;
};
// DescribePlan fills in what a plan says about a commit.
ReceivedCommit DescribePlan(const CommitPlan& plan, const FramedContent& content, LeafIndex committer);
using Received = std::variant<ApplicationMessage, ReceivedProposal, ReceivedCommit, OwnMessage>;

// StagedMessage is a received message, opened and verified, not yet acted on. `commit()` lets the caller
// inspect what a Commit would do.
struct StagedMessage {
  std::uint64_t version = 0;
  Questions questions;
  std::optional<std::pair<std::uint64_t, SecretTreeChange>> ratchet;
  std::optional<ApplicationMessage> application;
  CachedProposalPtr proposal;
  std::optional<PublicCommit> commit;
  std::optional<std::uint64_t> own_candidate;
  std::optional<OwnMessage> own;
};

}  // namespace mls
