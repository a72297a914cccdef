#include "store/format.h"

#include "base/check.h"

namespace mls {

Status CheckFormat(View context_row) {
  Reader in(context_row);
  const auto format = in.Uint<std::uint16_t>();
  MLS_REQUIRE(in.ok(), STORAGE_DAMAGED);                   // RFC 9420 §8.1: a row as we wrote it
  MLS_REQUIRE(format <= kFormatVersion, STORAGE_VERSION);  // RFC 9420 §8.1: not from a later engine
  return kOk;
}

}  // namespace mls
