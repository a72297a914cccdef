// Company: several members of one group, each with the store that its application would keep.
//
// Every change goes into the member's store first and then into the group, and afterwards the store must
// equal a full save. With Restarts::always each member is also loaded from its store after every step, so
// that a scenario proves on its way that a restart loses nothing.
#pragma once

#include <doctest/doctest.h>

#include <deque>
#include <functional>
#include <map>

#include "base/check.h"
#include "group/journal.h"
#include "support/world.h"

namespace mls::test {

enum class Restarts : std::uint8_t { never, always };

// ForEverySuite runs a scenario over all suites with restarts, and once without.
template <class Scenario>
void ForEverySuite(Scenario scenario) {
  scenario(AllSuites().front(), Restarts::never);
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    scenario(suite, Restarts::always);
  }
}

struct CompanyOptions {
  Restarts restarts = Restarts::never;
  Policy policy;
  Extensions extensions;
  Journal* journal = nullptr;  // hears what the members are given
  Dress dress = nullptr;       // of every client, before it makes anything
};

class Company {
 public:
  // A group of `count` members; the first has added the others with one commit.
  Company(const Suite& suite, std::size_t count, CompanyOptions options = {})
      : world(static_cast<std::uint64_t>(suite.id)), suite_(suite), options_(std::move(options)) {
    world.dress = options_.dress;
    const Client founder = world.NewClient(suite, "member 0");
    Enter(founder, world.NewGroup(founder, options_.policy, options_.extensions));
    if (count > 1) Hire(0, count - 1);
  }
  Company(const Suite& suite, std::size_t count, Restarts restarts)
      : Company(suite, count, CompanyOptions{restarts, {}, {}, nullptr, {}}) {}

  Group& operator[](std::size_t i) { return *members_.at(i).group; }
  const MemoryRows& store(std::size_t i) const { return members_.at(i).store; }
  const Client& client(std::size_t i) const { return members_.at(i).client; }
  std::size_t size() const { return members_.size(); }

  // Enter makes a group that was created or joined elsewhere one of the company's.
  std::size_t Enter(const Client& client, Group group) {
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

  void Apply(std::size_t i, Change change) {
    Member& member = members_.at(i);
    member.store.Apply(change.batch);
    Must(member.group->Apply(std::move(change)));
    CheckStore(i);
  }

  // Answer says yes to every credential, unless there is a judge, and looks PSKs up in `psks`.
  Answers Answer(const Questions& questions) {
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

  Result<Received> TryReceive(std::size_t i, View message) {
    auto received = DoReceive(i, message);
    if (options_.journal != nullptr) options_.journal->Receives(i, message, OutcomeOf(received));
    return received;
  }
  Result<Received> DoReceive(std::size_t i, View message) {
    auto staged = (*this)[i].Stage(message, world.env);
    if (!staged.ok()) return staged.error();
    const Answers answers = Answer(staged->questions);
    auto done = (*this)[i].Complete(std::move(*staged), answers, world.env);
    if (!done.ok()) return done.error();
    Apply(i, std::move(done->change));
    return std::move(done->output);
  }
  Received Receive(std::size_t i, View message) { return Must(TryReceive(i, message)); }

  // Deliver gives a message to all members but one, who sent it, and those who are out.
  void Deliver(std::size_t sender, View message) {
    for (std::size_t i = 0; i < size(); ++i) {
      if (i != sender && (*this)[i].phase() != Phase::removed) Receive(i, message);
    }
  }

  Bytes Send(std::size_t i, std::string_view text, std::string_view authenticated_data = {}) {
    Done<Bytes> done = Must((*this)[i].Protect(AsView(text), AsView(authenticated_data), world.env));
    Acts(i);
    Apply(i, std::move(done.change));
    return std::move(done.output);
  }

  Bytes Propose(std::size_t i, Proposal proposal, View authenticated_data = {}) {
    return FinishProposal(
        i, Must((*this)[i].StageOwnProposal(std::move(proposal), authenticated_data, world.env)));
  }
  Bytes ProposeUpdate(std::size_t i, LeafChange change = {}) {
    return FinishProposal(i, Must((*this)[i].StageOwnUpdate(std::move(change), {}, world.env)));
  }
  // ProposeToAll: a proposal that everyone has received.
  void ProposeToAll(std::size_t i, Proposal proposal) { Deliver(i, Propose(i, std::move(proposal))); }

  NewCommit MakeCommit(std::size_t i, CommitOptions options = {}) {
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
  ReceivedCommit Accept(std::size_t i, std::uint64_t id) {
    Done<ReceivedCommit> done = Must((*this)[i].AcceptCandidate(id, world.env));
    Apply(i, std::move(done.change));
    return std::move(done.output);
  }
  // Commit makes, accepts and delivers one.
  NewCommit Commit(std::size_t i, CommitOptions options = {}) {
    NewCommit commit = MakeCommit(i, std::move(options));
    Accept(i, commit.id);
    Deliver(i, commit.message);
    return commit;
  }

  // Hire lets member `by` add new clients with one commit. Gives the first one's number.
  std::size_t Hire(std::size_t by, std::size_t count = 1, CommitOptions options = {}) {
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

  Result<Group> TryJoin(View welcome, const NewKeyPackage& package, View ratchet_tree = {},
                        const Group* origin = nullptr) {
    auto joined = DoJoin(welcome, package, ratchet_tree, origin);
    if (joined.ok()) {
      joined_.emplace(
          Joined{ToBytes(welcome), {package.key_package, package.keys.Clone()}, ToBytes(ratchet_tree)});
    } else if (options_.journal != nullptr) {
      options_.journal->Joins({}, welcome, package, ratchet_tree, OutcomeOf(joined));
    }
    return joined;
  }
  Result<Group> DoJoin(View welcome, const NewKeyPackage& package, View ratchet_tree, const Group* origin) {
    MLS_TRY(message, DecodeMessage(welcome, options_.policy.limits));
    if (!std::holds_alternative<Welcome>(message.body)) return Error::WRONG_WIRE_FORMAT;
    JoinInput input{package.key_package, package.keys.Clone(), ToBytes(ratchet_tree), origin,
                    options_.policy};
    auto staged = Group::StageJoin(std::get<Welcome>(message.body), std::move(input), world.env);
    if (!staged.ok()) return staged.error();
    Answers held = Answer(staged->questions);
    if (Status opened = Group::OpenJoin(*staged, std::move(held.psks), world.env); !opened.ok()) {
      return opened.error();
    }
    const Answers answers = Answer(staged->questions);
    return Group::CompleteJoin(std::move(*staged), answers, world.env);
  }
  Group JoinByWelcome(View welcome, const NewKeyPackage& package, View ratchet_tree = {},
                      const Group* origin = nullptr) {
    return Must(TryJoin(welcome, package, ratchet_tree, origin));
  }

  // TryJoinByCommit makes an external Commit for `client`; the group is in phase joining.
  Result<ExternalJoin> TryJoinByCommit(const Client& client, const GroupInfo& info,
                                       ExternalJoinOptions options = {}) {
    options.profile = &client.profile;
    options.policy = options_.policy;
    auto staged = Group::StageExternalJoin(info, std::move(options), world.env);
    if (!staged.ok()) return staged.error();
    const Answers answers = Answer(staged->questions);
    return Group::CompleteExternalJoin(std::move(*staged), answers, world.env);
  }
  // JoinByCommit lets a client join by external Commit and everybody receive it. Gives its number.
  std::size_t JoinByCommit(const Client& client, const GroupInfo& info, ExternalJoinOptions options = {}) {
    ExternalJoin join = Must(TryJoinByCommit(client, info, std::move(options)));
    const std::size_t joiner = Enter(client, std::move(*join.group));
    Deliver(joiner, join.message);
    Apply(joiner, Must((*this)[joiner].Confirm()));
    return joiner;
  }
  GroupInfo Info(std::size_t i, GroupInfoOptions options = {}) {
    return Must((*this)[i].MakeGroupInfo(options, world.env));
  }

  // Agree says whether all who are still in have the same epoch and secrets.
  bool Agree() {
    const Group* first = nullptr;
    for (std::size_t i = 0; i < size(); ++i) {
      if ((*this)[i].phase() == Phase::removed) continue;
      if (first == nullptr) first = &(*this)[i];
      if (!World::Agree(*first, (*this)[i])) return false;
    }
    return true;
  }

  // Chat: they agree, and each one's message is read by all the others.
  void Chat() {
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

  World world;
  std::map<Bytes, Bytes> psks;            // by PreSharedKeyID body
  std::vector<CredentialQuestion> asked;  // by the last step
  std::function<Verdict(const CredentialQuestion&)> judge;

 private:
  struct Member {
    Client client;
    std::unique_ptr<Group> group;
    MemoryRows store;
  };

  static MemberProfile CloneProfile(const MemberProfile& from) {
    return {from.credential, from.signature_private_key.Clone(), from.signature_key, from.capabilities,
            from.leaf_extensions};
  }

  Bytes FinishProposal(std::size_t i, StagedOwnProposal staged) {
    const Answers answers = Answer(staged.questions);
    Done<Bytes> done = Must((*this)[i].CompleteOwnProposal(std::move(staged), answers, world.env));
    Acts(i);
    Apply(i, std::move(done.change));
    return std::move(done.output);
  }

  template <class T>
  static Outcome OutcomeOf(const Result<T>& result) {
    return result.ok() ? Outcome() : Outcome(result.error());
  }
  void Acts(std::size_t i) {
    if (options_.journal != nullptr) options_.journal->Acts(i);
  }

  // DifferingTags gives the tags of the rows that two states do not share.
  static std::string DifferingTags(const MemoryRows& a, const MemoryRows& b) {
    std::string tags;
    for (const auto* one : {&a, &b}) {
      for (const auto& [key, value] : one->rows()) {
        const auto other = (one == &a ? b : a).Get(key);
        if (!other || !Equal(*other, value)) tags += std::to_string(key.at(0)) + " ";
      }
    }
    return tags;
  }

  void CheckStore(std::size_t i) {
    Member& member = members_[i];
    CHECK(DifferingTags(member.store, World::Saved(*member.group)) == "");
    if (member.group->phase() == Phase::removed) {
      CHECK(member.store.size() == 1);  // that we were removed
    } else if (options_.restarts == Restarts::always) {
      *member.group = Must(Group::Load(member.store, member.group->policy(), world.env));
      CHECK(member.store == World::Saved(*member.group));
    }
  }

  // The last join that succeeded, until Enter gives its group a number.
  struct Joined {
    Bytes welcome;
    NewKeyPackage package;
    Bytes ratchet_tree;
  };

  const Suite& suite_;
  CompanyOptions options_;
  std::deque<Member> members_;
  std::optional<Joined> joined_;
};

inline CommitOptions Proposing(Proposal proposal) {
  CommitOptions options;
  options.proposals.push_back(std::move(proposal));
  return options;
}

}  // namespace mls::test
