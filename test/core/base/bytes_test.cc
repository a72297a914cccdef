#include "base/bytes.h"

#include <doctest/doctest.h>

#include <type_traits>

using namespace mls;

TEST_CASE("a Secret of a size holds zeros; a copied one holds the bytes") {
  const Secret zeros(5);
  CHECK(Equal(zeros, Bytes(5, 0)));
  CHECK(Equal(Secret::Copy(AsView("abc")), AsView("abc")));
  CHECK(Secret().empty());
  CHECK(Secret::Copy({}).empty());
  CHECK(Secret(0).size() == 0);
}

TEST_CASE("a Secret moves and never copies by accident") {
  static_assert(!std::is_copy_constructible_v<Secret> && !std::is_copy_assignable_v<Secret>);
  static_assert(std::is_nothrow_move_constructible_v<Secret> && std::is_nothrow_move_assignable_v<Secret>);
  Secret a = Secret::Copy(AsView("abc"));
  const std::uint8_t* where = a.view().data();
  Secret b = std::move(a);
  CHECK(a.empty());  // NOLINT: a moved-from Secret is empty, by contract
  CHECK(a.view().data() == nullptr);
  CHECK(b.view().data() == where);
  Secret c(2);
  c = std::move(b);
  CHECK(b.empty());  // NOLINT
  CHECK(Equal(c, AsView("abc")));
  Secret& itself = c;
  c = std::move(itself);
  CHECK(Equal(c, AsView("abc")));
}

TEST_CASE("a clone is a second Secret") {
  const Secret a = Secret::Copy(AsView("abc"));
  Secret b = a.Clone();
  CHECK(a == b);
  b.span()[0] = 'x';
  CHECK_FALSE(a == b);
  CHECK(Equal(a, AsView("abc")));
}

TEST_CASE("Truncate wipes what it drops") {
  Secret secret = Secret::Copy(AsView("abcdef"));
  const std::uint8_t* bytes = secret.view().data();
  secret.Truncate(2);
  CHECK(Equal(secret, AsView("ab")));
  CHECK(Equal({bytes, 6}, Bytes{'a', 'b', 0, 0, 0, 0}));
  secret.Truncate(2);
  secret.Truncate(100);
  CHECK(secret.size() == 2);
  secret.Truncate(0);
  CHECK(secret.empty());
  CHECK(bytes[0] == 0);
}

TEST_CASE("Clear empties, and may be called again") {
  Secret secret = Secret::Copy(AsView("abc"));
  secret.Clear();
  CHECK(secret.empty());
  secret.Clear();
  CHECK(secret.empty());
}

TEST_CASE("Wipe overwrites, and takes an empty span") {
  Bytes bytes(9, 7);
  Wipe(Span(bytes).first(4));
  CHECK(bytes == Bytes{0, 0, 0, 0, 7, 7, 7, 7, 7});
  Wipe({});
}

TEST_CASE("ConstantTimeEqual and Equal compare length and every bit") {
  const Bytes a{1, 2, 3};
  for (const auto equal : {&ConstantTimeEqual, +[](View x, View y) { return Equal(x, y); }}) {
    CHECK(equal(a, Bytes{1, 2, 3}));
    CHECK(equal({}, {}));
    CHECK_FALSE(equal(a, Bytes{1, 2}));
    CHECK_FALSE(equal(a, Bytes{1, 2, 3, 0}));
    CHECK_FALSE(equal(a, {}));
    for (std::size_t bit = 0; bit < 24; ++bit) {
      Bytes b = a;
      b[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
      CHECK_FALSE(equal(a, b));
    }
  }
}
