#include "support/company.h"

namespace mls::test {
namespace {

MemberProfile CloneProfile(const MemberProfile& from) {
  return {from.credential, from.signature_private_key.Clone(), from.signature_key, from.capabilities,
          from.leaf_extensions};
}

template <class T>
Outcome OutcomeOf(const Result<T>& result) {
  return result.ok() ? Outcome() : Outcome(result.error());
}

// DifferingTags gives the tags of the rows that two states do not share.
std::string DifferingTags(const MemoryRows& a, const MemoryRows& b) {
  std::string tags;
  for (const auto* one : {&a, &b}) {
    for (const auto& [key, value] : one->rows()) {
      const auto other = (one == &a ? b : a).Get(key);
      if (!other || !Equal(*other, value)) tags += std::to_string(key.at(0)) + " ";
    }
  }
  return tags;
}

}  // namespace

Company::Company(const Suite& suite, std::size_t count, CompanyOptions options)
    : world(static_cast<std::uint64_t>(suite.id)), suite_(suite), options_(std::move(options)) {
  world.dress = options_.dress;
  const Client founder = world.NewClient(suite, "member 0");
  Enter(founder, world.NewGroup(founder, options_.policy, options_.extensions));
  if (count > 1) Hire(0, count - 1);
}

Company::Company(const Suite& suite, std::size_t count, Restarts restarts)
    : Company(suite, count, CompanyOptions{restarts, {}, {}, nullptr, {}}) {}

Company::~Company() = default;

std::size_t Company::Enter(const Client& client, Group group) {
  Member member{{client.name, client.suite, CloneProfile(client.profile)},
                std::make_unique<Group>(std::move(group)),
                {}};
  Batch batch;
  member.group->Save(batch);
  member.store.Apply(batch);
  members_.push_back(std::move(member));
  const std::size_t number = members_.size() - 1;
  CheckStore(number);
  if (options_.journal != nullptr && joined_) {
    options_.journal->Joins(number, joined_->welcome, joined_->package, joined_->ratchet_tree, {});
  }
  joined_.reset();
  return number;
}

void Company::Apply(std::size_t i, Change change) {
  Member& member = members_.at(i);
  member.store.Apply(change.batch);
  Must(member.group->Apply(std::move(change)));
  CheckStore(i);
}

Answers Company::Answer(const Questions& questions) {
  asked = questions.credentials;
  Answers answers;
  for (const CredentialQuestion& question : questions.credentials) {
    answers.credentials.push_back(judge ? judge(question) : Verdict::accept);
  }
  for (const PreSharedKeyID& id : questions.psks) {
    const auto known = psks.find(Encode(id.body));
    answers.psks.push_back(known == psks.end() ? std::nullopt : std::optional(Secret::Copy(known->second)));
  }
  return answers;
}

Result<Received> Company::TryReceive(std::size_t i, View message) {
  auto received = DoReceive(i, message);
  if (options_.journal != nullptr) options_.journal->Receives(i, message, OutcomeOf(received));
  return received;
}

Result<Received> Company::DoReceive(std::size_t i, View message) {
  auto staged = (*this)[i].Stage(message, world.env);
  if (!staged.ok()) return staged.error();
  const Answers answers = Answer(staged->questions);
  auto done = (*this)[i].Complete(std::move(*staged), answers, world.env);
  if (!done.ok()) return done.error();
  Apply(i, std::move(done->change));
  return std::move(done->output);
}

Received Company::Receive(std::size_t i, View message) { return Must(TryReceive(i, message)); }

void Company::Deliver(std::size_t sender, View message) {
  for (std::size_t i = 0; i < size(); ++i) {
    if (i != sender && (*this)[i].phase() != Phase::removed) Receive(i, message);
  }
}

Bytes Company::Send(std::size_t i, std::string_view text, std::string_view authenticated_data) {
  Done<Bytes> done = Must((*this)[i].Protect(AsView(text), AsView(authenticated_data), world.env));
  Acts(i);
  Apply(i, std::move(done.change));
  return std::move(done.output);
}

Bytes Company::Propose(std::size_t i, Proposal proposal, View authenticated_data) {
  return FinishProposal(
      i, Must((*this)[i].StageOwnProposal(std::move(proposal), authenticated_data, world.env)));
}

Bytes Company::ProposeUpdate(std::size_t i, LeafChange change) {
  return FinishProposal(i, Must((*this)[i].StageOwnUpdate(std::move(change), {}, world.env)));
}

void Company::ProposeToAll(std::size_t i, Proposal proposal) { Deliver(i, Propose(i, std::move(proposal))); }

NewCommit Company::MakeCommit(std::size_t i, CommitOptions options) {
  StagedCommit staged = Must((*this)[i].StageCommit(std::move(options), world.env));
  Answers answers = Answer(staged.questions);
  while (auto again = Must((*this)[i].RestageCommit(staged, answers, world.env))) {
    staged = std::move(*again);
    answers = Answer(staged.questions);
  }
  Done<NewCommit> done = Must((*this)[i].CompleteCommit(std::move(staged), answers, world.env));
  Acts(i);
  Apply(i, std::move(done.change));
  return std::move(done.output);
}

ReceivedCommit Company::Accept(std::size_t i, std::uint64_t id) {
  Done<ReceivedCommit> done = Must((*this)[i].AcceptCandidate(id, world.env));
  Apply(i, std::move(done.change));
  return std::move(done.output);
}

NewCommit Company::Commit(std::size_t i, CommitOptions options) {
  NewCommit commit = MakeCommit(i, std::move(options));
  Accept(i, commit.id);
  Deliver(i, commit.message);
  return commit;
}

std::size_t Company::Hire(std::size_t by, std::size_t count, CommitOptions options) {
  std::vector<Client> clients;
  std::vector<NewKeyPackage> packages;
  for (std::size_t i = 0; i < count; ++i) {
    clients.push_back(world.NewClient(suite_, "member " + std::to_string(size() + i)));
    packages.push_back(world.NewKeyPackageOf(clients.back()));
    options.proposals.push_back({Add{packages.back().key_package}});
  }
  const NewCommit commit = Commit(by, std::move(options));
  const std::size_t first = size();
  for (std::size_t i = 0; i < count; ++i) {
    const Bytes& welcome = commit.welcomes.at(commit.welcomes.size() == 1 ? 0 : i).message;
    Enter(clients[i], JoinByWelcome(welcome, packages[i], commit.ratchet_tree));
  }
  return first;
}

Result<Group> Company::TryJoin(View welcome, const NewKeyPackage& package, View ratchet_tree,
                               const Group* origin) {
  auto joined = DoJoin(welcome, package, ratchet_tree, origin);
  if (joined.ok()) {
    joined_.emplace(
        Joined{ToBytes(welcome), {package.key_package, package.keys.Clone()}, ToBytes(ratchet_tree)});
  } else if (options_.journal != nullptr) {
    options_.journal->Joins({}, welcome, package, ratchet_tree, OutcomeOf(joined));
  }
  return joined;
}

Result<Group> Company::DoJoin(View welcome, const NewKeyPackage& package, View ratchet_tree,
                              const Group* origin) {
  MLS_TRY(message, DecodeMessage(welcome, options_.policy.limits));
  if (!std::holds_alternative<Welcome>(message.body)) return Error::WRONG_WIRE_FORMAT;
  JoinInput input{package.key_package, package.keys.Clone(), ToBytes(ratchet_tree), origin, options_.policy};
  auto staged = Group::StageJoin(std::get<Welcome>(message.body), std::move(input), world.env);
  if (!staged.ok()) return staged.error();
  Answers held = Answer(staged->questions);
  if (Status opened = Group::OpenJoin(*staged, std::move(held.psks), world.env); !opened.ok()) {
    return opened.error();
  }
  const Answers answers = Answer(staged->questions);
  return Group::CompleteJoin(std::move(*staged), answers, world.env);
}

Group Company::JoinByWelcome(View welcome, const NewKeyPackage& package, View ratchet_tree,
                             const Group* origin) {
  return Must(TryJoin(welcome, package, ratchet_tree, origin));
}

Result<ExternalJoin> Company::TryJoinByCommit(const Client& client, const GroupInfo& info,
                                              ExternalJoinOptions options) {
  options.profile = &client.profile;
  options.policy = options_.policy;
  auto staged = Group::StageExternalJoin(info, std::move(options), world.env);
  if (!staged.ok()) return staged.error();
  const Answers answers = Answer(staged->questions);
  return Group::CompleteExternalJoin(std::move(*staged), answers, world.env);
}

std::size_t Company::JoinByCommit(const Client& client, const GroupInfo& info, ExternalJoinOptions options) {
  ExternalJoin join = Must(TryJoinByCommit(client, info, std::move(options)));
  const std::size_t joiner = Enter(client, std::move(*join.group));
  Deliver(joiner, join.message);
  Apply(joiner, Must((*this)[joiner].Confirm()));
  return joiner;
}

GroupInfo Company::Info(std::size_t i, GroupInfoOptions options) {
  return Must((*this)[i].MakeGroupInfo(options, world.env));
}

bool Company::Agree() {
  const Group* first = nullptr;
  for (std::size_t i = 0; i < size(); ++i) {
    if ((*this)[i].phase() == Phase::removed) continue;
    if (first == nullptr) first = &(*this)[i];
    if (!World::Agree(*first, (*this)[i])) return false;
  }
  return true;
}

void Company::Chat() {
  REQUIRE(Agree());
  for (std::size_t i = 0; i < size(); ++i) {
    if ((*this)[i].phase() == Phase::removed) continue;
    const std::string text = "from " + std::to_string(i);
    const Bytes message = Send(i, text);
    for (std::size_t j = 0; j < size(); ++j) {
      if (j == i || (*this)[j].phase() == Phase::removed) continue;
      const auto read = std::get<ApplicationMessage>(Receive(j, message));
      CHECK(Equal(read.data, AsView(text)));
      CHECK(read.sender == (*this)[i].self());
    }
  }
}

Bytes Company::FinishProposal(std::size_t i, StagedOwnProposal staged) {
  const Answers answers = Answer(staged.questions);
  Done<Bytes> done = Must((*this)[i].CompleteOwnProposal(std::move(staged), answers, world.env));
  Acts(i);
  Apply(i, std::move(done.change));
  return std::move(done.output);
}

void Company::Acts(std::size_t i) {
  if (options_.journal != nullptr) options_.journal->Acts(i);
}

void Company::CheckStore(std::size_t i) {
  Member& member = members_[i];
  const std::string differing = DifferingTags(member.store, World::Saved(*member.group));
  CHECK(differing == "");
  if (member.group->phase() == Phase::removed) {
    CHECK(member.store.size() == 1);  // that we were removed
  } else if (options_.restarts == Restarts::always) {
    *member.group = Must(Group::Load(member.store, member.group->policy(), world.env));
    CHECK(member.store == World::Saved(*member.group));
  }
}

CommitOptions Proposing(Proposal proposal) {
  CommitOptions options;
  options.proposals.push_back(std::move(proposal));
  return options;
}

}  // namespace mls::test
