#include "base/check.h"

#ifdef MLS_MUTATION

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>

namespace mls {
namespace {

int Compare(const CheckSite& a, const CheckSite& b) {
  if (const int files = std::strcmp(a.file, b.file); files != 0) return files;
  if (a.line != b.line) return a.line - b.line;
  return std::strcmp(a.condition, b.condition);
}

std::vector<CheckSite>& Added() {
  static std::vector<CheckSite> added;
  return added;
}

std::vector<CheckSite> Sorted() {
  std::vector<CheckSite> sites = Added();
  std::sort(sites.begin(), sites.end(), [](const auto& a, const auto& b) { return Compare(a, b) < 0; });
  // A check in a template was added once for each instance.
  const auto same = [](const auto& a, const auto& b) { return Compare(a, b) == 0; };
  sites.erase(std::unique(sites.begin(), sites.end(), same), sites.end());
  return sites;
}

int NumberOf(const CheckSite& site) {
  const auto& sites = CheckSites();
  const auto found = std::lower_bound(sites.begin(), sites.end(), site,
                                      [](const auto& a, const auto& b) { return Compare(a, b) < 0; });
  return static_cast<int>(found - sites.begin()) + 1;
}

// One flag for each check, at its number.
std::vector<std::atomic<bool>>& Refused() {
  static std::vector<std::atomic<bool>> refused(CheckSites().size() + 1);
  return refused;
}

}  // namespace

CheckSite AddCheck(CheckSite site) {
  Added().push_back(site);
  return site;
}

const std::vector<CheckSite>& CheckSites() {
  static const std::vector<CheckSite> sites = Sorted();
  return sites;
}

bool CheckRefuses(const CheckSite& site) {
  static const int off = [] {
    const char* value = std::getenv("MLS_MUTATE");
    return value == nullptr ? 0 : std::atoi(value);
  }();
  const int number = NumberOf(site);
  Refused()[static_cast<std::size_t>(number)].store(true, std::memory_order_relaxed);
  return number != off;
}

std::vector<int> TakeRefusals() {
  std::vector<int> numbers;
  for (std::size_t number = 1; number < Refused().size(); ++number) {
    if (Refused()[number].exchange(false)) numbers.push_back(static_cast<int>(number));
  }
  return numbers;
}

}  // namespace mls

#endif
