// Holder is an ObjectWrap whose objects bear a tag: an object of another class, or of another copy of the
// addon, is not taken for one of this, whatever its prototype says.
#pragma once

#include <napi.h>

#include "args.h"

namespace mls::binding {

template <class T>
class Holder : public Napi::ObjectWrap<T> {
 public:
  explicit Holder(const Napi::CallbackInfo& info) : Napi::ObjectWrap<T>(info) {
    const napi_type_tag tag = Tag();
    this->Value().TypeTag(&tag);
  }
  // Held gives what the argument `name` holds. Throws a TypeError that asks for `what`.
  static T& Held(Napi::Value value, const char* name, const char* what) {
    const napi_type_tag tag = Tag();
    const bool ours = value.IsObject() && value.As<Napi::Object>().CheckTypeTag(&tag);
    if (!ours) ThrowType(value.Env(), name, what);
    return *T::Unwrap(value.As<Napi::Object>());
  }

 private:
  // An address within the process: no other class has it. A constant might share it with others, as MSVC's
  // linker folds read-only data that is equal (/OPT:ICF).
  static napi_type_tag Tag() {
    static char anchor = 0;
    const auto address = reinterpret_cast<std::uintptr_t>(&anchor);
    return {address, ~static_cast<std::uint64_t>(address)};
  }
};

}  // namespace mls::binding
