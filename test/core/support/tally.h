// Tally: counts test cases that come from vector files and adds them to the file named by NODE_MLS_TALLY, one
// line each: "official|wycheproof|own <kind> <passed> <failed> <skipped>". scripts/test-core.cjs sums them
// up.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>

namespace mls::test {

class Tally {
 public:
  Tally(std::string set, std::string kind) : set_(std::move(set)), kind_(std::move(kind)) {}
  Tally(const Tally&) = delete;
  Tally& operator=(const Tally&) = delete;
  ~Tally() {
    const char* path = std::getenv("NODE_MLS_TALLY");
    if (path == nullptr) return;
    if (std::FILE* file = std::fopen(path, "a")) {
      std::fprintf(file, "%s %s %zu %zu %zu\n", set_.c_str(), kind_.c_str(), passed_, failed_, skipped_);
      std::fclose(file);
    }
  }
  // Count notes one case and gives `passed` back, so that it can stand inside CHECK.
  bool Count(bool passed) {
    ++(passed ? passed_ : failed_);
    return passed;
  }
  void Skip(std::size_t cases) { skipped_ += cases; }
  std::size_t passed() const { return passed_; }

 private:
  std::string set_, kind_;
  std::size_t passed_ = 0, failed_ = 0, skipped_ = 0;
};

}  // namespace mls::test
