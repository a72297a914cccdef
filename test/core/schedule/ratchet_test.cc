#include "schedule/ratchet.h"

#include <doctest/doctest.h>

#include "base/counters.h"

namespace mls::test {
namespace {

RatchetHead HeadAt(const Suite& suite, std::uint32_t generation) {
  return {generation, Secret::Copy(Bytes(suite.Nh, 7))};
}

TEST_CASE("ratchet: sizes and labels in every suite") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    const RatchetHead head = HeadAt(suite, 5);
    const auto key = RatchetKey(suite, head);
    const auto next = StepRatchet(suite, head);
    REQUIRE((key.ok() && next.ok()));
    CHECK(key->key == *DeriveTreeSecret(suite, head.secret, "key", 5, suite.Nk));
    CHECK(key->nonce == *DeriveTreeSecret(suite, head.secret, "nonce", 5, suite.Nn));
    CHECK(next->secret == *DeriveTreeSecret(suite, head.secret, "secret", 5, suite.Nh));
    CHECK(next->generation == 6);
    CHECK(next->next() == 6);
  }
}

TEST_CASE("ratchet: the last generation has a key and no successor (R9.1-02)") {
  const Suite& suite = AllSuites()[0];
  const auto last = StepRatchet(suite, HeadAt(suite, 0xFFFFFFFE));
  REQUIRE(last.ok());
  CHECK(last->generation == 0xFFFFFFFF);
  CHECK(last->next() == 0xFFFFFFFF);
  CHECK(RatchetKey(suite, *last).ok());

  const auto before = Count().expands;
  const auto end = StepRatchet(suite, *last);
  REQUIRE(end.ok());
  CHECK(end->next() == kGenerations);
  CHECK(StepRatchet(suite, *end)->next() == kGenerations);
  CHECK(Count().expands == before);
}

}  // namespace
}  // namespace mls::test
