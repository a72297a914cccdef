#include "kit/rule.h"

#include <doctest/doctest.h>

#include <unistd.h>

#include <cstdlib>
#include <fstream>

namespace mls::test {

namespace {

std::string& Current() {
  static std::string rule;
  return rule;
}

// Listener writes a line "passed NAME" or "failed NAME" for each test case into the file that
// NODE_MLS_RULES_RESULTS names.
struct Listener : doctest::IReporter {
  explicit Listener(const doctest::ContextOptions&) {
    if (const auto path = FileOf(".results")) results.open(*path, std::ios::app);
  }

  void test_case_start(const doctest::TestCaseData& test) override {
    name = test.m_name;
    Current() = name.substr(0, name.find(':'));
  }
  void test_case_end(const doctest::CurrentTestCaseStats& stats) override {
    if (results.is_open()) results << (stats.testCaseSuccess ? "passed " : "failed ") << name << "\n";
  }
  void report_query(const doctest::QueryData&) override {}
  void test_run_start() override {}
  void test_run_end(const doctest::TestRunStats&) override {}
  void test_case_reenter(const doctest::TestCaseData&) override {}
  void test_case_exception(const doctest::TestCaseException&) override {}
  void subcase_start(const doctest::SubcaseSignature&) override {}
  void subcase_end() override {}
  void log_assert(const doctest::AssertData&) override {}
  void log_message(const doctest::MessageData&) override {}
  void test_case_skipped(const doctest::TestCaseData&) override {}

  std::string name;
  std::ofstream results;
};

DOCTEST_REGISTER_LISTENER("rules", 1, Listener);

}  // namespace

const std::string& CurrentRule() { return Current(); }

std::optional<std::string> FileOf(const std::string& ending) {
  const char* folder = std::getenv("NODE_MLS_RULES_JOURNAL");
  if (folder == nullptr) return std::nullopt;
  return std::string(folder) + "/" + std::to_string(getpid()) + ending;
}

}  // namespace mls::test
