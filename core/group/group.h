// Group: one member's state of one group (RFC 9420 §8 to §12).
//
// Every operation is a pure step: it is const, takes what it needs of the world as Env, and gives a Change
// (the next state beside the current one, with the batch of rows that makes it durable) and an output.
// Nothing changes until Apply(Change), so every failure leaves the group as it was. What needs the caller's
// opinion is staged first: the staged object holds the work done and the Questions; completing it takes the
// Answers.
//
// A Group is used by one thread at a time. It shares its PublicEpoch, which is immutable, and owns its
// secrets.
#pragma once

#include <deque>

#include "group/commit_options.h"
#include "group/tracker.h"

namespace mls {

struct GroupOptions {
  const Suite* suite = nullptr;
  Bytes group_id;  // empty: Nh fresh bytes
  Extensions extensions;
  Policy policy;
};

class Group;
struct JoinInput;            // join.h
struct StagedJoin;           // join.h
struct StagedExternalJoin;   // join.h
struct ExternalJoinOptions;  // join.h
struct ExternalJoin;         // join.h
struct SuccessorOptions;     // successor.h
struct StagedSuccessor;      // successor.h
struct Successor;            // successor.h

struct StagedOwnProposal {
  std::uint64_t version = 0;
  Proposal proposal;
  Bytes authenticated_data;
  std::optional<UpdateKeys> update;
  Questions questions;
};

// KnownEpoch: what a member still holds of an epoch.
struct KnownEpoch {
  std::uint64_t epoch = 0;
  bool readable = false;    // late application messages can be opened
  bool resumption = false;  // its resumption PSK can be used
};

class Group {
 public:
  Group(Group&&) = default;
  Group& operator=(Group&&) = default;

  // --- create.cc ---
  // Create makes a group with one member (RFC 9420 §11). The whole state is in the batch.
  static Result<Group> Create(const GroupOptions& options, const MemberProfile& profile, const Env& env);

  // --- join_welcome.cc (RFC 9420 §12.4.3.1) ---
  // StageJoin opens our entry; staged.questions are the PSKs to give to OpenJoin.
  static Result<StagedJoin> StageJoin(Welcome welcome, JoinInput input, const Env& env);
  // OpenJoin opens and verifies the GroupInfo and the tree; staged.questions are then the credentials of all
  // members.
  static Status OpenJoin(StagedJoin& staged, std::vector<std::optional<Secret>> psks, const Env& env);
  static Result<Group> CompleteJoin(StagedJoin staged, const Answers& answers, const Env& env);

  // --- join_external.cc (RFC 9420 §12.4.3.2) ---
  static Result<StagedExternalJoin> StageExternalJoin(GroupInfo info, ExternalJoinOptions options,
                                                      const Env& env);
  static Result<ExternalJoin> CompleteExternalJoin(StagedExternalJoin staged, const Answers& answers,
                                                   const Env& env);
  // Confirm ends the phase joining: the delivery service has taken our external Commit.
  Result<Change> Confirm() const;

  // --- send.cc ---
  // Protect encrypts application data (RFC 9420 §6.3); the output is an MLSMessage.
  Result<Done<Bytes>> Protect(View data, View authenticated_data, const Env& env) const;
  // A proposal of our own: staged with the questions that a receiver would have, then signed and framed.
  Result<StagedOwnProposal> StageOwnProposal(Proposal proposal, View authenticated_data,
                                             const Env& env) const;
  Result<StagedOwnProposal> StageOwnUpdate(LeafChange leaf, View authenticated_data, const Env& env) const;
  Result<Done<Bytes>> CompleteOwnProposal(StagedOwnProposal staged, const Answers& answers,
                                          const Env& env) const;
  // MakePsk names a PSK with a fresh nonce (RFC 9420 §8.4).
  Result<Proposal> MakePsk(std::variant<ExternalPsk, ResumptionPsk> psk, const Env& env) const;

  // --- selection.cc, commit_create.cc ---
  Result<StagedCommit> StageCommit(CommitOptions options, const Env& env) const;
  // RestageCommit leaves out the cached proposals that the answers turn down: one brings a credential that is
  // no longer accepted, another a PSK that we do not hold. Nothing, if there are none; else there are new
  // questions.
  Result<std::optional<StagedCommit>> RestageCommit(const StagedCommit& staged, const Answers& answers,
                                                    const Env& env) const;
  Result<Done<NewCommit>> CompleteCommit(StagedCommit staged, const Answers& answers, const Env& env) const;
  Result<Done<ReceivedCommit>> AcceptCandidate(std::uint64_t id, const Env& env) const;
  Result<Change> RejectCandidate(std::uint64_t id) const;

  // --- receive.cc, commit_process.cc ---
  Result<StagedMessage> Stage(View message, const Env& env) const;
  Result<Done<Received>> Complete(StagedMessage staged, const Answers& answers, const Env& env) const;

  // --- successor.cc (RFC 9420 §11.2, §11.3) ---
  // StageReinit plans the group that a committed ReInit announces; StageBranch plans a subgroup.
  Result<StagedSuccessor> StageReinit(SuccessorOptions options, const Env& env) const;
  Result<StagedSuccessor> StageBranch(SuccessorOptions options, const Env& env) const;
  static Result<Successor> CompleteSuccessor(StagedSuccessor staged, const Answers& answers, const Env& env);

  // --- group.cc ---
  Status Apply(Change change);
  const Tracker& tracker() const { return tracker_; }
  const PublicEpoch& epoch() const { return *local_.shared; }
  const GroupContext& context() const { return local_.shared->context; }
  const RatchetTree& tree() const { return local_.shared->tree; }
  const Suite& suite() const { return local_.shared->suite(); }
  LeafIndex self() const { return local_.self; }
  Phase phase() const { return phase_; }
  std::uint64_t version() const { return version_; }
  const Policy& policy() const { return tracker_.policy(); }
  void SetPolicy(Policy policy) { tracker_.SetPolicy(std::move(policy)); }
  const std::vector<CandidatePtr>& candidates() const { return candidates_; }
  const ProposalCache& proposals() const { return tracker_.proposals(); }
  const std::optional<ReInit>& reinit() const { return reinit_; }
  // KnownEpochs lists, oldest first, the present epoch and the past ones of which something is remembered:
  // the keys of late messages (RFC 9420 §15.3), the resumption PSK (§8.6), or both.
  std::vector<KnownEpoch> KnownEpochs() const;
  // MembersAt gives the members of the present epoch, or of a past one that is readable: MISSING_PSK.
  Result<std::map<LeafIndex, Credential>> MembersAt(std::uint64_t epoch) const;
  View epoch_authenticator() const { return local_.secrets.epoch_authenticator; }
  // Export is MLS-Exporter (RFC 9420 §8.5): TOO_LARGE.
  Result<Secret> Export(std::string_view label, View context, std::size_t length) const;
  // ResumptionPskOf gives the resumption PSK of an epoch still remembered; MISSING_PSK, REMOVED. For other
  // groups of the same client.
  Result<Secret> ResumptionPskOf(std::uint64_t epoch) const;
  // MakeGroupInfo signs the current state for newcomers (RFC 9420 §12.4.3).
  Result<GroupInfo> MakeGroupInfo(const GroupInfoOptions& options, const Env& env) const;

  // --- group_rows.cc ---
  // Save writes the whole state; Load reads it back: STORAGE_DAMAGED, STORAGE_VERSION.
  void Save(Batch& batch) const;
  static Result<Group> Load(const Rows& rows, Policy policy, const Env& env);
  // Refresh gives the group that Load would over the rows of this one changed by `delta`: what another
  // process made of the same rows. The cost grows with what changed. A group that ran ahead of its store goes
  // back: `delta` then names every row that the steps which were not stored touched, too, even if the store
  // has the same value, for two processes may reserve the same generations. Within an epoch, what is known in
  // memory alone is kept: hashes of sent messages, and the rest of a reserved range whose row is not named.
  // Without rows left the group is in phase removed. STORAGE_DAMAGED, STORAGE_VERSION; this group stays as it
  // is. What was staged from it does not fit the new one.
  Result<Group> Refresh(const RowDelta& delta, const Env& env) const;

 private:
  Group(LocalEpoch local, Secret signature_private_key, Policy policy);

  // group.cc
  Status RequireActive() const;
  PlanRules Rules(const Env& env) const;
  Change NewChange() const;
  const Candidate* FindCandidate(std::uint64_t id) const;
  // ForeignPsks lists those of `ids` that the caller has to give; MISSING_PSK for an epoch of ours that is
  // forgotten.
  Result<std::vector<PreSharedKeyID>> ForeignPsks(const std::vector<PreSharedKeyID>& ids) const;
  // CombinePsks makes the psk_secret of `ids`: our own are looked up, the others are answers.psks in their
  // order.
  Result<Secret> CombinePsks(const std::vector<PreSharedKeyID>& ids, const Answers& answers) const;
  bool IsOwnPsk(const PreSharedKeyID& id) const;
  void ApplyEpoch(NewEpoch epoch, std::uint64_t now);
  void BecomeRemoved();

  // send.cc
  Result<Bytes> Frame(const AuthenticatedContent& content, WireFormat format, Change& change,
                      const Env& env) const;
  FramedContent NewContent(ContentBody body, View authenticated_data) const;

  // selection.cc
  // SelectProposals chooses among the cached proposals those that may stand in one list, by what they are
  // about.
  std::vector<CachedProposalPtr> SelectProposals(const StagedCommit& staged) const;
  // OwnList begins with staged.referenced and goes on with staged.options->proposals; it points into them.
  std::vector<ListedProposal> OwnList(const StagedCommit& staged) const;
  // OwnKeyPackages are those of its Adds, in order.
  std::vector<const KeyPackage*> OwnKeyPackages(const StagedCommit& staged) const;
  Result<CommitPlan> PlanOwnCommit(const StagedCommit& staged, const PlanRules& rules) const;
  // JudgeAgain: whether a cached proposal may be in a Commit of ours whose other proposals make `plan`.
  Status JudgeAgain(const CachedProposal& cached, const CommitPlan& plan, const PlanRules& rules) const;
  // DropUnfitProposals leaves those of staged.referenced that make a valid list together with our own.
  void DropUnfitProposals(StagedCommit& staged, const PlanRules& rules) const;
  Result<StagedCommit> StageList(StagedCommit staged, const Env& env) const;
  // commit_create.cc
  Result<CandidatePtr> BuildCandidate(StagedCommit& staged, const Answers& answers, Change& change,
                                      NewCommit& output, const Env& env) const;

  // receive.cc
  Result<std::optional<StagedMessage>> FindEcho(View message) const;
  Result<StagedMessage> StagePublicMessage(PublicMessage message, const Env& env) const;
  Result<StagedMessage> StagePrivateMessage(PrivateMessage message, const Env& env) const;
  Result<StagedMessage> StagePastMessage(const PrivateMessage& message) const;
  Result<StagedMessage> StageContent(Verified<AuthenticatedContent> content, const Env& env) const;
  // commit_process.cc
  Result<Done<Received>> CompleteReceivedCommit(StagedMessage staged, const Answers& answers,
                                                const Env& env) const;
  Result<NewEpoch> EnterEpoch(const PublicCommit& commit, const Answers& answers) const;

  // group_rows.cc
  void SaveTransition(const NewEpoch& epoch, std::uint64_t now, Batch& batch) const;
  static void SaveContext(const LocalEpoch& local, Phase phase, std::uint64_t next_candidate, Batch& batch);
  static void SaveEpoch(const LocalEpoch& local, Batch& batch);
  void SaveCandidate(const Candidate& candidate, Batch& batch) const;
  void SaveBesidesTree(Batch& batch) const;
  struct ContextRow;
  // LoadMember reads everything besides the public epoch, `shared`.
  static Result<Group> LoadMember(const ContextRow& header, PublicEpochPtr shared, const Rows& rows,
                                  Policy policy, const Env& env);
  Result<Group> RefreshRemoved(const RowDelta& delta) const;
  Result<CandidatePtr> LoadCandidate(View row, const Env& env) const;
  Status LoadHistory(const Rows& rows);
  // Past epochs and resumption PSKs that the end of the current epoch pushes out.
  std::vector<std::uint64_t> EvictedEpochs(std::uint64_t now) const;
  std::vector<std::uint64_t> EvictedPsks() const;

  Tracker tracker_;
  LocalEpoch local_;
  Secret signature_private_key_;
  Phase phase_ = Phase::active;
  std::uint64_t version_ = 0;
  std::uint64_t next_candidate_ = 1;
  std::deque<PastEpoch> past_;                       // oldest first
  std::map<std::uint64_t, Secret> resumption_psks_;  // of past epochs
  std::vector<CandidatePtr> candidates_;
  std::map<Bytes, UpdateKeys> updates_;
  std::deque<SentMessage> sent_;  // in this epoch, in memory only; proposals are in the cache
  std::optional<ReInit> reinit_;
};

}  // namespace mls
