#include "costs.h"

#include <bit>

namespace mls::bench {

namespace {

constexpr std::size_t kHash = 32;
constexpr std::size_t kKey = 32;
constexpr std::size_t kLabel = 24;  // label and lengths before what is signed or hashed

// Hash inputs of a parent (RFC 9420 §7.8): two hashes, blank or with the node's key and parent hash.
constexpr std::size_t kBlankParent = 2 + 2 * (1 + kHash);
constexpr std::size_t kParent = kBlankParent + 2 + kKey + kHash;
constexpr std::size_t kParentHashInput = 3 * (1 + kHash);  // RFC 9420 §7.9
constexpr std::size_t kGroupSecrets = 3 + kHash + kHash;   // RFC 9420 §12.4.3.1, with a path secret
constexpr std::size_t kSenderData = 12;                    // RFC 9420 §6.3.2
constexpr std::size_t kContext = 160;                      // a GroupContext

// The tree after a path: parent hashes down to the leaf, tree hashes up to the root.
void HashPath(Floor& floor, const Sizes& sizes) {
  floor.Hash(kParentHashInput, sizes.path).Hash(sizes.leaf + kLabel).Hash(kParent, sizes.path);
}

// The tree after Adds: their leaves, and the parents above them. In a tree of few blanks those are as many as
// the leaves, and the path of each at most.
void HashAdded(Floor& floor, const Sizes& sizes, std::size_t added) {
  const auto path = static_cast<std::size_t>(std::bit_width(sizes.members - 1));
  floor.Hash(sizes.leaf + kLabel, added).Hash(kBlankParent, added == 1 ? path : added);
}

// Path secrets and their keys (RFC 9420 §7.4): "path", "node", DeriveKeyPair, a public key.
void DerivePathKeys(Floor& floor, std::size_t nodes) { floor.Kdf(4 * nodes).PublicKey(nodes); }

// Transcript hashes and the key schedule to the end of an epoch's secrets (RFC 9420 §8, §8.2).
void EnterEpoch(Floor& floor, const Sizes& sizes) {
  constexpr std::size_t kSchedule = 3 /* extracts */ + 9 /* Table 4 */ + 1 /* confirmation_tag */;
  floor.Hash(sizes.commit).Hash(2 * kHash).Kdf(kSchedule).Hmac(kContext, 2);  // "joiner", "epoch"
}

// What protects a commit's content on its way, besides its signature.
void Frame(Floor& floor, const Sizes& sizes) {
  if (sizes.framing == Framing::public_message) {
    floor.Hmac(sizes.commit);  // membership_tag
  } else {
    floor.Kdf(3 /* ratchet */ + 2 /* sender data */).Seal(sizes.commit + kLabel).Seal(kSenderData);
  }
}

void Unframe(Floor& floor, const Sizes& sizes) {
  if (sizes.framing == Framing::public_message) {
    floor.Hmac(sizes.commit);
  } else {
    floor.Kdf(3 + 2).Open(sizes.commit + kLabel).Open(kSenderData);
  }
}

}  // namespace

Floor AddFloor(const Sizes& sizes) {
  const std::size_t added = sizes.members - 1;
  Floor floor(sizes.aead);
  floor.Verify(sizes.leaf + kLabel, added).Verify(sizes.key_package + kLabel, added);
  floor.Hash(sizes.leaf + kLabel, added).Hash(kBlankParent, added);  // the tree's hashes
  floor.PublicKey();                                                 // a new leaf key
  DerivePathKeys(floor, sizes.path);
  HashPath(floor, sizes);
  floor.Sign(sizes.leaf).Sign(sizes.commit).Sign(sizes.group_info);
  EnterEpoch(floor, sizes);
  Frame(floor, sizes);
  floor.Seal(sizes.group_info).Hmac(sizes.group_info);  // the Welcome, and once the context of all its seals
  floor.Hash(sizes.key_package + kLabel, added);        // KeyPackageRef
  floor.HpkeSeal(kGroupSecrets, added);
  return floor;
}

Floor KeyPackageFloor(const Sizes& sizes) {
  Floor floor(sizes.aead);
  return floor.PublicKey(2).Sign(sizes.leaf + kLabel).Sign(sizes.key_package + kLabel);
}

Floor AdmitFloor(const Sizes& sizes, std::size_t added) {
  Floor floor(sizes.aead);
  floor.Verify(sizes.leaf + kLabel, added).Verify(sizes.key_package + kLabel, added);
  HashAdded(floor, sizes, added);
  floor.Sign(sizes.commit).Sign(sizes.group_info);
  EnterEpoch(floor, sizes);
  Frame(floor, sizes);
  floor.Seal(sizes.group_info).Hmac(sizes.group_info);  // the Welcome, and once the context of all its seals
  floor.Hash(sizes.key_package + kLabel, added);        // KeyPackageRef
  floor.HpkeSeal(kGroupSecrets - kHash, added);         // no path secret
  return floor;
}

Floor ProcessAdmitFloor(const Sizes& sizes, std::size_t added) {
  Floor floor(sizes.aead);
  Unframe(floor, sizes);
  floor.Verify(sizes.commit);
  floor.Verify(sizes.leaf + kLabel, added).Verify(sizes.key_package + kLabel, added);
  HashAdded(floor, sizes, added);
  EnterEpoch(floor, sizes);
  return floor;
}

Floor JoinFloor(const Sizes& sizes, std::size_t secrets) {
  Floor floor(sizes.aead);
  floor.Hash(sizes.key_package + kLabel).Hmac(sizes.group_info).HpkeOpen(kGroupSecrets);
  floor.Open(sizes.group_info).Verify(sizes.group_info);
  floor.Hash(sizes.leaf + kLabel, sizes.members).Hash(kBlankParent, sizes.members - 1);
  floor.Verify(sizes.leaf + kLabel, sizes.members);
  floor.Hash(kParentHashInput, sizes.path);
  DerivePathKeys(floor, secrets);
  EnterEpoch(floor, {});
  return floor;
}

Floor CommitFloor(const Sizes& sizes, std::size_t seals) {
  Floor floor(sizes.aead);
  floor.PublicKey();
  DerivePathKeys(floor, sizes.path);
  HashPath(floor, sizes);
  floor.Hmac(kContext).HpkeSeal(kHash, seals);
  floor.Sign(sizes.leaf).Sign(sizes.commit);
  EnterEpoch(floor, sizes);
  Frame(floor, sizes);
  return floor;
}

Floor ProcessFloor(const Sizes& sizes, std::size_t secrets) {
  Floor floor = FollowFloor(sizes);
  Unframe(floor, sizes);
  floor.Hmac(kContext).HpkeOpen(kHash);
  DerivePathKeys(floor, secrets);
  EnterEpoch(floor, {});
  return floor;
}

Floor FollowFloor(const Sizes& sizes) {
  Floor floor(sizes.aead);
  floor.Verify(sizes.commit).Verify(sizes.leaf + kLabel).Hash(sizes.commit).Hash(2 * kHash);
  HashPath(floor, sizes);
  return floor;
}

Floor ProtectFloor(std::size_t content, FloorAead aead) {
  Floor floor(aead);
  floor.Sign(content + kContext).Kdf(3 /* ratchet */ + 2 /* sender data */);
  floor.Seal(content + 64 + kLabel).Seal(kSenderData);
  return floor;
}

Floor UnprotectFloor(std::size_t content, FloorAead aead) {
  Floor floor(aead);
  floor.Verify(content + kContext).Kdf(3 + 2).Open(content + 64 + kLabel).Open(kSenderData);
  return floor;
}

}  // namespace mls::bench
