// WatchHolder: what JavaScript holds of one long operation: how far it is, and the wish to end it.
#pragma once

#include <napi.h>

#include <memory>

#include "holder.h"
#include "mls.h"

namespace mls::binding {

class WatchHolder : public Holder<WatchHolder> {
 public:
  static Napi::Function Define(Napi::Env env);
  explicit WatchHolder(const Napi::CallbackInfo& info)
      : Holder<WatchHolder>(info), watch_(std::make_shared<Watch>()) {}
  // Of gives the watch of an argument; a fresh one for null.
  static std::shared_ptr<Watch> Of(Napi::Value value);

 private:
  void Abort(const Napi::CallbackInfo&) { watch_->aborted.store(true); }
  Napi::Value Progress(const Napi::CallbackInfo& info);
  std::shared_ptr<Watch> watch_;
};

// Surroundings is the Env of one operation and what it points to.
class Surroundings {
 public:
  explicit Surroundings(std::uint64_t now, std::shared_ptr<Watch> watch = std::make_shared<Watch>());
  operator const Env&() const { return env_; }  // NOLINT: it is one
  const Env* operator->() const { return &env_; }

 private:
  std::shared_ptr<Watch> watch_;
  SystemRandom random_;
  Pool pool_;
  Env env_;
};

}  // namespace mls::binding
