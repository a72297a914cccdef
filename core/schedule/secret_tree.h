// The secret tree and its sender ratchets (RFC 9420 §9): one epoch's message keys.
//
//        G                 Expanded lazily: only the siblings beside the paths already taken are kept (§9.2), never
//      /   \               a node whose child was used. A leaf's secret becomes two ratchets at once; a ratchet
//     E     F              keeps its head and the keys of generations that were passed over.
//    / \   / \             .
//   A   B C   D
//            / \           .
//          HR0  AR0 -> K0, N0
//
// Looking a key up changes nothing: it gives the key and the SecretTreeChange that consuming it would be. The
// caller applies the change after the message proved genuine, so a forgery costs its receiver no key. The durable
// record of the own ratchets runs ahead by Limits::reserved_generations: a crash skips generations and never
// repeats one.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "base/limits.h"
#include "schedule/key_schedule.h"
#include "store/batch.h"
#include "tree/math.h"

namespace mls {

enum class RatchetType : std::uint8_t { handshake = 1, application = 2 };

struct RatchetId {
  LeafIndex leaf;
  RatchetType type = RatchetType::handshake;
  auto operator<=>(const RatchetId&) const = default;
};

// RatchetHead: the secret from which `generation` and all later ones come.
struct RatchetHead {
  std::uint32_t generation = 0;
  Secret secret;
};

// SecretTreeChange: what a use of one key replaces. Opaque to callers but for its use in Apply.
struct SecretTreeChange {
  // Lazy expansion: `expanded` is erased, `siblings` are left over; the leaf's two ratchets start.
  std::optional<NodeIndex> expanded;
  std::vector<std::pair<NodeIndex, Secret>> siblings;
  std::vector<std::pair<RatchetId, RatchetHead>> heads;
  std::vector<std::pair<std::pair<RatchetId, std::uint32_t>, KeyAndNonce>> skipped;  // to be kept
  std::vector<std::pair<RatchetId, std::uint32_t>> dropped;  // skipped keys used up, or too old to keep
  std::optional<std::pair<RatchetId, RatchetHead>> reserved;  // a new durable head of an own ratchet
};

struct MessageKey {
  std::uint32_t generation = 0;
  KeyAndNonce key_and_nonce;
  SecretTreeChange change;
};

class SecretTree {
 public:
  // SecretTree(suite, epoch, width, encryption_secret) covers `width` leaves, a power of two. `epoch` names its rows.
  static SecretTree Create(const Suite& suite, std::uint64_t epoch, std::uint32_t width, Secret encryption_secret);

  std::uint64_t epoch() const { return epoch_; }

  // Receive gives the key of a message of `id` with `generation`: KEY_CONSUMED if it was used or dropped,
  // LIMIT_EXCEEDED if it is more than max_forward_steps ahead (before any derivation), UNKNOWN_SENDER beyond the
  // tree.
  Result<MessageKey> Receive(RatchetId id, std::uint32_t generation, const Limits& limits) const;

  // Send gives the next key of the own leaf's ratchet `id`. LIMIT_EXCEEDED when the generations are used up.
  Result<MessageKey> Send(RatchetId id, const Limits& limits) const;

  // Apply makes a change real; what it replaces is wiped. It writes the rows that differ to `batch`.
  void Apply(SecretTreeChange change);
  // SaveChange writes the rows that Apply(change) will make different, before it is applied.
  void SaveChange(const SecretTreeChange& change, Batch& batch) const;

  // Save writes every row of this tree; Load reads them back (STORAGE_DAMAGED). EraseRows removes them all.
  void Save(Batch& batch) const;
  static Result<SecretTree> Load(const Suite& suite, std::uint64_t epoch, std::uint32_t width, const Rows& rows);
  static void EraseRows(std::uint64_t epoch, Batch& batch);

  std::size_t skipped_key_count() const;
};

}  // namespace mls
