// PrivateKeys, of tree/treekem.h: what a member holds, and its one packed row.
#include <doctest/doctest.h>

#include "tree/members.h"

using namespace mls;
using namespace mls::test;

namespace {

PrivateKeys Holding(std::initializer_list<std::uint32_t> nodes) {
  PrivateKeys keys;
  for (const std::uint32_t node : nodes) {
    keys.Set(NodeIndex(node), Secret::Copy(Bytes(32, static_cast<std::uint8_t>(node + 1))));
  }
  return keys;
}

Error ErrorOf(View row) {
  const auto keys = PrivateKeys::Decode(row);
  return keys.ok() ? Error::INTERNAL : keys.error();
}

// RowOf writes a row as the format says: a list of node (u32) and key.
Bytes RowOf(const std::vector<std::pair<std::uint32_t, Bytes>>& keys) {
  Bytes list;
  for (const auto& [node, key] : keys) {
    const Bytes entry = Encode(node, key);
    list.insert(list.end(), entry.begin(), entry.end());
  }
  return Encode(list);
}

}  // namespace

TEST_CASE("private keys are set, found, replaced and erased by node") {
  PrivateKeys keys = Holding({0, 1, 3});
  REQUIRE(keys.Find(NodeIndex(1)) != nullptr);
  CHECK(*keys.Find(NodeIndex(1)) == Secret::Copy(Bytes(32, 2)));
  CHECK(keys.Find(NodeIndex(2)) == nullptr);
  keys.Set(NodeIndex(1), Secret::Copy(Bytes(32, 77)));
  CHECK(*keys.Find(NodeIndex(1)) == Secret::Copy(Bytes(32, 77)));
  CHECK(keys.keys().size() == 3);
  keys.Erase(NodeIndex(1));
  keys.Erase(NodeIndex(9));
  CHECK(keys.Find(NodeIndex(1)) == nullptr);
  CHECK(keys.keys().size() == 2);
}

TEST_CASE("a clone is another object with the same keys") {
  PrivateKeys keys = Holding({0, 1, 3});
  PrivateKeys clone = keys.Clone();
  CHECK(clone.keys() == keys.keys());
  clone.Set(NodeIndex(0), Secret::Copy(Bytes(32, 9)));
  clone.Erase(NodeIndex(3));
  CHECK(*keys.Find(NodeIndex(0)) == Secret::Copy(Bytes(32, 1)));
  CHECK(keys.Find(NodeIndex(3)) != nullptr);
}

TEST_CASE("R7.5: Prune drops the keys of blank nodes, and those alone") {
  TestGroup group(51);
  std::vector<LeafIndex> added;
  for (int i = 0; i < 3; ++i) added.push_back(group.Join());
  REQUIRE(group.Commit({0}, added));
  PrivateKeys keys = group.members()[{0}].keys.Clone();
  CHECK(keys.keys().size() == 3);  // leaf 0, nodes 1 and 3
  keys.Prune(group.tree());
  CHECK(keys.keys().size() == 3);
  RatchetTree next = group.tree();
  next.RemoveLeaf({1});
  keys.Prune(next);
  CHECK(keys.keys().size() == 1);
  CHECK(keys.Find(LeafIndex{0}) != nullptr);
  keys = group.members()[{0}].keys.Clone();
  keys.Set(NodeIndex(1000), Secret(32));  // beyond the tree
  keys.Prune(group.tree());
  CHECK(keys.Find(NodeIndex(1000)) == nullptr);
}

TEST_CASE("the row is a list of node and key in the order of nodes, and comes back") {
  CHECK(Equal(PrivateKeys().Encode(), RowOf({})));
  CHECK(Equal(Holding({3, 0, 1}).Encode(), RowOf({{0, Bytes(32, 1)}, {1, Bytes(32, 2)}, {3, Bytes(32, 4)}})));
  for (const auto& keys : {Holding({}), Holding({7}), Holding({0, 1, 3, 7, 0xfffffffe})}) {
    const auto back = PrivateKeys::Decode(keys.Encode());
    REQUIRE(back.ok());
    CHECK(back->keys() == keys.keys());
  }
}

TEST_CASE("rows of another shape are damaged") {
  CHECK(ErrorOf(RowOf({{0, {1}}, {1, {2}}})) == Error::INTERNAL);
  CHECK(ErrorOf(RowOf({{1, {1}}, {0, {2}}})) == Error::STORAGE_DAMAGED);  // order
  CHECK(ErrorOf(RowOf({{1, {1}}, {1, {2}}})) == Error::STORAGE_DAMAGED);  // twice
  CHECK(ErrorOf(RowOf({{1, {}}})) == Error::STORAGE_DAMAGED);             // no key
  const Bytes good = RowOf({{0, Bytes(32, 1)}, {1, Bytes(32, 2)}});
  for (std::size_t size = 0; size < good.size(); ++size) {
    REQUIRE(ErrorOf(View(good).first(size)) == Error::STORAGE_DAMAGED);
  }
  Bytes longer = good;
  longer.push_back(0);
  CHECK(ErrorOf(longer) == Error::STORAGE_DAMAGED);
}
