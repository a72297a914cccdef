#include "tree/treekem.h"

#include <algorithm>

#include "base/check.h"

namespace mls {

namespace {

// PathEntry: one node of a filtered direct path with its two children, seen from the sender.
struct PathEntry {
  NodeIndex node;
  NodeIndex copath;  // the child whose subtree does not hold the sender
};

std::vector<PathEntry> PathOf(const RatchetTree& tree, LeafIndex sender) {
  std::vector<PathEntry> path;
  for (NodeIndex node : tree.FilteredDirectPath(sender)) {
    path.push_back({node, Contains(Left(node), sender) ? Right(node) : Left(node)});
  }
  return path;
}

// Recipients gives the resolution of a copath child without
// the members that this commit adds (RFC 9420 §7.5).
std::vector<NodeIndex> Recipients(const RatchetTree& tree, NodeIndex copath,
                                  const std::vector<LeafIndex>& added) {
  std::vector<NodeIndex> nodes = tree.Resolution(copath);
  if (!added.empty()) {
    std::erase_if(nodes, [&](NodeIndex node) {
      return IsLeaf(node) && std::binary_search(added.begin(), added.end(), LeafOf(node));
    });
  }
  return nodes;
}

// MergePath blanks the sender's direct path, sets the public keys along the filtered one and gives the parent
// hash for the leaf (RFC 9420 §7.5, §7.9): from the root down, since each hash takes in the one above. Where
// nobody else is in the tree, the hash is empty.
//
//      ph(Q)              parent_hash of P
//        │
//   P.encryption_key ──▶ ph(P) ◀── th(S), the copath child
//        │
//        ▼
//   parent_hash of the next node below, in the end of the leaf
Result<Digest> MergePath(RatchetTree& tree, LeafIndex sender, const std::vector<PathEntry>& path,
                         const std::vector<View>& public_keys) {
  tree.BlankDirectPath(sender);
  Digest parent_hash;
  for (std::size_t i = path.size(); i-- > 0;) {
    tree.SetParent(path[i].node, ToBytes(public_keys[i]), ToBytes(parent_hash));
    MLS_TRY(hash, ParentHash(tree, path[i].node, path[i].copath));
    parent_hash = hash;
  }
  return parent_hash;
}

// NodeKeys derives a node's key pair from its path secret (RFC 9420 §7.4):
//   path_secret ──"node"──▶ node_secret ──DeriveKeyPair──▶ (node_priv, node_pub)
Result<HpkeKeyPair> NodeKeys(const Suite& suite, View path_secret) {
  MLS_TRY(node_secret, DeriveSecret(suite, path_secret, "node"));
  return DeriveKeyPair(suite, node_secret);
}

// ClimbPath derives everything from path[from] to the root and compares it with the tree's public keys.
//   path_secret[i] ──"path"──▶ path_secret[i+1] ──"path"──▶ … ──"path"──▶ commit_secret
Result<OpenedPath> ClimbPath(const RatchetTree& tree, const std::vector<PathEntry>& path, std::size_t from,
                             Secret path_secret) {
  OpenedPath opened;
  for (std::size_t i = from; i < path.size(); ++i) {
    MLS_TRY(keys, NodeKeys(tree.suite(), path_secret));
    const bool same = Equal(keys.public_key, tree.PublicKey(path[i].node));
    MLS_REQUIRE(same, PATH_SECRET_MISMATCH);  // RFC 9420 §7.5: the derived key is the one that was sent
    opened.private_keys.emplace_back(path[i].node, std::move(keys.private_key));
    MLS_TRY(next, DeriveSecret(tree.suite(), path_secret, "path"));
    path_secret = std::move(next);
  }
  opened.commit_secret = std::move(path_secret);
  return opened;
}

}  // namespace

Result<PathSecrets> CreatePath(RatchetTree& tree, LeafIndex sender, LeafNode leaf, View signature_private_key,
                               View group_id, Random& random, Pool* pool) {
  const Suite& suite = tree.suite();
  tree.ExtendTo(sender);
  MLS_DO(tree.UpdateHashes(pool));
  const std::vector<PathEntry> path = PathOf(tree, sender);
  PathSecrets secrets;
  MLS_TRY(leaf_keys, GenerateHpkeKeyPair(suite, random));
  MLS_TRY(path_secret, random.TakeSecret(suite.Nh));
  std::vector<View> public_keys;
  secrets.key_pairs.reserve(path.size());
  for (const PathEntry& entry : path) {
    MLS_TRY(keys, NodeKeys(suite, path_secret));
    MLS_TRY(next, DeriveSecret(suite, path_secret, "path"));
    secrets.nodes.push_back(entry.node);
    secrets.path.nodes.push_back({keys.public_key, {}});
    secrets.key_pairs.push_back(std::move(keys));
    public_keys.push_back(secrets.key_pairs.back().public_key);
    secrets.path_secrets.push_back(std::move(path_secret));
    path_secret = std::move(next);
  }
  // With an empty filtered path this is the fresh path_secret[0]
  // itself: there is no last node to derive it from.
  secrets.commit_secret = std::move(path_secret);

  MLS_TRY(parent_hash, MergePath(tree, sender, path, public_keys));
  leaf.encryption_key = std::move(leaf_keys.public_key);
  leaf.leaf_node_source = LeafNodeSource::commit;
  leaf.parent_hash = ToBytes(parent_hash);
  MLS_DO(SignLeafNode(suite, leaf, signature_private_key, group_id, sender));
  tree.ReplaceLeaf(sender, leaf);
  secrets.leaf_private_key = std::move(leaf_keys.private_key);
  secrets.path.leaf_node = std::move(leaf);
  return secrets;
}

Status SealPath(const RatchetTree& tree, LeafIndex sender, PathSecrets& secrets,
                const std::vector<LeafIndex>& added, View group_context, Random& random, Pool* pool) {
  struct Seal {
    View path_secret;
    View public_key;
  };
  std::vector<Seal> seals;
  std::vector<std::size_t> recipients_of;  // by node of the path
  const std::vector<PathEntry> path = PathOf(tree, sender);
  for (std::size_t i = 0; i < path.size(); ++i) {
    const std::vector<NodeIndex> recipients = Recipients(tree, path[i].copath, added);
    for (NodeIndex recipient : recipients)
      seals.push_back({secrets.path_secrets[i], tree.PublicKey(recipient)});
    recipients_of.push_back(recipients.size());
  }
  // `random` serves one thread, so the entropy of all seals is drawn first.
  const Suite& suite = tree.suite();
  MLS_TRY(entropy, random.TakeSecret(seals.size() * suite.Nsk));
  MLS_TRY(context, EncryptionContext(suite, "UpdatePathNode", group_context));
  std::vector<HPKECiphertext> ciphertexts(seals.size());
  const auto seal_one = [&](std::size_t i) -> Status {
    const View own_entropy = entropy.view().subspan(i * suite.Nsk, suite.Nsk);
    MLS_TRY(sealed, HpkeSeal(context, seals[i].public_key, seals[i].path_secret, own_entropy));
    ciphertexts[i] = std::move(sealed);
    return kOk;
  };
  MLS_DO(ParallelFor(pool, seals.size(), 1, seal_one, "path"));
  std::span<const HPKECiphertext> rest = ciphertexts;
  for (std::size_t i = 0; i < path.size(); ++i) {
    secrets.path.nodes[i].encrypted_path_secret = EncodedList(rest.first(recipients_of[i]));
    rest = rest.subspan(recipients_of[i]);
  }
  return kOk;
}

Status ApplyPath(RatchetTree& tree, LeafIndex sender, const UpdatePath& update,
                 const std::vector<LeafIndex>& added, Pool* pool) {
  const LeafNode& leaf = update.leaf_node;
  tree.ExtendTo(sender);
  const std::vector<PathEntry> path = PathOf(tree, sender);
  MLS_REQUIRE(update.nodes.size() == path.size(),
              INVALID_UPDATE_PATH);  // RFC 9420 §7.5: the filtered direct path
  for (std::size_t i = 0; i < path.size(); ++i) {
    const std::size_t recipients = Recipients(tree, path[i].copath, added).size();
    const bool one_each = update.nodes[i].encrypted_path_secret.count() == recipients;
    MLS_REQUIRE(one_each,
                INVALID_UPDATE_PATH);  // RFC 9420 §7.6: one ciphertext for each node of the resolution
  }

  std::vector<View> public_keys;
  for (const UpdatePathNode& node : update.nodes) {
    MLS_DO(ValidateHpkePublicKey(tree.suite(),
                                 node.encryption_key));  // RFC 9420 §5.1.1: keys of the group's suite
    public_keys.push_back(node.encryption_key);
  }
  const bool renewed = !Equal(leaf.encryption_key, tree.PublicKey(sender));
  MLS_REQUIRE(renewed,
              ENCRYPTION_KEY_REUSED);  // RFC 9420 §12.4.2: not the key of the committer's current leaf
  std::vector<View> all = public_keys;
  all.push_back(leaf.encryption_key);
  for (View key : all) {
    const bool fresh = !tree.index().HasEncryptionKey(key);
    MLS_REQUIRE(fresh, DUPLICATE_ENCRYPTION_KEY);  // RFC 9420 §12.4.2: no key of the path is in the new tree
  }
  const auto before = [](View a, View b) {
    return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end());
  };
  std::sort(all.begin(), all.end(), before);
  const bool distinct = std::adjacent_find(all.begin(), all.end(), Equal) == all.end();
  MLS_REQUIRE(distinct, DUPLICATE_ENCRYPTION_KEY);  // RFC 9420 §12.4.2: nor in the path a second time

  MLS_DO(tree.UpdateHashes(pool));
  MLS_TRY(parent_hash, MergePath(tree, sender, path, public_keys));
  const bool from_commit = leaf.leaf_node_source == LeafNodeSource::commit;
  MLS_REQUIRE(from_commit, INVALID_LEAF_SOURCE);  // RFC 9420 §7.3: a leaf that came by a path
  const bool chained = Equal(leaf.parent_hash, parent_hash);
  MLS_REQUIRE(chained, PARENT_HASH_MISMATCH);  // RFC 9420 §7.9.2: the leaf signs the path above it
  tree.ReplaceLeaf(sender, leaf);
  return kOk;
}

Result<OpenedPath> OpenPath(const RatchetTree& tree, LeafIndex sender, LeafIndex self,
                            const PrivateKeys& keys, const UpdatePath& update,
                            const std::vector<LeafIndex>& added, View group_context) {
  const std::vector<PathEntry> path = PathOf(tree, sender);
  const auto entry =
      std::find_if(path.begin(), path.end(), [&](const auto& one) { return Contains(one.copath, self); });
  if (entry == path.end() || tree.IsBlank(self)) return Error::MISUSE;
  const auto i = static_cast<std::size_t>(entry - path.begin());
  const std::vector<NodeIndex> recipients = Recipients(tree, entry->copath, added);
  const bool fits = update.nodes.size() == path.size() &&
                    update.nodes[i].encrypted_path_secret.count() == recipients.size();
  MLS_REQUIRE(fits, INVALID_UPDATE_PATH);  // RFC 9420 §7.6: one ciphertext for each node of the resolution

  // Of the nodes that stand for us, the first whose key we hold: as a member unmerged at the subtree's head
  // we have our leaf's key only, which comes behind it in the resolution.
  const auto ours = std::find_if(recipients.begin(), recipients.end(), [&](NodeIndex node) {
    return Contains(node, self) && keys.Find(node) != nullptr;
  });
  MLS_REQUIRE(ours != recipients.end(),
              DECRYPT_FAILED);  // RFC 9420 §7.5: a ciphertext for a key that we hold
  const HPKECiphertext sealed =
      update.nodes[i].encrypted_path_secret[static_cast<std::size_t>(ours - recipients.begin())];
  auto path_secret = DecryptWithLabel(tree.suite(), *keys.Find(*ours), tree.PublicKey(*ours),
                                      "UpdatePathNode", group_context, sealed);
  MLS_REQUIRE(path_secret.ok(),
              DECRYPT_FAILED);  // RFC 9420 §7.6: sealed to us under the provisional GroupContext
  const bool whole = path_secret->size() == tree.suite().Nh;
  MLS_REQUIRE(whole, INVALID_UPDATE_PATH);  // RFC 9420 §7.4: a path secret has Nh bytes
  return ClimbPath(tree, path, i, std::move(*path_secret));
}

Result<OpenedPath> DerivePath(const RatchetTree& tree, LeafIndex sender, NodeIndex node, View path_secret) {
  MLS_REQUIRE(path_secret.size() == tree.suite().Nh,
              INVALID_WELCOME);  // RFC 9420 §7.4: a path secret has Nh bytes
  const std::vector<PathEntry> path = PathOf(tree, sender);
  const auto entry =
      std::find_if(path.begin(), path.end(), [&](const auto& one) { return one.node == node; });
  const bool on_path = entry != path.end() && !tree.IsBlank(node);
  MLS_REQUIRE(on_path, INVALID_WELCOME);  // RFC 9420 §12.4.3.1: the secret of a node that the commit set
  return ClimbPath(tree, path, static_cast<std::size_t>(entry - path.begin()), Secret::Copy(path_secret));
}

}  // namespace mls
