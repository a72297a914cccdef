// decode(): any MLSMessage as plain objects, built a slice a turn: a Commit or a Welcome may have a
// ciphertext for each of very many members.
#pragma once

#include <napi.h>

#include <deque>
#include <memory>

#include "task.h"

namespace mls::binding {

struct DecodedMessage;

// LongList is an array that still lacks its elements from `at` on; `make` gives one of them.
struct LongList {
  Napi::ObjectReference array;
  std::size_t count;
  std::size_t at;
  UniqueFunction<Napi::Value(Napi::Env, std::size_t)> make;
};

class DecodedHolder : public Napi::ObjectWrap<DecodedHolder> {
 public:
  static Napi::Function Define(Napi::Env env);
  explicit DecodedHolder(const Napi::CallbackInfo& info);
  ~DecodedHolder() override;
  static Napi::Value New(Napi::Env env, std::unique_ptr<DecodedMessage> decoded, Filler& filler);

 private:
  Napi::Value Next(const Napi::CallbackInfo& info);
  void LetGo();
  std::unique_ptr<DecodedMessage> decoded_;
  std::deque<LongList> later_;  // point into decoded_
  Napi::ObjectReference message_;
};

Napi::Value Decode(const Napi::CallbackInfo& info);

}  // namespace mls::binding
