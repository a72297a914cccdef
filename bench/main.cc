// core_bench: what the engine's steps cost beside the cryptography they cannot do without (bench/README.md).
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "api_floors.h"
#include "cases.h"

namespace {

constexpr std::string_view kUsage =
    "core_bench [--members N,N] [--max N] [--threads T,T] [--budget SECONDS] [--json FILE] [--api FILE]\n"
    "  --members    sizes of groups, at least 4 each (default: 10,100,1000,10000,50000)\n"
    "  --max N      leaves out the larger ones\n"
    "  --threads    numbers of threads to measure with (default: 1,2)\n"
    "  --budget     seconds to spend on each case (default: 1); long cases run three times all the same,\n"
    "               with 50,000 members once\n"
    "  --json FILE  writes the figures there too\n"
    "  --api FILE   measures nothing but the floors for the bench of the JavaScript API, with the most "
    "threads\n";

struct Arguments {
  std::vector<std::size_t> members = {10, 100, 1'000, 10'000, 50'000};
  std::size_t max = static_cast<std::size_t>(-1);
  std::vector<std::size_t> threads = {1, 2};
  double budget = 1;
  std::string json;
  std::string api;
};

[[noreturn]] void Usage() {
  std::fputs(kUsage.data(), stderr);
  std::exit(2);
}

std::vector<std::size_t> Numbers(const char* text) {
  std::vector<std::size_t> numbers;
  for (char* end = nullptr; *text != '\0'; text = *end == ',' ? end + 1 : end) {
    numbers.push_back(std::strtoul(text, &end, 10));
    if (end == text || numbers.back() == 0) Usage();
  }
  if (numbers.empty()) Usage();
  return numbers;
}

Arguments Parse(int count, char** words) {
  Arguments arguments;
  for (int i = 1; i < count; i += 2) {
    if (i + 1 == count) Usage();
    const std::string_view name = words[i];
    if (name == "--members") {
      arguments.members = Numbers(words[i + 1]);
    } else if (name == "--max") {
      arguments.max = Numbers(words[i + 1]).front();
    } else if (name == "--threads") {
      arguments.threads = Numbers(words[i + 1]);
    } else if (name == "--budget") {
      arguments.budget = std::atof(words[i + 1]);
    } else if (name == "--json") {
      arguments.json = words[i + 1];
    } else if (name == "--api") {
      arguments.api = words[i + 1];
    } else {
      Usage();
    }
  }
  return arguments;
}

}  // namespace

int main(int count, char** words) {
  const Arguments arguments = Parse(count, words);
  if (!arguments.api.empty()) {
    const std::size_t threads = *std::max_element(arguments.threads.begin(), arguments.threads.end());
    return mls::bench::WriteApiFloors(arguments.api, arguments.members, threads) ? EXIT_SUCCESS
                                                                                 : EXIT_FAILURE;
  }
  mls::bench::Plan plan{{}, arguments.threads, arguments.budget};
  for (const std::size_t members : arguments.members) {
    if (members < 4) Usage();
    if (members <= arguments.max) plan.members.push_back(members);
  }
  std::printf("Suite 1, times are medians; \"!\" marks what is over its bar.\n");
  mls::bench::Report report;
  for (const std::size_t members : plan.members) {
    mls::bench::MeasureSparse(members, plan, report);
    mls::bench::MeasureWarm(members, plan, report);
    report.Print(members);
  }
  std::printf("\n");
  if (report.PrintBars() == 0) std::printf("Nothing is over its bar.\n");
  if (!arguments.json.empty() && !report.WriteJson(arguments.json)) {
    std::fprintf(stderr, "cannot write %s\n", arguments.json.c_str());
    return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}
