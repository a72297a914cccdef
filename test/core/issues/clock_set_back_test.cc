// A clock that was set back made a hole among the past epochs: one in the middle went and an older one
// stayed, whose late messages were then verified with the keys of other members.
#include "support/company.h"

namespace mls::test {
namespace {

TEST_CASE("no past epoch outlives one that came after it") {
  Company company(AllSuites().front(), 3, Restarts::always);
  std::uint64_t& now = company.world.env.now;
  const std::uint64_t start = now;
  const std::uint64_t age = company[0].policy().limits.max_past_epoch_age;
  now = start + 2 * age;
  company.Commit(0);  // ends while the clock is ahead
  const std::uint64_t oldest = company[0].context().epoch - 1;
  now = start;
  company.Commit(0);
  now = start + age + 1;
  company.Commit(0);
  for (const KnownEpoch& one : company[1].KnownEpochs()) {
    if (one.epoch == oldest || one.epoch == oldest + 1) CHECK_FALSE(one.readable);
  }
  company.Chat();
}

}  // namespace
}  // namespace mls::test
