// Decoding a tree took time that grew with the square of its leaves, before any signature was looked at:
// where very many leaves had one of two keys, and where each listed a capability that no other had. So did
// loading one, and letting its members go.
#include <doctest/doctest.h>

#include <ctime>

#include "mls.h"
#include "support/world.h"

namespace mls::test {
namespace {

// A tree of leaves as short as can be, each made by `leaf`, and blank parents.
template <class Leaf>
Bytes TreeOf(std::size_t count, Leaf leaf) {
  Bytes nodes;
  for (std::size_t i = 0; i < count; ++i) {
    if (i > 0) nodes.push_back(0);
    const Bytes one = Encode(std::uint8_t{1}, std::uint8_t{1}, leaf(i));
    nodes.insert(nodes.end(), one.begin(), one.end());
  }
  return Encode(nodes);
}

LeafNode Short() {
  LeafNode leaf;
  leaf.leaf_node_source = LeafNodeSource::update;
  leaf.credential = Credential::Basic({});
  return leaf;
}

double SecondsToDecode(const Bytes& tree) {
  double least = 1e9;
  for (int i = 0; i < 3; ++i) {
    const std::clock_t start = std::clock();
    (void)RatchetTree::DecodeExtension(AllSuites().front(), tree, {}).ok();
    least = std::min(least, static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC);
  }
  return least;
}

template <class Leaf>
void IsLinear(Leaf leaf) {
  constexpr std::size_t kFew = 8'000;
  const double few = SecondsToDecode(TreeOf(kFew, [&](std::size_t i) { return leaf(i, kFew); }));
  const double many = SecondsToDecode(TreeOf(8 * kFew, [&](std::size_t i) { return leaf(i, 8 * kFew); }));
  CAPTURE(few);
  CAPTURE(many);
  CHECK(many <= 24 * few + 0.005);  // quadratic: 64
}

TEST_CASE("Bounds: a tree of many leaves with few keys is decoded in linear time") {
  IsLinear([](std::size_t i, std::size_t count) {
    LeafNode leaf = Short();
    leaf.encryption_key = leaf.signature_key = Bytes{static_cast<std::uint8_t>(2 * i / count)};
    return leaf;
  });
}

TEST_CASE("Bounds: a tree of many leaves with a capability each is decoded in linear time") {
  IsLinear([](std::size_t i, std::size_t) {
    LeafNode leaf = Short();
    leaf.encryption_key = leaf.signature_key = Encode(static_cast<std::uint32_t>(i));
    leaf.capabilities.extensions = {static_cast<ExtensionType>(i & 0xffff)};
    return leaf;
  });
}

TEST_CASE("Bounds: so is one that is loaded, and its members leave in linear time") {
  const auto seconds = [](std::size_t count) {
    LeafNode leaf = Short();
    std::vector<Bytes> added;
    for (std::size_t i = 0; i < count; ++i) {
      leaf.encryption_key = leaf.signature_key = Encode(static_cast<std::uint32_t>(i));
      leaf.capabilities.extensions = {static_cast<ExtensionType>(i & 0xffff)};
      leaf.capabilities.proposals = {static_cast<ProposalType>(i & 0xffff)};
      added.push_back(Encode(leaf));
    }
    RatchetTree tree(AllSuites().front());
    tree.AddLeaves(std::move(added));
    Batch batch;
    tree.Save(batch, nullptr);
    MemoryRows rows;
    rows.Apply(batch);
    double least = 1e9;
    for (int i = 0; i < 3; ++i) {
      const std::clock_t start = std::clock();
      RatchetTree loaded = Must(RatchetTree::Load(AllSuites().front(), tree.width(), rows));
      for (std::uint32_t leaf = 1; leaf < count; leaf += 2) loaded.RemoveLeaf({leaf});
      least = std::min(least, static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC);
      CHECK(loaded.index().members() == count / 2);
      CHECK_FALSE(loaded.index().AllSupport(static_cast<ExtensionType>(100)));
    }
    return least;
  };
  const double few = seconds(4'000), many = seconds(32'000);
  CAPTURE(few);
  CAPTURE(many);
  CHECK(many <= 24 * few + 0.005);  // quadratic: 64
}

}  // namespace
}  // namespace mls::test
