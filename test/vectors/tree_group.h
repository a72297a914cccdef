// TreeGroup: a ratchet tree with the secrets of all its members, path secrets included, for the vectors of
// the tree.
#pragma once

#include <map>

#include "generate.h"
#include "tree/treekem.h"

namespace mls::test {

struct TreeMember {
  Secret signature_private_key;
  Secret encryption_private_key;
  std::map<NodeIndex, Secret> path_secrets;  // of the ancestors it knows
};

class TreeGroup {
 public:
  TreeGroup(const Suite& suite, SeededRandom& random) : suite_(suite), random_(random), tree_(suite) {}

  const RatchetTree& tree() const { return tree_; }
  View group_id() const { return group_id_; }
  const std::map<LeafIndex, TreeMember>& members() const { return members_; }

  // NewMember makes a key package that Join or a vector's Add may take.
  NewKeyPackage NewMember();
  LeafIndex Join();
  // Remove blanks a leaf and its ancestors; Update gives it a new key and blanks its ancestors.
  void Remove(LeafIndex leaf);
  LeafNode NewLeaf(LeafIndex leaf);
  void Update(LeafIndex leaf);
  // Commit renews the path of `sender`; everybody below it learns.
  void Commit(LeafIndex sender);
  // PathOf makes a path of `sender` beside the group, as the object of a treekem vector.
  Json PathOf(LeafIndex sender, GroupContext context);

 private:
  void ForgetAncestors(LeafIndex leaf);
  PathSecrets MakePath(RatchetTree& tree, LeafIndex sender);

  const Suite& suite_;
  SeededRandom& random_;
  RatchetTree tree_;
  Bytes group_id_ = random_.Some(16);
  std::map<LeafIndex, TreeMember> members_;
  int made_ = 0;
};

}  // namespace mls::test
