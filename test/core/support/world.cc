#include "support/world.h"

namespace mls::test {

Client World::NewClient(const Suite& suite, const std::string& name) {
  Client client{name, &suite, MakeProfile(suite, name, random)};
  if (dress) dress(client);
  return client;
}

NewKeyPackage World::NewKeyPackageOf(const Client& client) {
  return Must(GenerateKeyPackage(*client.suite, client.profile, kLifetime, {}, random));
}

Group World::NewGroup(const Client& client, Policy policy, Extensions extensions) {
  return Must(
      Group::Create({client.suite, {}, std::move(extensions), std::move(policy)}, client.profile, env));
}

Group World::Join(View welcome, const NewKeyPackage& package, Policy policy, View ratchet_tree) {
  MLSMessage message = Must(DecodeMessage(welcome, policy.limits));
  JoinInput input{package.key_package, package.keys.Clone(), ToBytes(ratchet_tree), nullptr,
                  std::move(policy)};
  StagedJoin staged = Must(Group::StageJoin(std::get<Welcome>(message.body), std::move(input), env));
  Must(Group::OpenJoin(staged, {}, env));
  Answers answers = AcceptAll(staged.questions);
  return Must(Group::CompleteJoin(std::move(staged), answers, env));
}

NewCommit World::CommitNow(Group& group, CommitOptions options) {
  StagedCommit staged = Must(group.StageCommit(std::move(options), env));
  const Answers answers = AcceptAll(staged.questions);
  Done<NewCommit> done = Must(group.CompleteCommit(std::move(staged), answers, env));
  Must(group.Apply(std::move(done.change)));
  Must(group.Apply(Must(group.AcceptCandidate(done.output.id, env)).change));
  return std::move(done.output);
}

Group World::AddMember(Group& group, const std::vector<Group*>& others, const Client& client) {
  const NewKeyPackage package = NewKeyPackageOf(client);
  CommitOptions options;
  options.proposals.push_back({Add{package.key_package}});
  const NewCommit commit = CommitNow(group, std::move(options));
  for (Group* other : others) Receive(*other, commit.message);
  return Join(commit.welcomes.at(0).message, package);
}

Received World::Receive(Group& group, View message) {
  StagedMessage staged = Must(group.Stage(message, env));
  const Answers answers = AcceptAll(staged.questions);
  Done<Received> done = Must(group.Complete(std::move(staged), answers, env));
  Must(group.Apply(std::move(done.change)));
  return std::move(done.output);
}

Bytes World::Propose(Group& group, Proposal proposal) {
  StagedOwnProposal staged = Must(group.StageOwnProposal(std::move(proposal), {}, env));
  const Answers answers = AcceptAll(staged.questions);
  Done<Bytes> done = Must(group.CompleteOwnProposal(std::move(staged), answers, env));
  Must(group.Apply(std::move(done.change)));
  return std::move(done.output);
}

Bytes World::ProposeUpdate(Group& group, LeafChange change) {
  StagedOwnProposal staged = Must(group.StageOwnUpdate(std::move(change), {}, env));
  const Answers answers = AcceptAll(staged.questions);
  Done<Bytes> done = Must(group.CompleteOwnProposal(std::move(staged), answers, env));
  Must(group.Apply(std::move(done.change)));
  return std::move(done.output);
}

Bytes World::Send(Group& group, std::string_view text) {
  Done<Bytes> done = Must(group.Protect(AsView(text), {}, env));
  Must(group.Apply(std::move(done.change)));
  return std::move(done.output);
}

bool World::Agree(const Group& a, const Group& b) {
  return a.context() == b.context() && Equal(a.epoch_authenticator(), b.epoch_authenticator());
}

MemoryRows World::Saved(const Group& group) {
  Batch batch;
  group.Save(batch);
  MemoryRows rows;
  rows.Apply(batch);
  return rows;
}

}  // namespace mls::test
