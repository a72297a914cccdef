// The official vectors of vector headers (RFC 9420 §2.1.2).
#include <doctest/doctest.h>

#include <cstdlib>
#include <memory>
#include <new>

#include "support/tally.h"
#include "support/vectors.h"
#include "wire/cursor.h"

using namespace mls;
using mls::test::FromHex;
using mls::test::Json;

namespace {

// Written is the header that a vector of `size` bytes gets.
Bytes Written(std::size_t size) {
  Bytes header(LengthSize(size));
  Writer out(header);
  out.Length(size);
  return header;
}

// Reads: `header` with `size` bytes behind it names them all, and with one less is refused.
bool Reads(View header, std::size_t size) {
  // calloc: a gigabyte that nobody touches costs no memory.
  const std::unique_ptr<void, void (*)(void*)> memory(std::calloc(header.size() + size, 1), std::free);
  if (memory == nullptr) throw std::bad_alloc();
  std::memcpy(memory.get(), header.data(), header.size());
  const View whole(static_cast<const std::uint8_t*>(memory.get()), header.size() + size);
  Reader in(whole);
  if (in.Length() != size || !in.ok()) return false;
  Reader shorter(whole.first(whole.size() - 1));
  return shorter.Length() == 0 && !shorter.ok();
}

}  // namespace

TEST_CASE("deserialization vectors: headers are read and written") {
  for (const auto& file : test::FindVectors("deserialization")) {
    test::Tally tally(file.set, "deserialization");
    for (const Json& vector : file.json) {
      const Bytes header = FromHex(vector["vlbytes_header"]);
      const std::size_t length = vector["length"];
      CAPTURE(length);
      CHECK(tally.Count(Reads(header, length) && Written(length) == header));
    }
  }
}
