// MLS_REQUIRE, MLS_TRY and MLS_DO: the three ways a function ends early.
//
// Every rule of the RFC that the engine enforces is one MLS_REQUIRE with its section behind it:
//   MLS_REQUIRE(condition, ERROR_NAME);  // RFC 9420 §12.2: why, in our words
// In a build with MLS_MUTATION the checks are numbered and one of them can be switched off at run time, which
// is how the tests themselves are tested (scripts/mutation.cjs). Checks stand in sources, never in headers:
// that build has the engine's objects twice and everybody else's once.
#pragma once

#include "base/result.h"

#ifdef MLS_MUTATION

#include <vector>

namespace mls {

// CheckSite is one MLS_REQUIRE as it stands in the source.
struct CheckSite {
  const char* file;
  int line;
  const char* error;
  const char* condition;
};

// AddCheck makes a site known and gives it back. It is called before main.
CheckSite AddCheck(CheckSite site);

// CheckSites gives every check of the program, met or not, in the order of files and lines. Their numbers
// count from 1 in this order, so they hold for one build.
const std::vector<CheckSite>& CheckSites();

// CheckRefuses notes that a condition did not hold, and says whether its check is on. MLS_MUTATE=n is the
// number of the one that is off, read once. Safe to call from several threads.
bool CheckRefuses(const CheckSite& site);

// TakeRefusals gives the numbers of the checks whose conditions did not hold since the last call.
std::vector<int> TakeRefusals();

// NumberedCheck is initialised when the program starts, whether or not its check is ever met.
template <class Here>
struct NumberedCheck {
  static inline const CheckSite site = AddCheck(Here::Site());
};

}  // namespace mls

// MLS_REQUIRE returns the error unless the condition holds.
#define MLS_REQUIRE(condition, name)                                                                       \
  do {                                                                                                     \
    struct Here_ {                                                                                         \
      static ::mls::CheckSite Site() { return {__FILE__, __LINE__, #name, #condition}; }                   \
    };                                                                                                     \
    if (!(condition) && ::mls::CheckRefuses(::mls::NumberedCheck<Here_>::site)) return ::mls::Error::name; \
  } while (false)

#else

// MLS_REQUIRE returns the error unless the condition holds.
#define MLS_REQUIRE(condition, name)             \
  do {                                           \
    if (!(condition)) return ::mls::Error::name; \
  } while (false)

#endif

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
