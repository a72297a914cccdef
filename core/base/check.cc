#include "base/check.h"

#ifdef MLS_MUTATION

#include <cstdlib>
#include <string>

namespace mls {

bool CheckIsOff(const char* file, int line) {
  // The key is "file:line" of the one check to switch off: MLS_MUTATE=core/group/tracker.cc:120.
  static const std::string target = [] {
    const char* value = std::getenv("MLS_MUTATE");
    return std::string(value == nullptr ? "" : value);
  }();
  if (target.empty()) return false;
  const std::string here = std::string(file) + ":" + std::to_string(line);
  return here.size() >= target.size() &&
         here.compare(here.size() - target.size(), target.size(), target) == 0;
}

}  // namespace mls

#endif
