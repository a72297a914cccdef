// Environment: what the addon keeps for one Node.js environment (the main thread, or a worker). It belongs to
// that environment's thread and dies with it; work under way shares only `completions`.
#pragma once

#include <napi.h>

#include "task.h"

namespace mls::binding {

struct Environment {
  std::shared_ptr<Completions> completions;
  // Classes that JavaScript does not construct itself.
  Napi::FunctionReference group, needs, decoded, secret, bulk, bytes, rows, watch;

  static Environment& Of(Napi::Env env) { return *env.GetInstanceData<Environment>(); }
};

}  // namespace mls::binding
