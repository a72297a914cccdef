// Pre-shared keys in Commits and Welcomes (RFC 9420 §8.4, §8.6, §12.1.4).
#include "support/company.h"

namespace mls::test {
namespace {

Bytes External(std::uint8_t id) { return Encode(PreSharedKeyID{ExternalPsk{Bytes{id}}, {}}.body); }

Proposal PskOf(Company& company, std::uint8_t id) {
  return Must(company[0].MakePsk(ExternalPsk{Bytes{id}}, company.world.env));
}

Proposal OwnEpoch(Company& company, std::uint64_t epoch) {
  const ResumptionPsk psk{ResumptionPSKUsage::application, company[0].context().group_id, epoch};
  return Must(company[0].MakePsk(psk, company.world.env));
}

TEST_CASE("an external PSK is held by everyone, or the commit waits") {
  ForEverySuite([](const Suite& suite, Restarts restarts) {
    for (const WireFormat format : {WireFormat::mls_public_message, WireFormat::mls_private_message}) {
      Company company(suite, 3, restarts);
      const Env& env = company.world.env;
      StagedCommit without = Must(company[0].StageCommit(Proposing(PskOf(company, 1)), env));
      REQUIRE(without.questions.psks.size() == 1);
      Answers none;
      none.psks.resize(1);
      CHECK(ErrorOf(company[0].CompleteCommit(std::move(without), none, env)) == Error::MISSING_PSK);

      company.psks[External(1)] = Bytes(16, 3);
      CommitOptions options = Proposing(PskOf(company, 1));
      options.format = format;
      const NewCommit commit = company.MakeCommit(0, std::move(options));
      company.Accept(0, commit.id);
      const MemoryRows before = World::Saved(company[1]);
      company.psks.clear();
      CHECK(ErrorOf(company.TryReceive(1, commit.message)) == Error::MISSING_PSK);
      company.psks[External(1)] = Bytes(16, 4);
      CHECK(ErrorOf(company.TryReceive(1, commit.message)) == Error::BAD_CONFIRMATION_TAG);
      CHECK(before == World::Saved(company[1]));
      company.psks[External(1)] = Bytes(16, 3);
      for (const std::size_t i : {1u, 2u}) company.Receive(i, commit.message);
      company.Chat();
    }
  });
}

TEST_CASE("several PSKs by value and by reference combine in the order of the list") {
  ForEverySuite([](const Suite& suite, Restarts restarts) {
    Company company(suite, 3, restarts);
    for (std::uint8_t id = 1; id <= 4; ++id) company.psks[External(id)] = Bytes(id, id);
    company.ProposeToAll(1, PskOf(company, 1));
    company.ProposeToAll(2, PskOf(company, 2));
    CommitOptions options = Proposing(PskOf(company, 3));
    options.proposals.push_back(OwnEpoch(company, 1));
    options.proposals.push_back(PskOf(company, 4));
    options.path = CommitOptions::Path::when_required;
    company.Commit(0, std::move(options));
    company.Chat();
  });
}

TEST_CASE("a resumption PSK of the group itself is not asked for") {
  ForEverySuite([](const Suite& suite, Restarts restarts) {
    Company company(suite, 2, restarts);
    company.Commit(0);
    company.Commit(1);
    for (const std::uint64_t epoch : {1u, 2u, 3u}) {
      company.Commit(0, Proposing(OwnEpoch(company, epoch)));
      company.Chat();
    }
  });
}

TEST_CASE("a proposed PSK that nobody here holds is left out; one of the group itself is not asked for") {
  ForEverySuite([](const Suite& suite, Restarts restarts) {
    Company company(suite, 2, restarts);
    company.Commit(0);
    company.psks[External(2)] = Bytes(16, 3);
    company.ProposeToAll(1, OwnEpoch(company, 1));
    for (const std::uint8_t id : {std::uint8_t{1}, std::uint8_t{2}}) {
      company.ProposeToAll(1, PskOf(company, id));
    }
    const auto cached = company[0].proposals().in_order();
    const Env& env = company.world.env;
    const StagedCommit staged = Must(company[0].StageCommit({}, env));
    CHECK(staged.questions.psks.size() == 2);
    const auto again = Must(company[0].RestageCommit(staged, company.Answer(staged.questions), env));
    REQUIRE(again.has_value());
    CHECK(again->referenced == std::vector<CachedProposalPtr>{cached[0], cached[2]});
    company.Commit(0);
    company.Chat();
  });
}

TEST_CASE("Limits: max_resumption_psks: of n epochs there is one, of those before and to come none") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Policy policy;
    policy.limits.max_resumption_psks = 2;
    Company company(suite, 2, {Restarts::always, policy, {}});
    for (int i = 0; i < 3; ++i) company.Commit(0);  // now in epoch 4
    const Env& env = company.world.env;
    for (const std::uint64_t epoch : {0u, 1u, 5u}) {
      CHECK(ErrorOf(company[0].StageCommit(Proposing(OwnEpoch(company, epoch)), env)) == Error::MISSING_PSK);
      CHECK(ErrorOf(company[1].ResumptionPskOf(epoch)) == Error::MISSING_PSK);
    }
    company.Commit(0, Proposing(OwnEpoch(company, 2)));
    company.Chat();

    // A member who joined later does not know what the others do.
    const std::size_t late = company.Hire(0);
    const NewCommit commit = company.MakeCommit(0, Proposing(OwnEpoch(company, 5)));
    const MemoryRows before = World::Saved(company[late]);
    CHECK(ErrorOf(company.TryReceive(late, commit.message)) == Error::MISSING_PSK);
    CHECK(before == World::Saved(company[late]));
    company.Apply(0, Must(company[0].RejectCandidate(commit.id)));
    company.Commit(0, Proposing(OwnEpoch(company, 6)));
    company.Chat();
  }
}

TEST_CASE("a group may keep no resumption PSKs at all") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Policy policy;
    policy.limits.max_resumption_psks = 0;
    policy.limits.max_past_epochs = 0;
    Company company(suite, 2, {Restarts::always, policy, {}});
    company.Commit(0);
    company.Commit(1, Proposing(OwnEpoch(company, 2)));  // the current one is there
    company.Chat();
    CHECK(ErrorOf(company[0].ResumptionPskOf(2)) == Error::MISSING_PSK);
  }
}

TEST_CASE("joiners need the commit's PSKs for their Welcome") {
  ForEverySuite([](const Suite& suite, Restarts restarts) {
    Company company(suite, 2, restarts);
    company.Commit(0);
    const auto name = [&](std::uint64_t epoch) {
      return PreSharedKeyID{
          ResumptionPsk{ResumptionPSKUsage::application, company[0].context().group_id, epoch}, {}};
    };
    company.psks[External(1)] = Bytes(16, 3);
    const Client client = company.world.NewClient(suite, "newcomer");
    const NewKeyPackage package = company.world.NewKeyPackageOf(client);
    CommitOptions options = Proposing({Add{package.key_package}});
    options.proposals.push_back(PskOf(company, 1));
    options.proposals.push_back(OwnEpoch(company, 1));
    const Bytes secret = ToBytes(Must(company[0].ResumptionPskOf(1)).view());
    const NewCommit commit = company.Commit(0, std::move(options));
    const Bytes& welcome = commit.welcomes.at(0).message;
    CHECK(ErrorOf(company.TryJoin(welcome, package)) == Error::MISSING_PSK);
    company.psks[Encode(name(1).body)] = Bytes(suite.Nh, 1);
    CHECK(ErrorOf(company.TryJoin(welcome, package)) == Error::DECRYPT_FAILED);
    company.psks[Encode(name(1).body)] = secret;
    company.Enter(client, company.JoinByWelcome(welcome, package));
    company.Chat();
  });
}

TEST_CASE("a resumption PSK of another group is asked for and proves membership there") {
  ForEverySuite([](const Suite& suite, Restarts restarts) {
    Company other(suite, 2, restarts), company(suite, 2, restarts);
    other.Commit(1);
    const ResumptionPsk psk{ResumptionPSKUsage::application, {9, 9, 9}, 2};
    company.psks[Encode(PreSharedKeyID{psk, {}}.body)] = ToBytes(Must(other[0].ResumptionPskOf(2)).view());
    const Proposal proposal = Must(company[0].MakePsk(psk, company.world.env));
    StagedCommit staged = Must(company[0].StageCommit(Proposing(proposal), company.world.env));
    CHECK(staged.questions.psks == std::vector{proposal.As<PreSharedKey>()->psk});
    company.Commit(0, Proposing(proposal));
    company.Chat();
  });
}

TEST_CASE("the number of PSKs is bounded for committers, receivers and joiners") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Policy policy;
    policy.limits.max_psks_per_commit = 2;
    Company company(suite, 2, {Restarts::never, policy, {}});
    for (std::uint8_t id = 1; id <= 3; ++id) company.psks[External(id)] = Bytes(id, id);
    const auto options = [&](int count) {
      CommitOptions one;
      for (int i = 1; i <= count; ++i) one.proposals.push_back(PskOf(company, static_cast<std::uint8_t>(i)));
      return one;
    };
    company.Commit(0, options(2));
    company.Chat();
    const Env& env = company.world.env;
    CHECK(ErrorOf(company[0].StageCommit(options(3), env)) == Error::LIMIT_EXCEEDED);
    company[0].SetPolicy({});
    const Client client = company.world.NewClient(suite, "newcomer");
    const NewKeyPackage package = company.world.NewKeyPackageOf(client);
    CommitOptions three = options(3);
    three.proposals.push_back({Add{package.key_package}});
    const NewCommit commit = company.MakeCommit(0, std::move(three));
    CHECK(ErrorOf(company.TryReceive(1, commit.message)) == Error::LIMIT_EXCEEDED);
    CHECK(ErrorOf(company.TryJoin(commit.welcomes.at(0).message, package)) == Error::LIMIT_EXCEEDED);
  }
}

}  // namespace
}  // namespace mls::test
