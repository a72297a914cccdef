#include "tree_group.h"

#include <algorithm>

namespace mls::test {

NewKeyPackage TreeGroup::NewMember() {
  const MemberProfile profile = MakeProfile(suite_, "member " + std::to_string(made_++), random_);
  return MakeKeyPackage(suite_, profile, random_);
}

LeafIndex TreeGroup::Join() {
  NewKeyPackage made = NewMember();
  const LeafIndex leaf = tree_.AddLeaf(made.key_package.leaf_node);
  members_[leaf] = {
      std::move(made.keys.signature_private_key), std::move(made.keys.encryption_private_key), {}};
  Must(tree_.UpdateHashes(nullptr));
  return leaf;
}

void TreeGroup::ForgetAncestors(LeafIndex leaf) {
  for (auto& [place, member] : members_) {
    std::erase_if(member.path_secrets, [&](const auto& known) { return Contains(known.first, leaf); });
  }
}

void TreeGroup::Remove(LeafIndex leaf) {
  tree_.RemoveLeaf(leaf);
  members_.erase(leaf);
  ForgetAncestors(leaf);
  Must(tree_.UpdateHashes(nullptr));
}

LeafNode TreeGroup::NewLeaf(LeafIndex leaf) {
  TreeMember& member = members_.at(leaf);
  HpkeKeyPair encryption = Must(GenerateHpkeKeyPair(suite_, random_));
  LeafNode node = tree_.Leaf(leaf);
  node.encryption_key = std::move(encryption.public_key);
  node.leaf_node_source = LeafNodeSource::update;
  node.lifetime = {};
  node.parent_hash.clear();
  Must(SignLeafNode(suite_, node, member.signature_private_key, group_id_, leaf));
  member.encryption_private_key = std::move(encryption.private_key);
  return node;
}

void TreeGroup::Update(LeafIndex leaf) {
  tree_.UpdateLeaf(leaf, NewLeaf(leaf));
  ForgetAncestors(leaf);
  Must(tree_.UpdateHashes(nullptr));
}

PathSecrets TreeGroup::MakePath(RatchetTree& tree, LeafIndex sender) {
  PathSecrets secrets =
      Must(CreatePath(tree, sender, tree.Leaf(sender), members_.at(sender).signature_private_key, group_id_,
                      random_, nullptr));
  Must(tree.UpdateHashes(nullptr));
  return secrets;
}

void TreeGroup::Commit(LeafIndex sender) {
  const PathSecrets secrets = MakePath(tree_, sender);
  ForgetAncestors(sender);
  for (auto& [place, member] : members_) {
    for (std::size_t i = 0; i < secrets.nodes.size(); ++i) {
      if (!Contains(secrets.nodes[i], place)) continue;
      member.path_secrets.insert_or_assign(secrets.nodes[i], secrets.path_secrets[i].Clone());
    }
  }
  members_.at(sender).encryption_private_key = secrets.leaf_private_key.Clone();
}

Json TreeGroup::PathOf(LeafIndex sender, GroupContext context) {
  RatchetTree tree = tree_;
  PathSecrets secrets = MakePath(tree, sender);
  context.tree_hash = ToBytes(tree.RootHash());
  Must(SealPath(tree, sender, secrets, {}, Encode(context), random_, nullptr));
  Json path_secrets = Json::array();
  const std::uint32_t leaves = members_.rbegin()->first.value + 1;
  for (LeafIndex leaf{0}; leaf.value < leaves; ++leaf.value) {
    const NodeIndex shared = CommonAncestor(sender, leaf);
    const auto node = std::find(secrets.nodes.begin(), secrets.nodes.end(), shared);
    const bool has_one = leaf != sender && members_.contains(leaf);
    path_secrets.push_back(
        has_one ? Json(ToHex(secrets.path_secrets.at(static_cast<std::size_t>(node - secrets.nodes.begin()))))
                : Json());
  }
  return {{"sender", sender.value},
          {"update_path", ToHex(Encode(secrets.path))},
          {"path_secrets", path_secrets},
          {"commit_secret", ToHex(secrets.commit_secret)},
          {"tree_hash_after", ToHex(tree.RootHash())}};
}

}  // namespace mls::test
