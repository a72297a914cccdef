// TreeKEM (RFC 9420 §7.4 to §7.6): a member refreshes its path and shares the new secrets with everyone else.
//
// Two calls on either side, because the path secrets are
// sealed under a GroupContext that holds the tree hash:
//   sender:   CreatePath (changes the tree)  → tree hash → SealPath
//   receiver: ApplyPath  (changes the tree)  → tree hash → OpenPath
// A tracker stops after ApplyPath. Both work on a copy of the tree, so a failure costs nothing.
#pragma once

#include <map>

#include "base/random.h"
#include "crypto/labels.h"
#include "tree/hashes.h"
#include "wire/encoded_list.h"

namespace mls {

struct UpdatePathNode {
  Bytes encryption_key;
  EncodedList<HPKECiphertext> encrypted_path_secret;  // one for each node of a resolution
  static constexpr auto kWire =
      Fields(&UpdatePathNode::encryption_key, &UpdatePathNode::encrypted_path_secret);
  bool operator==(const UpdatePathNode&) const = default;
};

struct UpdatePath {
  LeafNode leaf_node;
  std::vector<UpdatePathNode> nodes;
  static constexpr auto kWire = Fields(&UpdatePath::leaf_node, &UpdatePath::nodes);
  bool operator==(const UpdatePath&) const = default;
};

// PrivateKeys: the HPKE private keys that a member holds, by
// node: its leaf and those of its direct path it knows.
class PrivateKeys {
 public:
  void Set(NodeIndex node, Secret private_key) { keys_.insert_or_assign(node, std::move(private_key)); }
  const Secret* Find(NodeIndex node) const {
    const auto key = keys_.find(node);
    return key == keys_.end() ? nullptr : &key->second;
  }
  void Erase(NodeIndex node) { keys_.erase(node); }
  // Prune drops (and so wipes) the keys of nodes that `tree` has blank.
  void Prune(const RatchetTree& tree);
  // Clone: a new epoch keeps the private keys that its commit does not replace.
  PrivateKeys Clone() const;
  const std::map<NodeIndex, Secret>& keys() const { return keys_; }

  // One packed row (RFC 9420 §7.5 step 7); Load is STORAGE_DAMAGED for another shape.
  Secret Encode() const;
  static Result<PrivateKeys> Decode(View data);

 private:
  std::map<NodeIndex, Secret> keys_;
};

// PathSecrets: the secrets of a path that its sender made.
struct PathSecrets {
  std::vector<NodeIndex> nodes;        // the filtered direct path, leaf to root
  std::vector<Secret> path_secrets;    // one for each node
  Secret commit_secret;                // Nh bytes
  std::vector<HpkeKeyPair> key_pairs;  // one for each node
  Secret leaf_private_key;
  UpdatePath path;  // leaf_node signed; nodes have keys and, until SealPath, no ciphertexts
};

// CreatePath makes a new path for `sender` and puts it into `tree`: fresh leaf key, path secrets, parent
// hashes, leaf signed with source commit. `leaf` is the sender's leaf to start from (credential,
// capabilities, extensions, signature_key); its key, source, parent_hash and signature are set here. Needs
// the tree's hashes up to date except where it changed, and leaves them to be updated.
Result<PathSecrets> CreatePath(RatchetTree& tree, LeafIndex sender, LeafNode leaf, View signature_private_key,
                               View group_id, Random& random, Pool* pool);

// SealPath fills path.nodes[i].encrypted_path_secret: one ciphertext for each node of the resolution of the
// copath child, members of `added` (sorted) left out (RFC 9420 §7.6).
Status SealPath(const RatchetTree& tree, LeafIndex sender, PathSecrets& secrets,
                const std::vector<LeafIndex>& added, View group_context, Random& random, Pool* pool);

// ApplyPath checks a received path against the tree and merges it (RFC 9420 §7.5): number of
// nodes and of ciphertexts (INVALID_UPDATE_PATH); keys well-formed (INVALID_KEY), the leaf's not
// its former one (ENCRYPTION_KEY_REUSED), none in the tree nor twice (DUPLICATE_ENCRYPTION_KEY,
// §12.4.2); the leaf from a commit (INVALID_LEAF_SOURCE) with the right parent hash
// (PARENT_HASH_MISMATCH). Its other rules the caller has checked. `sender`'s leaf may be blank
// (external commit). `added`: the members that this commit adds, sorted.
Status ApplyPath(RatchetTree& tree, LeafIndex sender, const UpdatePath& path,
                 const std::vector<LeafIndex>& added, Pool* pool);

struct OpenedPath {
  Secret commit_secret;
  // Private keys for the nodes from the entry point to the root.
  std::vector<std::pair<NodeIndex, Secret>> private_keys;
};

// OpenPath decrypts the path secret meant for `self` and derives those above (RFC 9420 §7.5): DECRYPT_FAILED,
// INVALID_UPDATE_PATH (length), PATH_SECRET_MISMATCH. `tree` has the path applied.
Result<OpenedPath> OpenPath(const RatchetTree& tree, LeafIndex sender, LeafIndex self,
                            const PrivateKeys& keys, const UpdatePath& path,
                            const std::vector<LeafIndex>& added, View group_context);

// DerivePath starts from one path secret at `node`, as a Welcome gives it (RFC 9420
// §12.4.3.1), and derives the private keys along `sender`'s filtered direct path from
// there to the root, compared with the tree's public keys (PATH_SECRET_MISMATCH). A
// secret that has not Nh bytes, or a node that is not on the path, is INVALID_WELCOME.
Result<OpenedPath> DerivePath(const RatchetTree& tree, LeafIndex sender, NodeIndex node, View path_secret);

}  // namespace mls
