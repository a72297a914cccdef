#include "wire/codec.h"

#include <doctest/doctest.h>

#include "support/encodings.h"
#include "support/vectors.h"

using namespace mls;
using mls::test::ComesBack;
using mls::test::FromHex;
using mls::test::ToHex;

namespace {

enum class Open : std::uint16_t { one = 1 };  // a registry: any value may come
enum class Closed : std::uint8_t { red = 1, blue = 2 };
constexpr bool IsKnown(Closed value) { return value == Closed::red || value == Closed::blue; }

// One field of every kind.
struct Everything {
  std::uint8_t byte = 0;
  Open open = Open::one;
  Closed closed = Closed::red;
  Bytes opaque;
  std::array<std::uint8_t, 3> fixed{};
  std::optional<std::uint32_t> maybe;
  std::vector<std::uint16_t> numbers;
  std::vector<Bytes> list;
  std::uint32_t only_red = 0;
  static constexpr auto kWire =
      Fields(&Everything::byte, &Everything::open, &Everything::closed, &Everything::opaque,
             &Everything::fixed, &Everything::maybe, &Everything::numbers, &Everything::list,
             When(&Everything::closed, Closed::red, &Everything::only_red));
  bool operator==(const Everything&) const = default;
};

struct Apple {
  static constexpr Open kTag = Open::one;
  std::uint8_t size = 0;
  static constexpr auto kWire = Fields(&Apple::size);
  bool operator==(const Apple&) const = default;
};
struct OtherFruit {
  Open tag{};
  Bytes data;
  static constexpr auto kWire = Fields(&OtherFruit::data);
  bool operator==(const OtherFruit&) const = default;
};
using Fruit = std::variant<Apple, OtherFruit>;
using OnlyApples = std::variant<Apple>;

struct Signed {
  std::uint16_t content = 0;
  Bytes signature;
  static constexpr auto kWire = Fields(&Signed::content, &Signed::signature);
};

template <class T>
bool Malformed(const char* hex) {
  const auto decoded = Decode<T>(FromHex(std::string(hex)));
  return !decoded.ok() && decoded.error() == Error::MALFORMED;
}

}  // namespace

TEST_CASE("every kind of field has the encoding of RFC 9420 §2.1") {
  const Everything everything{7,  Open{0x1234}, Closed::red,       {8, 9}, {1, 2, 3},
                              5u, {6, 7},       {{1}, {}, {2, 3}}, 10};
  CHECK(ToHex(Encode(everything)) ==
        "07"
        "1234"
        "01"
        "020809"
        "010203"
        "0100000005"
        "0400060007"
        "060101"
        "00"
        "020203"
        "0000000a");
  CHECK(ComesBack(everything));
}

TEST_CASE("a conditional field is there only under its condition") {
  Everything everything;
  const std::size_t with = Encode(everything).size();
  everything.closed = Closed::blue;
  CHECK(Encode(everything).size() == with - 4);
  CHECK(ComesBack(everything));
}

TEST_CASE("R2.1.1-01: the presence octet is 0 or 1") {
  CHECK(Decode<std::optional<std::uint8_t>>(Bytes{0}).ok());
  CHECK(Decode<std::optional<std::uint8_t>>(Bytes{1, 9}).ok());
  CHECK(Malformed<std::optional<std::uint8_t>>("0209"));
  CHECK(Malformed<std::optional<std::uint8_t>>("ff09"));
  CHECK(Malformed<std::optional<std::uint8_t>>("02"));
  CHECK(Malformed<std::optional<std::uint8_t>>("0009"));
  CHECK(Malformed<std::optional<std::uint8_t>>("01"));
  CHECK(Malformed<std::optional<std::uint8_t>>(""));
}

TEST_CASE("R2.1.2-08: a vector is a whole number of elements") {
  CHECK(Decode<std::vector<std::uint16_t>>(Bytes{2, 0, 1}).ok());
  CHECK(Malformed<std::vector<std::uint16_t>>("03000102"));
  CHECK(Malformed<std::vector<std::uint32_t>>("06000000010000"));
}

TEST_CASE("R2.1.2-09: an inner vector stays inside the outer one") {
  CHECK(Decode<std::vector<Bytes>>(Bytes{2, 1, 7}).ok());
  CHECK(Malformed<std::vector<Bytes>>("02020707"));
}

TEST_CASE("a closed enum takes only its values, a registry any") {
  CHECK(Decode<Closed>(Bytes{2}).ok());
  CHECK(Malformed<Closed>("00"));
  CHECK(Malformed<Closed>("03"));
  CHECK(*Decode<Open>(Bytes{0xff, 0xff}) == Open{0xffff});
}

TEST_CASE("a tag selects the alternative; an unknown one is kept where there is a place for it") {
  CHECK(ToHex(Encode(Fruit{Apple{5}})) == "000105");
  CHECK(ToHex(Encode(Fruit{OtherFruit{Open{2}, {5}}})) == "00020105");
  CHECK(ComesBack(Fruit{Apple{5}}));
  CHECK(ComesBack(Fruit{OtherFruit{Open{0}, {1, 2, 3}}}));
  CHECK(std::holds_alternative<Apple>(*Decode<Fruit>(Bytes{0, 1, 5})));
  CHECK(std::get<OtherFruit>(*Decode<Fruit>(Bytes{0x0a, 0x0a, 0})).tag == Open{0x0a0a});
  CHECK(
      Malformed<OnlyApples>("0002"
                            "05"));
  CHECK(Malformed<Fruit>("00"));
}

TEST_CASE("R2.1.2-10: nothing may follow") {
  CHECK(Decode<Apple>(Bytes{1}).ok());
  CHECK(Malformed<Apple>("0100"));
}

TEST_CASE("DecodePrefix leaves the rest") {
  const Bytes bytes = {1, 2};
  Reader in(bytes);
  CHECK(DecodePrefix<Apple>(in)->size == 1);
  CHECK(Equal(in.rest(), Bytes{2}));
  CHECK(DecodePrefix<Apple>(in).ok());
  CHECK_FALSE(DecodePrefix<Apple>(in).ok());
}

TEST_CASE("EncodeUnsigned leaves the last field out and adds what follows") {
  const Signed value{0x0102, {9, 9, 9}};
  CHECK(ToHex(EncodeUnsigned(value)) == "0102");
  CHECK(ToHex(EncodeUnsigned(value, Bytes{7}, std::uint8_t{8})) ==
        "01020107"
        "08");
}

TEST_CASE("Encode joins values; an encoded part is written as it is") {
  const Bytes part = {5, 6};
  CHECK(ToHex(Encode(std::uint8_t{1}, Encoded{part}, Bytes{2})) ==
        "01"
        "0506"
        "0102");
  CHECK(EncodeSecret(Secret::Copy(part)).view()[0] == 2);
  CHECK(EncodedSize(std::uint64_t{0}, part) == 11);
}

TEST_CASE("a view that is read points into the input") {
  const Bytes bytes = {2, 7, 8};
  const auto view = Decode<View>(bytes);
  REQUIRE(view.ok());
  CHECK(view->data() == bytes.data() + 1);
}
