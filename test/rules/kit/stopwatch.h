// How long something takes, on a machine that does other things, too.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>

namespace mls::test {

// MillisecondsOf gives the median of several times.
template <class Work>
double MillisecondsOf(Work work) {
  std::array<double, 7> times{};
  for (double& time : times) {
    const auto start = std::chrono::steady_clock::now();
    work();
    time = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  }
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

}  // namespace mls::test
