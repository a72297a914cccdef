// HoldOf takes a state for one operation. After close() whoever holds it last lets what it has go.
#pragma once

#include "mls.h"

namespace mls::binding {

// State has `held` and `closed`, both atomic, Drop() and empty().
template <class State>
class HoldOf {
 public:
  explicit HoldOf(State& state) : state_(state), mine_(!state.held.exchange(true)) {}
  ~HoldOf() {
    if (!mine_) return;
    if (state_.closed) state_.Drop();
    state_.held.store(false);
  }
  HoldOf(const HoldOf&) = delete;
  HoldOf& operator=(const HoldOf&) = delete;

  // Free: MISUSE when another operation holds it, CLOSED. Check: also CLOSED when it is empty.
  Status Free() const {
    if (!mine_) return Error::MISUSE;
    if (state_.closed) return Error::CLOSED;
    return kOk;
  }
  Status Check() const {
    if (Status free = Free(); !free.ok()) return free;
    if (state_.empty()) return Error::CLOSED;
    return kOk;
  }

 private:
  State& state_;
  bool mine_;
};

}  // namespace mls::binding
