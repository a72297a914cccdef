// BytesHolder: one long byte string that crosses in slices, in either direction, so that no turn of the event
// loop copies more than it should. JavaScript adds to one and passes it on; or it is given one and reads from
// it.
#pragma once

#include <napi.h>

#include <memory>

#include "holder.h"
#include "mls.h"

namespace mls::binding {

class BytesHolder : public Holder<BytesHolder> {
 public:
  static Napi::Function Define(Napi::Env env);
  explicit BytesHolder(const Napi::CallbackInfo& info);
  ~BytesHolder() override;
  static Napi::Value New(Napi::Env env, Bytes bytes);
  // Share gives what was added; from then on nothing more is.
  static std::shared_ptr<const Bytes> Share(Napi::Value value, const char* name);

 private:
  void Add(const Napi::CallbackInfo& info);
  Napi::Value Slice(const Napi::CallbackInfo& info);
  void Clear(const Napi::CallbackInfo& info);
  Napi::Value Size(const Napi::CallbackInfo& info);
  void Drop();
  std::shared_ptr<Bytes> bytes_ = std::make_shared<Bytes>();
  bool shared_ = false;
};

}  // namespace mls::binding
