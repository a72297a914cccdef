// Timing: does the time that a function takes tell which bytes it was given? A test after the method of
// "Dude, is my code constant time?" (Reparaz, Balasch, Verbauwhede, 2017).
//
// The function is measured on inputs of two classes, and Welch's t says how far the two mean times lie apart,
// in standard errors of their difference: about ±2 by chance, and growing with the square root of the number
// of measurements where there is a difference. What makes that hold on a machine that does other things, too:
//
//  - Before each measurement a coin decides the class, so that whatever comes and goes meets both alike. The
//    input of either class is copied to one place first, so that caches and addresses are the same, and
//    without a branch that depends on the class, so that branch predictors are.
//  - An interrupt adds thousands of ticks to a difference of ten. So t is computed again without the slowest
//    measurements, several times with another share of them gone; the cut is the same for both classes. The
//    largest |t| counts.
//  - A leaky twin of the function, which does the same work and then compares as one should not, takes turns
//    with it. Only where the twin is found was the measurement fine enough for the function's silence to mean
//    anything.
//  - There are several rounds, and the median of their |t| decides. A difference is there in each round;
//    noise that imitates one comes and goes.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <vector>

#include "support/seeded_random.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <x86intrin.h>
#else
#include <chrono>
#endif

namespace mls::test {

// Ticks is a clock as fine as there is: cycles, or nanoseconds.
inline double Ticks() {
#if defined(__x86_64__) && defined(__GNUC__)
  _mm_mfence();  // what stands before is done and written, what stands after is not begun
  _mm_lfence();
  const auto now = __rdtsc();
  _mm_lfence();
  return static_cast<double>(now);
#else
  return static_cast<double>(std::chrono::steady_clock::now().time_since_epoch().count());
#endif
}

enum class TimedClass : std::uint8_t { one, other };

struct Timed {
  double ticks = 0;
  TimedClass of = TimedClass::one;
};

// Moments: count, mean and variance of a class (Welford's way, which loses no digits).
struct Moments {
  double count = 0, mean = 0, squares = 0;
  void Add(double x) {
    count += 1;
    const double off = x - mean;
    mean += off / count;
    squares += off * (x - mean);
  }
  double ErrorSquared() const { return squares / (count - 1) / count; }
};

// WelchT over the measurements that took at most `cut` ticks.
inline double WelchT(const std::vector<Timed>& all, double cut) {
  std::array<Moments, 2> classes;
  for (const Timed& one : all) {
    if (one.ticks <= cut) classes[static_cast<std::size_t>(one.of)].Add(one.ticks);
  }
  if (classes[0].count < 100 || classes[1].count < 100) return 0;
  const double error = std::sqrt(classes[0].ErrorSquared() + classes[1].ErrorSquared());
  const double apart = classes[0].mean - classes[1].mean;
  if (error == 0) return apart == 0 ? 0 : HUGE_VAL;
  return apart / error;
}

// LargestT gives the largest |t| of all cuts.
inline double LargestT(const std::vector<Timed>& all) {
  std::vector<double> sorted(all.size());
  std::transform(all.begin(), all.end(), sorted.begin(), [](const Timed& one) { return one.ticks; });
  std::sort(sorted.begin(), sorted.end());
  double largest = 0;
  for (const double kept : {0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0}) {
    const auto last = static_cast<std::size_t>(kept * static_cast<double>(sorted.size() - 1));
    largest = std::max(largest, std::abs(WelchT(all, sorted[last])));
  }
  return largest;
}

// Trial: `prepare` copies an input of a class to where the functions read it; it is not measured.
struct Trial {
  std::function<void(TimedClass)> prepare;
  std::function<void()> tested;
  std::function<void()> leaky;
};

// The |t| of function and twin: medians of the rounds.
struct Leakage {
  double tested = 0;
  double leaky = 0;
};

// kLeaks: above it a function is taken to leak (the usual threshold of this test is 4.5).
// kLeaksForSure: above it there is no doubt. The twins must be there.
inline constexpr double kLeaks = 5;
inline constexpr double kLeaksForSure = 10;

inline Leakage MeasureRound(const Trial& trial, std::size_t count, SeededRandom& coin) {
  std::array<std::vector<Timed>, 2> times;
  for (auto& one : times) one.reserve(count);
  while (times[0].size() < count || times[1].size() < count) {
    const std::uint64_t toss = coin.Next();
    const auto of = static_cast<TimedClass>(toss & 1);
    const bool leaky = (toss & 2) != 0;
    trial.prepare(of);
    const auto& run = leaky ? trial.leaky : trial.tested;
    const double start = Ticks();
    run();
    times[leaky ? 1 : 0].push_back({Ticks() - start, of});
  }
  return {LargestT(times[0]), LargestT(times[1])};
}

inline Leakage Measure(const Trial& trial, std::size_t count = 15'000) {
  constexpr std::size_t kRounds = 5;
  SeededRandom coin(97);
  std::array<double, kRounds> tested{}, leaky{};
  (void)MeasureRound(trial, count / 10, coin);  // caches and branch predictors get to know both
  for (std::size_t round = 0; round < kRounds; ++round) {
    const Leakage leakage = MeasureRound(trial, count, coin);
    tested[round] = leakage.tested;
    leaky[round] = leakage.leaky;
  }
  std::sort(tested.begin(), tested.end());
  std::sort(leaky.begin(), leaky.end());
  return {tested[kRounds / 2], leaky[kRounds / 2]};
}

}  // namespace mls::test
