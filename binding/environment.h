// Environment: what the addon keeps for one Node.js environment (the main thread, or a worker). It belongs to
// that environment's thread and dies with it; work under way shares only `completions`.
#pragma once

#include <napi.h>

#include "task.h"

namespace mls::binding {

struct Environment {
  std::shared_ptr<Completions> completions;
  // Classes whose objects the addon makes.
  Napi::FunctionReference group, needs, decoded, secret, bytes;

  static Environment& Of(Napi::Env env) { return *env.GetInstanceData<Environment>(); }
};

}  // namespace mls::binding
