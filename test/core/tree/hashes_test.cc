#include "tree/hashes.h"

#include <doctest/doctest.h>

#include "tree/forge.h"

using namespace mls;
using namespace mls::test;

namespace {

// Forgery: what a dishonest committer writes into its path instead of what belongs there, by node.
struct Forgery {
  std::map<NodeIndex, Bytes> public_keys;
  std::map<NodeIndex, Bytes> parent_hashes;   // the node's own field
  std::map<NodeIndex, Bytes> sibling_hashes;  // original_sibling_tree_hash of the node's parent hash
  std::optional<Bytes> leaf_parent_hash;
};

template <class T>
T Or(const std::map<NodeIndex, T>& forged, NodeIndex node, T honest) {
  const auto found = forged.find(node);
  return found == forged.end() ? honest : found->second;
}

// Forge gives the tree after such a commit: parent hashes
// and the leaf's signature are right for what was written.
RatchetTree Forge(TestGroup& group, LeafIndex sender, const Forgery& forgery = {}) {
  RatchetTree tree = group.tree();
  const Suite& suite = tree.suite();
  REQUIRE(tree.UpdateHashes(nullptr).ok());
  const std::vector<NodeIndex> path = tree.FilteredDirectPath(sender);
  tree.BlankDirectPath(sender);
  Bytes parent_hash;
  for (std::size_t i = path.size(); i-- > 0;) {
    const NodeIndex node = path[i];
    const NodeIndex copath = Contains(Left(node), sender) ? Right(node) : Left(node);
    const Bytes key = Or(forgery.public_keys, node, GenerateHpkeKeyPair(suite, group.random())->public_key);
    const Bytes own = Or(forgery.parent_hashes, node, parent_hash);
    tree.SetParent(node, key, own);
    const Bytes sibling = Or(forgery.sibling_hashes, node, ToBytes(tree.TreeHash(copath)));
    parent_hash = ToBytes(*Hash(suite, {Encode(View(key), View(own), View(sibling))}));
  }
  LeafNode leaf = tree.Leaf(sender);
  leaf.encryption_key = GenerateHpkeKeyPair(suite, group.random())->public_key;
  leaf.leaf_node_source = LeafNodeSource::commit;
  leaf.parent_hash = forgery.leaf_parent_hash.value_or(parent_hash);
  REQUIRE(SignLeafNode(suite, leaf, group.members()[sender].signature_private_key, group.group_id(), sender)
              .ok());
  tree.ReplaceLeaf(sender, leaf);
  return tree;
}

Error Outcome(RatchetTree tree) {
  REQUIRE(tree.UpdateHashes(nullptr).ok());
  const Status status = ValidateTreeStructure(tree, nullptr);
  return status.ok() ? Error::INTERNAL : status.error();
}

Error Outcome(const Nodes& nodes) {
  auto tree = RatchetTree::DecodeExtension(SmallSuite(), EncodeNodes(nodes), kTreeLimits);
  REQUIRE(tree.ok());
  return Outcome(*tree);
}

constexpr Error kValid = Error::INTERNAL;  // stands for "no error"

// SevenOfEight: members 0 to 6 of a tree of width 8, all of whom committed, the last one at the left edge.
//
//                7
//          ┌─────┴─────┐
//          3          11
//        ┌─┴─┐       ┌─┴─┐
//        1   5       9   _
//       0 1 2 3     4 5 6 _
TestGroup SevenOfEight() {
  TestGroup group(1);
  while (group.members().size() < 7) group.Join();
  for (const std::uint32_t sender : {6, 5, 4, 3, 2, 1, 0}) REQUIRE(group.Commit({sender}));
  return group;
}

// TwoUnmerged is that with leaves 5 and 7 joined since member 4 committed: unmerged at 7 and 11.
TestGroup TwoUnmerged() {
  TestGroup group = SevenOfEight();
  group.Leave({5});
  REQUIRE(group.Commit({4}));
  group.Join();
  group.Join();
  return group;
}

Nodes NodesOf(const RatchetTree& tree) { return DecodeNodes(tree.EncodeExtension()); }
ParentNode& ParentAt(Nodes& nodes, std::size_t node) { return std::get<ParentNode>(*nodes[node]); }
LeafNode& LeafAt(Nodes& nodes, std::size_t leaf) { return std::get<LeafNode>(*nodes[2 * leaf]); }

Bytes TreeHashOf(const Nodes& nodes, NodeIndex node) {
  auto tree = RatchetTree::DecodeExtension(SmallSuite(), EncodeNodes(nodes), kTreeLimits);
  REQUIRE(tree.ok());
  REQUIRE(tree->UpdateHashes(nullptr).ok());
  return ToBytes(tree->TreeHash(node));
}

}  // namespace

TEST_CASE("tree structure: honest trees and an honest path pass") {
  TestGroup group = SevenOfEight();
  CHECK(Outcome(group.tree()) == kValid);
  for (const auto& [place, member] : group.members()) CHECK(Outcome(Forge(group, place)) == kValid);
  group.Join();
  CHECK(Outcome(group.tree()) == kValid);
  for (const auto& [place, member] : group.members()) CHECK(Outcome(Forge(group, place)) == kValid);
}

TEST_CASE("tree structure: needs the hashes") {
  TestGroup group = SevenOfEight();
  group.Join();
  const Status status = ValidateTreeStructure(group.tree(), nullptr);
  REQUIRE(!status.ok());
  CHECK(status.error() == Error::MISUSE);
}

TEST_CASE("tree structure: R7.1-01, R7.1-02: unmerged leaves strictly increase") {
  TestGroup group = TwoUnmerged();
  Nodes nodes = NodesOf(group.tree());
  REQUIRE(ParentAt(nodes, 7).unmerged_leaves == std::vector<LeafIndex>{{5}, {7}});
  CHECK(Outcome(nodes) == kValid);
  for (const std::size_t node : {7u, 11u}) {
    for (const auto& list :
         {std::vector<LeafIndex>{{7}, {5}}, {{5}, {5}}, {{5}, {5}, {7}}, {{5}, {7}, {7}}}) {
      Nodes changed = nodes;
      ParentAt(changed, node).unmerged_leaves = list;
      CHECK(Outcome(changed) == Error::INVALID_TREE);
    }
  }
  // The same list at both nodes: they agree with each other, and the hashes come out right.
  Nodes repeated = nodes;
  ParentAt(repeated, 7).unmerged_leaves = {{5}, {5}, {7}};
  ParentAt(repeated, 11).unmerged_leaves = {{5}, {5}, {7}};
  CHECK(Outcome(repeated) == Error::INVALID_TREE);
}

TEST_CASE("tree structure: R7.1-01: a leaf that comes to stand before unmerged ones") {
  // In a group leaf 5 would have been filled before leaf 7, but every hash of this tree fits: whoever founds
  // a group may begin with it.
  TestGroup group = TwoUnmerged();
  Nodes nodes = NodesOf(group.tree());
  nodes[10].reset();
  for (const std::size_t node : {7u, 11u}) ParentAt(nodes, node).unmerged_leaves = {{7}};
  REQUIRE(Outcome(nodes) == kValid);
  RatchetTree tree = *RatchetTree::DecodeExtension(SmallSuite(), EncodeNodes(nodes), kTreeLimits);
  Member member;
  REQUIRE(tree.AddLeaf(NewLeaf(SmallSuite(), group.random(), "late", member)) == LeafIndex{5});
  for (const std::uint32_t node : {7u, 11u}) {
    CHECK(tree.Parent(NodeIndex(node))->unmerged_leaves == std::vector<LeafIndex>{{5}, {7}});
  }
  CHECK(Outcome(tree) == kValid);
}

TEST_CASE("tree structure: R12.4.3.1-15, R12.4.3.1-16: an unmerged leaf is a member below the node") {
  TestGroup group = SevenOfEight();
  const Nodes nodes = NodesOf(group.tree());
  for (const std::uint32_t leaf : {7u, 8u, 99u, 0x8000'0006u, 0xffff'ffffu}) {
    Nodes changed = nodes;
    ParentAt(changed, 7).unmerged_leaves = {{leaf}};
    CHECK(Outcome(changed) == Error::INVALID_TREE);
    ParentAt(changed, 11).unmerged_leaves = {{leaf}};
    CHECK(Outcome(changed) == Error::INVALID_TREE);
  }
  for (const std::uint32_t leaf : {0u, 1u, 3u}) {
    Nodes changed = nodes;
    ParentAt(changed, 11).unmerged_leaves = {{leaf}};
    CHECK(Outcome(changed) == Error::INVALID_TREE);
  }
}

TEST_CASE("tree structure: R12.4.3.1-15: a blank unmerged leaf that every hash fits") {
  // Member 0 commits as if leaf 7, which is blank, had been added since: blanking it changes no hash.
  TestGroup group = SevenOfEight();
  Nodes nodes = NodesOf(Forge(group, {0}));
  CHECK(Outcome(nodes) == kValid);
  ParentAt(nodes, 7).unmerged_leaves = {{7}};
  ParentAt(nodes, 11).unmerged_leaves = {{7}};
  CHECK(Outcome(nodes) == Error::INVALID_TREE);
}

TEST_CASE("tree structure: R12.4.3.1-17: nodes between have the entry too, though every hash fits") {
  // Member 4 merges leaf 7 at 11; then member 0 sets the root as if 7 were new.
  TestGroup group = SevenOfEight();
  group.Join();
  REQUIRE(group.Commit({4}));
  Nodes without = NodesOf(group.tree());
  REQUIRE(ParentAt(without, 11).unmerged_leaves.empty());
  without[14].reset();
  while (!without.back()) without.pop_back();
  Forgery forgery;
  forgery.sibling_hashes[NodeIndex(7)] = TreeHashOf(without, NodeIndex(11));
  Nodes nodes = NodesOf(Forge(group, {0}, forgery));
  CHECK(Outcome(nodes) == Error::INVALID_TREE);
  ParentAt(nodes, 7).unmerged_leaves = {{7}};
  CHECK(Outcome(nodes) == Error::INVALID_TREE);
}

TEST_CASE("tree structure: R7.9.2-01: a parent's key that nobody signed") {
  TestGroup group = SevenOfEight();
  const Nodes nodes = NodesOf(group.tree());
  for (const std::size_t node : {1u, 3u, 5u, 7u, 9u, 11u}) {
    Nodes changed = nodes;
    ParentAt(changed, node).encryption_key = GenerateHpkeKeyPair(SmallSuite(), group.random())->public_key;
    CHECK(Outcome(changed) == Error::INVALID_TREE);
  }
}

TEST_CASE("tree structure: R7.9.2-02: the parent hash in the leaf of another subtree") {
  TestGroup group = SevenOfEight();
  Nodes nodes = NodesOf(group.tree());
  std::swap(LeafAt(nodes, 0).parent_hash, LeafAt(nodes, 2).parent_hash);
  CHECK(Outcome(nodes) == Error::INVALID_TREE);
}

TEST_CASE("tree structure: R7.9.2-03: one bit of a parent hash") {
  TestGroup group = SevenOfEight();
  const Nodes nodes = NodesOf(group.tree());
  for (const std::size_t node : {1u, 3u}) {  // of the path of member 0, who committed last
    Nodes changed = nodes;
    ParentAt(changed, node).parent_hash[5] ^= 1;
    CHECK(Outcome(changed) == Error::INVALID_TREE);
  }
  Nodes changed = nodes;
  LeafAt(changed, 0).parent_hash[5] ^= 1;
  CHECK(Outcome(changed) == Error::INVALID_TREE);
}

TEST_CASE("tree structure: R7.9.2-04: unmerged at the parent but for D, though the hash fits") {
  TestGroup group = SevenOfEight();
  REQUIRE(group.Commit({4}));
  group.Join();
  Nodes nodes = NodesOf(group.tree());
  CHECK(Outcome(nodes) == kValid);
  // 11 was set together with 7, and its parent hash says nothing of what is below it.
  Nodes dropped = nodes;
  ParentAt(dropped, 7).unmerged_leaves.clear();
  CHECK(Outcome(dropped) == Error::INVALID_TREE);
}

TEST_CASE("tree structure: R7.9.2-05, R7.9.2-11: a parent above leaves that never committed") {
  for (const LeafNodeSource source : {LeafNodeSource::key_package, LeafNodeSource::update}) {
    TestGroup group(2);
    group.Join();
    if (source == LeafNodeSource::update) {
      group.Update({0});
      group.Update({1});
    }
    Nodes nodes = NodesOf(group.tree());
    CHECK(Outcome(nodes) == kValid);
    nodes[1] = AnyNode(ParentNode{GenerateHpkeKeyPair(SmallSuite(), group.random())->public_key, {}, {}});
    CHECK(Outcome(nodes) == Error::INVALID_TREE);
    for (const auto& list : {std::vector<LeafIndex>{{0}}, {{1}}, {{0}, {1}}}) {
      ParentAt(nodes, 1).unmerged_leaves = list;
      CHECK(Outcome(nodes) == Error::INVALID_TREE);
    }
  }
}

TEST_CASE("tree structure: a parent without members") {
  TestGroup group = SevenOfEight();
  Nodes nodes = NodesOf(group.tree());
  nodes[10].reset();
  nodes[8].reset();
  CHECK(Outcome(nodes) == Error::INVALID_TREE);
}

TEST_CASE("tree structure: R7.9.2-07: the root's parent hash is empty, though the chain fits") {
  TestGroup group = SevenOfEight();
  Forgery forgery;
  forgery.parent_hashes[NodeIndex(7)] = group.random().Some(32);
  CHECK(Outcome(Forge(group, {0}, forgery)) == Error::INVALID_TREE);
}

TEST_CASE("tree structure: R7.9.2-08: an empty parent hash below a parent") {
  TestGroup group = SevenOfEight();
  for (const std::uint32_t node : {1u, 3u}) {
    Forgery forgery;
    forgery.parent_hashes[NodeIndex(node)] = Bytes();
    CHECK(Outcome(Forge(group, {0}, forgery)) == Error::INVALID_TREE);
  }
  Forgery leaf;
  leaf.leaf_parent_hash = Bytes();
  CHECK(Outcome(Forge(group, {0}, leaf)) == Error::INVALID_TREE);
}

TEST_CASE("tree structure: R7.9.2-09: blank ancestors above a node with unmerged leaves") {
  TestGroup group(5);
  while (group.members().size() < 24) group.Join();
  for (std::uint32_t sender = 0; sender < 24; sender += 3) REQUIRE(group.Commit({sender}));
  group.Leave({1});
  group.Leave({9});
  group.Leave({17});
  REQUIRE(group.Commit({20}));
  group.Join();
  group.Join();
  REQUIRE(group.Commit({3}));
  group.Join();
  group.Update({12});
  group.Join();
  REQUIRE(group.tree().UpdateHashes(nullptr).ok());
  CHECK(IsValid(group.tree(), group.group_id()));
}

TEST_CASE("tree structure: R12.4.3.1-18, R7.3-23: no key stands twice") {
  TestGroup group = SevenOfEight();
  const RatchetTree& tree = group.tree();
  const Bytes keys[] = {ToBytes(tree.PublicKey(NodeIndex(9))),  // of another parent
                        ToBytes(tree.PublicKey(LeafIndex{2})),  // of a leaf
                        ToBytes(tree.PublicKey(LeafIndex{5}))};
  for (const Bytes& key : keys) {
    for (const std::uint32_t node : {1u, 3u, 7u}) {
      Forgery forgery;
      forgery.public_keys[NodeIndex(node)] = key;
      CHECK(Outcome(Forge(group, {0}, forgery)) == Error::INVALID_TREE);
    }
  }
  Forgery twice;
  const Bytes key = GenerateHpkeKeyPair(SmallSuite(), group.random())->public_key;
  twice.public_keys[NodeIndex(1)] = key;
  CHECK(Outcome(Forge(group, {0}, twice)) == kValid);
  twice.public_keys[NodeIndex(3)] = key;
  CHECK(Outcome(Forge(group, {0}, twice)) == Error::INVALID_TREE);

  TestGroup fresh(3);
  while (fresh.members().size() < 4) fresh.Join();
  Nodes nodes = NodesOf(fresh.tree());
  Nodes same_encryption_key = nodes;
  LeafAt(same_encryption_key, 3).encryption_key = LeafAt(nodes, 1).encryption_key;
  CHECK(Outcome(same_encryption_key) == Error::INVALID_TREE);
  Nodes same_signature_key = nodes;
  LeafAt(same_signature_key, 3).signature_key = LeafAt(nodes, 1).signature_key;
  CHECK(Outcome(same_signature_key) == Error::INVALID_TREE);
  LeafAt(same_signature_key, 3).encryption_key = LeafAt(nodes, 3).signature_key;  // other use, other set
  LeafAt(same_signature_key, 3).signature_key = LeafAt(nodes, 1).encryption_key;
  CHECK(Outcome(same_signature_key) == kValid);
}

TEST_CASE("tree structure: R5.1.1-01: a parent's key has the form of its KEM") {
  TestGroup group = SevenOfEight();
  for (const std::size_t size : {0u, 31u, 33u}) {
    Forgery forgery;
    forgery.public_keys[NodeIndex(3)] = group.random().Some(size);
    CHECK(Outcome(Forge(group, {0}, forgery)) == Error::INVALID_TREE);
  }
}

namespace {

Error LeavesOutcome(const RatchetTree& tree, const LeafRules& rules, View group_id) {
  const Status status = ValidateTreeLeaves(tree, rules, group_id, nullptr);
  return status.ok() ? kValid : status.error();
}

RatchetTree TreeOf(const Nodes& nodes) {
  auto tree = RatchetTree::DecodeExtension(SmallSuite(), EncodeNodes(nodes), kTreeLimits);
  REQUIRE(tree.ok());
  return *tree;
}

}  // namespace

TEST_CASE("tree leaves: R7.3-02, R7.2-12, R12.4.3.1-14: one bad leaf far away") {
  TestGroup group = SevenOfEight();
  const LeafRules rules = PlainRules();
  CHECK(LeavesOutcome(group.tree(), rules, group.group_id()) == kValid);
  CHECK(LeavesOutcome(group.tree(), rules, AsView("another group")) == Error::INVALID_TREE);
  const Nodes nodes = NodesOf(group.tree());
  Nodes signature = nodes;
  LeafAt(signature, 4).signature[3] ^= 1;
  CHECK(LeavesOutcome(TreeOf(signature), rules, group.group_id()) == Error::INVALID_TREE);
  Nodes moved = nodes;
  std::swap(moved[8], moved[10]);
  CHECK(LeavesOutcome(TreeOf(moved), rules, group.group_id()) == Error::INVALID_TREE);
  Nodes invalid = nodes;
  LeafAt(invalid, 4).capabilities.versions.clear();
  REQUIRE(SignLeafNode(SmallSuite(), LeafAt(invalid, 4), group.members()[{4}].signature_private_key,
                       group.group_id(), {4})
              .ok());
  CHECK(LeavesOutcome(TreeOf(invalid), rules, group.group_id()) == Error::INVALID_TREE);
}

TEST_CASE("tree leaves: R7.3-07, R7.3-08: every credential type in use is supported by all") {
  TestGroup group = SevenOfEight();
  Nodes nodes = NodesOf(group.tree());
  LeafAt(nodes, 2).capabilities.credentials = {CredentialType::x509};
  CHECK(LeavesOutcome(TreeOf(nodes), PlainRules(), group.group_id()) == Error::UNSUPPORTED_CREDENTIAL);
  LeafAt(nodes, 2).credential.body = X509Credential{};
  CHECK(LeavesOutcome(TreeOf(nodes), PlainRules(), group.group_id()) == Error::UNSUPPORTED_CREDENTIAL);
}

TEST_CASE("tree leaves: R7.3-03, R7.3-04, R7.3-05: all have what the group requires") {
  TestGroup group = SevenOfEight();
  const auto type = static_cast<ExtensionType>(0xF001);
  LeafRules rules = PlainRules();
  RequiredCapabilities required;
  rules.required = &required;
  CHECK(LeavesOutcome(group.tree(), rules, group.group_id()) == kValid);
  required = {{ExtensionType::external_senders}, {ProposalType::psk}, {CredentialType::basic}};
  CHECK(LeavesOutcome(group.tree(), rules, group.group_id()) == kValid);
  required = {{type}, {}, {}};
  CHECK(LeavesOutcome(group.tree(), rules, group.group_id()) == Error::INVALID_TREE);
  required = {{}, {static_cast<ProposalType>(0xF001)}, {}};
  CHECK(LeavesOutcome(group.tree(), rules, group.group_id()) == Error::INVALID_TREE);
  required = {{}, {}, {CredentialType::x509}};
  CHECK(LeavesOutcome(group.tree(), rules, group.group_id()) == Error::INVALID_TREE);
  required = {};
  const Extensions extensions = {{type, {}}};
  rules.group_extensions = &extensions;
  CHECK(LeavesOutcome(group.tree(), rules, group.group_id()) == Error::INVALID_TREE);
}

TEST_CASE("tree leaves: limits and lifetimes name themselves") {
  TestGroup group(9);
  group.Join();
  LeafRules rules = PlainRules();
  rules.now = 2001;
  CHECK(LeavesOutcome(group.tree(), rules, group.group_id()) == Error::EXPIRED);
  rules.now = 999;
  CHECK(LeavesOutcome(group.tree(), rules, group.group_id()) == Error::NOT_YET_VALID);
  rules.now = 1500;
  CHECK(LeavesOutcome(group.tree(), rules, group.group_id()) == kValid);
  Limits limits;
  limits.max_leaf_node_size = 20;
  rules.limits = &limits;
  CHECK(LeavesOutcome(group.tree(), rules, group.group_id()) == Error::LIMIT_EXCEEDED);
}
