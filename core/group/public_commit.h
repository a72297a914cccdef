// The public half of a received message (RFC 9420 §6.1, §12.1, §12.4.2): all that can be checked and computed
// without a secret. Trackers stop here; members go on with the secrets.
#pragma once

#include <deque>

#include "group/proposal_cache.h"

namespace mls {

// SenderKey finds the signature key that a content must verify under, and checks that its sender may send
// such content at all (RFC 9420 §6.1): UNKNOWN_SENDER, INVALID_SENDER_TYPE, MALFORMED.
Result<View> SenderKey(const PublicEpoch& epoch, const FramedContent& content, const Policy& policy);

// ValidateFraming: a handshake of this group in this epoch: WRONG_GROUP, WRONG_EPOCH, FUTURE_EPOCH.
Status ValidateFraming(const PublicEpoch& epoch, View group_id, std::uint64_t message_epoch);

// StageProposal validates a received proposal (RFC 9420 §12.1); the caller caches the result.
Result<CachedProposalPtr> StageProposal(const PublicEpoch& epoch, const ProposalCache& cache,
                                        const Verified<AuthenticatedContent>& content, const PlanRules& rules,
                                        Questions& questions);

// PublicCommit is a Commit applied to the public state.
struct PublicCommit {
  std::shared_ptr<const AuthenticatedContent> content;  // without its list of proposals
  std::deque<Proposal> values;  // of its list, but for Adds; with `referenced`: what `plan` points to
  std::vector<CachedProposalPtr> referenced;
  CommitPlan plan;            // its tree has moved into `next`
  LeafIndex committer;        // with an external Commit: the joiner's new leaf
  Bytes provisional_context;  // encoded, for the path secrets (RFC 9420 §7.6)
  PublicEpochPtr next;
  Questions questions;  // credentials only; the PSKs are plan.psks
  const UpdatePath* path() const {
    const Commit* commit = content->content.commit();
    return commit->path ? &*commit->path : nullptr;
  }
};

// A decoded proposal counts as so many bytes: its structure, and its place in a list that grows. All builds
// have the same number, since members have to agree on what they take.
inline constexpr std::size_t kProposalWeight = 640;
// HasWeight: neither Adds, which stay encoded, nor Removes, of which a list has one for a member at most.
bool HasWeight(ProposalType type);
// CheckWeight: the decoded proposals that have weight take at most three times their list and 1 MiB; a few
// bytes may stand for a structure of hundreds. LIMIT_EXCEEDED.
Status CheckWeight(std::size_t proposals, const EncodedList<ProposalOrRef>& list);

// StageCommit validates and applies a Commit (RFC 9420 §12.4.2) as far as public data goes.
Result<PublicCommit> StageCommit(const PublicEpoch& epoch, const ProposalCache& cache,
                                 Verified<AuthenticatedContent> content, const PlanRules& rules);

// NextContext gives the GroupContext of the epoch that a Commit begins, the transcript hash still the old
// one: the provisional context of RFC 9420 §12.4.1.
GroupContext NextContext(const PublicEpoch& epoch, const RatchetTree& tree, Extensions extensions);

}  // namespace mls
