// The members of a branch were compared with those that the old group has now, and not with those it had in
// the epoch that the PSK names: who was removed meanwhile made a rightful Welcome be refused, and who was
// added meanwhile was taken for a member of the branch's old group (RFC 9420 §11.3).
#include "support/company.h"

namespace mls::test {
namespace {

// Branch: a subgroup of members 0 and 1 and of `third`, made with the PSK of an epoch.
struct Branch {
  Bytes welcome;
  NewKeyPackage package;  // of member 1
};

Branch Make(Company& company, const Suite& suite, std::uint64_t epoch, const std::string& third) {
  World& world = company.world;
  const Client creator = world.NewClient(suite, "member 0");
  Branch branch{{}, world.NewKeyPackageOf(world.NewClient(suite, "member 1"))};
  Group group = Must(Group::Create({&suite, {}, {}, {}}, creator.profile, world.env));
  CommitOptions options = Proposing({Add{branch.package.key_package}});
  options.proposals.push_back({Add{world.NewKeyPackageOf(world.NewClient(suite, third)).key_package}});
  const ResumptionPsk link{ResumptionPSKUsage::branch, company[0].context().group_id, epoch};
  options.proposals.push_back(Must(group.MakePsk(link, world.env)));
  options.successor = ResumptionPSKUsage::branch;
  StagedCommit staged = Must(group.StageCommit(std::move(options), world.env));
  Answers answers = AcceptAll(staged.questions);
  answers.psks.at(0) = Must(company[0].ResumptionPskOf(epoch));
  Done<NewCommit> done = Must(group.CompleteCommit(std::move(staged), answers, world.env));
  branch.welcome = done.output.welcomes.at(0).message;
  return branch;
}

// Joins says how member 1, whose old group has gone on, finds the branch.
Error Joins(Company& company, const Branch& branch) {
  return ErrorOf(company.TryJoin(branch.welcome, branch.package, {}, &company[1]));
}

TEST_CASE("the members of a branch are compared with those of the epoch that it left") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Company company(suite, 3, Restarts::always);
    const std::uint64_t before = company[0].context().epoch;
    company.Commit(0, Proposing({Remove{{2}}}));
    company.Hire(0);  // member 3, on the leaf of member 2
    company.Commit(1);
    const std::uint64_t after = company[0].context().epoch;
    CHECK(Joins(company, Make(company, suite, before, "member 2")) == Error::INTERNAL);
    CHECK(Joins(company, Make(company, suite, before, "member 3")) == Error::BRANCH_MISMATCH);
    CHECK(Joins(company, Make(company, suite, before + 1, "member 2")) == Error::BRANCH_MISMATCH);
    CHECK(Joins(company, Make(company, suite, before + 1, "member 3")) == Error::BRANCH_MISMATCH);
    CHECK(Joins(company, Make(company, suite, after - 1, "member 3")) == Error::INTERNAL);
    CHECK(Joins(company, Make(company, suite, after, "member 3")) == Error::INTERNAL);
    CHECK(Joins(company, Make(company, suite, after, "member 2")) == Error::BRANCH_MISMATCH);
  }
}

TEST_CASE("a branch of an epoch whose members are forgotten is refused, though its PSK is there") {
  Company company(AllSuites().front(), 3);
  const std::uint64_t before = company[0].context().epoch;
  company.Commit(0, Proposing({Remove{{2}}}));
  for (std::size_t i = 0; i <= company[0].policy().limits.max_past_epochs; ++i) company.Commit(0);
  CHECK(ErrorOf(company[1].MembersAt(before)) == Error::MISSING_PSK);
  CHECK(company[1].ResumptionPskOf(before).ok());
  for (const char* third : {"member 2", "member 3"}) {
    CHECK(Joins(company, Make(company, AllSuites().front(), before, third)) == Error::MISSING_PSK);
  }
  const std::uint64_t known = company[1].context().epoch - company[1].policy().limits.max_past_epochs;
  CHECK(Must(company[1].MembersAt(known)).size() == 2);
}

}  // namespace
}  // namespace mls::test
