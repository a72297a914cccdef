// SeededRandom: a Random that replays. The same seed gives the same bytes on every machine.
#pragma once

#include "base/random.h"

namespace mls::test {

// SplitMix64, by its published constants.
class SeededRandom : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : state_(seed) {}

  std::uint64_t Next() {
    state_ += 0x9e3779b97f4a7c15;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

  // Below gives a number in [0, bound); the bias of a small bound does not matter to tests.
  std::uint64_t Below(std::uint64_t bound) { return Next() % bound; }

  Status Fill(Span out) override {
    for (std::uint8_t& byte : out) byte = static_cast<std::uint8_t>(Next());
    return kOk;
  }

  Bytes Some(std::size_t size) { return *Take(size); }

 private:
  std::uint64_t state_;
};

// BrokenRandom has nothing to give.
class BrokenRandom : public Random {
 public:
  Status Fill(Span) override { return Error::INTERNAL; }
};

}  // namespace mls::test
