// PackedResults: the messages of a run, packed. A thousand of them made one by one are six thousand calls
// into V8 on the event loop; lib/run-results.ts makes objects of these with one for each. The bytes stay
// outside of V8's heap: an ArrayBuffer of all besides one of each would let V8 collect its garbage twice as
// often.
#pragma once

#include <napi.h>

#include "mls.h"

namespace mls::binding {

class PackedResults {
 public:
  static constexpr std::size_t kBelow = 4096;  // bytes; a longer message crosses by itself

  // Each takes a message, unless it is long.
  bool Add(const ApplicationMessage& message);
  bool AddSent(View message);
  Napi::Value ToJs(Napi::Env env);

 private:
  enum class Kind : std::uint32_t { message, sent };
  void Add(Kind kind, LeafIndex sender, std::uint64_t epoch, View data, View authenticated_data);
  std::vector<std::uint32_t>
      numbers_;  // six of each: kind, sender, epoch (high, low), where data and authenticated data end
  Bytes bytes_;
};

}  // namespace mls::binding
