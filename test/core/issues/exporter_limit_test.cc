// Limits::max_exporter_length could be set and had no effect: nothing read it (RFC 9420 §8.5).
#include "support/company.h"

namespace mls::test {
namespace {

TEST_CASE("issue: Limits: max_exporter_length: n bytes are exported, n + 1 are TOO_LARGE") {
  CompanyOptions options;
  options.policy.limits.max_exporter_length = 100;
  Company company(AllSuites().front(), 1, options);
  CHECK(Must(company[0].Export("label", {}, 100)).size() == 100);
  CHECK(ErrorOf(company[0].Export("label", {}, 101)) == Error::TOO_LARGE);
}

}  // namespace
}  // namespace mls::test
