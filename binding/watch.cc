#include "watch.h"

#include "args.h"
#include "task.h"

namespace mls::binding {

Napi::Function WatchHolder::Define(Napi::Env env) {
  return DefineClass(
      env, "Watch",
      {InstanceMethod<&WatchHolder::Abort>("abort"), InstanceMethod<&WatchHolder::Progress>("progress")});
}

std::shared_ptr<Watch> WatchHolder::Of(Napi::Value value) {
  if (IsNothing(value)) return std::make_shared<Watch>();
  return Held(value, "watch", "a Watch").watch_;
}

Napi::Value WatchHolder::Progress(const Napi::CallbackInfo& info) {
  const char* phase = watch_->phase.load(std::memory_order_acquire);
  if (phase == nullptr) return info.Env().Null();
  Napi::Object object = Napi::Object::New(info.Env());
  const auto number = [&](std::size_t value) {
    return Napi::Number::New(info.Env(), static_cast<double>(value));
  };
  object.Set("done", number(watch_->done.load(std::memory_order_relaxed)));
  object.Set("total", number(watch_->total.load(std::memory_order_relaxed)));
  object.Set("phase", Napi::String::New(info.Env(), phase));
  return object;
}

Surroundings::Surroundings(std::uint64_t now, std::shared_ptr<Watch> watch)
    : watch_(std::move(watch)), pool_(ThePool(), *watch_), env_{now, &random_, &pool_} {}

}  // namespace mls::binding
