#include "error.h"

namespace mls::binding {

Napi::Error ToJs(Napi::Env env, Error error) {
  Napi::Error made = Napi::Error::New(env, std::string(Describe(error).name));
  made.Value().Set("number", Napi::Number::New(env, static_cast<double>(error)));
  return made;
}

}  // namespace mls::binding
