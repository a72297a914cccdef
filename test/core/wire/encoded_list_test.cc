#include "wire/encoded_list.h"

#include <doctest/doctest.h>

#include "support/encodings.h"

using namespace mls;

namespace {

struct Pair {
  Bytes first, second;
  static constexpr auto kWire = Fields(&Pair::first, &Pair::second);
  bool operator==(const Pair&) const = default;
};
using List = EncodedList<Pair>;

const std::vector<Pair> kPairs = {{{1}, {2, 3}}, {{}, {}}, {Bytes(64, 4), Bytes(20'000, 5)}, {{6}, {}}};

}  // namespace

TEST_CASE("an encoded list is on the wire what a vector is") {
  for (std::size_t count = 0; count <= kPairs.size(); ++count) {
    const std::vector<Pair> pairs(kPairs.begin(), kPairs.begin() + static_cast<std::ptrdiff_t>(count));
    const List list(pairs);
    CHECK(Encode(list) == Encode(pairs));
    CHECK(test::ComesBack(list));
    const auto decoded = Decode<List>(Encode(pairs));
    REQUIRE(decoded.ok());
    REQUIRE(decoded->count() == count);
    for (std::size_t i = 0; i < count; ++i) CHECK((*decoded)[i] == pairs[i]);
  }
}

TEST_CASE("an encoded list is refused exactly where a vector is") {
  const std::vector<Pair> pairs = {{{1}, {2, 3}}, {{}, {}}, {Bytes(64, 4), {5}}};
  const Bytes encoded = Encode(pairs);
  CHECK(test::RefusesPrefixes<List>(encoded));
  CHECK(test::RefusesMore<List>(encoded));
  std::size_t refused = 0;
  for (std::size_t at = 0; at < encoded.size(); ++at) {
    for (unsigned value = 0; value < 256; ++value) {
      Bytes changed = encoded;
      changed[at] = static_cast<std::uint8_t>(value);
      const auto list = Decode<List>(changed);
      const auto vector = Decode<std::vector<Pair>>(changed);
      REQUIRE(list.ok() == vector.ok());
      if (list.ok()) {
        CHECK(*list == List(*vector));
        CHECK(list->Decode() == *vector);
        CHECK(Encode(*list) == changed);
      } else {
        ++refused;
        CHECK(list.error() == vector.error());
      }
    }
  }
  CHECK(refused > 1'000);
}

TEST_CASE("an element whose length runs into the next one's place or past the list is malformed") {
  CHECK(Decode<List>(Bytes{3, 1, 9, 0}).ok());
  CHECK_FALSE(Decode<List>(Bytes{2, 1, 9}).ok());           // no second field
  CHECK_FALSE(Decode<List>(Bytes{3, 2, 9, 0}).ok());        // nothing left for it
  CHECK_FALSE(Decode<List>(Bytes{3, 1, 9, 1, 7}).ok());     // it ends outside the list
  CHECK_FALSE(Decode<List>(Bytes{4, 0x40, 1, 9, 0}).ok());  // a length that is not the shortest
}

TEST_CASE("a list that was read over another keeps nothing of it") {
  List list(kPairs);
  const Bytes encoded = Encode(std::vector<Pair>{{{7}, {8}}});
  Reader in(encoded);
  wire::Read(in, list);
  CHECK(in.done());
  CHECK(list == List(std::vector<Pair>{{{7}, {8}}}));
}
