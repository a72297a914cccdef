// Forged trees: a newcomer is given a ratchet tree in which one thing is wrong, by Welcome and for an
// external join. Parent hashes and signatures can be made right again along the chains that the tree has,
// since the keys of all members are in the scene (RFC 9420 §7.9).
#pragma once

#include "kit/invitation.h"

namespace mls::test {

// Link: a node D whose parent hash is that of a parent P above it; the sibling S is P's child that does not
// hold D (RFC 9420 §7.9.2).
struct Link {
  std::size_t parent;
  std::size_t below;
  std::size_t sibling;
};

// TreeHashOf is RFC 9420 §7.8, and ParentHashOf §7.9, written down apart from the engine.
Bytes TreeHashOf(const Suite& suite, const Nodes& nodes, std::size_t node);
Bytes ParentHashOf(const Suite& suite, const Nodes& nodes, std::size_t parent, std::size_t sibling);
// LinksOf finds the chains of a tree.
std::vector<Link> LinksOf(const Suite& suite, const Nodes& nodes);

class ForgedTree {
 public:
  // A newcomer was added to the scene without a path, and has not joined.
  explicit ForgedTree(Scene& scene);

  // Mend makes all parent hashes along `links` right again, and the signatures of the leaves they end in.
  // Hashes are computed after everything that they cover.
  void Mend(Nodes& nodes, const std::vector<Link>& links) const;
  void Mend(Nodes& nodes) const { Mend(nodes, links); }
  // Sign signs a leaf again with its owner's key.
  void Sign(Nodes& nodes, std::size_t leaf) const;
  // Key is a public key that nobody has seen.
  Bytes Key() const;
  std::size_t Nh() const;

  // Refuses: the newcomer says `expected` to the changed tree, and so does a stranger who would join by
  // Commit.
  void Refuses(const Hook<Nodes>& change, Error expected = Error::INVALID_TREE) const;
  // RefusesClearedHashes: each parent hash in turn is empty, and all else right (RFC 9420 §7.9.2).
  void RefusesClearedHashes() const;
  // Takes: both take the changed tree.
  void Takes(const Hook<Nodes>& change) const;
  // GoesOn: the genuine Welcome is taken, a stranger joins by Commit, and all go on.
  void GoesOn();

  Scene& scene;
  Invitation invitation;
  Nodes honest;
  std::vector<Link> links;  // of the honest tree

 private:
  std::pair<std::string, std::string> Said(const Hook<Nodes>& change) const;
};

// Grown is a scene of `count` members, each of whom has committed, the leftmost one last.
//
//                7
//          ┌─────┴─────┐
//          3          11
//        ┌─┴─┐       ┌─┴─┐
//        1   5       9   _
//       0 1 2 3     4 5 6 _     with seven members
struct Grown : Scene {
  Grown(const Suite& suite, std::size_t count) : Scene(suite, count) {
    for (std::size_t i = count; i-- > 0;) Commit(i);
  }
};

}  // namespace mls::test
