// A sender ratchet (RFC 9420 §9.1): a chain of secrets that gives one message key per generation.
//
//   secret_[g] --"key", "nonce"--> key and nonce of the message of generation g
//       |
//    "secret"
//       V
//   secret_[g+1]
//
// A generation's key comes from its secret and no earlier secret comes from a later one, so whoever holds a
// head knows that generation and all after it, and none before. Pure functions; nothing is kept here.
#pragma once

#include <compare>

#include "schedule/key_schedule.h"
#include "tree/math.h"

namespace mls {

enum class RatchetType : std::uint8_t { handshake = 1, application = 2 };
constexpr bool IsKnown(RatchetType type) {
  return type == RatchetType::handshake || type == RatchetType::application;
}

struct RatchetId {
  LeafIndex leaf;
  RatchetType type = RatchetType::handshake;
  static constexpr auto kWire = Fields(&RatchetId::leaf, &RatchetId::type);
  auto operator<=>(const RatchetId&) const = default;
};

// kGenerations is how many a ratchet has: a generation is a uint32 and never wraps (RFC 9420 §9.1).
inline constexpr std::uint64_t kGenerations = std::uint64_t{1} << 32;

// RatchetHead: the secret from which `generation` and all later ones come. With the last generation and an
// empty secret all generations are used up.
struct RatchetHead {
  std::uint32_t generation = 0;
  Secret secret;
  // next is the generation whose key comes next, kGenerations when there is none.
  std::uint64_t next() const { return secret.empty() ? kGenerations : generation; }
};

// RatchetKey gives the message key of the head's generation. The head is not used up.
Result<KeyAndNonce> RatchetKey(const Suite& suite, const RatchetHead& head);

// StepRatchet gives the head after this one. The head is not used up.
Result<RatchetHead> StepRatchet(const Suite& suite, const RatchetHead& head);

}  // namespace mls
