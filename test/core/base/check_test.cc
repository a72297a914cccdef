// MLS_REQUIRE, as every build has it. That the checks can be numbered and switched off, one at a time, is
// tested on test/mutation/self_test.cc.
#include "base/check.h"

#include <doctest/doctest.h>

namespace mls {
namespace {

Status Positive(int n) {
  MLS_REQUIRE(n > 0, MALFORMED);  // RFC 9420 §2.1: only for the test
  return kOk;
}

Result<int> Half(int n) {
  MLS_DO(Positive(n));
  MLS_REQUIRE(n % 2 == 0, MISUSE);  // RFC 9420 §2.1: only for the test
  return n / 2;
}

Result<int> QuarterOf(int n) {
  MLS_TRY(half, Half(n));
  return Half(half);
}

TEST_CASE("a condition that does not hold ends the function with its error, one that holds does nothing") {
  CHECK(Positive(1).ok());
  REQUIRE_FALSE(Positive(0).ok());
  CHECK(Positive(0).error() == Error::MALFORMED);
}

TEST_CASE("MLS_DO and MLS_TRY pass an error on") {
  REQUIRE(QuarterOf(12).ok());
  CHECK(*QuarterOf(12) == 3);
  CHECK(Half(-2).error() == Error::MALFORMED);
  CHECK(Half(3).error() == Error::MISUSE);
  CHECK(QuarterOf(6).error() == Error::MISUSE);
}

}  // namespace
}  // namespace mls
