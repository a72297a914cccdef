// Commits of our own that wait for the delivery service's word, and messages of our own that come back
// (RFC 9420 §14).
#include "support/company.h"

namespace mls::test {
namespace {

CommitOptions Public() {
  CommitOptions options;
  options.format = WireFormat::mls_public_message;
  return options;
}

// ChangedTags: the tags of the rows that differ between two states.
std::vector<RowTag> ChangedTags(const MemoryRows& before, const MemoryRows& after) {
  std::vector<RowTag> tags;
  const auto note = [&](const Bytes& key) {
    const RowTag tag{key.at(0)};
    if (tags.empty() || tags.back() != tag) tags.push_back(tag);
  };
  for (const auto& [key, value] : after.rows()) {
    const auto former = before.Get(key);
    if (!former || !Equal(*former, value)) note(key);
  }
  for (const auto& [key, value] : before.rows()) {
    if (!after.Get(key)) note(key);
  }
  return tags;
}

TEST_CASE("making a commit changes nothing but the pending row") {
  ForEverySuite([](const Suite& suite, Restarts restarts) {
    Company company(suite, 3, restarts);
    company.ProposeToAll(1, {Remove{{2}}});
    const MemoryRows before = World::Saved(company[0]);
    const Bytes authenticator = ToBytes(company[0].epoch_authenticator());
    const NewCommit commit = company.MakeCommit(0, Public());
    CHECK(ChangedTags(before, World::Saved(company[0])) == std::vector{RowTag::context, RowTag::pending});
    CHECK(company[0].context() == company[1].context());
    CHECK(Equal(company[0].epoch_authenticator(), authenticator));
    CHECK(company[0].proposals().in_order().size() == 1);
    // The old epoch goes on for those who have not seen the commit.
    CHECK(std::holds_alternative<ApplicationMessage>(company.Receive(1, company.Send(0, "still here"))));
    Must(company[0].RejectCandidate(commit.id));
  });
}

TEST_CASE("accepting one candidate drops the others") {
  ForEverySuite([](const Suite& suite, Restarts restarts) {
    Company company(suite, 3, restarts);
    const NewCommit first = company.MakeCommit(0);
    const NewCommit second = company.MakeCommit(0, Public());
    const NewCommit third = company.MakeCommit(0);
    CHECK(company[0].candidates().size() == 3);
    company.Accept(0, third.id);  // its handshake generation is not the first one
    CHECK(company[0].candidates().empty());
    company.Deliver(0, third.message);
    company.Chat();
    for (const NewCommit* late : {&first, &second}) {
      CHECK(ErrorOf(company[0].AcceptCandidate(late->id, company.world.env)) == Error::STALE_CANDIDATE);
      CHECK(ErrorOf(company[0].RejectCandidate(late->id)) == Error::STALE_CANDIDATE);
      CHECK(ErrorOf(company.TryReceive(1, late->message)) == Error::WRONG_EPOCH);
      CHECK(ErrorOf(company.TryReceive(0, late->message)) == Error::WRONG_EPOCH);
    }
    CHECK(ErrorOf(company[0].AcceptCandidate(third.id, company.world.env)) == Error::STALE_CANDIDATE);
  });
}

TEST_CASE("another member's commit drops every candidate") {
  ForEverySuite([](const Suite& suite, Restarts restarts) {
    Company company(suite, 3, restarts);
    const NewCommit mine = company.MakeCommit(0);
    const NewCommit mine_too = company.MakeCommit(0);
    const NewCommit theirs = company.MakeCommit(1);
    const auto received = std::get<ReceivedCommit>(company.Receive(0, theirs.message));
    CHECK_FALSE(received.own);
    CHECK(company[0].candidates().empty());
    for (const NewCommit* lost : {&mine, &mine_too}) {
      CHECK(ErrorOf(company[0].AcceptCandidate(lost->id, company.world.env)) == Error::STALE_CANDIDATE);
    }
    company.Accept(1, theirs.id);
    company.Receive(2, theirs.message);
    company.Chat();
    // Numbers of candidates are not used twice.
    CHECK(company.MakeCommit(0).id > mine_too.id);
  });
}

TEST_CASE("a rejected candidate is gone, and the group goes on") {
  ForEverySuite([](const Suite& suite, Restarts restarts) {
    Company company(suite, 2, restarts);
    const NewCommit refused = company.MakeCommit(0);
    const NewCommit other = company.MakeCommit(0);
    company.Apply(0, Must(company[0].RejectCandidate(refused.id)));
    CHECK(company[0].candidates().size() == 1);
    CHECK(ErrorOf(company[0].AcceptCandidate(refused.id, company.world.env)) == Error::STALE_CANDIDATE);
    company.Apply(0, Must(company[0].RejectCandidate(other.id)));
    company.Chat();
    company.Commit(0);
    company.Chat();
  });
}

TEST_CASE("our commit that comes back is accepted by its echo") {
  ForEverySuite([](const Suite& suite, Restarts restarts) {
    for (const WireFormat format : {WireFormat::mls_public_message, WireFormat::mls_private_message}) {
      Company company(suite, 2, restarts);
      company.MakeCommit(0);
      CommitOptions options;
      options.format = format;
      const NewCommit commit = company.MakeCommit(0, std::move(options));
      company.Receive(1, commit.message);
      const auto echo = std::get<ReceivedCommit>(company.Receive(0, commit.message));
      CHECK(echo.own);
      CHECK(echo.committer == company[0].self());
      CHECK(company[0].candidates().empty());
      company.Chat();
      CHECK(ErrorOf(company.TryReceive(0, commit.message)) == Error::WRONG_EPOCH);
    }
  });
}

TEST_CASE("our messages and proposals that come back are known and change nothing") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    for (const WireFormat format : {WireFormat::mls_public_message, WireFormat::mls_private_message}) {
      Policy policy;
      policy.handshake_format = format;
      Company company(suite, 2, {Restarts::never, policy, {}});
      const Bytes message = company.Send(0, "text");
      const Bytes proposal = company.ProposeUpdate(0);
      const MemoryRows before = World::Saved(company[0]);
      for (int i = 0; i < 2; ++i) {
        CHECK(std::get<OwnMessage>(company.Receive(0, message)).content_type == ContentType::application);
        CHECK(std::get<OwnMessage>(company.Receive(0, proposal)).content_type == ContentType::proposal);
      }
      CHECK(before == World::Saved(company[0]));
    }
  }
}

TEST_CASE("after a restart, our message that comes back has its own error; our proposal is still known") {
  ForEverySuite([](const Suite& suite, Restarts) {
    Company company(suite, 2, Restarts::always);
    const Bytes message = company.Send(0, "text");
    const Bytes proposal = company.ProposeUpdate(0);
    const MemoryRows before = World::Saved(company[0]);
    CHECK(ErrorOf(company.TryReceive(0, message)) == Error::OWN_MESSAGE);
    CHECK(std::holds_alternative<OwnMessage>(company.Receive(0, proposal)));
    CHECK(before == World::Saved(company[0]));
  });
}

TEST_CASE("a candidate survives messages, proposals and restarts in between") {
  ForEverySuite([](const Suite& suite, Restarts restarts) {
    Company company(suite, 3, restarts);
    company.Deliver(1, company.ProposeUpdate(1));
    const Client newcomer = company.world.NewClient(suite, "newcomer");
    const NewKeyPackage package = company.world.NewKeyPackageOf(newcomer);
    const NewCommit commit = company.MakeCommit(0, Proposing({Add{package.key_package}}));
    for (int i = 0; i < 3; ++i) company.Receive(2, company.Send(0, "meanwhile"));
    company.ProposeToAll(2, {Remove{{1}}});
    company.Receive(0, company.Propose(2, {GroupContextExtensions{}}));
    company.Deliver(0, commit.message);
    company.Accept(0, commit.id);
    company.Enter(newcomer, company.JoinByWelcome(commit.welcomes.at(0).message, package));
    company.Chat();
    CHECK(company[0].proposals().empty());
  });
}

TEST_CASE("Limits: max_pending_commits: n are kept, n + 1 refused") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Policy policy;
    policy.limits.max_pending_commits = 2;
    Company company(suite, 2, {Restarts::never, policy, {}});
    company.MakeCommit(0);
    const NewCommit second = company.MakeCommit(0);
    CHECK(ErrorOf(company[0].StageCommit({}, company.world.env)) == Error::LIMIT_EXCEEDED);
    company.Apply(0, Must(company[0].RejectCandidate(second.id)));
    company.MakeCommit(0);
  }
}

TEST_CASE("what was staged or made from an older state is refused") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Company company(suite, 2);
    Group& group = company[0];
    const Env& env = company.world.env;
    const Bytes incoming = company.Send(1, "one");
    StagedMessage message = Must(group.Stage(incoming, env));
    StagedCommit commit = Must(group.StageCommit({}, env));
    StagedOwnProposal proposal = Must(group.StageOwnUpdate({}, {}, env));
    Change change = Must(group.Protect({}, {}, env)).change;
    company.Send(0, "moves the version on");
    const MemoryRows before = World::Saved(group);
    CHECK(ErrorOf(group.Complete(std::move(message), {}, env)) == Error::STALE_VERSION);
    CHECK(ErrorOf(group.CompleteCommit(std::move(commit), {}, env)) == Error::STALE_VERSION);
    CHECK(ErrorOf(group.CompleteOwnProposal(std::move(proposal), {}, env)) == Error::STALE_VERSION);
    CHECK(group.Apply(std::move(change)).error() == Error::STALE_VERSION);
    CHECK(before == World::Saved(group));
    CHECK(std::holds_alternative<ApplicationMessage>(company.Receive(0, incoming)));
  }
}

TEST_CASE("a verdict that is not yes stops a step, each with its own error") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Company company(suite, 2);
    const Env& env = company.world.env;
    const NewKeyPackage package = company.world.NewKeyPackageOf(company.world.NewClient(suite, "new"));
    const NewCommit commit = company.MakeCommit(0, Proposing({Add{package.key_package}}));
    const MemoryRows before = World::Saved(company[1]);
    const std::pair<Verdict, Error> cases[] = {{Verdict::reject, Error::CREDENTIAL_REJECTED},
                                               {Verdict::reject_succession, Error::CREDENTIAL_SUCCESSION},
                                               {Verdict::reject_policy, Error::POLICY},
                                               {Verdict::failed, Error::AS_FAILED}};
    for (const auto& [verdict, error] : cases) {
      StagedMessage staged = Must(company[1].Stage(commit.message, env));
      REQUIRE(staged.questions.credentials.size() == 1);
      CHECK(ErrorOf(company[1].Complete(std::move(staged), {{verdict}, {}}, env)) == error);
    }
    for (const std::size_t count : {0u, 2u}) {
      StagedMessage staged = Must(company[1].Stage(commit.message, env));
      Answers answers;
      answers.credentials.assign(count, Verdict::accept);
      CHECK(ErrorOf(company[1].Complete(std::move(staged), answers, env)) == Error::MISUSE);
    }
    CHECK(before == World::Saved(company[1]));
    company.Receive(1, commit.message);
  }
}

}  // namespace
}  // namespace mls::test
