#include "group/public_commit.h"

#include <set>

#include "base/check.h"
#include "schedule/transcript.h"

namespace mls {

namespace {

// The list of a Commit with every reference looked up (RFC 9420 §12.4).
struct ResolvedList {
  std::deque<Proposal> values;  // but for Adds; `list` points into them, and into the Commit
  std::vector<ListedProposal> list;
  std::vector<CachedProposalPtr> referenced;
};

Result<ResolvedList> Resolve(const Commit& commit, const Sender& committer, const PublicEpoch& epoch,
                             const ProposalCache& cache, const PlanRules& rules) {
  const Limits& limits = rules.limits();
  const bool joins = committer.sender_type != SenderType::member;
  const std::size_t most = joins ? 2 + limits.max_psks_per_commit : limits.max_proposals_per_commit;
  MLS_REQUIRE(
      commit.proposals.count() <= most,
      LIMIT_EXCEEDED);  // RFC 9420 §12.4: counted before they are decoded; §12.4.3.2: a joiner has few
  ResolvedList resolved;
  std::set<Bytes> seen;
  std::size_t weighed = 0, removes = 0;
  MLS_DO(commit.proposals.ForEach([&](ProposalOrRef&& entry, View encoded) -> Status {
    if (auto* value = std::get_if<ProposalByValue>(&entry.body)) {
      const ProposalType type = value->proposal.type();
      if (type == ProposalType::remove) ++removes;
      MLS_REQUIRE(removes <= epoch.tree.member_count(),
                  INVALID_PROPOSAL_LIST);  // RFC 9420 §12.2: one Remove for a leaf
      if (HasWeight(type)) ++weighed;
      if (rules.judged != PlanRules::Judged::everything) MLS_DO(CheckWeight(weighed, commit.proposals));
      if (type == ProposalType::add) {
        resolved.list.push_back({nullptr, committer, nullptr, encoded.subspan(sizeof(ProposalOrRefType))});
        return kOk;
      }
      resolved.values.push_back(std::move(value->proposal));
      resolved.list.push_back({&resolved.values.back(), committer, nullptr, {}});
      return kOk;
    }
    MLS_REQUIRE(!joins, INVALID_PROPOSAL_LIST);  // RFC 9420 §12.4.3.2: a joiner has seen no proposals
    const Bytes& reference = std::get<ProposalByReference>(entry.body).reference;
    CachedProposalPtr cached = cache.Find(reference);
    MLS_REQUIRE(cached != nullptr, UNKNOWN_PROPOSAL);  // RFC 9420 §12.4: received in this epoch
    MLS_REQUIRE(seen.insert(reference).second, INVALID_PROPOSAL_LIST);  // RFC 9420 §12.2: once
    resolved.list.push_back({&cached->proposal(), cached->sender(), &cached->reference, {}});
    resolved.referenced.push_back(std::move(cached));
    return kOk;
  }));
  return resolved;
}

// RFC 9420 §12.4.2: the path's leaf is to the committer's leaf what an Update is, but for its source.
Status ValidatePathLeaf(const PublicEpoch& epoch, const CommitPlan& plan, LeafIndex committer,
                        const std::optional<LeafNode>& former, const LeafNode& leaf, const PlanRules& rules) {
  if (rules.judged == PlanRules::Judged::everything) return kOk;
  const RequiredCapabilities* required = plan.required ? &*plan.required : nullptr;
  const LeafRules leaf_rules{&epoch.suite(),
                             &rules.policy->limits,
                             rules.policy->known_certificates.get(),
                             &plan.extensions,
                             required,
                             LeafNodeSource::commit,
                             std::nullopt};
  MLS_DO(ValidateLeafNode(leaf, leaf_rules));
  if (former) {
    MLS_REQUIRE(!Equal(leaf.encryption_key, former->encryption_key),
                ENCRYPTION_KEY_REUSED);  // RFC 9420 §12.4.2: a fresh key
  }
  const View current = plan.tree.SignatureKey(committer);
  MLS_REQUIRE(Equal(leaf.signature_key, current) || !plan.tree.index().HasSignatureKey(leaf.signature_key),
              DUPLICATE_SIGNATURE_KEY);  // RFC 9420 §7.3: unique among the members
  return VerifyLeafSignature(epoch.suite(), leaf, epoch.context.group_id, committer);
}

// The leaf that the path replaces: the committer's own, or with a resync the removed one (RFC 9420 §12.2).
std::optional<LeafNode> FormerLeaf(const PublicEpoch& epoch, const CommitPlan& plan, const Sender& sender) {
  if (sender.sender_type == SenderType::member) return epoch.tree.Leaf(sender.leaf_index);
  if (!plan.removed.empty()) return epoch.tree.Leaf(plan.removed.front());
  return std::nullopt;
}

void AskAboutPathLeaf(const std::optional<LeafNode>& former, LeafIndex committer, const LeafNode& leaf,
                      Questions& questions) {
  if (former && leaf.credential == former->credential && leaf.signature_key == former->signature_key) return;
  CredentialQuestion question{CredentialRole::member, committer.value, leaf.credential, leaf.signature_key,
                              std::nullopt};
  if (former) {
    question.role = CredentialRole::successor;
    question.former = former->credential;
  }
  questions.credentials.push_back(std::move(question));
}

Status ApplyCommitPath(const PublicEpoch& epoch, const Sender& sender, const UpdatePath& path,
                       const PlanRules& rules, PublicCommit& commit) {
  CommitPlan& plan = commit.plan;
  if (sender.sender_type == SenderType::new_member_commit) {
    commit.committer = plan.tree.LeftmostBlankLeaf();  // RFC 9420 §12.4.2: where an Add would put it
    MLS_REQUIRE(plan.tree.member_count() < rules.limits().max_leaves, LIMIT_EXCEEDED);  // RFC 9420 §7.7
    plan.tree.ExtendTo(commit.committer);
  }
  const std::optional<LeafNode> former = FormerLeaf(epoch, plan, sender);
  MLS_DO(ValidatePathLeaf(epoch, plan, commit.committer, former, path.leaf_node, rules));
  AskAboutPathLeaf(former, commit.committer, path.leaf_node, commit.questions);
  MLS_DO(ApplyPath(plan.tree, commit.committer, path, plan.added, rules.pool));
  return ValidateCredentialTypes(plan.tree, path.leaf_node);
}

Status ValidateExternalPolicy(const PublicEpoch& epoch, const Sender& sender, const CommitPlan& plan,
                              const PlanRules& rules) {
  if (sender.sender_type != SenderType::new_member_commit) return kOk;
  (void)epoch;
  const auto policy = rules.policy->external_commits;
  MLS_REQUIRE(policy != Policy::ExternalCommits::refuse,
              POLICY);  // RFC 9420 §12.4.3.2: the application may refuse
  MLS_REQUIRE(plan.removed.empty() || policy == Policy::ExternalCommits::resync,
              POLICY);  // RFC 9420 §12.4.3.2
  return kOk;
}

}  // namespace

Status ValidateFraming(const PublicEpoch& epoch, View group_id, std::uint64_t message_epoch) {
  MLS_REQUIRE(Equal(group_id, epoch.context.group_id), WRONG_GROUP);  // RFC 9420 §6: group_id names the group
  MLS_REQUIRE(message_epoch <= epoch.context.epoch, FUTURE_EPOCH);  // RFC 9420 §12.4.2: we have not got there
  MLS_REQUIRE(message_epoch == epoch.context.epoch, WRONG_EPOCH);  // RFC 9420 §12.1, §12.4.2: this epoch only
  return kOk;
}

Result<View> SenderKey(const PublicEpoch& epoch, const FramedContent& content, const Policy& policy) {
  const Proposal* proposal = content.proposal();
  switch (content.sender.sender_type) {
    case SenderType::member: {
      const View key = epoch.tree.SignatureKey(content.sender.leaf_index);
      MLS_REQUIRE(!key.empty(), UNKNOWN_SENDER);  // RFC 9420 §6.1: a leaf that is there
      return key;
    }
    case SenderType::external: {
      MLS_REQUIRE(proposal != nullptr, INVALID_SENDER_TYPE);  // RFC 9420 §6.1: proposals only
      MLS_REQUIRE(MayBeExternal(proposal->type(), policy.custom_proposals),
                  INVALID_SENDER_TYPE);  // RFC 9420 §12.1.8: of the types marked for it
      MLS_REQUIRE(content.sender.sender_index < epoch.external_senders.size(),
                  UNKNOWN_SENDER);  // RFC 9420 §6.1: an entry of external_senders
      return View(epoch.external_senders[content.sender.sender_index].signature_key);
    }
    case SenderType::new_member_proposal: {
      const Add* add = proposal == nullptr ? nullptr : proposal->As<Add>();
      MLS_REQUIRE(add != nullptr, INVALID_SENDER_TYPE);  // RFC 9420 §6.1: an Add of themselves
      return View(add->key_package.leaf_node.signature_key);
    }
    case SenderType::new_member_commit: {
      const Commit* commit = content.commit();
      MLS_REQUIRE(commit != nullptr, INVALID_SENDER_TYPE);  // RFC 9420 §6.1: a Commit
      MLS_REQUIRE(commit->path.has_value(), MISSING_PATH);  // RFC 9420 §12.4.3.2: with a path
      return View(commit->path->leaf_node.signature_key);
    }
  }
  return Error::INVALID_SENDER_TYPE;
}

Result<CachedProposalPtr> StageProposal(const PublicEpoch& epoch, const ProposalCache& cache,
                                        const Verified<AuthenticatedContent>& content, const PlanRules& rules,
                                        Questions& questions) {
  const Proposal& proposal = *content->content.proposal();
  const Sender& sender = content->content.sender;
  MLS_DO(
      ValidateProposal(epoch, epoch.context.extensions, epoch.required_or_null(), proposal, sender, rules));
  if (const auto* add = proposal.As<Add>()) {
    MLS_DO(VerifyKeyPackageSignatures(epoch.suite(), add->key_package));
  } else if (const auto* update = proposal.As<Update>()) {
    MLS_DO(VerifyLeafSignature(epoch.suite(), update->leaf_node, epoch.context.group_id, sender.leaf_index));
  }
  QuestionsOf(epoch, proposal, sender, questions);
  MLS_TRY(reference, ProposalRef(epoch.suite(), *content));
  CachedProposal cached{ToBytes(reference), {}, *content};
  MLS_DO(cache.Validate(cached, rules.policy->limits));
  return CachedProposalPtr(std::make_shared<const CachedProposal>(std::move(cached)));
}

GroupContext NextContext(const PublicEpoch& epoch, const RatchetTree& tree, Extensions extensions) {
  GroupContext context = epoch.context;
  context.epoch += 1;
  context.tree_hash = ToBytes(tree.RootHash());
  context.extensions = std::move(extensions);
  return context;
}

bool HasWeight(ProposalType type) { return type != ProposalType::add && type != ProposalType::remove; }

Status CheckWeight(std::size_t proposals, const EncodedList<ProposalOrRef>& list) {
  static_assert(sizeof(Proposal) + 3 * sizeof(ListedProposal) <= kProposalWeight);
  MLS_REQUIRE(proposals * kProposalWeight <= kDecodedElements + 3 * list.Size(),
              LIMIT_EXCEEDED);  // RFC 9420 §12.4: bounded memory
  return kOk;
}

Result<PublicCommit> StageCommit(const PublicEpoch& epoch, const ProposalCache& cache,
                                 Verified<AuthenticatedContent> content, const PlanRules& rules) {
  // The transcript comes first because the encoding is given up here: what is staged lives longer.
  MLS_TRY(confirmed, ConfirmedTranscriptHash(epoch.suite(), epoch.interim_transcript_hash,
                                             content.encoded().TranscriptPart(), content->auth.signature));
  auto owned = std::make_shared<AuthenticatedContent>(std::move(content).Take());
  const Sender& sender = owned->content.sender;
  const Commit& commit = *owned->content.commit();
  MLS_TRY(resolved, Resolve(commit, sender, epoch, cache, rules));
  MLS_TRY(plan, PlanCommit(epoch, sender, resolved.list, rules));
  // Planned, the list is done with: it does not stay beside the epoch that it leads to.
  resolved.list = {};
  std::get<CommitContent>(owned->content.body).commit.proposals = {};
  MLS_DO(ValidateExternalPolicy(epoch, sender, plan, rules));
  MLS_REQUIRE(commit.path.has_value() || !plan.path_required,
              MISSING_PATH);  // RFC 9420 §12.4: when it is needed

  PublicCommit staged{owned,
                      std::move(resolved.values),
                      std::move(resolved.referenced),
                      std::move(plan),
                      sender.leaf_index,
                      {},
                      nullptr,
                      {}};
  staged.questions = std::move(staged.plan.questions);
  if (commit.path) MLS_DO(ApplyCommitPath(epoch, sender, *commit.path, rules, staged));
  MLS_DO(staged.plan.tree.UpdateHashes(rules.pool));

  GroupContext context = NextContext(epoch, staged.plan.tree, staged.plan.extensions);
  staged.provisional_context = Encode(context);
  context.confirmed_transcript_hash = ToBytes(confirmed);
  MLS_TRY(next,
          MakePublicEpoch(std::move(context), std::move(staged.plan.tree), owned->auth.confirmation_tag));
  staged.next = std::move(next);
  return staged;
}

}  // namespace mls
