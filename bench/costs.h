// Costs: what each step cannot do without (RFC 9420), as a Floor over inputs of their real sizes.
//
// Counts follow from the RFC, not from what the engine happens to do; sizes are measured on the real
// messages. A cost leaves out what a better engine could leave out: encoding, copying, bookkeeping, rows.
#pragma once

#include "floor.h"
#include "mls.h"

namespace mls::bench {

// Sizes in bytes of one group's things.
struct Sizes {
  std::size_t members = 0;
  std::size_t path = 0;         // nodes of the committer's filtered direct path
  std::size_t leaf = 0;         // an encoded LeafNode
  std::size_t key_package = 0;  // an encoded KeyPackage
  std::size_t commit = 0;       // the Commit's message
  std::size_t group_info = 0;   // the encrypted GroupInfo, tree inside
};

// AddFloor: a commit with a path that adds all others to a group of one, its Welcome included.
Floor AddFloor(const Sizes& sizes);
// JoinFloor: opening that Welcome and verifying the tree. `secrets`: nodes whose keys the joiner derives.
Floor JoinFloor(const Sizes& sizes, std::size_t secrets);
// CommitFloor: an empty commit with `seals` path secrets sealed.
Floor CommitFloor(const Sizes& sizes, std::size_t seals);
// ProcessFloor: a member's side of it, deriving the keys of `secrets` nodes. FollowFloor: a tracker's.
Floor ProcessFloor(const Sizes& sizes, std::size_t secrets);
Floor FollowFloor(const Sizes& sizes);
// ProtectFloor and UnprotectFloor: a PrivateMessage in a ratchet that has begun (RFC 9420 §6.3).
Floor ProtectFloor(std::size_t content);
Floor UnprotectFloor(std::size_t content);

}  // namespace mls::bench
