// Report: what was measured, as a table for people and as JSON for programs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "timing.h"

namespace mls::bench {

// A step with its floor. `rows` and `bytes` are what it writes into a store, where it writes.
struct Step {
  std::string name;
  std::size_t members = 0;
  std::size_t threads = 1;
  Figures figures;
  std::size_t message = 0;  // bytes on the wire
  std::size_t rows = 0;
  std::size_t bytes = 0;
  double bar = 0;  // the highest ratio allowed; 0: none
};

// A figure of memory: a size beside the size it is compared with, or a time.
struct Amount {
  std::string name;
  std::size_t members = 0;
  double value = 0;
  std::string unit;
  double bar = 0;  // the highest value allowed; 0: none
};

class Report {
 public:
  void Add(Step step) { steps_.push_back(std::move(step)); }
  void Add(Amount amount) { amounts_.push_back(std::move(amount)); }

  // Print shows what concerns groups of `members`.
  void Print(std::size_t members) const;
  // PrintBars lists what is over its bar; it gives how many are.
  std::size_t PrintBars() const;
  bool WriteJson(const std::string& path) const;

 private:
  std::vector<Step> steps_;
  std::vector<Amount> amounts_;
};

}  // namespace mls::bench
