// NativeTracker: a keyless view of a group, for delivery services.
#pragma once

#include <napi.h>

#include <atomic>

#include "convert.h"
#include "hold.h"
#include "needs.h"
#include "rows.h"

namespace mls::binding {

struct TrackerState {
  Policy policy;
  std::optional<Tracker> tracker;
  void Drop() { tracker.reset(); }
  bool empty() const { return !tracker; }
  std::atomic<bool> held{false};
  std::atomic<bool> closed{false};
};
using TrackerStatePtr = std::shared_ptr<TrackerState>;

class TrackerHolder : public Napi::ObjectWrap<TrackerHolder> {
 public:
  static Napi::Function Define(Napi::Env env);
  explicit TrackerHolder(const Napi::CallbackInfo& info);
  ~TrackerHolder() override;

 private:
  Napi::Value Seed(const Napi::CallbackInfo& info);
  Napi::Value Receive(const Napi::CallbackInfo& info);
  Napi::Value OfferGroupInfo(const Napi::CallbackInfo& info);
  Napi::Value GroupInfoOf(const Napi::CallbackInfo& info);
  Napi::Value Tree(const Napi::CallbackInfo& info);
  Napi::Value TreeBytes(const Napi::CallbackInfo& info);
  Napi::Value Members(const Napi::CallbackInfo& info);
  Napi::Value Save(const Napi::CallbackInfo& info);
  Napi::Value Load(const Napi::CallbackInfo& info);
  void Close(const Napi::CallbackInfo& info);
  template <class Body>
  Napi::Value With(const Napi::CallbackInfo& info, Body body);

  TrackerStatePtr state_;
};

}  // namespace mls::binding
