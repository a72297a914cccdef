// Costs: what each step cannot do without (RFC 9420), as a Floor over inputs of their real sizes.
//
// Counts follow from the RFC, not from what the engine happens to do; sizes are measured on the real
// messages. A cost leaves out what a better engine could leave out: encoding, copying, bookkeeping, rows.
#pragma once

#include "floor.h"
#include "mls.h"

namespace mls::bench {

// Framing: how handshake messages travel, with a membership_tag or encrypted (RFC 9420 §6.2, §6.3).
enum class Framing { public_message, private_message };

// Sizes in bytes of one group's things.
struct Sizes {
  std::size_t members = 0;
  std::size_t path = 0;         // nodes of the committer's filtered direct path
  std::size_t leaf = 0;         // an encoded LeafNode
  std::size_t key_package = 0;  // an encoded KeyPackage
  std::size_t commit = 0;       // the Commit's message
  std::size_t group_info = 0;   // the encrypted GroupInfo, tree inside
  FloorAead aead = FloorAead::aes_128_gcm;
  Framing framing = Framing::public_message;
};

// AddFloor: a commit with a path that adds all others to a group of one, its Welcome included.
Floor AddFloor(const Sizes& sizes);
// KeyPackageFloor: an init key, a leaf key and two signatures.
Floor KeyPackageFloor(const Sizes& sizes);
// AdmitFloor: a commit without a path that adds `added` members, its Welcome included. ProcessAdmitFloor: a
// member's side of it.
Floor AdmitFloor(const Sizes& sizes, std::size_t added);
Floor ProcessAdmitFloor(const Sizes& sizes, std::size_t added);
// JoinFloor: opening that Welcome and verifying the tree. `secrets`: nodes whose keys the joiner derives.
Floor JoinFloor(const Sizes& sizes, std::size_t secrets);
// CommitFloor: an empty commit with `seals` path secrets sealed.
Floor CommitFloor(const Sizes& sizes, std::size_t seals);
// ProcessFloor: a member's side of it, deriving the keys of `secrets` nodes. FollowFloor: a tracker's.
Floor ProcessFloor(const Sizes& sizes, std::size_t secrets);
Floor FollowFloor(const Sizes& sizes);
// ProtectFloor and UnprotectFloor: a PrivateMessage in a ratchet that has begun (RFC 9420 §6.3).
Floor ProtectFloor(std::size_t content, FloorAead aead = FloorAead::aes_128_gcm);
Floor UnprotectFloor(std::size_t content, FloorAead aead = FloorAead::aes_128_gcm);

}  // namespace mls::bench
