#include "base/shared.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace mls;

namespace {

// Counted counts its live objects.
struct Counted {
  static inline int live = 0;
  int value = 0;
  explicit Counted(int v) : value(v) { ++live; }
  Counted(const Counted& other) : value(other.value) { ++live; }
  Counted(Counted&& other) noexcept : value(other.value) { ++live; }
  ~Counted() { --live; }
};

}  // namespace

TEST_CASE("copies share one value until one of them is written") {
  Shared<std::string> a(std::string("one"));
  Shared<std::string> b = a;
  CHECK(a.SameAs(b));
  const std::uint64_t before = Count().pages_copied;
  b.Write() = "two";
  CHECK(Count().pages_copied - before == 1);
  CHECK_FALSE(a.SameAs(b));
  CHECK(*a == "one");
  CHECK(*b == "two");
}

TEST_CASE("the only owner writes in place") {
  Shared<std::string> a(std::string("one"));
  const std::string* where = &*a;
  const std::uint64_t before = Count().pages_copied;
  a.Write() = "two";
  CHECK(&*a == where);
  {
    const Shared<std::string> b = a;
  }
  a.Write() = "three";
  CHECK(&*a == where);
  CHECK(Count().pages_copied == before);
}

TEST_CASE("the last owner frees the value, and none before") {
  {
    Shared<Counted> a{Counted(1)};
    CHECK(Counted::live == 1);
    std::vector<Shared<Counted>> copies(10, a);
    CHECK(Counted::live == 1);
    copies[3].Write().value = 2;
    CHECK(Counted::live == 2);
    copies.clear();
    CHECK(Counted::live == 1);
    CHECK(a->value == 1);
    Shared<Counted> moved = std::move(a);
    CHECK_FALSE(a);  // NOLINT: a moved-from Shared is null
    Shared<Counted>& itself = moved;
    moved = itself;
    CHECK(moved->value == 1);
    moved = Shared<Counted>();
    CHECK(Counted::live == 0);
  }
  CHECK(Counted::live == 0);
}

TEST_CASE("a default Shared is null") {
  const Shared<int> none;
  CHECK_FALSE(none);
  CHECK(none.SameAs(Shared<int>()));
}
