#include "wire/cursor.h"

#include <doctest/doctest.h>

#include <optional>

#include "support/vectors.h"

using namespace mls;
using mls::test::FromHex;
using mls::test::ToHex;

namespace {

// Header gives the header that a vector of `size` bytes is written with.
Bytes Header(std::size_t size) {
  Bytes header(LengthSize(size));
  Writer out(header);
  out.Length(size);
  return header;
}

// ReadLength reads a header with `size` bytes behind it; none if that failed.
std::optional<std::size_t> ReadLength(Bytes header, std::size_t size) {
  header.resize(header.size() + size);
  Reader in(header);
  const std::size_t length = in.Length();
  if (!in.ok()) return std::nullopt;
  return length;
}

bool Refused(const char* hex, std::size_t size_behind) {
  return !ReadLength(FromHex(std::string(hex)), size_behind);
}

}  // namespace

TEST_CASE("R2.1.2-06: the shortest header is written, at every boundary") {
  CHECK(ToHex(Header(0)) == "00");
  CHECK(ToHex(Header(63)) == "3f");
  CHECK(ToHex(Header(64)) == "4040");
  CHECK(ToHex(Header(16383)) == "7fff");
  CHECK(ToHex(Header(16384)) == "80004000");
  CHECK(ToHex(Header(kMaxVectorSize)) == "bfffffff");
  for (const std::size_t size : {0, 1, 63, 64, 65, 16383, 16384, 16385, 1 << 20}) {
    CHECK(ReadLength(Header(size), size) == size);
    CHECK(VectorSize(size) == Header(size).size() + size);
  }
}

TEST_CASE("R2.1.2-01, R2.1.2-02: a longer header than needed is refused") {
  CHECK(Refused("4005", 5));
  CHECK(Refused("4000", 0));
  CHECK(Refused("403f", 63));
  CHECK_FALSE(Refused("4040", 64));
  CHECK(Refused("80000005", 5));
  CHECK(Refused("80000040", 64));
  CHECK(Refused("80003fff", 16383));
  CHECK_FALSE(Refused("80004000", 16384));
}

TEST_CASE("R2.1.2-03: prefix 11 is refused") {
  CHECK(Refused("c0", 100));
  CHECK(Refused("ff", 100));
  CHECK(Refused("c000000000000001", 100));
}

TEST_CASE("R2.1.2-04, R2.1.2-05: a header that is cut, or names more than there is, is refused") {
  CHECK(Refused("", 0));
  CHECK(Refused("40", 0));
  CHECK(Refused("800000", 0));
  CHECK(Refused("01", 0));
  CHECK(Refused("3f", 62));
  CHECK(Refused("4040", 63));
  CHECK(Refused("bfffffff", 4));
}

TEST_CASE("integers are big-endian") {
  const Bytes bytes = FromHex(std::string("0102030405060708090a0b0c0d0e0f"));
  Reader in(bytes);
  CHECK(in.Uint<std::uint8_t>() == 0x01);
  CHECK(in.Uint<std::uint16_t>() == 0x0203);
  CHECK(in.Uint<std::uint32_t>() == 0x04050607);
  CHECK(in.Uint<std::uint64_t>() == 0x08090a0b0c0d0e0f);
  CHECK(in.done());
  Bytes written(15);
  Writer out(written);
  out.Uint(std::uint8_t{0x01});
  out.Uint(std::uint16_t{0x0203});
  out.Uint(std::uint32_t{0x04050607});
  out.Uint(std::uint64_t{0x08090a0b0c0d0e0f});
  CHECK(out.full());
  CHECK(written == bytes);
}

TEST_CASE("a failure is final: later reads give nothing") {
  const Bytes bytes = {1, 2, 3};
  Reader in(bytes);
  CHECK(in.Uint<std::uint16_t>() == 0x0102);
  CHECK(in.Uint<std::uint16_t>() == 0);
  CHECK_FALSE(in.ok());
  CHECK(in.error() == Error::MALFORMED);
  CHECK(in.Uint<std::uint8_t>() == 0);
  CHECK(in.Take(0).empty());
  CHECK(in.Vector().empty());
  CHECK_FALSE(in.done());
  in.Fail(Error::LIMIT_EXCEEDED);
  CHECK(in.error() == Error::MALFORMED);  // the first reason stays
}

TEST_CASE("reading ends when everything was read") {
  const Bytes bytes = {2, 7, 8, 9};
  Reader in(bytes);
  CHECK(Equal(in.Vector(), Bytes{7, 8}));
  CHECK(in.ok());
  CHECK_FALSE(in.done());
  CHECK(Equal(in.rest(), Bytes{9}));
  CHECK(in.Take(1).size() == 1);
  CHECK(in.done());
  CHECK(in.empty());
  CHECK(Reader({}).done());
}
