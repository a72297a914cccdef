#include "tree/leaf_set.h"

#include <doctest/doctest.h>

#include <random>
#include <set>

using namespace mls;

TEST_CASE("leaf set: agrees with a set of numbers") {
  std::mt19937 draw(7);
  LeafSet leaves;
  std::set<std::uint32_t> model;
  for (int step = 0; step < 4000; ++step) {
    // Adds and removals in waves, so that it fills words and empties them.
    const bool add = draw() % 100 < (step / 500 % 2 == 0 ? 80u : 20u);
    if (add) {
      const std::uint32_t leaf = draw() % 3 == 0 ? draw() % 400 : leaves.FirstAbsent().value;
      leaves.Add({leaf});
      model.insert(leaf);
    } else if (!model.empty()) {
      const std::uint32_t leaf = draw() % 4 == 0 ? *model.rbegin() : draw() % 400;
      leaves.Remove({leaf});
      model.erase(leaf);
    }
    REQUIRE(leaves.size() == model.size());
    std::uint32_t absent = 0;
    while (model.count(absent) != 0) ++absent;
    REQUIRE(leaves.FirstAbsent().value == absent);
    REQUIRE(leaves.Last().has_value() == !model.empty());
    if (!model.empty()) REQUIRE(leaves.Last()->value == *model.rbegin());
    const std::uint32_t from = draw() % 450;
    const auto next = model.lower_bound(from);
    const auto found = leaves.Next({from});
    REQUIRE(found.has_value() == (next != model.end()));
    if (found) REQUIRE(found->value == *next);
    REQUIRE(leaves.Has({from}) == (model.count(from) != 0));
    const NodeIndex node(draw() % 511);
    const auto first = model.lower_bound(FirstLeaf(node).value);
    REQUIRE(leaves.AnyBelow(node) == (first != model.end() && Contains(node, {*first})));
  }
}

TEST_CASE("leaf set: no member far away") {
  LeafSet leaves;
  CHECK(!leaves.Has({0xffff'ffff}));
  CHECK(!leaves.Next({0xffff'ffff}));
  CHECK(leaves.FirstAbsent().value == 0);
  CHECK(!leaves.Last());
}
