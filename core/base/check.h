// MLS_REQUIRE, MLS_TRY and MLS_DO: the three ways a function ends early.
//
// Every rule of the RFC that the engine enforces is one MLS_REQUIRE with its section behind it:
//   MLS_REQUIRE(condition, ERROR_NAME);  // RFC 9420 §12.2: why, in our words
// In a build with MLS_MUTATION each of them has a number and can be switched off at run time, which is how
// the tests themselves are tested.
#pragma once

#include "base/result.h"

namespace mls {

#ifdef MLS_MUTATION
// CheckIsOff registers the check at `file:line` on first use and says whether MLS_MUTATE names it.
bool CheckIsOff(const char* file, int line);
#define MLS_CHECK_IS_ON() (!::mls::CheckIsOff(__FILE__, __LINE__))
#else
#define MLS_CHECK_IS_ON() true
#endif

}  // namespace mls

// MLS_REQUIRE returns the error unless the condition holds.
#define MLS_REQUIRE(condition, name)                                  \
  do {                                                                \
    if (!(condition) && MLS_CHECK_IS_ON()) return ::mls::Error::name; \
  } while (false)

// MLS_TRY declares `name` with the value of a Result, or returns its error.
#define MLS_TRY(name, ...)                               \
  auto name##_result = (__VA_ARGS__);                    \
  if (!name##_result.ok()) return name##_result.error(); \
  auto& name = *name##_result

// MLS_DO runs an expression for its effect and returns its error if it has one.
#define MLS_DO(...)                                                    \
  do {                                                                 \
    if (auto done_ = (__VA_ARGS__); !done_.ok()) return done_.error(); \
  } while (false)
