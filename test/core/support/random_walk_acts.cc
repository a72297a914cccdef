// What the members of a random walk do.
#include <algorithm>

#include "support/random_walk.h"

namespace mls::test {

namespace {

constexpr ProposalType kCustomProposal{0xF001};
constexpr ExtensionType kCustomExtension{0xF002};

}  // namespace

MemberProfile RandomWalk::NewProfile(std::string_view name) {
  MemberProfile profile = MakeProfile(suite_, name, world_.random);
  profile.capabilities.proposals.push_back(kCustomProposal);
  profile.capabilities.extensions.push_back(kCustomExtension);
  return profile;
}

RandomWalk::Newcomer RandomWalk::KeyPackageFor(const std::string& name) {
  const Lifetime lifetime{env_.now - 3600, env_.now + 300 * 24 * 3600};
  return {name, Must(GenerateKeyPackage(suite_, NewProfile(name), lifetime, {}, world_.random))};
}

Proposal RandomWalk::AddSomebody() {
  Newcomer newcomer = KeyPackageFor("member " + std::to_string(next_number_++));
  const KeyPackage key_package = newcomer.package.key_package;
  newcomers_.emplace(ToBytes(Must(KeyPackageRef(suite_, key_package))), std::move(newcomer));
  return {Add{key_package}};
}

// SomePsk injects an external PSK, or one of an epoch in which everyone was here.
Proposal RandomWalk::SomePsk() {
  const Group& group = Present().front()->group();
  std::uint64_t since = 0;
  for (const auto& [number, walker] : walkers_) since = std::max(since, walker.joined());
  if (since >= context_.epoch || Chance(50)) return Must(group.MakePsk(ExternalPsk{SomeText()}, env_));
  const std::uint64_t kept = std::min<std::uint64_t>(context_.epoch - since, 8);
  const std::uint64_t epoch = context_.epoch - dice_.Below(kept + 1);
  return Must(group.MakePsk(ResumptionPsk{ResumptionPSKUsage::application, context_.group_id, epoch}, env_));
}

Proposal RandomWalk::SomeExtensions() {
  Extensions extensions;
  if (Chance(50)) extensions.push_back({kCustomExtension, SomeText()});
  if (Chance(50)) extensions.push_back(MakeExtension(ExternalSenders{{outsider_}}));
  if (Chance(50)) {
    extensions.push_back(
        MakeExtension(RequiredCapabilities{{kCustomExtension}, {kCustomProposal}, {CredentialType::basic}}));
  }
  return {GroupContextExtensions{std::move(extensions)}};
}

// SomeProposal, but no Update; none where the group has the wrong size for it.
std::optional<Proposal> RandomWalk::SomeProposal(const Walker& by) {
  const RatchetTree& tree = by.group().tree();
  const std::uint64_t die = dice_.Below(100);
  if (die < 60) {
    const std::size_t size = tree.member_count() + by.group().proposals().in_order().size();
    if (die < 40 && size < wanted_members_) return AddSomebody();
    if (tree.member_count() < 3) return std::nullopt;
    const auto from = static_cast<std::uint32_t>(dice_.Below(tree.width()));
    const auto removed = tree.NextMember({from});
    return removed ? std::optional(Proposal{Remove{*removed}}) : std::nullopt;
  }
  if (die < 75) return SomePsk();
  if (die < 90) return SomeExtensions();
  return Proposal{CustomProposal{kCustomProposal, SomeText()}};
}

LeafChange RandomWalk::SomeLeafChange(unsigned percent) {
  LeafChange change;
  if (Chance(percent)) change.signature_key = Must(GenerateSignatureKeyPair(suite_, world_.random));
  return change;
}

void RandomWalk::Propose() {
  doing_ = "proposing";
  std::vector<Walker*> present = Present();
  Walker& walker = *OneOf(present);
  Policy policy = walker.group().policy();
  if (Chance(30)) policy = NewPolicy();
  walker.SetPolicy(std::move(policy));
  std::optional<StagedOwnProposal> staged;
  if (Chance(45)) {
    staged = Must(walker.group().StageOwnUpdate(SomeLeafChange(30), SomeText(), env_));
  } else {
    std::optional<Proposal> proposal = SomeProposal(walker);
    if (!proposal) return;
    staged = Must(walker.group().StageOwnProposal(std::move(*proposal), SomeText(), env_));
  }
  const Answers answers = Reply(staged->questions);
  Done<Bytes> done = Must(walker.group().CompleteOwnProposal(std::move(*staged), answers, env_));
  walker.Take(std::move(done.change), env_);
  Announce(done.output, context_.epoch, ContentType::proposal, walker.number());
  if (Chance(30)) {
    const Received echo = Must(walker.Read(done.output, env_));
    Demand(std::holds_alternative<OwnMessage>(echo), "an echo of a proposal is not known");
  }
}

// A newcomer proposes itself, or an external sender somebody (RFC 9420 §12.1.8).
void RandomWalk::ProposeFromOutside() {
  doing_ = "proposing from outside";
  const Walker& inside = *Present().front();
  if (inside.group().tree().member_count() >= wanted_members_) return;
  FramedContent content{context_.group_id, context_.epoch, Sender::NewMemberProposal(), SomeText(), {}};
  Bytes key;
  Proposal proposal = AddSomebody();
  if (inside.group().epoch().external_senders.empty()) {
    const Bytes reference = ToBytes(Must(KeyPackageRef(suite_, proposal.As<Add>()->key_package)));
    key = ToBytes(newcomers_.at(reference).package.keys.signature_private_key);
  } else {
    content.sender = Sender::External(0);
    key = ToBytes(outsider_key_);
    if (Chance(30)) proposal = {Remove{inside.group().self()}};
  }
  content.body = ProposalContent{std::move(proposal)};
  const auto framed =
      Must(SignContent(suite_, WireFormat::mls_public_message, std::move(content), key, Encode(context_)));
  const Bytes message = EncodeMessage(Must(ProtectPublic(suite_, *framed, {}, {})));
  Announce(message, context_.epoch, ContentType::proposal, 0);
}

// SomeList makes the proposals by value of a commit.
std::vector<Proposal> RandomWalk::SomeList(const Walker& by) {
  std::vector<Proposal> list;
  const RatchetTree& tree = by.group().tree();
  std::set<LeafIndex> removed;
  bool extensions = false;
  for (std::uint64_t wanted = dice_.Below(4); wanted > 0; --wanted) {
    std::optional<Proposal> proposal = SomeProposal(by);
    if (!proposal) continue;
    if (const auto* remove = proposal->As<Remove>()) {
      if (remove->removed == by.group().self() || tree.member_count() < removed.size() + 3) continue;
      if (!removed.insert(remove->removed).second) continue;
    }
    if (proposal->As<GroupContextExtensions>() != nullptr && std::exchange(extensions, true)) continue;
    list.push_back(std::move(*proposal));
  }
  return list;
}

void RandomWalk::MakeCandidate() {
  doing_ = "committing";
  std::vector<Walker*> present = Present();
  Walker& walker = *OneOf(present);
  if (walker.group().candidates().size() >= 3) return;
  Pending pending;
  pending.walker = walker.number();
  CommitOptions options;
  options.proposals = SomeList(walker);
  options.leaf = SomeLeafChange(15);
  if (Chance(15)) options.cached = CommitOptions::Cached::ignore;
  if (Chance(40) && !options.leaf.signature_key) options.path = CommitOptions::Path::when_required;
  if (Chance(40)) options.welcomes = CommitOptions::Welcomes::one_each;
  if (Chance(50)) options.tree = CommitOptions::Tree::apart;
  if (Chance(50)) options.external_pub = CommitOptions::ExternalPub::include;
  if (Chance(20)) options.group_info_extensions.push_back({kCustomExtension, SomeText()});
  options.authenticated_data = SomeText();
  options.format = Chance(50) ? WireFormat::mls_public_message : WireFormat::mls_private_message;
  StagedCommit staged = Must(walker.group().StageCommit(std::move(options), env_));
  const Answers answers = Reply(staged.questions);
  Done<NewCommit> done = Must(walker.group().CompleteCommit(std::move(staged), answers, env_));
  walker.Take(std::move(done.change), env_);
  pending.commit = std::move(done.output);
  pending_.push_back(std::move(pending));
}

void RandomWalk::DropCandidate() {
  doing_ = "dropping a candidate";
  if (pending_.empty()) return;
  const std::size_t dropped = dice_.Below(pending_.size());
  const Pending& pending = pending_[dropped];
  if (!pending.join) {
    Walker& walker = walkers_.at(pending.walker);
    walker.Take(Must(walker.group().RejectCandidate(pending.commit.id)), env_);
    const auto again = walker.group().AcceptCandidate(pending.commit.id, env_);
    Demand(!again.ok() && again.error() == Error::STALE_CANDIDATE, "a dropped candidate lives");
  }
  pending_.erase(pending_.begin() + static_cast<std::ptrdiff_t>(dropped));
}

void RandomWalk::JoinFromOutside() {
  doing_ = "joining from outside";
  std::vector<Walker*> present = Present();
  Walker& host = *OneOf(present);
  Pending pending;
  pending.joiner = "member " + std::to_string(next_number_++);
  ExternalJoinOptions options;
  for (auto& [number, walker] : walkers_) {
    const bool here = walker.epoch() == context_.epoch && &walker != &host && Chance(15);
    if (!walker.stuck && !here) continue;
    options.resync = walker.group().self();
    pending.joiner = walker.name();
    pending.replaces = number;
    break;
  }
  if (!options.resync && host.group().tree().member_count() >= wanted_members_) return;
  const MemberProfile profile = NewProfile(pending.joiner);
  options.profile = &profile;
  options.policy = NewPolicy();
  options.authenticated_data = SomeText();
  GroupInfoOptions shown;
  if (Chance(50)) {
    shown.tree = CommitOptions::Tree::apart;
    options.ratchet_tree = host.group().tree().EncodeExtension();
  }
  if (Chance(30)) options.psks.push_back({ExternalPsk{SomeText()}, Must(world_.random.Take(suite_.Nh))});
  const GroupInfo info = Must(host.group().MakeGroupInfo(shown, env_));
  StagedExternalJoin staged = Must(Group::StageExternalJoin(info, std::move(options), env_));
  const Answers answers = Reply(staged.questions);
  pending.join =
      std::make_shared<ExternalJoin>(Must(Group::CompleteExternalJoin(std::move(staged), answers, env_)));
  pending_.push_back(std::move(pending));
}

// Decide: the delivery service takes one of the commits, and with it the epoch ends for all.
void RandomWalk::Decide() {
  if (pending_.empty()) MakeCandidate();
  doing_ = "deciding";
  if (pending_.empty()) return;
  Pending winner = std::move(OneOf(pending_));
  if (winner.join) {
    WinFromOutside(winner);
  } else {
    WinAsMember(winner);
  }
}

void RandomWalk::WinAsMember(Pending& winner) {
  Walker& walker = walkers_.at(winner.walker);
  const std::uint64_t ended = context_.epoch;
  if (Chance(50)) {
    Done<ReceivedCommit> done = Must(walker.group().AcceptCandidate(winner.commit.id, env_));
    walker.Take(std::move(done.change), env_);
  } else {
    const Received received = Must(walker.Read(winner.commit.message, env_));
    Demand(std::get<ReceivedCommit>(received).own, "an echo of a commit is not known");
  }
  if (Chance(20))
    Demand(walker.KeysFit(world_.random), "a committer holds keys that it should not, or others");
  Announce(winner.commit.message, ended, ContentType::commit, winner.walker);
  Begin(walker);
  if (tracker_lost_ && Chance(70)) Seed(walker);
  doing_ = "joining by Welcome";
  Welcomed(winner, walker);
}

void RandomWalk::WinFromOutside(Pending& winner) {
  const std::uint64_t ended = context_.epoch;
  if (winner.replaces && walkers_.contains(*winner.replaces) && walkers_.at(*winner.replaces).stuck) {
    walkers_.erase(*winner.replaces);
  }
  Announce(winner.join->message, ended, ContentType::commit, 0);
  Walker& walker = AddWalker(winner.joiner, std::move(*winner.join->group));
  Demand(walker.RowsMatch(), "rows of a joiner");
  if (Chance(30)) walker.Restart(env_);
  walker.Take(Must(walker.group().Confirm()), env_);
  Begin(walker);
}

// Welcomed: whoever the commit added joins.
void RandomWalk::Welcomed(const Pending& winner, Walker& committer) {
  for (const WelcomeMessage& welcome : winner.commit.welcomes) {
    for (const Bytes& reference : welcome.key_packages) {
      const Newcomer& newcomer = newcomers_.at(reference);
      MLSMessage message = Must(DecodeMessage(welcome.message, Limits()));
      JoinInput input{newcomer.package.key_package, newcomer.package.keys.Clone(), winner.commit.ratchet_tree,
                      nullptr, NewPolicy()};
      StagedJoin staged = Must(Group::StageJoin(std::get<Welcome>(message.body), std::move(input), env_));
      std::vector<std::optional<Secret>> psks;
      for (const PreSharedKeyID& id : staged.questions.psks) {
        const auto* resumption = std::get_if<ResumptionPsk>(&id.body);
        psks.push_back(resumption == nullptr
                           ? PskOf(id)
                           : Must(committer.group().ResumptionPskOf(resumption->psk_epoch)));
      }
      Must(Group::OpenJoin(staged, std::move(psks), env_));
      const Answers answers = AcceptAll(staged.questions);
      AddWalker(newcomer.name, Must(Group::CompleteJoin(std::move(staged), answers, env_)));
      newcomers_.erase(reference);
    }
  }
}

Group RandomWalk::JoinSuccessor(const Group& origin, const Successor& successor, const Newcomer& newcomer) {
  const Bytes reference = ToBytes(Must(KeyPackageRef(suite_, newcomer.package.key_package)));
  for (const WelcomeMessage& welcome : successor.welcomes) {
    if (std::count(welcome.key_packages.begin(), welcome.key_packages.end(), reference) == 0) continue;
    MLSMessage message = Must(DecodeMessage(welcome.message, Limits()));
    JoinInput input{newcomer.package.key_package, newcomer.package.keys.Clone(), successor.ratchet_tree,
                    &origin, NewPolicy()};
    StagedJoin staged = Must(Group::StageJoin(std::get<Welcome>(message.body), std::move(input), env_));
    Must(Group::OpenJoin(staged, {}, env_));
    const Answers answers = AcceptAll(staged.questions);
    Group group = Must(Group::CompleteJoin(std::move(staged), answers, env_));
    Demand(World::Agree(group, *successor.group), "members of a successor disagree");
    return group;
  }
  throw std::runtime_error("no Welcome for a member of a successor");
}

// Branch: some of the members make a group of their own beside this one (RFC 9420 §11.3).
void RandomWalk::Branch() {
  doing_ = "branching";
  std::vector<Walker*> present = Present();
  Walker& founder = *OneOf(present);
  const MemberProfile profile = NewProfile(founder.name());
  SuccessorOptions options;
  options.profile = &profile;
  options.policy = NewPolicy();
  std::vector<std::pair<Walker*, Newcomer>> others;
  for (Walker* walker : present) {
    if (walker == &founder || Chance(40)) continue;
    others.emplace_back(walker, KeyPackageFor(walker->name()));
    options.key_packages.push_back(others.back().second.package.key_package);
  }
  if (Chance(50)) options.tree = CommitOptions::Tree::apart;
  StagedSuccessor staged = Must(founder.group().StageBranch(std::move(options), env_));
  const Answers answers = AcceptAll(staged.questions);
  const Successor branch = Must(Group::CompleteSuccessor(std::move(staged), answers, env_));
  const Group loaded = Must(Group::Load(World::Saved(*branch.group), NewPolicy(), env_));
  Demand(World::Agree(loaded, *branch.group), "a branch does not load");
  for (const auto& [walker, newcomer] : others) JoinSuccessor(walker->group(), branch, newcomer);
}

// Reinit: everyone moves to a new group (RFC 9420 §11.2).
void RandomWalk::Reinit() {
  doing_ = "ending the group";
  for (auto& [number, walker] : walkers_) Arrive(walker);
  Sweep();
  std::vector<Walker*> all = Present();
  if (all.size() != walkers_.size()) return;
  Walker& founder = *OneOf(all);
  CommitOptions options;
  const Extensions extensions = SomeExtensions().As<GroupContextExtensions>()->extensions;
  options.proposals.push_back(
      {ReInit{Must(world_.random.Take(16)), ProtocolVersion::mls10, suite_.id, extensions}});
  options.cached = CommitOptions::Cached::ignore;
  StagedCommit staged = Must(founder.group().StageCommit(std::move(options), env_));
  const Answers answers = AcceptAll(staged.questions);
  Done<NewCommit> done = Must(founder.group().CompleteCommit(std::move(staged), answers, env_));
  founder.Take(std::move(done.change), env_);
  founder.Take(Must(founder.group().AcceptCandidate(done.output.id, env_)).change, env_);
  Announce(done.output.message, context_.epoch, ContentType::commit, founder.number());
  for (Walker* walker : all) {
    Arrive(*walker);
    const auto refused = walker->group().StageCommit({}, env_);
    Demand(!refused.ok() && refused.error() == Error::GROUP_SUSPENDED, "a group goes on after a ReInit");
    walker->Restart(env_);
    Demand(World::Agree(walker->group(), founder.group()), "members disagree at the end");
  }
  StartAgain(founder);
}

void RandomWalk::StartAgain(Walker& founder) {
  doing_ = "starting again";
  const MemberProfile profile = NewProfile(founder.name());
  SuccessorOptions options;
  options.profile = &profile;
  options.policy = NewPolicy();
  std::vector<std::pair<const Group*, Newcomer>> others;
  for (const auto& [number, walker] : walkers_) {
    if (number == founder.number()) continue;
    others.emplace_back(&walker.group(), KeyPackageFor(walker.name()));
    options.key_packages.push_back(others.back().second.package.key_package);
  }
  StagedSuccessor staged = Must(founder.group().StageReinit(std::move(options), env_));
  const Answers answers = AcceptAll(staged.questions);
  const Successor next = Must(Group::CompleteSuccessor(std::move(staged), answers, env_));
  std::vector<std::pair<std::string, Group>> joined;
  for (const auto& [origin, newcomer] : others) {
    joined.emplace_back(newcomer.name, JoinSuccessor(*origin, next, newcomer));
  }
  const std::string name = founder.name();
  walkers_.clear();
  mail_.clear();
  newcomers_.clear();
  old_handshakes_.clear();
  for (auto& [other, group] : joined) AddWalker(other, std::move(group));
  Walker& first = AddWalker(name, std::move(*next.group));
  Begin(first);
  Seed(first);
}

}  // namespace mls::test
