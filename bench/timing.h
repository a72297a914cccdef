// Timing: the time of a step beside the time of its floor, measured in turn.
#pragma once

#include <algorithm>
#include <chrono>
#include <ctime>
#include <vector>

namespace mls::bench {

// Lapse: how long something took by the clock, and how much processor time of all threads it took.
struct Lapse {
  double wall = 0;
  double cpu = 0;
};

inline double CpuNow() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

template <class Body>
Lapse LapseOf(const Body& body) {
  const double cpu = CpuNow();
  const auto start = std::chrono::steady_clock::now();
  body();
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start;
  return {wall.count(), CpuNow() - cpu};
}

inline double Median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// Figures of one case: medians by the clock for one go, and the medians of the ratios of neighbours in time,
// which are steadier than the ratio of the medians when the machine is busy with other things. The ratio of
// processor times is steadier still, and blind to threads that wait for each other.
struct Figures {
  double seconds = 0;
  double floor_seconds = 0;
  double ratio = 0;
  double cpu_ratio = 0;
  std::size_t runs = 0;
};

// Alternate times `body` and `floor`, which give Lapses, in turn, first once to warm up when they are short,
// until `budget` seconds are spent: at least `least` times, at most 200. Each does its work `times` times.
template <class Body, class Floor>
Figures Alternate(double budget, std::size_t least, std::size_t times, const Body& body, const Floor& floor) {
  constexpr double kShort = 0.1;
  std::vector<double> bodies, floors, ratios, cpu_ratios;
  double spent = 0;
  bool warmed = false;
  while (bodies.size() < 200 && (bodies.size() < least || spent < budget)) {
    const Lapse own = body();
    const Lapse raw = floor();
    const bool warm_up = !warmed && own.wall + raw.wall < kShort;
    warmed = true;
    if (warm_up) continue;
    spent += own.wall + raw.wall;
    bodies.push_back(own.wall);
    floors.push_back(raw.wall);
    ratios.push_back(own.wall / raw.wall);
    cpu_ratios.push_back(own.cpu / raw.cpu);
  }
  const auto each = static_cast<double>(times);
  return {Median(bodies) / each, Median(floors) / each, Median(ratios), Median(cpu_ratios), bodies.size()};
}

}  // namespace mls::bench
