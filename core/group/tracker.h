// Tracker: a group followed without any secret (RFC 9420 §12.4.2), as a delivery service sees it.
//
// It starts from a GroupInfo and the tree, follows PublicMessage handshakes with every check that needs no
// secret (membership and confirmation tags do), can be set again after a PrivateMessage Commit, and hands out
// the tree and the latest GroupInfo to joiners. A Group owns one as its public half.
#pragma once

#include "group/public_commit.h"
#include "message/mls_message.h"

namespace mls {

struct StagedSeed {
  PublicEpochPtr epoch;
  Bytes group_info;     // MLSMessage
  Questions questions;  // the credentials of all members and external senders
};

struct StagedHandshake {
  std::uint64_t version = 0;
  CachedProposalPtr proposal;
  std::optional<PublicCommit> commit;
  Questions questions;
};

class Tracker {
 public:
  // Group's own construction: an epoch that it has verified or made itself.
  Tracker(PublicEpochPtr epoch, Policy policy) : epoch_(std::move(epoch)), policy_(std::move(policy)) {}

  // StageSeed verifies a GroupInfo, an MLSMessage (WRONG_WIRE_FORMAT), and its tree (RFC 9420 §12.4.3.1).
  // `ratchet_tree` may be empty when the GroupInfo carries it (MISSING_TREE otherwise).
  static Result<StagedSeed> StageSeed(View group_info, View ratchet_tree, const Policy& policy,
                                      const Env& env);
  static Result<Tracker> CompleteSeed(StagedSeed seed, const Answers& answers, Policy policy);
  // Reseed moves on to a later epoch of the same group: WRONG_GROUP, WRONG_EPOCH.
  Status Reseed(StagedSeed seed, const Answers& answers);

  // Stage checks a handshake (PublicMessage); Complete acts on it. A PrivateMessage is WRONG_WIRE_FORMAT:
  // reseed.
  Result<StagedHandshake> Stage(View message, const Env& env) const;
  Status Complete(StagedHandshake staged, const Answers& answers);

  const PublicEpoch& epoch() const { return *epoch_; }
  const PublicEpochPtr& shared_epoch() const { return epoch_; }
  const ProposalCache& proposals() const { return proposals_; }
  const Policy& policy() const { return policy_; }
  void SetPolicy(Policy policy) { policy_ = std::move(policy); }
  const std::optional<ReInit>& reinit() const { return reinit_; }

  // EncodeTree gives the ratchet_tree for joiners.
  Bytes EncodeTree() const { return epoch_->tree.EncodeExtension(); }
  // OfferGroupInfo keeps a member's GroupInfo, an MLSMessage of this epoch, for joiners: WRONG_WIRE_FORMAT,
  // WRONG_EPOCH, BAD_SIGNATURE.
  // group_info() is empty when there is none for the current epoch.
  Status OfferGroupInfo(View group_info);
  View group_info() const { return group_info_; }

  // Used by Group, which verifies by itself: cache a proposal, move to the next epoch.
  void Cache(CachedProposalPtr proposal) { proposals_.Add(std::move(proposal)); }
  void Restore(ProposalCache proposals) { proposals_ = std::move(proposals); }
  void Advance(PublicEpochPtr next);

  // Save and Load of a tracker that stands alone; a Group saves the same rows as part of its own.
  void Save(Batch& batch) const;
  static Result<Tracker> Load(const Rows& rows, Policy policy, const Env& env);

 private:
  PublicEpochPtr epoch_;
  ProposalCache proposals_;
  Policy policy_;
  std::optional<ReInit> reinit_;
  Bytes group_info_;
  std::uint64_t version_ = 0;
};

// VerifyGroupInfoAndTree runs the checks of RFC 9420 §12.4.3.1 that joiners and trackers share: the
// GroupInfo's version, suite, extensions and signature, the tree's hash, structure and leaves. `questions`
// receives every credential. The GroupInfo goes on the way: its tree is nearly all of it.
Result<PublicEpochPtr> VerifyGroupInfoAndTree(GroupInfo info, View ratchet_tree, const Policy& policy,
                                              const Env& env, Questions& questions);

}  // namespace mls
