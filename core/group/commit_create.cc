// Creating a Commit and its Welcomes (RFC 9420 §12.4.1). The result is a Candidate; the group goes on in the
// old epoch until the delivery service has spoken (§14).
#include <algorithm>
#include <set>

#include "base/check.h"
#include "group/group.h"
#include "group/welcome_create.h"
#include "schedule/transcript.h"

namespace mls {

namespace {

// The proposals that a list may not repeat, by what they are about (RFC 9420 §12.2).
struct Claims {
  std::set<LeafIndex> leaves;      // of an Update or Remove
  std::set<Bytes> signature_keys;  // of an Add
  std::set<PreSharedKeyID> psks;
  std::size_t group_context_extensions = 0;
};

// Claim notes what a proposal is about and says whether it was free.
bool Claim(const Proposal& proposal, const Sender& sender, LeafIndex self, Claims& claims) {
  if (proposal.type() == ProposalType::update) {
    return sender.leaf_index != self && claims.leaves.insert(sender.leaf_index).second;
  }
  if (const auto* remove = proposal.As<Remove>()) {
    return remove->removed != self && claims.leaves.insert(remove->removed).second;
  }
  if (const auto* add = proposal.As<Add>()) {
    return claims.signature_keys.insert(add->key_package.leaf_node.signature_key).second;
  }
  if (const auto* psk = proposal.As<PreSharedKey>()) return claims.psks.insert(psk->psk).second;
  if (proposal.type() == ProposalType::group_context_extensions)
    return claims.group_context_extensions++ == 0;
  return proposal.type() != ProposalType::external_init;
}

}  // namespace

std::vector<CachedProposalPtr> Group::SelectProposals(const std::vector<Proposal>& by_value) const {
  // RFC 9420 §12.2: prefer a Remove over an Update of the same leaf, the latest Update, and anything over a
  // ReInit. Walking twice, latest first, Removes before the rest, makes that "first come".
  Claims claims;
  const Sender committer = Sender::Member(self());
  for (const Proposal& proposal : by_value) Claim(proposal, committer, self(), claims);
  std::set<std::size_t> chosen;
  std::optional<std::size_t> reinit;
  const auto& cached = proposals().in_order();
  for (const bool removes : {true, false}) {
    for (std::size_t i = cached.size(); i-- > 0;) {
      const Proposal& proposal = cached[i]->proposal();
      if ((proposal.type() == ProposalType::remove) != removes) continue;
      if (proposal.type() == ProposalType::reinit) {
        reinit = i;
      } else if (Claim(proposal, cached[i]->sender(), self(), claims)) {
        chosen.insert(i);
      }
    }
  }
  if (chosen.empty() && by_value.empty() && reinit) chosen.insert(*reinit);
  std::vector<CachedProposalPtr> selected;
  for (const std::size_t i : chosen) selected.push_back(cached[i]);
  return selected;
}

Result<CommitPlan> Group::PlanOwnCommit(const StagedCommit& staged, const PlanRules& rules) const {
  const Sender committer = Sender::Member(self());
  std::vector<ListedProposal> list;
  for (const CachedProposalPtr& cached : staged.referenced) {
    list.push_back({&cached->proposal(), cached->sender(), &cached->reference});
  }
  for (const Proposal& proposal : staged.options->proposals) list.push_back({&proposal, committer, nullptr});
  MLS_TRY(plan, PlanCommit(epoch(), committer, list, rules));
  for (const KeyPackage* key_package : plan.key_packages) {
    const Lifetime& lifetime = key_package->leaf_node.lifetime;
    MLS_REQUIRE(lifetime.not_before <= rules.now,
                NOT_YET_VALID);                             // RFC 9420 §7.3: a must where we are the sender
    MLS_REQUIRE(rules.now <= lifetime.not_after, EXPIRED);  // RFC 9420 §7.3
  }
  // A PSK of our own past that we do not hold: whoever proposed it keeps nobody from committing.
  MLS_DO(ForeignPsks(plan.psks));
  return plan;
}

// What a choice among cached proposals may cost: so many times their number, and ours, are planned.
constexpr std::size_t kPlannedEach = 64;
constexpr std::size_t kPlannedAtLeast = 1u << 16;

void Group::DropUnfitProposals(StagedCommit& staged, PlanRules rules) const {
  // Somebody may have proposed what is valid by itself and not in any list, or not beside ours (RFC 9420
  // §12.4: include what gives a valid list). Signatures were checked, or will be when the final list is
  // planned.
  rules.trust = PlanRules::Trust::own;
  std::vector<CachedProposalPtr> candidates = std::move(staged.referenced);
  const std::size_t ours = staged.options->proposals.size();
  std::size_t left = std::max(kPlannedAtLeast, kPlannedEach * (candidates.size() + ours));
  const auto fits = [&](std::vector<CachedProposalPtr> referenced) {
    const std::size_t cost = referenced.size() + ours;
    left = left < cost ? 0 : left - cost;
    if (left == 0) return false;  // nobody has to include what others propose
    staged.referenced = std::move(referenced);
    return PlanOwnCommit(staged, rules).ok();
  };
  if (candidates.size() * (1 + ours) < left / 2) {
    std::erase_if(candidates, [&](const CachedProposalPtr& one) { return !fits({one}); });
  }
  // Blocks that fit are kept, and others halved.
  std::vector<CachedProposalPtr> kept;
  std::vector<std::pair<std::size_t, std::size_t>> blocks = {{0, candidates.size()}};
  while (!blocks.empty()) {
    const auto [from, to] = blocks.back();
    blocks.pop_back();
    std::vector<CachedProposalPtr> tried = kept;
    tried.insert(tried.end(), candidates.begin() + static_cast<std::ptrdiff_t>(from),
                 candidates.begin() + static_cast<std::ptrdiff_t>(to));
    if (fits(tried)) {
      kept = std::move(tried);
    } else if (to - from > 1 && left > 0) {
      const std::size_t middle = from + (to - from) / 2;
      blocks.emplace_back(middle, to);
      blocks.emplace_back(from, middle);
    }
  }
  staged.referenced = std::move(kept);
}

Result<StagedCommit> Group::StageCommit(CommitOptions options, const Env& env) const {
  MLS_DO(RequireActive());
  MLS_REQUIRE(candidates_.size() < policy().limits.max_pending_commits,
              LIMIT_EXCEEDED);  // RFC 9420 §14: few forks
  StagedCommit staged;
  staged.version = version_;
  staged.options = std::make_shared<CommitOptions>(std::move(options));
  if (staged.options->cached == CommitOptions::Cached::include) {
    staged.referenced = SelectProposals(staged.options->proposals);
  }
  PlanRules rules = Rules(env);
  rules.successor = staged.options->successor;
  auto plan = PlanOwnCommit(staged, rules);
  if (!plan.ok() && !staged.referenced.empty()) {
    DropUnfitProposals(staged, rules);
    plan = PlanOwnCommit(staged, rules);
  }
  if (!plan.ok()) return plan.error();
  std::vector<ProposalOrRef> list;
  for (const CachedProposalPtr& cached : staged.referenced) {
    list.push_back({ProposalByReference{cached->reference}});
  }
  for (const Proposal& proposal : staged.options->proposals) list.push_back({ProposalByValue{proposal}});
  staged.commit.proposals = EncodedList<ProposalOrRef>(list);
  staged.questions = plan->questions;
  MLS_TRY(psks, ForeignPsks(plan->psks));
  staged.questions.psks = std::move(psks);
  staged.plan = std::move(*plan);
  return staged;
}

namespace {

// OwnPath is the committer's new path with the private half of it.
struct OwnPath {
  PathSecrets secrets;
  Secret signature_private_key;  // new one, or empty
};

Result<OwnPath> MakePath(const PublicEpoch& epoch, CommitPlan& plan, LeafIndex self, const LeafChange& change,
                         View signature_private_key, const Policy& policy, const Env& env) {
  LeafNode leaf = epoch.tree.Leaf(self);
  ChangeLeaf(leaf, change);
  OwnPath path;
  if (change.signature_key) {
    const bool taken = plan.tree.index().HasSignatureKey(leaf.signature_key) &&
                       !Equal(leaf.signature_key, epoch.tree.SignatureKey(self));
    MLS_REQUIRE(!taken, DUPLICATE_SIGNATURE_KEY);  // RFC 9420 §7.3: unique among the members
    path.signature_private_key = change.signature_key->private_key.Clone();  // the candidate keeps its own
  }
  const View signer = change.signature_key ? path.signature_private_key.view() : signature_private_key;
  MLS_TRY(secrets, CreatePath(plan.tree, self, std::move(leaf), signer, epoch.context.group_id, *env.random,
                              env.pool));
  const RequiredCapabilities* required = plan.required ? &*plan.required : nullptr;
  const LeafRules rules{&epoch.suite(),   &policy.limits, policy.known_certificates.get(),
                        &plan.extensions, required,       LeafNodeSource::commit,
                        std::nullopt};
  MLS_DO(ValidateLeafNode(secrets.path.leaf_node, rules));
  MLS_DO(ValidateCredentialTypes(plan.tree, secrets.path.leaf_node));
  path.secrets = std::move(secrets);
  return path;
}

}  // namespace

Result<CandidatePtr> Group::BuildCandidate(StagedCommit& staged, const Answers& answers, Change& change,
                                           NewCommit& output, const Env& env) const {
  CommitPlan& plan = *staged.plan;
  const CommitOptions& options = *staged.options;
  const Suite& suite = this->suite();
  auto candidate = std::make_unique<Candidate>();
  candidate->id = next_candidate_;

  std::optional<OwnPath> path;
  const bool wanted = options.path == CommitOptions::Path::always || !options.leaf.empty();
  if (plan.path_required || wanted) {
    MLS_TRY(made, MakePath(epoch(), plan, self(), options.leaf, signature_private_key_, policy(), env));
    path = std::move(made);
  }
  MLS_DO(plan.tree.UpdateHashes(env.pool));
  GroupContext next = NextContext(epoch(), plan.tree, plan.extensions);
  Secret commit_secret(suite.Nh);  // RFC 9420 §12.4.1: zeros without a path
  if (path) {
    MLS_DO(SealPath(plan.tree, self(), path->secrets, plan.added, Encode(next), *env.random, env.pool));
    staged.commit.path = std::move(path->secrets.path);
    commit_secret = std::move(path->secrets.commit_secret);
  }

  // The old epoch signs, the new transcript confirms (RFC 9420 §12.4.1).
  const WireFormat format = options.format.value_or(policy().handshake_format);
  MLS_TRY(signed_content,
          SignContent(suite, format,
                      NewContent(CommitContent{std::move(staged.commit)}, options.authenticated_data),
                      signature_private_key_, local_.shared->encoded_context));
  MLS_TRY(confirmed,
          ConfirmedTranscriptHash(suite, epoch().interim_transcript_hash,
                                  signed_content.encoded().TranscriptPart(), signed_content->auth.signature));
  candidate->content = std::move(signed_content).Take();
  next.confirmed_transcript_hash = ToBytes(confirmed);

  const Bytes next_context = Encode(next);
  MLS_TRY(psk_secret, CombinePsks(plan.psks, answers));
  MLS_TRY(joiner_secret, JoinerSecret(suite, local_.secrets.init_secret, commit_secret, next_context));
  MLS_TRY(member_secret, MemberSecret(suite, joiner_secret, psk_secret));
  MLS_TRY(epoch_secret, EpochSecret(suite, member_secret, next_context));
  candidate->epoch_secret = std::move(epoch_secret);
  MLS_TRY(confirmation_key, DeriveSecret(suite, candidate->epoch_secret, "confirm"));
  MLS_TRY(tag, ConfirmationTag(suite, confirmation_key, next.confirmed_transcript_hash));
  candidate->content.auth.confirmation_tag = ToBytes(tag);

  PrivateKeys keys = local_.keys.Clone();  // the next epoch keeps what its commit does not replace
  keys.Prune(plan.tree);
  if (path) {
    candidate->path_keys.Set(self(), std::move(path->secrets.leaf_private_key));
    for (std::size_t i = 0; i < path->secrets.nodes.size(); ++i) {
      candidate->path_keys.Set(path->secrets.nodes[i], std::move(path->secrets.key_pairs[i].private_key));
    }
    for (const auto& [node, key] : candidate->path_keys.keys()) keys.Set(node, key.Clone());
    candidate->outcome.signature_private_key = std::move(path->signature_private_key);
  }
  candidate->outcome.undo = Undo::Make(epoch(), plan, self());
  candidate->received = DescribePlan(plan, candidate->content.content, self());
  candidate->received.own = true;
  if (plan.reinit != nullptr) candidate->outcome.reinit = *plan.reinit;
  MLS_TRY(shared,
          MakePublicEpoch(std::move(next), std::move(plan.tree), candidate->content.auth.confirmation_tag));
  MLS_TRY(local, MakeLocalEpoch(std::move(shared), self(), candidate->epoch_secret, std::move(keys)));

  MLS_TRY(message, Frame(candidate->content, format, change, env));
  candidate->message = std::move(message);
  if (!plan.added_in_order.empty()) {
    const Secret& new_key = candidate->outcome.signature_private_key;
    const WelcomeInput input{&local,         new_key.empty() ? signature_private_key_.view() : new_key.view(),
                             &plan,          path ? &path->secrets : nullptr,
                             &joiner_secret, &member_secret,
                             &options,       &policy().limits};
    MLS_TRY(welcomes, MakeWelcomes(input, env));
    candidate->welcomes = std::move(welcomes);
    if (options.tree == CommitOptions::Tree::apart)
      output.ratchet_tree = local.shared->tree.EncodeExtension();
  }
  candidate->outcome.next = std::move(local);
  return candidate;
}

Result<Done<NewCommit>> Group::CompleteCommit(StagedCommit staged, const Answers& answers,
                                              const Env& env) const {
  MLS_DO(RequireActive());
  MLS_REQUIRE(staged.version == version_,
              STALE_VERSION);  // RFC 9420 §12.4.1: a Commit is made from one state
  MLS_DO(CheckVerdicts(staged.questions, answers));
  NewCommit output;
  Change change = NewChange();
  MLS_TRY(candidate, BuildCandidate(staged, answers, change, output, env));
  output.id = candidate->id;
  output.message = candidate->message;
  output.welcomes = candidate->welcomes;
  SaveCandidate(*candidate, change.batch);
  change.candidate = std::move(candidate);
  SaveContext(local_, phase_, change.candidate->id + 1, change.batch);
  return Done<NewCommit>{std::move(change), std::move(output)};
}

Result<Done<ReceivedCommit>> Group::AcceptCandidate(std::uint64_t id, const Env& env) const {
  const Candidate* candidate = FindCandidate(id);
  MLS_REQUIRE(candidate != nullptr, STALE_CANDIDATE);  // RFC 9420 §14: one Commit ends an epoch
  Change change = NewChange();
  change.now = env.now;
  change.accepted = id;
  SaveTransition(candidate->outcome, env.now, change.batch);
  return Done<ReceivedCommit>{std::move(change), candidate->received};
}

Result<Change> Group::RejectCandidate(std::uint64_t id) const {
  MLS_REQUIRE(FindCandidate(id) != nullptr, STALE_CANDIDATE);  // RFC 9420 §14: it is no longer pending
  Change change = NewChange();
  change.batch.Delete(RowKey(RowTag::pending, id));
  change.rejected = id;
  return change;
}

}  // namespace mls
