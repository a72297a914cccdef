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

#include "group/past_epoch.h"
#include "group/policy.h"
#include "group/tracker.h"
#include "message/mls_message.h"

namespace mls {

enum class Phase : std::uint8_t {
  joining = 1,  // external Commit made, not yet accepted
  active = 2,
  suspended = 3,  // a ReInit was committed (RFC 9420 §11.2)
  removed = 4,    // a Commit removed us (RFC 9420 §12.4.2)
};
constexpr bool IsKnown(Phase phase) { return phase >= Phase::joining && phase <= Phase::removed; }

// LocalEpoch is a whole epoch from this member's side.
struct LocalEpoch {
  PublicEpochPtr shared;
  LeafIndex self;
  EpochSecrets secrets;  // sender_data_secret and encryption_secret have moved into `messages`
  MessageKeys messages;
  PrivateKeys keys;
};

// MakeLocalEpoch derives an epoch's secrets and starts its secret tree.
Result<LocalEpoch> MakeLocalEpoch(PublicEpochPtr shared, LeafIndex self, View epoch_secret, PrivateKeys keys);
// CheckConfirmationTag: the tag of the epoch's Commit or GroupInfo is that of its secrets
// (BAD_CONFIRMATION_TAG).
Status CheckConfirmationTag(const LocalEpoch& local);

// A Welcome for some of the joiners of a commit.
struct WelcomeMessage {
  Bytes message;                    // MLSMessage
  std::vector<Bytes> key_packages;  // references of those it is for
  static constexpr auto kWire = Fields(&WelcomeMessage::message, &WelcomeMessage::key_packages);
};

// What a message turned out to be.
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
  std::optional<Digest> sent;
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

// LeafChange: what a member changes in its own leaf with an Update or a path (RFC 9420 §7.5).
struct LeafChange {
  std::optional<Credential> credential;
  std::optional<SignatureKeyPair> signature_key;
  std::optional<Capabilities> capabilities;
  std::optional<Extensions> extensions;
};

void ChangeLeaf(LeafNode& leaf, const LeafChange& change);

struct CommitOptions {
  std::vector<Proposal> proposals;  // by value
  enum class Cached : std::uint8_t { include, ignore } cached = Cached::include;
  enum class Path : std::uint8_t { always, when_required } path = Path::always;
  enum class Welcomes : std::uint8_t { one_for_all, one_each } welcomes = Welcomes::one_for_all;
  enum class Tree : std::uint8_t { inside, apart } tree = Tree::inside;
  enum class ExternalPub : std::uint8_t { leave_out, include } external_pub = ExternalPub::leave_out;
  Extensions group_info_extensions;
  LeafChange leaf;
  Bytes authenticated_data;
  std::optional<WireFormat> format;  // default: the policy's
  // Set by successor.cc alone: the usage that a resumption PSK of this Commit may have.
  std::optional<ResumptionPSKUsage> successor;
};

struct GroupInfoOptions {
  CommitOptions::Tree tree = CommitOptions::Tree::inside;
  CommitOptions::ExternalPub external_pub = CommitOptions::ExternalPub::include;
  Extensions extensions;
};

// BuildGroupInfo signs an epoch's state for newcomers (RFC 9420 §12.4.3).
Result<GroupInfo> BuildGroupInfo(const LocalEpoch& local, View signature_private_key,
                                 const GroupInfoOptions& options, const Env& env);

// StagedCommit is a commit of our own, planned and validated; its questions are the new credentials and the
// PSKs.
struct StagedCommit {
  std::uint64_t version = 0;
  std::shared_ptr<CommitOptions> options;  // owns the proposals by value
  Commit commit;                           // without a path
  std::vector<CachedProposalPtr> referenced;
  std::optional<CommitPlan> plan;
  Questions questions;
};

struct NewCommit {
  std::uint64_t id = 0;
  Bytes message;                         // MLSMessage
  std::vector<WelcomeMessage> welcomes;  // to be sent when the commit was accepted (RFC 9420 §14)
  Bytes ratchet_tree;                    // with Tree::apart: the tree that the joiners need
};

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

class Group {
 public:
  Group(Group&&) = default;
  Group& operator=(Group&&) = default;

  // --- create.cc ---
  // Create makes a group with one member (RFC 9420 §11). The whole state is in the batch.
  static Result<Group> Create(const GroupOptions& options, const MemberProfile& profile, const Env& env);

  // --- join_welcome.cc (RFC 9420 §12.4.3.1) ---
  // StageJoin opens our entry; staged.questions are the PSKs to give to OpenJoin.
  static Result<StagedJoin> StageJoin(const Welcome& welcome, JoinInput input, const Env& env);
  // OpenJoin opens and verifies the GroupInfo and the tree; staged.questions are then the credentials of all
  // members.
  static Status OpenJoin(StagedJoin& staged, std::vector<std::optional<Secret>> psks, const Env& env);
  static Result<Group> CompleteJoin(StagedJoin staged, const Answers& answers, const Env& env);

  // --- join_external.cc (RFC 9420 §12.4.3.2) ---
  static Result<StagedExternalJoin> StageExternalJoin(const GroupInfo& info, ExternalJoinOptions options,
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

  // --- commit_create.cc ---
  Result<StagedCommit> StageCommit(CommitOptions options, const Env& env) const;
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

  // send.cc
  Result<Bytes> Frame(const AuthenticatedContent& content, WireFormat format, Change& change,
                      const Env& env) const;
  FramedContent NewContent(ContentBody body, View authenticated_data) const;

  // commit_create.cc
  std::vector<CachedProposalPtr> SelectProposals(const std::vector<Proposal>& by_value) const;
  Result<CommitPlan> PlanOwnCommit(const StagedCommit& staged, const PlanRules& rules) const;
  // DropUnfitProposals leaves those of staged.referenced that make a valid list together with our own.
  void DropUnfitProposals(StagedCommit& staged, PlanRules rules) const;
  Result<CandidatePtr> BuildCandidate(StagedCommit& staged, const Answers& answers, Change& change,
                                      NewCommit& output, const Env& env) const;

  // receive.cc
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
  std::deque<Digest> sent_;  // hashes of application messages sent in this epoch, in memory only
  std::optional<ReInit> reinit_;
};

}  // namespace mls
