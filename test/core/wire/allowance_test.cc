// The memory that decoding may take: an allowance for the elements of all lists of one input.
#include <doctest/doctest.h>

#include "wire/codec.h"

using namespace mls;

namespace {

struct Wide {
  std::uint8_t byte = 0;
  std::uint8_t padding[1000];  // in memory only
  static constexpr auto kWire = Fields(&Wide::byte);
};

}  // namespace

TEST_CASE("lists of small elements cannot take memory without bound") {
  const std::size_t bound = kDecodedElements / (3 * sizeof(Wide));
  CHECK(Decode<std::vector<Wide>>(Encode(Bytes(bound))).ok());
  const auto refused = Decode<std::vector<Wide>>(Encode(Bytes(bound + bound / 100)));
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error() == Error::LIMIT_EXCEEDED);
}

TEST_CASE("the allowance is one for all lists of an input") {
  // Two lists of half the bound each pass, two of the whole do not.
  const std::size_t bound = kDecodedElements / (3 * sizeof(Wide));
  using Lists = std::vector<std::vector<Wide>>;
  const auto two_of = [](std::size_t size) { return Encode(Encode(Bytes(size), Bytes(size))); };
  CHECK(Decode<Lists>(two_of(bound / 2)).ok());
  const auto refused = Decode<Lists>(two_of(bound));
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error() == Error::LIMIT_EXCEEDED);
}

TEST_CASE("an inner reader hands its failure and what is left of the allowance back") {
  const Bytes bytes = {1, 7};
  Reader in(bytes);
  Reader elements = in.Elements();
  elements.Charge(kDecodedElements);
  in.Return(elements);
  CHECK(in.done());
  in.Charge(3 * bytes.size());
  CHECK(in.ok());
  in.Charge(1);
  CHECK(in.error() == Error::LIMIT_EXCEEDED);

  Reader outer(bytes);
  Reader inner = outer.Elements();
  CHECK(inner.Uint<std::uint16_t>() == 0);
  outer.Return(inner);
  CHECK_FALSE(outer.ok());
}
