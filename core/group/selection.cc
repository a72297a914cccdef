// Choosing the list of our own Commit (RFC 9420 §12.2, §12.4): what the caller wants, and of what was
// proposed all that is valid together with it. Whatever others propose, it keeps nobody from committing, nor
// a Remove out of the list, and costs a bounded number of plans.
#include <algorithm>
#include <set>

#include "base/check.h"
#include "group/group.h"

namespace mls {

namespace {

// The proposals that a list may not repeat, by what they are about (RFC 9420 §7.3, §12.2).
struct Claims {
  std::set<LeafIndex> leaves;  // of an Update or Remove
  std::set<Bytes> keys;        // of Adds, both kinds
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
    const LeafNode& leaf = add->key_package.leaf_node;
    if (claims.keys.contains(leaf.signature_key) || claims.keys.contains(leaf.encryption_key)) return false;
    claims.keys.insert({leaf.signature_key, leaf.encryption_key});
    return true;
  }
  if (const auto* psk = proposal.As<PreSharedKey>()) return claims.psks.insert(psk->psk).second;
  if (proposal.type() == ProposalType::group_context_extensions)
    return claims.group_context_extensions++ == 0;
  return proposal.type() != ProposalType::external_init;
}

// Kinds of proposals in the order in which they are let into a list: Removes come first and always fit, so
// that nobody stays by what they propose; new extensions are conditions for the rest; PSKs, of which there
// may be any number, come last.
enum class Kind : std::uint8_t { remove, extensions, update, custom, add, psk };
constexpr Kind kKinds[] = {Kind::remove, Kind::extensions, Kind::update, Kind::custom, Kind::add, Kind::psk};

Kind KindOf(const Proposal& proposal) {
  switch (proposal.type()) {
    case ProposalType::remove:
      return Kind::remove;
    case ProposalType::group_context_extensions:
      return Kind::extensions;
    case ProposalType::update:
      return Kind::update;
    case ProposalType::add:
      return Kind::add;
    case ProposalType::psk:
      return Kind::psk;
    default:
      return Kind::custom;
  }
}

// What choosing among one kind may cost: so many entries of planned lists for each proposal, and at least so
// many.
constexpr std::size_t kPlannedEach = 16;
constexpr std::size_t kPlannedAtLeast = 1u << 18;

// Choose takes of some proposals as many as fit. `fits` judges the list of those that are set in `kept`,
// which has `base` entries besides.
template <class Fits>
void Choose(std::vector<std::size_t> some, std::size_t base, std::vector<bool>& kept, Fits fits) {
  std::size_t left = std::max(kPlannedAtLeast, kPlannedEach * (some.size() + base));
  const auto set = [&](std::size_t from, std::size_t to, bool value) {
    for (std::size_t i = from; i < to; ++i) kept[some[i]] = value;
  };
  // Who fits not even alone is left out first, where looking at each is cheap.
  if (some.size() * (1 + base) <= left / 2) {
    std::erase_if(some, [&](std::size_t one) {
      kept[one] = true;
      const bool alone = fits();
      kept[one] = false;
      return !alone;
    });
  }
  // Blocks that fit are kept, and others halved.
  std::vector<std::pair<std::size_t, std::size_t>> blocks = {{0, some.size()}};
  std::size_t taken = 0;
  while (!blocks.empty()) {
    const auto [from, to] = blocks.back();
    blocks.pop_back();
    const std::size_t cost = base + taken + (to - from);
    if (cost > left) return;  // nobody has to include what others propose
    left -= cost;
    set(from, to, true);
    if (fits()) {
      taken += to - from;
      continue;
    }
    set(from, to, false);
    if (to - from == 1) continue;
    const std::size_t middle = from + (to - from) / 2;
    blocks.emplace_back(middle, to);
    blocks.emplace_back(from, middle);
  }
}

// RFC 9420 §7.3: the leaf that our path brings, where the caller changes it, among the members and under the
// extensions that the list leaves.
Status ValidateChangedLeaf(const PublicEpoch& epoch, const CommitPlan& plan, LeafIndex self,
                           const LeafChange& change, const PlanRules& rules) {
  if (change.empty()) return kOk;
  LeafNode leaf = epoch.tree.Leaf(self);
  ChangeLeaf(leaf, change);
  leaf.leaf_node_source = LeafNodeSource::commit;
  const bool taken = plan.tree.index().HasSignatureKey(leaf.signature_key) &&
                     !Equal(leaf.signature_key, epoch.tree.SignatureKey(self));
  MLS_REQUIRE(!taken, DUPLICATE_SIGNATURE_KEY);  // RFC 9420 §7.3: unique among the members
  const RequiredCapabilities* required = plan.required ? &*plan.required : nullptr;
  MLS_DO(
      ValidateLeafNode(leaf, {&epoch.suite(), &rules.policy->limits, rules.policy->known_certificates.get(),
                              &plan.extensions, required, LeafNodeSource::commit, std::nullopt}));
  RatchetTree tree = plan.tree;
  tree.ReplaceLeaf(self, leaf);
  return ValidateCredentialTypes(tree, leaf);
}

}  // namespace

std::vector<CachedProposalPtr> Group::SelectProposals(const StagedCommit& staged) const {
  // RFC 9420 §12.2: prefer a Remove over an Update of the same leaf, the latest Update, and anything over a
  // ReInit. Walking twice, latest first, Removes before the rest, makes that "first come".
  Claims claims;
  const Sender committer = Sender::Member(self());
  const std::vector<Proposal>& by_value = staged.options->proposals;
  for (const Proposal& proposal : by_value) Claim(proposal, committer, self(), claims);
  std::set<std::size_t> chosen;
  std::optional<std::size_t> reinit;
  const auto& cached = proposals().in_order();
  for (const bool removes : {true, false}) {
    for (std::size_t i = cached.size(); i-- > 0;) {
      const Proposal& proposal = cached[i]->proposal();
      if ((proposal.type() == ProposalType::remove) != removes) continue;
      if (staged.turned_down.contains(cached[i]->reference)) continue;
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

std::vector<ListedProposal> Group::OwnList(const StagedCommit& staged) const {
  std::vector<ListedProposal> list;
  const Sender committer = Sender::Member(self());
  for (const CachedProposalPtr& cached : staged.referenced) {
    // What we proposed ourselves goes by value: others may have had no room for it, and lack it.
    const bool ours = cached->sender() == committer;
    list.push_back({&cached->proposal(), cached->sender(), ours ? nullptr : &cached->reference, {}});
  }
  for (const Proposal& proposal : staged.options->proposals)
    list.push_back({&proposal, committer, nullptr, {}});
  return list;
}

std::vector<const KeyPackage*> Group::OwnKeyPackages(const StagedCommit& staged) const {
  std::vector<const KeyPackage*> key_packages;
  for (const ListedProposal& listed : OwnList(staged)) {
    if (const auto* add = listed.proposal->As<Add>()) key_packages.push_back(&add->key_package);
  }
  return key_packages;
}

Result<CommitPlan> Group::PlanOwnCommit(const StagedCommit& staged, const PlanRules& rules) const {
  const CommitOptions& options = *staged.options;
  MLS_TRY(plan, PlanCommit(epoch(), Sender::Member(self()), OwnList(staged), rules));
  for (const KeyPackage* key_package : OwnKeyPackages(staged))
    MLS_DO(CheckLifetime(key_package->leaf_node.lifetime, rules.now));
  // A PSK of our own past that we do not hold: whoever proposed it keeps nobody from committing.
  MLS_DO(ForeignPsks(plan.psks));
  const bool one_each = options.welcomes == CommitOptions::Welcomes::one_each;
  const bool inside = options.tree == CommitOptions::Tree::inside;
  MLS_REQUIRE(
      !one_each || !inside || plan.added.size() <= rules.policy->limits.max_joiners_with_tree,
      LIMIT_EXCEEDED);  // RFC 9420 §12.4.3.3: a tree in each of many Welcomes is quadratic; send it apart
  MLS_DO(ValidateChangedLeaf(epoch(), plan, self(), options.leaf, rules));
  return plan;
}

// JudgeAgain says whether a cached proposal may be in a list that `plan` begins: under its extensions, and as
// ours.
Status Group::JudgeAgain(const CachedProposal& cached, const CommitPlan& plan, const PlanRules& rules) const {
  const Proposal& proposal = cached.proposal();
  const RequiredCapabilities* required = plan.required ? &*plan.required : nullptr;
  MLS_DO(ValidateProposal(epoch(), plan.extensions, required, proposal, cached.sender(), rules));
  if (const auto* add = proposal.As<Add>())
    return CheckLifetime(add->key_package.leaf_node.lifetime, rules.now);
  if (const auto* psk = proposal.As<PreSharedKey>()) MLS_DO(ForeignPsks({psk->psk}));
  return kOk;
}

void Group::DropUnfitProposals(StagedCommit& staged, const PlanRules& rules) const {
  // Each entry is judged once; what lists are tried then is judged as a list alone.
  PlanRules tried = rules;
  tried.judged = PlanRules::Judged::each;
  const std::vector<CachedProposalPtr> candidates = std::move(staged.referenced);
  std::vector<bool> kept(candidates.size());
  const auto plan = [&] {
    staged.referenced.clear();
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      if (kept[i]) staged.referenced.push_back(candidates[i]);
    }
    return PlanOwnCommit(staged, tried);
  };
  for (const Kind kind : kKinds) {
    const auto so_far = plan();
    if (!so_far.ok()) return;  // the caller's own list is wrong, and will be refused
    std::vector<std::size_t> some;
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      const bool fits = KindOf(candidates[i]->proposal()) == kind;
      if (fits && JudgeAgain(*candidates[i], *so_far, rules).ok()) some.push_back(i);
    }
    if (kind == Kind::psk) {
      const std::size_t most = rules.limits().max_psks_per_commit;
      some.resize(std::min(some.size(), most - std::min(most, so_far->psks.size())));
    }
    const std::size_t base = staged.referenced.size() + staged.options->proposals.size();
    Choose(std::move(some), base, kept, [&] { return plan().ok(); });
  }
  (void)plan();
}

Result<StagedCommit> Group::StageCommit(CommitOptions options, const Env& env) const {
  MLS_DO(RequireActive());
  MLS_REQUIRE(candidates_.size() < policy().limits.max_pending_commits,
              LIMIT_EXCEEDED);  // RFC 9420 §14: few forks
  StagedCommit staged;
  staged.version = version_;
  staged.options = std::make_shared<CommitOptions>(std::move(options));
  return StageList(std::move(staged), env);
}

Result<StagedCommit> Group::StageList(StagedCommit staged, const Env& env) const {
  if (staged.options->cached == CommitOptions::Cached::include) staged.referenced = SelectProposals(staged);
  PlanRules rules = Rules(env);
  rules.successor = staged.options->successor;
  auto plan = PlanOwnCommit(staged, rules);
  if (!plan.ok() && !staged.referenced.empty()) {
    DropUnfitProposals(staged, rules);
    plan = PlanOwnCommit(staged, rules);
  }
  if (!plan.ok()) return plan.error();
  std::vector<ProposalOrRef> list;
  std::size_t weighed = 0;
  for (const ListedProposal& entry : OwnList(staged)) {
    if (entry.reference != nullptr) {
      list.push_back({ProposalByReference{*entry.reference}});
    } else {
      if (HasWeight(entry.proposal->type())) ++weighed;
      list.push_back({ProposalByValue{*entry.proposal}});
    }
  }
  staged.commit.proposals = EncodedList<ProposalOrRef>(list);
  MLS_DO(CheckWeight(weighed, staged.commit.proposals));  // as those who receive it do
  staged.questions = plan->questions;
  MLS_TRY(psks, ForeignPsks(plan->psks));
  staged.questions.psks = std::move(psks);
  staged.plan = std::move(*plan);
  return staged;
}

Result<std::optional<StagedCommit>> Group::RestageCommit(const StagedCommit& staged, const Answers& answers,
                                                         const Env& env) const {
  MLS_DO(RequireActive());
  MLS_REQUIRE(staged.version == version_,
              STALE_VERSION);  // RFC 9420 §12.4.1: a Commit is made from one state
  MLS_DO(CheckAnswered(staged.questions, answers));
  StagedCommit again;
  again.version = staged.version;
  again.options = staged.options;
  again.turned_down = staged.turned_down;
  // The questions are in the order of the list, and the cached proposals come first in it.
  std::size_t credential = 0, psk = 0;
  for (const CachedProposalPtr& cached : staged.referenced) {
    Questions asked;
    QuestionsOf(epoch(), cached->proposal(), cached->sender(), asked);
    bool fits = true;
    for (std::size_t i = 0; i < asked.credentials.size(); ++i) {
      const Verdict verdict = answers.credentials[credential++];
      fits &= verdict == Verdict::accept || verdict == Verdict::failed;
    }
    const auto* injected = cached->proposal().As<PreSharedKey>();
    if (injected != nullptr && !IsOwnPsk(injected->psk)) fits &= answers.psks[psk++].has_value();
    if (!fits) again.turned_down.insert(cached->reference);
  }
  if (again.turned_down.size() == staged.turned_down.size()) return std::optional<StagedCommit>();
  MLS_TRY(restaged, StageList(std::move(again), env));
  return std::optional(std::move(restaged));
}

}  // namespace mls
