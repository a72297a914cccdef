// The proposal list of a Commit: validated and applied (RFC 9420 §12.2, §12.3).
//
// One function for committers and receivers, members, trackers and newcomers: the rules are the same for all.
// It works on a copy of the epoch's tree and gives a CommitPlan: the tree and extensions as the proposals
// leave them, and what the later steps of the Commit need to know.
#pragma once

#include <span>

#include "group/policy.h"
#include "group/public_epoch.h"
#include "group/questions.h"

namespace mls {

// CachedProposal is a proposal received, verified and validated in this epoch (RFC 9420 §12.1).
struct CachedProposal {
  Bytes reference;  // ProposalRef
  Bytes message;    // hash of the MLSMessage it came in, when it is our own: to know its echo
  AuthenticatedContent content;
  const Proposal& proposal() const { return *content.content.proposal(); }
  const Sender& sender() const { return content.content.sender; }
};

// ListedProposal is an entry of a Commit with its reference resolved. The Adds of a Commit that was received
// stay encoded: decoded, a key package takes more than three times its bytes, and there may be a hundred
// thousand.
struct ListedProposal {
  const Proposal* proposal = nullptr;  // null for an encoded Add
  Sender sender;                       // who proposed it; by value: the committer
  const Bytes* reference = nullptr;    // null when by value
  View encoded;                        // the Proposal of an encoded Add
  ProposalType type() const { return proposal == nullptr ? ProposalType::add : proposal->type(); }
  // Read gives the proposal; one that is encoded it decodes into `room`, and gives that.
  const Proposal& Read(Proposal& room) const;
};

// PlanRules: from whose side and for what purpose a list is judged.
struct PlanRules {
  const Policy* policy = nullptr;
  std::uint64_t now = 0;
  Pool* pool = nullptr;
  // Which usages a resumption PSK may have besides application: only the first Commit of a successor group
  // may carry reinit or branch (RFC 9420 §11.2, §11.3).
  std::optional<ResumptionPSKUsage> successor;
  // What was judged before and is not judged again. `each`: the entries, each by itself. `everything`: a
  // Commit of our own is loaded; what the policy said of it when it was made counts, not what today's would
  // say, for the delivery service may have it already.
  enum class Judged : std::uint8_t { nothing, each, everything } judged = Judged::nothing;
  // limits are the policy's, or none that a Commit could reach when everything was judged.
  const Limits& limits() const;
};

struct CommitPlan {
  RatchetTree tree;       // proposals applied, no path yet; hashes not up to date
  Extensions extensions;  // of the new GroupContext
  std::optional<RequiredCapabilities> required;
  std::vector<LeafIndex> added;           // sorted; a joiner by external Commit is not among them
  std::vector<LeafIndex> added_in_order;  // of the Add proposals
  std::vector<LeafIndex> updated;
  std::vector<LeafIndex> removed;  // sorted
  std::vector<PreSharedKeyID> psks;
  const ExternalInit* external_init = nullptr;
  const ReInit* reinit = nullptr;
  bool path_required = false;
  Questions questions;  // credentials of the proposals; psks stay in `psks`
};

// ValidateProposal judges one proposal by itself, as it is received (RFC 9420 §12.1.1 to §12.1.8): also who
// sends it. INVALID_SENDER_TYPE, UNSUPPORTED_PROPOSAL, INVALID_KEY_PACKAGE, INVALID_REMOVE, INVALID_PSK,
// INVALID_REINIT and what the leaf checks give. `extensions` are those the group will have.
Status ValidateProposal(const PublicEpoch& epoch, const Extensions& extensions,
                        const RequiredCapabilities* required, const Proposal& proposal, const Sender& sender,
                        const PlanRules& rules);

// QuestionsOf lists the credentials that a single proposal would bring in (RFC 9420 §5.3.1).
void QuestionsOf(const PublicEpoch& epoch, const Proposal& proposal, const Sender& sender,
                 Questions& questions);

// PlanCommit validates the list as a whole and applies it. `committer`: the sender of the Commit.
Result<CommitPlan> PlanCommit(const PublicEpoch& epoch, const Sender& committer,
                              std::span<const ListedProposal> list, const PlanRules& rules);

// ValidateNewLeaf judges a leaf that a path or an Update brings (RFC 9420 §7.3), signature included, and the
// credential types against the tree in which it already stands.
Status ValidateCredentialTypes(const RatchetTree& tree, const LeafNode& leaf);

}  // namespace mls
