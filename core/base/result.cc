#include "base/result.h"

#include <array>

namespace mls {

namespace {

constexpr ErrorInfo kErrors[] = {
#define MLS_ERROR(number, name, fault, section) {Error::name, #name, Fault::fault, section},
#include "base/errors.def"
#undef MLS_ERROR
};

}  // namespace

std::span<const ErrorInfo> AllErrors() { return kErrors; }

const ErrorInfo& Describe(Error error) {
  for (const ErrorInfo& info : kErrors) {
    if (info.error == error) return info;
  }
  return kErrors[std::size(kErrors) - 1];
}

}  // namespace mls
