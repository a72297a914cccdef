// tree-math, tree-operations, tree-validation and treekem.
#include "tree_group.h"

namespace mls::test {

namespace {

// Steps gives `step` for every node, null where there is none.
template <class Exists, class Step>
Json Steps(std::uint32_t nodes, Exists exists, Step step) {
  Json all = Json::array();
  for (NodeIndex node(0); node.value < nodes; ++node.value) {
    all.push_back(exists(node) ? Json(step(node).value) : Json());
  }
  return all;
}

Json MathOf(std::uint32_t leaves) {
  const std::uint32_t nodes = NodeWidth(leaves);
  const auto is_parent = [](NodeIndex node) { return !IsLeaf(node); };
  const auto below_root = [&](NodeIndex node) { return node != Root(leaves); };
  return {{"n_leaves", leaves},
          {"n_nodes", nodes},
          {"root", Root(leaves).value},
          {"left", Steps(nodes, is_parent, Left)},
          {"right", Steps(nodes, is_parent, Right)},
          {"parent", Steps(nodes, below_root, Parent)},
          {"sibling", Steps(nodes, below_root, Sibling)}};
}

// OperationOn applies one proposal to a copy of the group's tree.
Json OperationOn(const TreeGroup& group, LeafIndex sender, const Proposal& proposal) {
  RatchetTree tree = group.tree();
  if (const auto* add = proposal.As<Add>()) tree.AddLeaf(add->key_package.leaf_node);
  if (const auto* update = proposal.As<Update>()) tree.UpdateLeaf(sender, update->leaf_node);
  if (const auto* remove = proposal.As<Remove>()) tree.RemoveLeaf(remove->removed);
  Must(tree.UpdateHashes(nullptr));
  return {{"cipher_suite", Number(tree.suite())},
          {"tree_before", ToHex(group.tree().EncodeExtension())},
          {"tree_hash_before", ToHex(group.tree().RootHash())},
          {"proposal", ToHex(Encode(proposal))},
          {"proposal_sender", sender.value},
          {"tree_after", ToHex(tree.EncodeExtension())},
          {"tree_hash_after", ToHex(tree.RootHash())}};
}

void OperationsOf(const Suite& suite, SeededRandom& random, Json& cases) {
  TreeGroup pair(suite, random);
  pair.Join();
  pair.Join();
  pair.Commit({0});
  cases.push_back(OperationOn(pair, {0}, {Add{pair.NewMember().key_package}}));  // the tree grows

  TreeGroup three(suite, random);
  for (int i = 0; i < 3; ++i) three.Join();
  three.Commit({2});
  cases.push_back(OperationOn(three, {1}, {Update{three.NewLeaf({1})}}));
  cases.push_back(OperationOn(three, {0}, {Remove{{1}}}));
  cases.push_back(OperationOn(three, {0}, {Remove{{2}}}));  // the tree shrinks
  three.Remove({1});
  cases.push_back(OperationOn(three, {0}, {Add{three.NewMember().key_package}}));  // into the gap
}

// ManyShapes: blanks in the middle, an unmerged leaf, leaves of all three sources.
void ManyShapes(TreeGroup& group) {
  for (int i = 0; i < 5; ++i) group.Join();
  group.Commit({4});
  group.Commit({0});
  group.Remove({1});
  group.Commit({3});
  group.Update({4});
  group.Join();  // in place 1, below nodes that do not know it yet
}

Json ValidationOf(const TreeGroup& group) {
  const RatchetTree& tree = group.tree();
  Json hashes = Json::array(), resolutions = Json::array();
  for (NodeIndex node(0); node.value < NodeWidth(tree.width()); ++node.value) {
    hashes.push_back(ToHex(tree.TreeHash(node)));
    Json resolution = Json::array();
    for (const NodeIndex one : tree.Resolution(node)) resolution.push_back(one.value);
    resolutions.push_back(resolution);
  }
  return {{"cipher_suite", Number(tree.suite())},
          {"tree", ToHex(tree.EncodeExtension())},
          {"group_id", ToHex(group.group_id())},
          {"tree_hashes", hashes},
          {"resolutions", resolutions}};
}

Json TreeKemOf(TreeGroup& group, SeededRandom& random, const std::vector<LeafIndex>& senders) {
  GroupContext context;
  context.cipher_suite = group.tree().suite().id;
  context.group_id = ToBytes(group.group_id());
  context.epoch = random.Below(1u << 20);
  context.confirmed_transcript_hash = random.Some(group.tree().suite().Nh);
  Json made = {{"cipher_suite", Number(group.tree().suite())},
               {"group_id", ToHex(context.group_id)},
               {"epoch", context.epoch},
               {"confirmed_transcript_hash", ToHex(context.confirmed_transcript_hash)},
               {"ratchet_tree", ToHex(group.tree().EncodeExtension())}};
  for (const auto& [leaf, member] : group.members()) {
    Json path_secrets = Json::array();
    for (const auto& [node, path_secret] : member.path_secrets) {
      path_secrets.push_back({{"node", node.value}, {"path_secret", ToHex(path_secret)}});
    }
    made["leaves_private"].push_back({{"index", leaf.value},
                                      {"encryption_priv", ToHex(member.encryption_private_key)},
                                      {"signature_priv", ToHex(member.signature_private_key)},
                                      {"path_secrets", path_secrets}});
  }
  for (const LeafIndex sender : senders) made["update_paths"].push_back(group.PathOf(sender, context));
  return made;
}

}  // namespace

Json TreeMath() {
  Json cases = Json::array();
  for (const std::uint32_t leaves : {1u, 2u, 4u, 8u, 16u, 32u, 64u}) cases.push_back(MathOf(leaves));
  return cases;
}

Json TreeOperations() {
  Json cases = Json::array();
  for (const Suite& suite : AllSuites()) {
    SeededRandom random(6u << 16 | Number(suite));
    OperationsOf(suite, random, cases);
  }
  return cases;
}

Json TreeValidation() {
  Json cases = Json::array();
  for (const Suite& suite : AllSuites()) {
    SeededRandom random(7u << 16 | Number(suite));
    TreeGroup alone(suite, random);
    alone.Join();
    cases.push_back(ValidationOf(alone));
    TreeGroup shaped(suite, random);
    ManyShapes(shaped);
    cases.push_back(ValidationOf(shaped));
  }
  return cases;
}

Json TreeKem() {
  Json cases = Json::array();
  for (const Suite& suite : AllSuites()) {
    SeededRandom random(8u << 16 | Number(suite));
    TreeGroup pair(suite, random);
    pair.Join();
    pair.Join();
    cases.push_back(TreeKemOf(pair, random, {{0}, {1}}));
    TreeGroup shaped(suite, random);
    ManyShapes(shaped);
    cases.push_back(TreeKemOf(shaped, random, {{1}, {4}}));
  }
  return cases;
}

}  // namespace mls::test
