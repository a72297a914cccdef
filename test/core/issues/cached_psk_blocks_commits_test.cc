// A cached proposal of a PSK that the committer does not hold, of the group's own past or an external one,
// let every Commit fail, and with proposals waiting nobody could send; so did an Add whose credential the
// application had accepted and accepts no longer. And choosing among very many proposals that fit no list
// took a plan of all for each.
#include "support/company.h"

namespace mls::test {
namespace {

Proposal PskOfEpoch(Company& company, std::uint64_t epoch) {
  const ResumptionPsk psk{ResumptionPSKUsage::application, company[0].context().group_id, epoch};
  return Must(company[0].MakePsk(psk, company.world.env));
}

TEST_CASE("a cached PSK of an epoch that we do not know is left out of our Commit") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Company company(suite, 2, Restarts::always);
    const std::uint64_t epoch = company[0].context().epoch;
    company.Commit(0);
    const std::size_t late = company.Hire(0);  // has no PSK of an epoch before its own
    company.ProposeToAll(0, PskOfEpoch(company, epoch));
    company.ProposeToAll(0, {Remove{{1}}});
    company.Commit(late);
    CHECK(company[0].tree().member_count() == 2);
  }
}

TEST_CASE("a cached external PSK that we do not hold is left out, unless we propose it ourselves") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Company company(suite, 3, Restarts::always);
    const auto psk = [&](std::uint8_t id) {
      return Must(company[0].MakePsk(ExternalPsk{Bytes{id}}, company.world.env));
    };
    company.psks[Encode(PreSharedKeyID{ExternalPsk{Bytes{2}}, {}}.body)] = Bytes(32, 1);
    for (const std::uint8_t id : {1, 2, 3}) company.ProposeToAll(0, psk(id));
    company.ProposeToAll(1, {Remove{{2}}});
    StagedCommit staged = Must(company[0].StageCommit(Proposing(psk(4)), company.world.env));
    Answers answers = company.Answer(staged.questions);
    CHECK(ErrorOf(company[0].CompleteCommit(std::move(staged), answers, company.world.env)) ==
          Error::MISSING_PSK);
    company.Commit(0);
    CHECK(company[1].context().epoch == company[0].context().epoch);
    CHECK(company[0].tree().member_count() == 2);
    staged = Must(company[0].StageCommit(Proposing(psk(4)), company.world.env));
    answers = company.Answer(staged.questions);
    CHECK_FALSE(Must(company[0].RestageCommit(staged, answers, company.world.env)).has_value());
    CHECK(ErrorOf(company[0].CompleteCommit(std::move(staged), answers, company.world.env)) ==
          Error::MISSING_PSK);
  }
}

TEST_CASE("a cached Add whose credential is accepted no longer is left out") {
  Company company(AllSuites().front(), 2);
  for (const char* name : {"good", "bad", "better"}) {
    const Client client = company.world.NewClient(AllSuites().front(), name);
    company.ProposeToAll(1, {Add{company.world.NewKeyPackageOf(client).key_package}});
  }
  company.judge = [](const CredentialQuestion& question) {
    const auto* basic = std::get_if<BasicCredential>(&question.credential.body);
    return Equal(basic->identity, AsView("bad")) ? Verdict::reject : Verdict::accept;
  };
  StagedCommit staged = Must(company[0].StageCommit({}, company.world.env));
  Answers answers = company.Answer(staged.questions);
  const StagedCommit again = *Must(company[0].RestageCommit(staged, answers, company.world.env));
  CHECK(again.referenced.size() == 2);
  answers.credentials[1] = Verdict::failed;  // no answer is not a rejection: nothing is left out
  CHECK_FALSE(Must(company[0].RestageCommit(staged, answers, company.world.env)).has_value());
  answers.credentials.pop_back();
  CHECK(ErrorOf(company[0].RestageCommit(staged, answers, company.world.env)) == Error::MISUSE);
  company.Commit(0);
  CHECK(company[0].tree().member_count() == 4);
  const StagedCommit late = Must(company[0].StageCommit({}, company.world.env));
  company.Commit(0);
  CHECK(ErrorOf(company[0].RestageCommit(late, {}, company.world.env)) == Error::STALE_VERSION);
}

TEST_CASE("of cached proposals that together are too many, as many are taken as may be") {
  CompanyOptions options;
  options.policy.limits.max_psks_per_commit = 5;
  Company company(AllSuites().front(), 4, options);
  for (std::uint8_t id = 1; id <= 40; ++id) {
    company.ProposeToAll(1, Must(company[1].MakePsk(ExternalPsk{Bytes{id}}, company.world.env)));
    if (id == 20) company.ProposeToAll(2, {Remove{{3}}});
  }
  const StagedCommit staged = Must(company[0].StageCommit({}, company.world.env));
  std::size_t psks = 0, removes = 0;
  for (const CachedProposalPtr& one : staged.referenced) {
    (one->proposal().type() == ProposalType::remove ? removes : psks) += 1;
  }
  CHECK(psks == 5);
  CHECK(removes == 1);
}

}  // namespace
}  // namespace mls::test
