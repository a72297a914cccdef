// A ratchet tree written down as simply as the RFC describes it, to compare the
// real one with: every operation touches every node it may, every hash is
// computed anew. Leaves hold random bytes for keys; nothing here is signed.
#pragma once

#include <algorithm>
#include <map>
#include <optional>

#include "crypto/kdf.h"
#include "support/seeded_random.h"
#include "tree/ratchet_tree.h"

namespace mls::test {

inline LeafNode RandomLeaf(SeededRandom& random) {
  LeafNode leaf;
  leaf.encryption_key = random.Some(32);
  leaf.signature_key = random.Some(32);
  leaf.credential = Credential::Basic(random.Some(random.Below(40)));
  leaf.capabilities.credentials = {CredentialType::basic};
  leaf.signature = random.Some(64);
  return leaf;
}

class Model {
 public:
  explicit Model(const Suite& suite) : suite_(&suite) {}

  std::uint32_t width() const { return width_; }
  const std::map<std::uint32_t, LeafNode>& leaves() const { return leaves_; }

  LeafIndex LeftmostBlankLeaf() const {
    std::uint32_t leaf = 0;
    while (leaves_.count(leaf) != 0) ++leaf;
    return {leaf};
  }

  void ExtendTo(LeafIndex leaf) {
    while (width_ <= leaf.value) width_ = width_ == 0 ? 1 : 2 * width_;
  }

  void Add(const LeafNode& leaf) {
    const LeafIndex place = LeftmostBlankLeaf();
    ExtendTo(place);
    for (NodeIndex node : DirectPath(place, width_)) {
      if (parents_.count(node.value) == 0) continue;
      std::vector<LeafIndex>& list = parents_[node.value].unmerged_leaves;
      list.push_back(place);
      std::sort(list.begin(), list.end());
    }
    leaves_[place.value] = leaf;
  }

  void Update(LeafIndex place, const LeafNode& leaf) {
    leaves_[place.value] = leaf;
    BlankPath(place);
  }

  void Remove(LeafIndex place) {
    leaves_.erase(place.value);
    BlankPath(place);
    if (leaves_.empty()) {
      width_ = 0;
    } else {
      while (leaves_.rbegin()->first < width_ / 2) width_ /= 2;
    }
    std::erase_if(parents_, [&](const auto& one) { return one.first >= NodeWidth(width_); });
  }

  void BlankPath(LeafIndex place) {
    for (NodeIndex node : DirectPath(place, width_)) parents_.erase(node.value);
  }

  void Set(NodeIndex node, ParentNode value) { parents_[node.value] = std::move(value); }
  void Replace(LeafIndex place, const LeafNode& leaf) { leaves_[place.value] = leaf; }

  std::vector<NodeIndex> Resolution(NodeIndex node) const {
    if (IsLeaf(node))
      return leaves_.count(LeafOf(node).value) != 0 ? std::vector{node} : std::vector<NodeIndex>();
    std::vector<NodeIndex> nodes;
    if (const auto parent = parents_.find(node.value); parent != parents_.end()) {
      nodes.push_back(node);
      for (LeafIndex leaf : parent->second.unmerged_leaves) nodes.push_back(leaf);
      return nodes;
    }
    for (NodeIndex child : {Left(node), Right(node)}) {
      for (NodeIndex one : Resolution(child)) nodes.push_back(one);
    }
    return nodes;
  }

  std::vector<NodeIndex> FilteredDirectPath(LeafIndex leaf) const {
    const std::vector<NodeIndex> copath = Copath(leaf, width_);
    std::vector<NodeIndex> path = DirectPath(leaf, width_);
    for (std::size_t i = path.size(); i-- > 0;) {
      if (Resolution(copath[i]).empty()) path.erase(path.begin() + static_cast<std::ptrdiff_t>(i));
    }
    return path;
  }

  // Hashes gives the tree hash of every node, by index.
  std::vector<Bytes> Hashes() const {
    std::vector<Bytes> hashes(NodeWidth(width_));
    if (width_ != 0) HashInto(hashes, Root(width_));
    return hashes;
  }

  bool Matches(const RatchetTree& tree) const {
    if (tree.width() != width_ || tree.member_count() != leaves_.size()) return false;
    if (tree.LeftmostBlankLeaf() != LeftmostBlankLeaf()) return false;
    for (NodeIndex node(0); node.value < NodeWidth(width_); ++node.value) {
      if (IsLeaf(node)) {
        const auto leaf = leaves_.find(LeafOf(node).value);
        if (tree.IsBlank(node) != (leaf == leaves_.end())) return false;
        if (leaf != leaves_.end() && !(tree.Leaf(LeafOf(node)) == leaf->second)) return false;
      } else {
        const auto parent = parents_.find(node.value);
        const ParentNode* found = tree.Parent(node);
        if ((found == nullptr) != (parent == parents_.end())) return false;
        if (found != nullptr && !(*found == parent->second)) return false;
      }
    }
    return true;
  }

 private:
  void HashInto(std::vector<Bytes>& hashes, NodeIndex node) const {
    if (IsLeaf(node)) {
      const auto leaf = leaves_.find(LeafOf(node).value);
      const auto value = leaf == leaves_.end() ? std::nullopt : std::optional<LeafNode>(leaf->second);
      hashes[node.value] = ToBytes(*Hash(*suite_, {Encode(std::uint8_t{1}, LeafOf(node), value)}));
      return;
    }
    HashInto(hashes, Left(node));
    HashInto(hashes, Right(node));
    const auto parent = parents_.find(node.value);
    const auto value = parent == parents_.end() ? std::nullopt : std::optional<ParentNode>(parent->second);
    const Bytes input = Encode(std::uint8_t{2}, value, hashes[Left(node).value], hashes[Right(node).value]);
    hashes[node.value] = ToBytes(*Hash(*suite_, {input}));
  }

  const Suite* suite_;
  std::uint32_t width_ = 0;
  std::map<std::uint32_t, LeafNode> leaves_;
  std::map<std::uint32_t, ParentNode> parents_;
};

// TreeWalk changes a tree and a model of it in the same way.
class TreeWalk {
 public:
  TreeWalk(std::uint64_t seed, const Suite& suite) : random_(seed), tree_(suite), model_(suite) {}

  RatchetTree& tree() { return tree_; }
  const Model& model() const { return model_; }
  SeededRandom& random() { return random_; }

  // Step makes one change; with `target` members in mind it adds or removes more often.
  void Step(std::size_t target) {
    const std::size_t members = model_.leaves().size();
    const bool grow = random_.Below(100) < (members < target ? 70u : 30u);
    switch (random_.Below(5)) {
      case 0:
        if (members > 0) return UpdateOne();
        break;
      case 1:
      case 2:
        if (members > 0) return CommitOne();
        break;
      default:
        break;
    }
    if (grow || members == 0) return AddSome(1 + random_.Below(members < target / 2 ? target / 8 + 1 : 3));
    for (std::uint64_t count = 1 + random_.Below(members > target ? (members - target) / 8 + 4 : 3);
         count > 0; --count) {
      if (!model_.leaves().empty()) RemoveOne();
    }
  }

 private:
  LeafIndex AnyMember() {
    auto leaf = model_.leaves().lower_bound(static_cast<std::uint32_t>(random_.Below(model_.width())));
    return {leaf == model_.leaves().end() ? model_.leaves().begin()->first : leaf->first};
  }

  void AddSome(std::uint64_t count) {
    std::vector<LeafNode> leaves;
    for (; count > 0; --count) leaves.push_back(RandomLeaf(random_));
    if (random_.Below(2) == 0) {
      std::vector<Bytes> encoded;
      for (const LeafNode& leaf : leaves) encoded.push_back(Encode(leaf));
      tree_.AddLeaves(std::move(encoded));
    } else {
      for (const LeafNode& leaf : leaves) tree_.AddLeaf(leaf);
    }
    for (const LeafNode& leaf : leaves) model_.Add(leaf);
  }

  void RemoveOne() {
    const LeafIndex place = random_.Below(3) == 0 ? LeafIndex{model_.leaves().rbegin()->first} : AnyMember();
    tree_.RemoveLeaf(place);
    model_.Remove(place);
  }

  void UpdateOne() {
    const LeafIndex place = AnyMember();
    const LeafNode leaf = RandomLeaf(random_);
    tree_.UpdateLeaf(place, leaf);
    model_.Update(place, leaf);
  }

  void CommitOne() {
    // Now and then from a leaf that is still blank, as an external commit does.
    const LeafIndex place = random_.Below(6) == 0 ? model_.LeftmostBlankLeaf() : AnyMember();
    const LeafNode leaf = RandomLeaf(random_);
    tree_.ExtendTo(place);
    model_.ExtendTo(place);
    const std::vector<NodeIndex> path = model_.FilteredDirectPath(place);
    tree_.BlankDirectPath(place);
    model_.BlankPath(place);
    for (std::size_t i = path.size(); i-- > 0;) {
      const ParentNode node{random_.Some(32), random_.Some(32), {}};
      tree_.SetParent(path[i], node.encryption_key, node.parent_hash);
      model_.Set(path[i], node);
    }
    tree_.ReplaceLeaf(place, leaf);
    model_.Replace(place, leaf);
  }

  SeededRandom random_;
  RatchetTree tree_;
  Model model_;
};

}  // namespace mls::test
