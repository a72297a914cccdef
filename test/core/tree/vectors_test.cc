// Official vectors of the tree: tree-operations and
// tree-validation. Their proposals are read as far as needed.
#include <doctest/doctest.h>

#include "support/tally.h"
#include "support/vectors.h"
#include "tree/hashes.h"

using namespace mls;
using namespace mls::test;

namespace {

// A KeyPackage as far as its leaf.
struct KeyPackageHead {
  ProtocolVersion version = ProtocolVersion::reserved;
  CipherSuite cipher_suite{};
  Bytes init_key;
  LeafNode leaf_node;
  static constexpr auto kWire = Fields(&KeyPackageHead::version, &KeyPackageHead::cipher_suite,
                                       &KeyPackageHead::init_key, &KeyPackageHead::leaf_node);
};

bool Apply(RatchetTree& tree, View proposal, LeafIndex sender) {
  Reader in(proposal);
  switch (static_cast<ProposalType>(in.Uint<std::uint16_t>())) {
    case ProposalType::add: {
      auto head = DecodePrefix<KeyPackageHead>(in);
      if (!head.ok()) return false;
      tree.AddLeaf(head->leaf_node);
      return true;
    }
    case ProposalType::update: {
      auto leaf = DecodePrefix<LeafNode>(in);
      if (!leaf.ok()) return false;
      tree.UpdateLeaf(sender, *leaf);
      return true;
    }
    case ProposalType::remove:
      tree.RemoveLeaf({in.Uint<std::uint32_t>()});
      return true;
    default:
      return false;
  }
}

bool OperationHolds(const Json& vector) {
  const Bytes before = FromHex(vector["tree_before"]);
  auto tree = RatchetTree::DecodeExtension(SuiteOf(vector), before, Limits());
  if (!tree.ok() || !tree->UpdateHashes(nullptr).ok()) return false;
  bool holds =
      tree->EncodeExtension() == before && Equal(tree->RootHash(), FromHex(vector["tree_hash_before"]));
  holds =
      holds && Apply(*tree, FromHex(vector["proposal"]), {vector["proposal_sender"].get<std::uint32_t>()});
  return holds && tree->UpdateHashes(nullptr).ok() &&
         tree->EncodeExtension() == FromHex(vector["tree_after"]) &&
         Equal(tree->RootHash(), FromHex(vector["tree_hash_after"]));
}

bool ResolutionsMatch(const RatchetTree& tree, const Json& resolutions) {
  for (NodeIndex node(0); node.value < NodeWidth(tree.width()); ++node.value) {
    std::vector<std::uint32_t> resolution;
    for (NodeIndex one : tree.Resolution(node)) resolution.push_back(one.value);
    if (resolution != resolutions[node.value].get<std::vector<std::uint32_t>>()) return false;
  }
  return resolutions.size() == NodeWidth(tree.width());
}

bool TreeIsValid(const Json& vector) {
  const Suite& suite = SuiteOf(vector);
  const Bytes encoded = FromHex(vector["tree"]);
  auto tree = RatchetTree::DecodeExtension(suite, encoded, Limits());
  if (!tree.ok() || !tree->UpdateHashes(nullptr).ok() || !ResolutionsMatch(*tree, vector["resolutions"]))
    return false;
  for (NodeIndex node(0); node.value < NodeWidth(tree->width()); ++node.value) {
    if (!Equal(tree->TreeHash(node), FromHex(vector["tree_hashes"][node.value]))) return false;
  }
  Limits limits;
  limits.max_lifetime = ~std::uint64_t{0};  // the vectors' leaves never expire
  LeafRules rules;
  rules.suite = &suite;
  rules.limits = &limits;
  return tree->EncodeExtension() == encoded && ValidateTreeStructure(*tree, nullptr).ok() &&
         ValidateTreeLeaves(*tree, rules, FromHex(vector["group_id"]), nullptr).ok();
}

}  // namespace

TEST_CASE("tree operations: official vectors") {
  for (const VectorFile& file : FindVectors("tree-operations")) {
    Tally tally(file.set, "tree-operations");
    for (const Json& vector : file.json) CHECK(tally.Count(OperationHolds(vector)));
  }
}

TEST_CASE("tree validation: official vectors") {
  for (const VectorFile& file : FindVectors("tree-validation")) {
    Tally tally(file.set, "tree-validation");
    for (const Json& vector : file.json) CHECK(tally.Count(TreeIsValid(vector)));
  }
}
