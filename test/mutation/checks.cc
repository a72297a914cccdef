// What a test program with numbered checks tells scripts/mutation.cjs, in lines that begin with "mls_checks".
//
//   MLS_CHECKS=list: every check, with its number, file, line, error and condition between tabs; no test
//   runs. Otherwise: each test case as it begins or is listed, and at the end the checks whose conditions did
//   not hold.
#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/check.h"

namespace {

void List() {
  int number = 0;
  for (const mls::CheckSite& site : mls::CheckSites()) {
    std::printf("mls_checks\t%d\t%s\t%d\t%s\t%s\n", ++number, site.file, site.line, site.error,
                site.condition);
  }
}

struct Checks : doctest::IReporter {
  explicit Checks(const doctest::ContextOptions&) {}

  void test_run_start() override {
    const char* mode = std::getenv("MLS_CHECKS");
    if (mode == nullptr || std::strcmp(mode, "list") != 0) return;
    List();
    std::fflush(stdout);
    std::_Exit(0);
  }

  void test_case_start(const doctest::TestCaseData& test) override {
    std::printf("mls_checks\tcase\t%s\t%u\t%s\n", test.m_file.c_str(), test.m_line, test.m_name);
  }

  void test_run_end(const doctest::TestRunStats&) override {
    std::printf("mls_checks\trefused");
    for (const int number : mls::TakeRefusals()) std::printf("\t%d", number);
    std::printf("\n");
  }

  // --list-test-cases: in the order in which --first and --last count them.
  void report_query(const doctest::QueryData& query) override {
    for (unsigned i = 0; i < query.num_data; ++i) test_case_start(*query.data[i]);
  }
  void test_case_reenter(const doctest::TestCaseData&) override {}
  void test_case_end(const doctest::CurrentTestCaseStats&) override {}
  void test_case_exception(const doctest::TestCaseException&) override {}
  void subcase_start(const doctest::SubcaseSignature&) override {}
  void subcase_end() override {}
  void log_assert(const doctest::AssertData&) override {}
  void log_message(const doctest::MessageData&) override {}
  void test_case_skipped(const doctest::TestCaseData&) override {}
};

DOCTEST_REGISTER_LISTENER("mls_checks", 1, Checks);

}  // namespace
