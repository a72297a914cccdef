// Result<T>: a value or an error number. Core has no exceptions; every failure is one of errors.def.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

namespace mls {

enum class Error : std::uint16_t {
#define MLS_ERROR(number, name, fault, section) name = number,
#include "base/errors.def"
#undef MLS_ERROR
};

// Fault says who is to blame, the first thing a caller decides on.
enum class Fault : std::uint8_t {
  malformed,
  violation,
  unsupported,
  stale,
  limit,
  misuse,
  crypto,
  storage,
  internal,
};

struct ErrorInfo {
  Error error;
  std::string_view name;  // as in errors.def
  Fault fault;
  std::string_view section;  // of RFC 9420, or "-"
};

// Describe gives the row of errors.def; it holds no data of the failing input.
const ErrorInfo& Describe(Error error);
// AllErrors gives the whole list, in the order of the numbers.
std::span<const ErrorInfo> AllErrors();

template <class T>
class [[nodiscard]] Result {
 public:
  using Value = T;
  Result(T value) : value_(std::move(value)) {}  // NOLINT: values and errors convert
  Result(Error error) : error_(error) {}         // NOLINT

  bool ok() const { return value_.has_value(); }
  Error error() const { return error_; }
  T& operator*() & { return *value_; }
  const T& operator*() const& { return *value_; }
  T&& operator*() && { return std::move(*value_); }
  T* operator->() { return &*value_; }
  const T* operator->() const { return &*value_; }

 private:
  std::optional<T> value_;
  Error error_ = Error::INTERNAL;
};

// Status is a Result without a value: kOk or an error.
struct Ok {};
using Status = Result<Ok>;
inline constexpr Ok kOk{};

}  // namespace mls
