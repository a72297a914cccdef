// ErrorOf: how a call failed.
#pragma once

#include "base/result.h"

namespace mls::test {

// ErrorOf gives the error of a Result; INTERNAL, which no test expects, if it has none.
template <class T>
Error ErrorOf(const Result<T>& result) {
  return result.ok() ? Error::INTERNAL : result.error();
}

}  // namespace mls::test
