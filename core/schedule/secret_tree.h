// The secret tree and its sender ratchets (RFC 9420 §9): one epoch's message keys.
//
//        G                 Expanded lazily: only the siblings beside the paths already taken are kept (§9.2),
//        never
//      /   \               a node whose child was used. A leaf's secret becomes two ratchets at once; a
//      ratchet
//     E     F              keeps its head and the keys of generations that were passed over.
//    / \   / \             .
//   A   B C   D
//            / \           .
//          HR0  AR0 -> K0, N0
//
// Looking a key up changes nothing: it gives the key and the SecretTreeChange that consuming it would be. The
// caller applies the change after the message proved genuine, so a forgery costs its receiver no key. A
// change fits the state that gave it: apply or drop it before the next look-up. The durable record of the own
// ratchets runs ahead by Limits::reserved_generations: a crash skips generations and never repeats one.
#pragma once

#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "schedule/ratchet.h"
#include "store/batch.h"

namespace mls {

// SecretTreeChange: what a use of one key replaces. Opaque to callers but for its use in Apply.
struct SecretTreeChange {
  // Lazy expansion: `expanded` is erased, `siblings` are left over; the leaf's two ratchets start.
  std::optional<NodeIndex> expanded;
  std::vector<std::pair<NodeIndex, Secret>> siblings;
  std::vector<std::pair<RatchetId, RatchetHead>> heads;
  std::vector<std::pair<std::pair<RatchetId, std::uint32_t>, KeyAndNonce>> skipped;  // to be kept
  std::vector<std::pair<RatchetId, std::uint32_t>> dropped;   // skipped keys used up, or too old to keep
  std::optional<std::pair<RatchetId, RatchetHead>> reserved;  // a new durable head of an own ratchet
};

struct MessageKey {
  std::uint32_t generation = 0;
  KeyAndNonce key_and_nonce;
  SecretTreeChange change;
};

class SecretTree {
 public:
  // Create covers `width` leaves, a power of two. `epoch` names its rows.
  static SecretTree Create(const Suite& suite, std::uint64_t epoch, std::uint32_t width,
                           Secret encryption_secret);

  std::uint64_t epoch() const { return epoch_; }

  // Receive gives the key of a message of `id` with `generation`: KEY_CONSUMED if it was used or dropped,
  // LIMIT_EXCEEDED if it is more than max_forward_steps ahead (before any derivation), UNKNOWN_SENDER beyond
  // the tree. The keys of generations passed over are kept, the newest max_skipped_keys_per_sender of each
  // ratchet. When the whole tree has max_skipped_keys, room is made among the keys of the same ratchet alone,
  // so that nobody can push out another sender's keys.
  Result<MessageKey> Receive(RatchetId id, std::uint32_t generation, const Limits& limits) const;

  // Send gives the next key of the own leaf's ratchet `id`. LIMIT_EXCEEDED when the generations are used up.
  Result<MessageKey> Send(RatchetId id, const Limits& limits) const;

  // Apply makes a change real; what it replaces is wiped.
  void Apply(SecretTreeChange change);
  // SaveChange writes the rows that Apply(change) will make different, before it is applied. A Send inside a
  // reserved range writes none.
  void SaveChange(const SecretTreeChange& change, Batch& batch) const;

  // Save writes every row of this tree; Load reads them back (STORAGE_DAMAGED). EraseRows removes them all.
  void Save(Batch& batch) const;
  static Result<SecretTree> Load(const Suite& suite, std::uint64_t epoch, std::uint32_t width,
                                 const Rows& rows);
  static void EraseRows(std::uint64_t epoch, Batch& batch);
  // KeepReserved: this tree was loaded over rows of `former` changed by `delta`. Own ratchets whose rows it
  // leaves alone go on where `former` is within its reserved range; another's row is where the next range
  // begins.
  void KeepReserved(const SecretTree& former, const RowDelta& delta);

  std::size_t skipped_key_count() const { return skipped_.size(); }

 private:
  using KeyId = std::pair<RatchetId, std::uint32_t>;  // one generation of one ratchet
  struct Node {
    Secret secret;
    LeafIndex towards;  // the leaf whose expansion left this node over; it names the node's row
  };

  SecretTree(const Suite& suite, std::uint64_t epoch, std::uint32_t width)
      : suite_(&suite), epoch_(epoch), width_(width) {}

  // HeadOf gives the head of `id`. If the leaf was not used yet, its expansion is put into `change` first.
  Result<const RatchetHead*> HeadOf(RatchetId id, SecretTreeChange& change) const;
  Status Expand(LeafIndex leaf, SecretTreeChange& change) const;
  // NextOf gives the generation that `id` comes to next, without expanding anything.
  std::uint64_t NextOf(RatchetId id) const;
  Result<MessageKey> TakeSkipped(RatchetId id, std::uint32_t generation) const;
  // MakeRoom decides how many of the `passed` keys before a new one are kept, and drops older ones for them.
  std::size_t MakeRoom(RatchetId id, std::size_t passed, const Limits& limits,
                       SecretTreeChange& change) const;

  void SaveExpansion(const SecretTreeChange& change, Batch& batch) const;
  void SaveSkippedBlocks(const SecretTreeChange& change, Batch& batch) const;
  Status LoadNodes(const Rows& rows);
  Status LoadHeads(const Rows& rows);
  Status LoadSkipped(const Rows& rows);
  // IsComplete says that every leaf has its two ratchets or is below exactly one node.
  bool IsComplete() const;

  const Suite* suite_;
  std::uint64_t epoch_;
  std::uint32_t width_;
  std::map<NodeIndex, Node> nodes_;  // not yet expanded
  std::map<RatchetId, RatchetHead> heads_;
  std::map<RatchetId, RatchetHead> reserved_;  // durable heads that run ahead: own ratchets only
  std::map<KeyId, KeyAndNonce> skipped_;
};

}  // namespace mls
