// CheckIsOff: how a test of the tests switches one check of the engine off.
//
// Only builds with NODE_MLS_MUTATION number the checks. In any other build this file compiles that half for
// itself; in one with it, the variable is the runner's and not ours to set.
#ifndef MLS_MUTATION
#define MLS_MUTATION
#include "base/check.cc"
#define NODE_MLS_CHECKS_ARE_OURS
#else
#include "base/check.h"
#endif

#include <doctest/doctest.h>

#include <cstdlib>
#include <string>

namespace mls {
namespace {

constexpr int kLine = __LINE__ + 2;
Status SwitchedOff(int n) {
  MLS_REQUIRE(n > 0, MALFORMED);  // RFC 9420 §2.1: only for the test
  return kOk;
}
Status Kept(int n) {
  MLS_REQUIRE(n > 0, MALFORMED);  // RFC 9420 §2.1: only for the test
  return kOk;
}

TEST_CASE("a check that is on refuses, whether the checks are numbered or not") {
  CHECK(Kept(1).ok());
  REQUIRE_FALSE(Kept(0).ok());
  CHECK(Kept(0).error() == Error::MALFORMED);
}

#ifdef NODE_MLS_CHECKS_ARE_OURS

// The variable is read once, before any test runs a check of this file.
const bool kIsSet = [] {
  return setenv("MLS_MUTATE", ("core/base/check_test.cc:" + std::to_string(kLine)).c_str(), 1) == 0;
}();

TEST_CASE("MLS_MUTATE names one check by file and line, and that one alone is off") {
  REQUIRE(kIsSet);
  CHECK(SwitchedOff(0).ok());
  CHECK_FALSE(Kept(0).ok());
  CHECK(CheckIsOff("/anywhere/core/base/check_test.cc", kLine));
  CHECK(CheckIsOff("core/base/check_test.cc", kLine));
  CHECK_FALSE(CheckIsOff("core/base/check_test.cc", kLine + 1));
  CHECK_FALSE(CheckIsOff("core/base/check_test.cc", kLine * 10 + 1));
  CHECK_FALSE(CheckIsOff("core/base/check.cc", kLine));
  CHECK_FALSE(CheckIsOff("a", 1));
}

#else

TEST_CASE("the checks are numbered in this build") { CHECK((SwitchedOff(0).ok() || !SwitchedOff(0).ok())); }

#endif

}  // namespace
}  // namespace mls
