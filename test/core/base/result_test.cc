#include "base/result.h"

#include <doctest/doctest.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/check.h"

using namespace mls;

namespace {

struct Row {
  unsigned number;
  std::string name;
  Fault fault;
  std::string section;
};

const std::vector<Row> kRows = {
#define MLS_ERROR(number, name, fault, section) {number, #name, Fault::fault, section},
#include "base/errors.def"
#undef MLS_ERROR
};

// The engine's own forms of ending early.
Status RequireEven(int number) {
  MLS_REQUIRE(number % 2 == 0, MALFORMED);  // RFC 9420 §2.1: only for the test
  return kOk;
}

Result<int> Half(int number) {
  MLS_DO(RequireEven(number));
  return number / 2;
}

Result<int> Quarter(int number) {
  MLS_TRY(half, Half(number));
  MLS_TRY(quarter, Half(half));
  return quarter;
}

Result<std::unique_ptr<int>> MoveOnly(int number) {
  MLS_TRY(half, Half(number));
  return std::make_unique<int>(half);
}

}  // namespace

TEST_CASE("numbers and names of errors are unique") {
  std::set<unsigned> numbers;
  std::set<std::string> names;
  for (const Row& row : kRows) {
    CAPTURE(row.name);
    CHECK(numbers.insert(row.number).second);
    CHECK(names.insert(row.name).second);
  }
  CHECK(kRows.size() > 50);
}

TEST_CASE("the hundreds of a number tell its fault") {
  const Fault faults[] = {Fault::malformed, Fault::violation, Fault::unsupported,
                          Fault::stale,     Fault::limit,     Fault::misuse,
                          Fault::crypto,    Fault::storage,   Fault::internal};
  for (const Row& row : kRows) {
    CAPTURE(row.name);
    REQUIRE(row.number >= 100);
    REQUIRE(row.number < 1000);
    CHECK(row.fault == faults[row.number / 100 - 1]);
  }
}

TEST_CASE("Describe gives the row of errors.def") {
  for (const Row& row : kRows) {
    const ErrorInfo& info = Describe(static_cast<Error>(row.number));
    CHECK(info.name == row.name);
    CHECK(info.fault == row.fault);
    CHECK(info.section == row.section);
    CHECK(static_cast<unsigned>(info.error) == row.number);
    CHECK((row.section == "-" || (row.section[0] >= '1' && row.section[0] <= '9')));
  }
  CHECK(Describe(static_cast<Error>(1)).error == Error::INTERNAL);
}

TEST_CASE("MLS_REQUIRE, MLS_DO and MLS_TRY end with the first error") {
  CHECK(RequireEven(2).ok());
  CHECK(RequireEven(1).error() == Error::MALFORMED);
  CHECK(*Quarter(8) == 2);
  CHECK_FALSE(Quarter(6).ok());
  CHECK(Quarter(6).error() == Error::MALFORMED);
  CHECK_FALSE(Quarter(7).ok());
}

TEST_CASE("a Result carries types that only move") {
  Result<std::unique_ptr<int>> result = MoveOnly(4);
  REQUIRE(result.ok());
  const std::unique_ptr<int> taken = *std::move(result);
  CHECK(*taken == 2);
  CHECK_FALSE(MoveOnly(3).ok());
}
