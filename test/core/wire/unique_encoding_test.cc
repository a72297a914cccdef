// An encoding is unique (RFC 9420 §2.1): no other bytes decode to the same value, none are left out, none too
// many.
#include <doctest/doctest.h>

#include "support/vectors.h"
#include "wire/codec.h"

using namespace mls;
using mls::test::ToHex;

namespace {

enum class Kind : std::uint16_t { one = 1 };
enum class Closed : std::uint8_t { one = 1, two = 2 };
constexpr bool IsKnown(Closed value) { return value == Closed::one || value == Closed::two; }

struct Point {
  std::uint8_t x = 0;
  std::uint32_t y = 0;
  static constexpr auto kWire = Fields(&Point::x, &Point::y);
};
struct Ping {
  static constexpr Kind kTag = Kind::one;
  std::uint8_t value = 0;
  static constexpr auto kWire = Fields(&Ping::value);
};
struct Unknown {
  Kind tag{};
  Bytes content;
  static constexpr auto kWire = Fields(&Unknown::content);
};

struct Everything {
  Closed closed = Closed::one;
  std::uint8_t only_for_two = 0;
  Bytes bytes;
  std::array<std::uint8_t, 3> fixed{};
  std::optional<Point> maybe;
  std::vector<Point> points;
  std::vector<std::uint16_t> numbers;
  std::vector<std::vector<Bytes>> nested;
  std::vector<std::variant<Ping, Unknown>> selects;
  static constexpr auto kWire =
      Fields(&Everything::closed, When(&Everything::closed, Closed::two, &Everything::only_for_two),
             &Everything::bytes, &Everything::fixed, &Everything::maybe, &Everything::points,
             &Everything::numbers, &Everything::nested, &Everything::selects);
};

Bytes Sample() {
  return Encode(Everything{.closed = Closed::two,
                           .only_for_two = 1,
                           .bytes = Bytes(70, 2),
                           .fixed = {3, 4, 5},
                           .maybe = Point{6, 7},
                           .points = {{8, 9}, {10, 11}},
                           .numbers = {12, 13},
                           .nested = {{{14}, {}}, {}, {{15, 16}}},
                           .selects = {Ping{17}, Unknown{Kind{18}, {19}}}});
}

// ReadLength gives the length that `header` names with enough bytes behind it, and whether it is accepted.
std::pair<std::size_t, bool> ReadLength(Bytes header) {
  header.resize(header.size() + (1u << 14));
  Reader in(header);
  const std::size_t length = in.Length();
  return {length, in.ok()};
}

}  // namespace

TEST_CASE("every truncation and every byte too many is malformed") {
  Bytes bytes = Sample();
  CHECK(Decode<Everything>(bytes).ok());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CAPTURE(size);
    CHECK_FALSE(Decode<Everything>(View(bytes).first(size)).ok());
  }
  bytes.push_back(0);
  CHECK_FALSE(Decode<Everything>(bytes).ok());
}

TEST_CASE("whatever decodes encodes to the same bytes") {
  const Bytes bytes = Sample();
  std::size_t accepted = 0;
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (unsigned value = 0; value < 256; ++value) {
      Bytes changed = bytes;
      changed[at] = static_cast<std::uint8_t>(value);
      const auto decoded = Decode<Everything>(changed);
      if (!decoded.ok()) continue;
      ++accepted;
      CHECK(Encode(*decoded) == changed);
    }
  }
  CHECK(accepted > 20'000);  // most bytes are content
}

TEST_CASE("of all length headers of one and two bytes, one stands for each length") {
  for (unsigned first = 0; first < 0x80; ++first) {
    for (unsigned second = 0; second < 0x100; ++second) {
      Bytes header{static_cast<std::uint8_t>(first), static_cast<std::uint8_t>(second)};
      if (first < 0x40) header.pop_back();
      const std::size_t named = first < 0x40 ? first : (first & 0x3f) << 8 | second;
      const auto [length, accepted] = ReadLength(header);
      CHECK(accepted == (first < 0x40 || named >= 64));
      if (!accepted) continue;
      CHECK(length == named);
      Bytes written(LengthSize(length));
      Writer(written).Length(length);
      CHECK(written == header);
    }
  }
}

TEST_CASE("the examples of RFC 9420 §2.1.2") {
  CHECK(ReadLength({0x25}) == std::pair<std::size_t, bool>(37, true));
  CHECK(ReadLength({0x7b, 0xbd}) == std::pair<std::size_t, bool>(15293, true));
  Bytes header(4);
  Writer(header).Length(494878333);
  CHECK(ToHex(header) == "9d7f3e7d");
}
