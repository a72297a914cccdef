// Checks whose fates are known, one function each, and tests that mind them or do not. What is expected of
// each stands in scripts/mutation-self-test.cjs.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <csignal>
#include <vector>

#include "base/check.h"

namespace mls {
namespace {

Status Tested(int n) {
  MLS_REQUIRE(n > 0, MALFORMED);  // RFC 9420 §2.1: only for the test
  return kOk;
}

Status Untested(int n) {
  MLS_REQUIRE(n > 0, MALFORMED);  // RFC 9420 §2.1: only for the test
  return kOk;
}

Status NeverMet(int n) {
  MLS_REQUIRE(n > 0, MALFORMED);  // RFC 9420 §2.1: only for the test
  return kOk;
}

Status Redundant(int n) {
  MLS_REQUIRE(n > 0, MALFORMED);  // RFC 9420 §2.1: only for the test
  if (n < 1) return Error::MALFORMED;
  return kOk;
}

Status Crashes(const int* n) {
  MLS_REQUIRE(n != nullptr, MALFORMED);  // RFC 9420 §2.1: only for the test
  if (n == nullptr) std::raise(SIGSEGV);
  return kOk;
}

Status Hangs(int n) {
  MLS_REQUIRE(n > 0, MALFORMED);  // RFC 9420 §2.1: only for the test
  for (volatile int turns = n; turns <= 0;) {
  }
  return kOk;
}

template <class T>
Status InTemplate(T n) {
  MLS_REQUIRE(n > 0, MALFORMED);  // RFC 9420 §2.1: only for the test
  return kOk;
}

Status InLambda(int n) {
  const auto check = [](auto value) -> Status {
    MLS_REQUIRE(value > 0, MALFORMED);  // RFC 9420 §2.1: only for the test
    return kOk;
  };
  MLS_DO(check(n));
  return check(static_cast<long>(n));
}

}  // namespace

TEST_CASE("a check that is minded") {
  CHECK(Tested(1).ok());
  CHECK_FALSE(Tested(0).ok());
}

TEST_CASE("checks that are met, and not minded") {
  CHECK(Untested(1).ok());
  (void)Untested(0);
  CHECK(NeverMet(1).ok());
  CHECK_FALSE(Redundant(0).ok());
}

TEST_CASE("a check that keeps from a crash") { CHECK((Crashes(nullptr).ok() || true)); }

TEST_CASE("a check that keeps from a loop without end") { CHECK((Hangs(0).ok() || true)); }

TEST_CASE("checks in a template and in a lambda, each of them one check") {
  CHECK_FALSE(InTemplate(0).ok());
  CHECK_FALSE(InTemplate(0L).ok());
  CHECK_FALSE(InLambda(0).ok());
  CHECK(CheckSites().size() == 8);
}

}  // namespace mls
