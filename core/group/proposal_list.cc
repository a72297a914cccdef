#include "group/proposal_list.h"

#include <algorithm>
#include <set>

#include "base/check.h"
#include "identity/grease.h"

namespace mls {

namespace {

LeafRules RulesFor(const PublicEpoch& epoch, const Extensions& extensions,
                   const RequiredCapabilities* required, LeafNodeSource source, const PlanRules& rules) {
  LeafRules leaf{
      &epoch.suite(), &rules.policy->limits, rules.policy->known_certificates.get(), &extensions, required,
      source,         std::nullopt};
  // RFC 9420 §7.3: a received lifetime should hold now; only leaves from KeyPackages have one.
  if (rules.policy->lifetimes == Policy::Lifetimes::check) leaf.now = rules.now;
  return leaf;
}

Status ValidateAdd(const PublicEpoch& epoch, const Extensions& extensions,
                   const RequiredCapabilities* required, const Add& add, const PlanRules& rules) {
  return ValidateKeyPackage(add.key_package,
                            RulesFor(epoch, extensions, required, LeafNodeSource::key_package, rules));
}

Status ValidateUpdate(const PublicEpoch& epoch, const Extensions& extensions,
                      const RequiredCapabilities* required, const Update& update, const Sender& sender,
                      const PlanRules& rules) {
  MLS_REQUIRE(sender.sender_type == SenderType::member,
              INVALID_SENDER_TYPE);  // RFC 9420 §12.1.2: replaces the sender's leaf
  MLS_REQUIRE(!epoch.tree.IsBlank(sender.leaf_index), UNKNOWN_SENDER);  // RFC 9420 §12.1.2: a member's leaf
  MLS_DO(ValidateLeafNode(update.leaf_node,
                          RulesFor(epoch, extensions, required, LeafNodeSource::update, rules)));
  MLS_REQUIRE(!Equal(update.leaf_node.encryption_key, epoch.tree.PublicKey(sender.leaf_index)),
              ENCRYPTION_KEY_REUSED);  // RFC 9420 §7.3: an Update brings a new encryption key
  return kOk;
}

Status ValidatePsk(const Suite& suite, const PreSharedKeyID& id, const PlanRules& rules) {
  MLS_REQUIRE(id.psk_nonce.size() == suite.Nh, INVALID_PSK);  // RFC 9420 §12.1.4: psk_nonce has Nh bytes
  const auto* resumption = std::get_if<ResumptionPsk>(&id.body);
  if (resumption == nullptr || resumption->usage == ResumptionPSKUsage::application) return kOk;
  MLS_REQUIRE(rules.successor == resumption->usage,
              INVALID_PSK);  // RFC 9420 §12.1.4: reinit and branch link groups only
  return kOk;
}

Status ValidateReInit(const PublicEpoch& epoch, const ReInit& reinit, const PlanRules& rules) {
  MLS_REQUIRE(reinit.version >= epoch.context.version,
              INVALID_REINIT);  // RFC 9420 §12.1.5: never back to an older version
  return ValidateExtensions(reinit.extensions, ExtensionPlace::group_context, rules.policy->limits);
}

Status ValidateGroupContextExtensions(const PublicEpoch& epoch, const Extensions& extensions,
                                      const PlanRules& rules) {
  const Limits& limits = rules.policy->limits;
  MLS_DO(ValidateExtensions(extensions, ExtensionPlace::group_context, limits));
  MLS_DO(ReadExtension<RequiredCapabilities>(extensions));
  return ValidateExternalSenders(epoch.suite(), extensions, limits, rules.policy->known_certificates.get());
}

// RFC 9420 §6.1, §12.1.8: what each kind of sender may propose.
Status ValidateSender(const Proposal& proposal, const Sender& sender, const Policy& policy) {
  switch (sender.sender_type) {
    case SenderType::member:
      return kOk;
    case SenderType::external:
      MLS_REQUIRE(MayBeExternal(proposal.type(), policy.custom_proposals),
                  INVALID_SENDER_TYPE);  // RFC 9420 §12.1.8
      return kOk;
    case SenderType::new_member_proposal:
      MLS_REQUIRE(proposal.type() == ProposalType::add,
                  INVALID_SENDER_TYPE);  // RFC 9420 §6.1: newcomers add themselves
      MLS_REQUIRE(policy.new_member_proposals == Policy::NewMemberProposals::allow,
                  NOT_AUTHORIZED);  // RFC 9420 §12.1.8
      return kOk;
    case SenderType::new_member_commit:
      return kOk;
  }
  return Error::INVALID_SENDER_TYPE;
}

const KeyPackage& KeyPackageOf(const ListedProposal& add, Proposal& room) {
  return add.Read(room).As<Add>()->key_package;
}

// Everything that PlanCommit gathers while it walks the list once.
struct Walk {
  const PublicEpoch& epoch;
  const PlanRules& rules;
  std::span<const ListedProposal> list;
  const GroupContextExtensions* group_context_extensions = nullptr;
  std::vector<const ListedProposal*> updates, adds;
  std::vector<const CustomProposal*> custom;
  std::set<LeafIndex> touched;  // leaves of Updates and Removes
  std::set<PreSharedKeyID> psk_ids;
};

Status Touch(Walk& walk, LeafIndex leaf) {
  MLS_REQUIRE(walk.touched.insert(leaf).second,
              INVALID_PROPOSAL_LIST);  // RFC 9420 §12.2: one Update or Remove for a leaf
  return kOk;
}

Status SortProposal(Walk& walk, const Sender& committer, const ListedProposal& listed, CommitPlan& plan) {
  if (listed.type() == ProposalType::add) {
    walk.adds.push_back(&listed);
    return kOk;
  }
  const Proposal& proposal = *listed.proposal;
  const bool regular = committer.sender_type == SenderType::member;
  const bool judged = walk.rules.judged == PlanRules::Judged::everything;
  plan.path_required |= !judged && RequiresPath(proposal, walk.rules.policy->custom_proposals);
  switch (proposal.type()) {
    case ProposalType::update:
      MLS_REQUIRE(!(listed.sender == committer),
                  INVALID_PROPOSAL_LIST);  // RFC 9420 §12.2: the committer has its path
      MLS_DO(Touch(walk, listed.sender.leaf_index));
      walk.updates.push_back(&listed);
      return kOk;
    case ProposalType::remove: {
      const LeafIndex removed = proposal.As<Remove>()->removed;
      MLS_REQUIRE(!regular || removed != committer.leaf_index,
                  INVALID_PROPOSAL_LIST);  // RFC 9420 §12.2: nobody removes themselves
      MLS_DO(Touch(walk, removed));
      plan.removed.push_back(removed);
      return kOk;
    }
    case ProposalType::psk: {
      const PreSharedKeyID& id = proposal.As<PreSharedKey>()->psk;
      MLS_REQUIRE(walk.psk_ids.insert(id).second, INVALID_PROPOSAL_LIST);  // RFC 9420 §12.2: a PSK once
      plan.psks.push_back(id);
      return kOk;
    }
    case ProposalType::reinit:
      MLS_REQUIRE(walk.list.size() == 1, INVALID_PROPOSAL_LIST);  // RFC 9420 §12.2: ReInit stands alone
      plan.reinit = proposal.As<ReInit>();
      return kOk;
    case ProposalType::external_init:
      plan.external_init = proposal.As<ExternalInit>();
      return kOk;
    case ProposalType::group_context_extensions:
      MLS_REQUIRE(walk.group_context_extensions == nullptr,
                  INVALID_PROPOSAL_LIST);  // RFC 9420 §12.2: at most one
      walk.group_context_extensions = proposal.As<GroupContextExtensions>();
      return kOk;
    default:
      walk.custom.push_back(proposal.As<CustomProposal>());
      return kOk;
  }
}

// RFC 9420 §12.2: what an external Commit may and must hold.
Status ValidateExternalList(const Walk& walk, const CommitPlan& plan) {
  MLS_REQUIRE(plan.external_init != nullptr,
              INVALID_PROPOSAL_LIST);  // RFC 9420 §12.2: it has an ExternalInit
  MLS_REQUIRE(plan.removed.size() <= 1,
              INVALID_PROPOSAL_LIST);  // RFC 9420 §12.2: a joiner replaces itself at most
  const std::size_t allowed = 1 + plan.removed.size() + plan.psks.size();
  MLS_REQUIRE(walk.list.size() == allowed,
              INVALID_PROPOSAL_LIST);  // RFC 9420 §12.2: one ExternalInit, and nothing else
  for (const ListedProposal& listed : walk.list) {
    MLS_REQUIRE(listed.reference == nullptr,
                INVALID_PROPOSAL_LIST);  // RFC 9420 §12.4.3.2: nothing by reference
  }
  return kOk;
}

Status ValidateEach(const Walk& walk, const CommitPlan& plan) {
  if (walk.rules.judged != PlanRules::Judged::nothing) return kOk;
  const RequiredCapabilities* required = plan.required ? &*plan.required : nullptr;
  Proposal room;
  for (const ListedProposal& listed : walk.list) {
    MLS_DO(ValidateProposal(walk.epoch, plan.extensions, required, listed.Read(room), listed.sender,
                            walk.rules));
  }
  // Signatures of what came by reference were checked when it came (RFC 9420 §12.1).
  std::vector<const ListedProposal*> unverified;
  for (const ListedProposal* add : walk.adds) {
    if (add->reference == nullptr) unverified.push_back(add);
  }
  const Suite& suite = walk.epoch.suite();
  const auto verify = [&](std::size_t i) {
    Proposal decoded;
    return VerifyKeyPackageSignatures(suite, KeyPackageOf(*unverified[i], decoded));
  };
  return ParallelFor(walk.rules.pool, unverified.size(), 4, verify, "key packages");
}

// Two new leaves with one key, or one with the key of a member who stays (RFC 9420 §7.3, §12.2).
Status ValidateUniqueKeys(const Walk& walk, const CommitPlan& plan) {
  const bool unique = !plan.tree.index().HasDuplicateKeys();
  if (unique) return kOk;
  const TreeIndex& before = walk.epoch.tree.index();
  const auto signature_key_is_free = [&](const LeafNode& leaf) -> Status {
    MLS_REQUIRE(!before.HasSignatureKey(leaf.signature_key),
                DUPLICATE_SIGNATURE_KEY);  // RFC 9420 §7.3: unique
    return kOk;
  };
  const auto encryption_key_is_free = [&](const LeafNode& leaf) -> Status {
    MLS_REQUIRE(!before.HasEncryptionKey(leaf.encryption_key),
                DUPLICATE_ENCRYPTION_KEY);  // RFC 9420 §7.3: unique
    return kOk;
  };
  Proposal room;
  for (const ListedProposal* add : walk.adds) {
    const LeafNode& leaf = KeyPackageOf(*add, room).leaf_node;
    MLS_DO(signature_key_is_free(leaf));
    MLS_DO(encryption_key_is_free(leaf));
  }
  for (const ListedProposal* update : walk.updates) {
    const LeafNode& leaf = update->proposal->As<Update>()->leaf_node;
    const View former = walk.epoch.tree.SignatureKey(update->sender.leaf_index);
    if (!Equal(leaf.signature_key, former)) MLS_DO(signature_key_is_free(leaf));
    MLS_DO(encryption_key_is_free(leaf));
  }
  MLS_REQUIRE(unique, INVALID_PROPOSAL_LIST);  // RFC 9420 §12.2: two proposals of this list share a key
  return kOk;
}

Status ApplyToTree(const Walk& walk, CommitPlan& plan) {
  for (const ListedProposal* update : walk.updates) {
    plan.tree.UpdateLeaf(update->sender.leaf_index, update->proposal->As<Update>()->leaf_node);
    plan.updated.push_back(update->sender.leaf_index);
  }
  for (const LeafIndex removed : plan.removed) plan.tree.RemoveLeaf(removed);
  for (const CustomProposal* custom : walk.custom) {
    // RFC 9420 §12.2: everyone who processes the Commit supports it; those added or removed by it need not.
    MLS_REQUIRE(plan.tree.index().AllSupport(custom->tag), INVALID_PROPOSAL_LIST);  // RFC 9420 §13.2
  }
  const std::uint32_t most = walk.rules.limits().max_leaves;
  MLS_REQUIRE(plan.tree.member_count() + walk.adds.size() <= most,
              LIMIT_EXCEEDED);  // RFC 9420 §7.7: growth is bounded
  std::vector<Bytes> leaves;
  leaves.reserve(walk.adds.size());
  Proposal room;
  for (const ListedProposal* add : walk.adds) leaves.push_back(Encode(KeyPackageOf(*add, room).leaf_node));
  plan.added_in_order = plan.tree.AddLeaves(std::move(leaves));
  plan.added = plan.added_in_order;
  std::sort(plan.added.begin(), plan.added.end());
  std::sort(plan.removed.begin(), plan.removed.end());
  return ValidateUniqueKeys(walk, plan);
}

// RFC 9420 §7.3, §12.1.7, §13.4: what depends on all members, seen in the tree as the list leaves it.
Status ValidateMembers(const Walk& walk, const CommitPlan& plan) {
  const TreeIndex& index = plan.tree.index();
  for (const LeafIndex added : plan.added_in_order) {
    MLS_DO(ValidateCredentialTypes(plan.tree, plan.tree.Leaf(added)));
  }
  for (const ListedProposal* update : walk.updates) {
    MLS_DO(ValidateCredentialTypes(plan.tree, update->proposal->As<Update>()->leaf_node));
  }
  if (walk.group_context_extensions == nullptr) return kOk;
  MLS_REQUIRE(MayBeOurs(plan.extensions),
              UNSUPPORTED_CAPABILITY);  // RFC 9420 §13.5: what we list as GREASE, we do not support
  for (const Extension& extension : plan.extensions) {
    MLS_REQUIRE(index.AllSupport(extension.extension_type),
                UNSUPPORTED_CAPABILITY);  // RFC 9420 §13.4: all members support it
  }
  if (!plan.required) return kOk;
  MLS_REQUIRE(MayBeOurs(*plan.required), UNSUPPORTED_CAPABILITY);  // RFC 9420 §13.5: nor can it be required
  for (const ExtensionType type : plan.required->extension_types) {
    MLS_REQUIRE(index.AllSupport(type), UNSUPPORTED_CAPABILITY);  // RFC 9420 §12.1.7: nobody is left behind
  }
  for (const ProposalType type : plan.required->proposal_types) {
    MLS_REQUIRE(index.AllSupport(type), UNSUPPORTED_CAPABILITY);  // RFC 9420 §12.1.7
  }
  for (const CredentialType type : plan.required->credential_types) {
    MLS_REQUIRE(index.AllSupport(type),
                UNSUPPORTED_CAPABILITY);  // RFC 9420 §11.1: credential types have no defaults
  }
  return kOk;
}

}  // namespace

const Proposal& ListedProposal::Read(Proposal& room) const {
  if (proposal != nullptr) return *proposal;
  Reader in = Reader::Again(encoded);
  room = Proposal{};
  wire::Read(in, room);
  return room;
}

const Limits& PlanRules::limits() const {
  static constexpr Limits kUnlimited = [] {
    Limits limits;
    limits.max_proposals_per_commit = limits.max_psks_per_commit = SIZE_MAX;
    limits.max_leaves = UINT32_MAX;
    return limits;
  }();
  return judged == Judged::everything ? kUnlimited : policy->limits;
}

Status ValidateCredentialTypes(const RatchetTree& tree, const LeafNode& leaf) {
  const TreeIndex& index = tree.index();
  MLS_REQUIRE(index.AllSupport(leaf.credential.type()),
              UNSUPPORTED_CREDENTIAL);  // RFC 9420 §7.3: all can authenticate it
  MLS_REQUIRE(index.SupportsAllCredentialsInUse(leaf.capabilities),
              UNSUPPORTED_CREDENTIAL);  // RFC 9420 §7.3: and it can authenticate all
  return kOk;
}

Status ValidateProposal(const PublicEpoch& epoch, const Extensions& extensions,
                        const RequiredCapabilities* required, const Proposal& proposal, const Sender& sender,
                        const PlanRules& rules) {
  MLS_DO(ValidateSender(proposal, sender, *rules.policy));
  switch (proposal.type()) {
    case ProposalType::add:
      return ValidateAdd(epoch, extensions, required, *proposal.As<Add>(), rules);
    case ProposalType::update:
      return ValidateUpdate(epoch, extensions, required, *proposal.As<Update>(), sender, rules);
    case ProposalType::remove:
      MLS_REQUIRE(!epoch.tree.IsBlank(proposal.As<Remove>()->removed),
                  INVALID_REMOVE);  // RFC 9420 §12.1.3: a member
      return kOk;
    case ProposalType::psk:
      return ValidatePsk(epoch.suite(), proposal.As<PreSharedKey>()->psk, rules);
    case ProposalType::reinit:
      return ValidateReInit(epoch, *proposal.As<ReInit>(), rules);
    case ProposalType::external_init:
      MLS_REQUIRE(sender.sender_type == SenderType::new_member_commit,
                  INVALID_PROPOSAL_LIST);  // RFC 9420 §12.1.6: in an external Commit only
      return kOk;
    case ProposalType::group_context_extensions:
      return ValidateGroupContextExtensions(epoch, proposal.As<GroupContextExtensions>()->extensions, rules);
    default:
      MLS_REQUIRE(FindCustomType(rules.policy->custom_proposals, proposal.type()) != nullptr,
                  UNSUPPORTED_PROPOSAL);  // RFC 9420 §13.2: a type this application knows
      return kOk;
  }
}

void QuestionsOf(const PublicEpoch& epoch, const Proposal& proposal, const Sender& sender,
                 Questions& questions) {
  if (const auto* add = proposal.As<Add>()) {
    const LeafNode& leaf = add->key_package.leaf_node;
    questions.credentials.push_back(
        {CredentialRole::member, 0, leaf.credential, leaf.signature_key, std::nullopt});
  } else if (const auto* update = proposal.As<Update>()) {
    const LeafNode former = epoch.tree.Leaf(sender.leaf_index);
    const LeafNode& leaf = update->leaf_node;
    if (leaf.credential == former.credential && leaf.signature_key == former.signature_key) return;
    questions.credentials.push_back({CredentialRole::successor, sender.leaf_index.value, leaf.credential,
                                     leaf.signature_key, former.credential});
  } else if (const auto* change = proposal.As<GroupContextExtensions>()) {
    const auto senders = ReadExtension<ExternalSenders>(change->extensions);
    if (!senders.ok() || !*senders) return;
    for (std::size_t i = 0; i < (*senders)->senders.size(); ++i) {
      const ExternalSender& one = (*senders)->senders[i];
      const auto& known = epoch.external_senders;
      if (std::find(known.begin(), known.end(), one) != known.end()) continue;
      questions.credentials.push_back({CredentialRole::external_sender, static_cast<std::uint32_t>(i),
                                       one.credential, one.signature_key, std::nullopt});
    }
  }
}

Result<CommitPlan> PlanCommit(const PublicEpoch& epoch, const Sender& committer,
                              std::span<const ListedProposal> list, const PlanRules& rules) {
  const Limits& limits = rules.limits();
  MLS_REQUIRE(epoch.context.epoch + 1 != 0, LIMIT_EXCEEDED);  // RFC 9420 §8.1: the epoch does not wrap
  MLS_REQUIRE(list.size() <= limits.max_proposals_per_commit,
              LIMIT_EXCEEDED);  // RFC 9420 §12.4: bounded work
  CommitPlan plan{
      epoch.tree, epoch.context.extensions, epoch.required, {}, {}, {}, {}, {}, nullptr, nullptr, false, {}};
  Walk walk{epoch, rules, list, nullptr, {}, {}, {}, {}, {}};
  for (const ListedProposal& listed : list) MLS_DO(SortProposal(walk, committer, listed, plan));
  MLS_REQUIRE(plan.psks.size() <= limits.max_psks_per_commit,
              LIMIT_EXCEEDED);  // RFC 9420 §8.4: PSKLabel counts 16 bits
  if (committer.sender_type == SenderType::new_member_commit) {
    MLS_DO(ValidateExternalList(walk, plan));
  }
  plan.path_required |= list.empty();

  // RFC 9420 §12.3: the new extensions come first and hold for all that follows.
  if (walk.group_context_extensions != nullptr) {
    plan.extensions = walk.group_context_extensions->extensions;
    MLS_TRY(required, ReadExtension<RequiredCapabilities>(plan.extensions));
    plan.required = std::move(required);
  }
  MLS_DO(ValidateEach(walk, plan));
  Proposal room;
  plan.questions.credentials.reserve(walk.adds.size() + walk.updates.size() + 1);  // and the path's
  for (const ListedProposal& listed : list) {
    QuestionsOf(epoch, listed.Read(room), listed.sender, plan.questions);
  }
  MLS_DO(ApplyToTree(walk, plan));
  MLS_DO(ValidateMembers(walk, plan));
  return plan;
}

}  // namespace mls
