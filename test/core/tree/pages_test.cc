#include "tree/pages.h"

#include <doctest/doctest.h>

#include <map>
#include <set>

#include "support/seeded_random.h"

using namespace mls;
using mls::test::SeededRandom;

namespace {

struct Page {
  int value = 0;
};
using Table = PageTable<Page>;

std::map<std::size_t, int> ContentOf(const Table& table) {
  std::map<std::size_t, int> content;
  std::size_t last = 0;
  table.ForEach([&](std::size_t number, const Page& page) {
    CHECK((content.empty() || number > last));
    last = number;
    content[number] = page.value;
  });
  return content;
}

using Change = std::tuple<std::size_t, int, int>;  // number, now, then; 0 for none

std::vector<Change> ChangesOf(const Table& now, const Table& then) {
  std::vector<Change> changes;
  now.ForEachChange(then, [&](std::size_t number, const Page* page, const Page* former) {
    changes.push_back({number, page == nullptr ? 0 : page->value, former == nullptr ? 0 : former->value});
  });
  return changes;
}

}  // namespace

TEST_CASE("pages that nobody wrote do not exist") {
  Table table;
  CHECK(table.Find(0) == nullptr);
  CHECK(table.Find(1'000'000) == nullptr);
  table.Write(40).value = 7;
  REQUIRE(table.Find(40) != nullptr);
  CHECK(table.Find(40)->value == 7);
  for (const std::size_t page : {0u, 31u, 32u, 39u, 41u, 63u, 64u}) CHECK(table.Find(page) == nullptr);
  table.Erase(40);
  CHECK(table.Find(40) == nullptr);
  table.Erase(40);
  table.Erase(1'000'000);
  CHECK(ContentOf(table).empty());
}

TEST_CASE("a copy shares its pages and keeps them when the other one changes") {
  Table table;
  for (std::size_t page = 0; page < 100; ++page) table.Write(page).value = static_cast<int>(page) + 1;
  const Table before = table;
  for (std::size_t page = 0; page < 100; ++page) CHECK(table.Find(page) == before.Find(page));
  const Counters counters = Count();
  table.Write(50).value = 999;
  CHECK(Count().pages_copied - counters.pages_copied == 2);  // the chunk and the page
  table.Write(50).value = 1000;
  CHECK(Count().pages_copied - counters.pages_copied == 2);  // they are private now
  table.Write(51).value = 1001;
  CHECK(Count().pages_copied - counters.pages_copied == 3);
  CHECK(before.Find(50)->value == 51);
  CHECK(before.Find(51)->value == 52);
  CHECK(table.Find(50)->value == 1000);
  CHECK(table.Find(49) == before.Find(49));
  CHECK(table.Find(99) == before.Find(99));
  table.Erase(3);
  CHECK(before.Find(3)->value == 4);
}

TEST_CASE("ForEachChange names what differs, with both pages") {
  Table then;
  for (const std::size_t page : {0u, 5u, 40u, 70u}) then.Write(page).value = static_cast<int>(page) + 1;
  Table now = then;
  CHECK(ChangesOf(now, then).empty());
  now.Write(5).value = 60;
  now.Erase(40);
  now.Write(200).value = 8;
  CHECK(ChangesOf(now, then) == std::vector<Change>{{5, 60, 6}, {40, 0, 41}, {200, 8, 0}});
  CHECK(ChangesOf(then, now) == std::vector<Change>{{5, 6, 60}, {40, 41, 0}, {200, 0, 8}});
  CHECK(ChangesOf(then, {}).size() == 4);
  CHECK(ChangesOf({}, then).size() == 4);
}

TEST_CASE("Truncate drops every page from a number on, inside a chunk and between chunks") {
  for (const std::size_t pages : {0u, 1u, 31u, 32u, 33u, 64u, 95u, 96u, 1000u}) {
    CAPTURE(pages);
    Table table;
    for (std::size_t page = 0; page < 96; ++page) table.Write(page).value = 1;
    const Table before = table;
    table.Truncate(pages);
    for (std::size_t page = 0; page < 128; ++page) {
      CHECK((table.Find(page) != nullptr) == (page < std::min<std::size_t>(pages, 96)));
    }
    CHECK(ContentOf(before).size() == 96);
  }
}

TEST_CASE("a table behaves as a map does, and so do its copies") {
  SeededRandom random(41);
  std::vector<std::pair<Table, std::map<std::size_t, int>>> copies(1);
  for (int step = 0; step < 3000; ++step) {
    auto& [table, model] = copies[random.Below(copies.size())];
    const std::size_t page = random.Below(150);
    switch (random.Below(8)) {
      case 0:
        table.Erase(page);
        model.erase(page);
        break;
      case 1:
        if (page < 50) break;
        table.Truncate(page);
        model.erase(model.lower_bound(page), model.end());
        break;
      case 2: {
        auto copy = copies[random.Below(copies.size())];
        if (copies.size() < 5) {
          copies.push_back(std::move(copy));
        } else {
          copies[random.Below(5)] = std::move(copy);
        }
        break;
      }
      default:
        table.Write(page).value = model[page] = step + 1;
    }
  }
  for (const auto& [table, model] : copies) CHECK(ContentOf(table) == model);
}

TEST_CASE("every parent has one place, and its place leads back to it") {
  std::set<std::tuple<std::uint32_t, std::uint32_t, std::uint32_t>> places;
  for (std::uint32_t node = 1; node < 2 * 4096 - 1; node += 2) {
    const NodeIndex index(node);
    const ParentPlace place = ParentPlace::Of(index);
    REQUIRE(place.Node() == index);
    REQUIRE(place.band == (Level(index) - 1) / 4);
    REQUIRE(place.slot < kParentsPerPage);
    REQUIRE(places.insert({place.band, place.page, place.slot}).second);
    // The page covers as many leaves as it says, and this node's among them.
    const std::uint32_t leaves = LeavesPerParentPage(place.band);
    REQUIRE(node / 2 / leaves == place.page);
  }
  // The largest tree.
  for (const std::uint32_t node : {0x7fffffffu, 0xfffffffdu, 0x3fffffffu}) {
    CHECK(ParentPlace::Of(NodeIndex(node)).Node() == NodeIndex(node));
  }
}

TEST_CASE("a page holds a subtree of four levels, its root in the middle") {
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::vector<NodeIndex>> pages;
  for (std::uint32_t node = 1; node < 2 * 4096 - 1; node += 2) {
    const ParentPlace place = ParentPlace::Of(NodeIndex(node));
    pages[{place.band, place.page}].push_back(NodeIndex(node));
  }
  CHECK(pages.size() == 256 + 16 + 1);
  for (const auto& [page, nodes] : pages) {
    CHECK(nodes.size() == 15);
    const NodeIndex top = ParentPlace{page.first, page.second, kTopSlot}.Node();
    for (const NodeIndex node : nodes) {
      CHECK(Level(node) <= Level(top));
      CHECK(Level(node) + kLevelsPerPage > Level(top));
    }
  }
  // A direct path of twelve nodes touches three pages.
  std::set<std::pair<std::uint32_t, std::uint32_t>> touched;
  for (NodeIndex node = Parent(LeafIndex{1234});; node = Parent(node)) {
    const ParentPlace place = ParentPlace::Of(node);
    touched.insert({place.band, place.page});
    if (node == Root(4096)) break;
  }
  CHECK(touched.size() == 3);
}

TEST_CASE("bands and pages cover a tree, up to the largest") {
  CHECK(BandCount(0) == 0);
  CHECK(BandCount(1) == 0);
  CHECK(BandCount(2) == 1);
  CHECK(BandCount(16) == 1);
  CHECK(BandCount(32) == 2);
  CHECK(BandCount(256) == 2);
  CHECK(BandCount(512) == 3);
  CHECK(BandCount(1u << 31) == 8);
  CHECK(PagesFor(0, 16) == 0);
  CHECK(PagesFor(1, 16) == 1);
  CHECK(PagesFor(16, 16) == 1);
  CHECK(PagesFor(17, 16) == 2);
  CHECK(PagesFor(0xffffffff, 16) == 1u << 28);  // no sum that wraps
  CHECK(LeavesPerParentPage(0) == 16);
  CHECK(LeavesPerParentPage(2) == 4096);
}
