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
#include "support/journal.h"
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
  Company(const Suite& suite, std::size_t count, CompanyOptions options = {});
  Company(const Suite& suite, std::size_t count, Restarts restarts);
  ~Company();

  Group& operator[](std::size_t i) { return *members_.at(i).group; }
  const MemoryRows& store(std::size_t i) const { return members_.at(i).store; }
  const Client& client(std::size_t i) const { return members_.at(i).client; }
  std::size_t size() const { return members_.size(); }

  // Enter makes a group that was created or joined elsewhere one of the company's.
  std::size_t Enter(const Client& client, Group group);

  void Apply(std::size_t i, Change change);

  // Answer says yes to every credential, unless there is a judge, and looks PSKs up in `psks`.
  Answers Answer(const Questions& questions);

  Result<Received> TryReceive(std::size_t i, View message);
  Result<Received> DoReceive(std::size_t i, View message);
  Received Receive(std::size_t i, View message);

  // Deliver gives a message to all members but one, who sent it, and those who are out.
  void Deliver(std::size_t sender, View message);

  Bytes Send(std::size_t i, std::string_view text, std::string_view authenticated_data = {});

  Bytes Propose(std::size_t i, Proposal proposal, View authenticated_data = {});
  Bytes ProposeUpdate(std::size_t i, LeafChange change = {});
  // ProposeToAll: a proposal that everyone has received.
  void ProposeToAll(std::size_t i, Proposal proposal);

  NewCommit MakeCommit(std::size_t i, CommitOptions options = {});
  ReceivedCommit Accept(std::size_t i, std::uint64_t id);
  // Commit makes, accepts and delivers one.
  NewCommit Commit(std::size_t i, CommitOptions options = {});

  // Hire lets member `by` add new clients with one commit. Gives the first one's number.
  std::size_t Hire(std::size_t by, std::size_t count = 1, CommitOptions options = {});

  Result<Group> TryJoin(View welcome, const NewKeyPackage& package, View ratchet_tree = {},
                        const Group* origin = nullptr);
  Result<Group> DoJoin(View welcome, const NewKeyPackage& package, View ratchet_tree, const Group* origin);
  Group JoinByWelcome(View welcome, const NewKeyPackage& package, View ratchet_tree = {},
                      const Group* origin = nullptr);

  // TryJoinByCommit makes an external Commit for `client`; the group is in phase joining.
  Result<ExternalJoin> TryJoinByCommit(const Client& client, const GroupInfo& info,
                                       ExternalJoinOptions options = {});
  // JoinByCommit lets a client join by external Commit and everybody receive it. Gives its number.
  std::size_t JoinByCommit(const Client& client, const GroupInfo& info, ExternalJoinOptions options = {});
  GroupInfo Info(std::size_t i, GroupInfoOptions options = {});

  // Agree says whether all who are still in have the same epoch and secrets.
  bool Agree();

  // Chat: they agree, and each one's message is read by all the others.
  void Chat();

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
  // The last join that succeeded, until Enter gives its group a number.
  struct Joined {
    Bytes welcome;
    NewKeyPackage package;
    Bytes ratchet_tree;
  };

  Bytes FinishProposal(std::size_t i, StagedOwnProposal staged);
  void Acts(std::size_t i);
  void CheckStore(std::size_t i);

  const Suite& suite_;
  CompanyOptions options_;
  std::deque<Member> members_;
  std::optional<Joined> joined_;
};

CommitOptions Proposing(Proposal proposal);

}  // namespace mls::test
