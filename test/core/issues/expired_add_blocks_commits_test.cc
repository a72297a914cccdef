// An Add that expired, or was not yet valid, while it waited in the cache let every Commit of ours fail: who
// sends must not commit it, and it was not left out either.
#include "support/company.h"

namespace mls::test {
namespace {

TEST_CASE("R7.3-09: a cached Add whose lifetime is over is left out of our Commit") {
  for (const auto lifetimes : {Policy::Lifetimes::check, Policy::Lifetimes::ignore}) {
    CompanyOptions options;
    options.policy.lifetimes = lifetimes;
    Company company(AllSuites().front(), 2, options);
    const Client late = company.world.NewClient(AllSuites().front(), "late");
    const Lifetime lifetime{kNow - 10, kNow + 100};
    company.ProposeToAll(
        1, {Add{Must(GenerateKeyPackage(*late.suite, late.profile, lifetime, {}, company.world.random))
                    .key_package}});
    company.world.env.now = kNow + 101;
    company.Commit(0);
    CHECK(company[1].tree().member_count() == 2);
    company.Chat();
  }
}

}  // namespace
}  // namespace mls::test
