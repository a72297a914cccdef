// decode(): any MLSMessage as plain objects.
#pragma once

#include <napi.h>

namespace mls::binding {

Napi::Value Decode(const Napi::CallbackInfo& info);

}  // namespace mls::binding
