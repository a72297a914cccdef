// Members of a tree for tests: leaves signed with real keys, private keys held as each member would, and
// commits as TreeKEM makes them, without the message layer around.
#pragma once

#include <map>
#include <string>

#include "support/seeded_random.h"
#include "tree/treekem.h"

namespace mls::test {

inline const Limits kTreeLimits;

inline const Suite& SmallSuite() {
  return *FindSuite(CipherSuite::MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519);
}

inline Capabilities PlainCapabilities(const Suite& suite) {
  return {{ProtocolVersion::mls10}, {suite.id}, {}, {}, {CredentialType::basic}};
}

// Member: one client's secrets, as far as the tree needs them.
struct Member {
  Secret signature_private_key;
  PrivateKeys keys;
};

// NewLeaf makes a leaf with source key_package; `member` receives the keys under leaf 0 until it has a place.
inline LeafNode NewLeaf(const Suite& suite, Random& random, std::string_view name, Member& member) {
  auto signature = *GenerateSignatureKeyPair(suite, random);
  auto encryption = *GenerateHpkeKeyPair(suite, random);
  LeafNode leaf;
  leaf.encryption_key = std::move(encryption.public_key);
  leaf.signature_key = std::move(signature.public_key);
  leaf.credential = Credential::Basic(AsView(name));
  leaf.capabilities = PlainCapabilities(suite);
  leaf.lifetime = {1000, 2000};
  (void)SignLeafNode(suite, leaf, signature.private_key, {}, {});
  member.signature_private_key = std::move(signature.private_key);
  member.keys.Set(LeafIndex{0}, std::move(encryption.private_key));
  return leaf;
}

// TestGroup: a public tree and all its members' secrets. Every
// commit is created by one, applied and opened by the rest.
class TestGroup {
 public:
  explicit TestGroup(std::uint64_t seed, const Suite& suite = SmallSuite()) : random_(seed), tree_(suite) {
    Join();
    (void)tree_.UpdateHashes(nullptr);
  }

  const RatchetTree& tree() const { return tree_; }
  RatchetTree& tree() { return tree_; }
  SeededRandom& random() { return random_; }
  std::map<LeafIndex, Member>& members() { return members_; }
  View group_id() const { return group_id_; }

  // Join adds a member without a path.
  LeafIndex Join() {
    Member member;
    const LeafNode leaf = NewLeaf(tree_.suite(), random_, "member " + std::to_string(joined_++), member);
    const LeafIndex place = tree_.AddLeaf(leaf);
    PrivateKeys keys;
    keys.Set(place, member.keys.Find(LeafIndex{0})->Clone());
    member.keys = std::move(keys);
    members_[place] = std::move(member);
    return place;
  }

  void Leave(LeafIndex leaf) {
    tree_.RemoveLeaf(leaf);
    members_.erase(leaf);
    for (auto& [place, member] : members_) member.keys.Prune(tree_);
  }

  void Update(LeafIndex place) {
    auto encryption = *GenerateHpkeKeyPair(tree_.suite(), random_);
    LeafNode leaf = tree_.Leaf(place);
    leaf.encryption_key = std::move(encryption.public_key);
    leaf.leaf_node_source = LeafNodeSource::update;
    (void)SignLeafNode(tree_.suite(), leaf, members_[place].signature_private_key, group_id_, place);
    tree_.UpdateLeaf(place, leaf);
    for (auto& [other, member] : members_) member.keys.Prune(tree_);
    members_[place].keys.Set(place, std::move(encryption.private_key));
  }

  // Commit makes a path as `sender`, with `added` joined just before. It says whether everyone came out with
  // the same tree and the same commit secret.
  bool Commit(LeafIndex sender, const std::vector<LeafIndex>& added = {}) {
    const Bytes context = random_.Some(16);
    RatchetTree next = tree_;
    auto secrets = CreatePath(next, sender, next.Leaf(sender), members_[sender].signature_private_key,
                              group_id_, random_, nullptr);
    if (!secrets.ok() || !next.UpdateHashes(nullptr).ok()) return false;
    if (!SealPath(next, sender, *secrets, added, context, random_, nullptr).ok()) return false;
    RatchetTree applied = tree_;
    if (!ApplyPath(applied, sender, secrets->path, added, nullptr).ok()) return false;
    if (!applied.UpdateHashes(nullptr).ok() || !(applied.RootHash() == next.RootHash())) return false;
    bool agreed = true;
    for (auto& [place, member] : members_) {
      const bool is_new = std::binary_search(added.begin(), added.end(), place);
      if (place == sender) {
        member.keys.Set(sender, secrets->leaf_private_key.Clone());
        for (std::size_t i = 0; i < secrets->nodes.size(); ++i) {
          member.keys.Set(secrets->nodes[i], secrets->key_pairs[i].private_key.Clone());
        }
        member.keys.Prune(next);
        continue;
      }
      auto opened = is_new ? Welcomed(next, sender, place, *secrets)
                           : OpenPath(applied, sender, place, member.keys, secrets->path, added, context);
      if (!opened.ok()) {
        agreed = false;
        continue;
      }
      agreed = agreed && opened->commit_secret == secrets->commit_secret;
      for (auto& [node, key] : opened->private_keys) member.keys.Set(node, std::move(key));
      member.keys.Prune(next);
    }
    tree_ = std::move(next);
    return agreed;
  }

  // KeysFit: every private key that a member holds opens what is sealed to the tree's public key.
  bool KeysFit() {
    for (const auto& [place, member] : members_) {
      for (const auto& [node, key] : member.keys.keys()) {
        const auto sealed =
            EncryptWithLabel(tree_.suite(), tree_.PublicKey(node), "fit", {}, group_id_, random_);
        if (!sealed.ok()) return false;
        if (!DecryptWithLabel(tree_.suite(), key, tree_.PublicKey(node), "fit", {}, *sealed).ok())
          return false;
      }
    }
    return true;
  }

 private:
  static Result<OpenedPath> Welcomed(const RatchetTree& tree, LeafIndex sender, LeafIndex self,
                                     const PathSecrets& secrets) {
    const NodeIndex ancestor = CommonAncestor(sender, self);
    const auto at = std::find(secrets.nodes.begin(), secrets.nodes.end(), ancestor);
    if (at == secrets.nodes.end()) return Error::INTERNAL;
    return DerivePath(tree, sender, ancestor,
                      secrets.path_secrets[static_cast<std::size_t>(at - secrets.nodes.begin())]);
  }

  SeededRandom random_;
  RatchetTree tree_;
  Bytes group_id_ = ToBytes(AsView("a group"));
  std::map<LeafIndex, Member> members_;
  std::size_t joined_ = 0;
};

inline LeafRules PlainRules(const Suite& suite = SmallSuite()) {
  LeafRules rules;
  rules.suite = &suite;
  rules.limits = &kTreeLimits;
  return rules;
}

// IsValid runs the checks of a join on a tree and on its encoding.
inline bool IsValid(const RatchetTree& tree, View group_id) {
  RatchetTree hashed = tree;
  auto decoded = RatchetTree::DecodeExtension(tree.suite(), tree.EncodeExtension(), kTreeLimits);
  return decoded.ok() && decoded->UpdateHashes(nullptr).ok() && hashed.UpdateHashes(nullptr).ok() &&
         decoded->RootHash() == hashed.RootHash() && ValidateTreeStructure(hashed, nullptr).ok() &&
         ValidateTreeStructure(*decoded, nullptr).ok() &&
         ValidateTreeLeaves(*decoded, PlainRules(tree.suite()), group_id, nullptr).ok();
}

}  // namespace mls::test
