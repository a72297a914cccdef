// A cached proposal of a PSK of our own past that nobody holds let every Commit fail, and with proposals
// waiting nobody could send; and choosing among very many proposals that fit no list took a plan of all for
// each.
#include "group/company.h"

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
