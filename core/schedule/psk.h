// Pre-shared keys (RFC 9420 §8.4, §8.6): their names, and the one secret that several of them make.
#pragma once

#include <span>
#include <variant>

#include "crypto/labels.h"

namespace mls {

enum class PSKType : std::uint8_t { external = 1, resumption = 2 };
constexpr bool IsKnown(PSKType type) { return type == PSKType::external || type == PSKType::resumption; }

enum class ResumptionPSKUsage : std::uint8_t { application = 1, reinit = 2, branch = 3 };
constexpr bool IsKnown(ResumptionPSKUsage usage) {
  return usage >= ResumptionPSKUsage::application && usage <= ResumptionPSKUsage::branch;
}

struct ExternalPsk {
  static constexpr PSKType kTag = PSKType::external;
  Bytes psk_id;
  static constexpr auto kWire = Fields(&ExternalPsk::psk_id);
  auto operator<=>(const ExternalPsk&) const = default;
};

struct ResumptionPsk {
  static constexpr PSKType kTag = PSKType::resumption;
  ResumptionPSKUsage usage = ResumptionPSKUsage::application;
  Bytes psk_group_id;
  std::uint64_t psk_epoch = 0;
  static constexpr auto kWire =
      Fields(&ResumptionPsk::usage, &ResumptionPsk::psk_group_id, &ResumptionPsk::psk_epoch);
  auto operator<=>(const ResumptionPsk&) const = default;
};

struct PreSharedKeyID {
  std::variant<ExternalPsk, ResumptionPsk> body;
  Bytes psk_nonce;  // Nh bytes, fresh for each injection
  static constexpr auto kWire = Fields(&PreSharedKeyID::body, &PreSharedKeyID::psk_nonce);
  auto operator<=>(const PreSharedKeyID&) const = default;
};

// PskSecret combines `psks` in their order (RFC 9420 §8.4); `ids` and `psks` have the same size. No PSK gives
// Nh zeros. LIMIT_EXCEEDED above 65,535, which PSKLabel cannot count.
Result<Secret> PskSecret(const Suite& suite, std::span<const PreSharedKeyID> ids, std::span<const View> psks);

}  // namespace mls
