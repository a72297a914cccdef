#include <doctest/doctest.h>

#include "support/encodings.h"
#include "tree/forge.h"
#include "tree/model.h"

using namespace mls;
using namespace mls::test;

namespace {

Error Outcome(View data, const Limits& limits = kTreeLimits) {
  const auto tree = RatchetTree::DecodeExtension(SmallSuite(), data, limits);
  return tree.ok() ? Error::INTERNAL : tree.error();
}
Error Outcome(const Nodes& nodes, const Limits& limits = kTreeLimits) {
  return Outcome(EncodeNodes(nodes), limits);
}

Nodes SomeNodes(std::uint64_t seed) {
  TreeWalk walk(seed, SmallSuite());
  while (walk.model().leaves().size() < 6 || walk.tree().PublicKey(NodeIndex(3)).empty()) walk.Step(12);
  return DecodeNodes(walk.tree().EncodeExtension());
}

}  // namespace

TEST_CASE("ratchet_tree: comes back as the same tree, without a blank at the end") {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    TreeWalk walk(seed, SmallSuite());
    for (int step = 0; step < 40; ++step) {
      walk.Step(20);
      if (walk.tree().member_count() == 0) continue;
      const Bytes encoded = walk.tree().EncodeExtension();
      CHECK(DecodeNodes(encoded).back().has_value());
      auto tree = RatchetTree::DecodeExtension(SmallSuite(), encoded, kTreeLimits);
      REQUIRE(tree.ok());
      CHECK(walk.model().Matches(*tree));
      CHECK(tree->EncodeExtension() == encoded);
    }
  }
}

TEST_CASE("ratchet_tree: R12.4.3.3-01: the last node is not blank") {
  Nodes nodes = SomeNodes(1);
  CHECK(Outcome(nodes) == Error::INTERNAL);
  nodes.emplace_back();
  CHECK(Outcome(nodes) == Error::INVALID_TREE);
  nodes.emplace_back();
  CHECK(Outcome(nodes) == Error::INVALID_TREE);
  CHECK(Outcome(Nodes(1)) == Error::INVALID_TREE);
  CHECK(Outcome(Nodes(7)) == Error::INVALID_TREE);
}

TEST_CASE("ratchet_tree: R12.4.3.3-03: leaves and parents stand in their places") {
  Nodes nodes = SomeNodes(2);
  Nodes leaf_at_odd = nodes;
  leaf_at_odd[1] = AnyNode(SomeLeaf(nodes));
  CHECK(Outcome(leaf_at_odd) == Error::INVALID_TREE);
  Nodes parent_at_even = nodes;
  parent_at_even[0] = nodes[3];
  CHECK(Outcome(parent_at_even) == Error::INVALID_TREE);
}

TEST_CASE("ratchet_tree: R12.4.3.3-04: the number of nodes") {
  CHECK(Outcome(Nodes()) == Error::INVALID_TREE);
  Nodes ends_in_parent = SomeNodes(3);
  ends_in_parent.resize(4);
  CHECK(Outcome(ends_in_parent) == Error::INVALID_TREE);

  // A leaf behind as many blanks as it takes to pass the limit, and just within.
  Limits limits;
  limits.max_leaves = 64;
  const AnyNode leaf = SomeLeaf(SomeNodes(3));
  Nodes wide(2 * 64 + 1);
  wide.back() = leaf;
  CHECK(Outcome(wide, limits) == Error::LIMIT_EXCEEDED);
  wide.resize(2 * 63 + 1);
  wide.back() = leaf;
  CHECK(Outcome(wide, limits) == Error::INTERNAL);
  Bytes blanks((1u << 25) + 4);
  Writer(blanks).Length(1u << 25);
  CHECK(Outcome(blanks) == Error::LIMIT_EXCEEDED);
}

TEST_CASE("ratchet_tree: R7.8-02: other node types, other presence octets") {
  const Bytes encoded = EncodeNodes(SomeNodes(4));
  Reader in(encoded);
  const std::size_t header = encoded.size() - (static_cast<void>(in.Length()), in.rest().size());
  for (const std::uint8_t type : {0, 3, 255}) {
    Bytes changed = encoded;
    changed[header] = 1;
    changed[header + 1] = type;
    CHECK(Outcome(changed) == Error::MALFORMED);
  }
  for (const std::uint8_t presence : {2, 255}) {
    Bytes changed = encoded;
    changed[header] = presence;
    CHECK(Outcome(changed) == Error::MALFORMED);
  }
}

TEST_CASE("ratchet_tree: a prefix or one byte more is malformed") {
  const Bytes encoded = EncodeNodes(SomeNodes(5));
  for (std::size_t size = 0; size < encoded.size(); ++size) {
    const Bytes prefix = ToBytes(View(encoded).first(size));
    REQUIRE(Outcome(prefix) == Error::MALFORMED);
  }
  Bytes longer = encoded;
  longer.push_back(0);
  CHECK(Outcome(longer) == Error::MALFORMED);
}

TEST_CASE("ratchet_tree: what decodes after a change has one encoding") {
  Bytes encoded = EncodeNodes(SomeNodes(6));
  for (std::size_t i = 0; i < encoded.size(); ++i) {
    for (const std::uint8_t change : {0x01, 0x02, 0x40, 0x80, 0xff}) {
      encoded[i] ^= change;
      auto tree = RatchetTree::DecodeExtension(SmallSuite(), encoded, kTreeLimits);
      if (tree.ok()) {
        REQUIRE(tree->EncodeExtension() == encoded);
        REQUIRE(tree->UpdateHashes(nullptr).ok());
        static_cast<void>(ValidateTreeStructure(*tree, nullptr));
      }
      encoded[i] ^= change;
    }
  }
}

TEST_CASE("ratchet_tree: R7.2-15: a leaf above the limit is not read") {
  Nodes nodes = SomeNodes(7);
  Limits limits;
  limits.max_leaf_node_size = 0;
  for (const auto& node : nodes) {
    if (!node || !std::holds_alternative<LeafNode>(*node)) continue;
    limits.max_leaf_node_size = std::max(limits.max_leaf_node_size, wire::Size(std::get<LeafNode>(*node)));
  }
  CHECK(Outcome(nodes, limits) == Error::INTERNAL);
  --limits.max_leaf_node_size;
  CHECK(Outcome(nodes, limits) == Error::LIMIT_EXCEEDED);
}
