// Errors of the engine as JavaScript sees them: an Error with the `number` of errors.def. lib/errors.ts makes
// an MlsError of it.
#pragma once

#include <napi.h>

#include "mls.h"

namespace mls::binding {

Napi::Error ToJs(Napi::Env env, Error error);

// Throw is for calls that answer at once.
[[noreturn]] inline void Throw(Napi::Env env, Error error) { throw ToJs(env, error); }

template <class T>
T ValueOrThrow(Napi::Env env, Result<T> result) {
  if (!result.ok()) Throw(env, result.error());
  return std::move(*result);
}

}  // namespace mls::binding
