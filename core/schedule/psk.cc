#include "schedule/psk.h"

#include "base/check.h"

namespace mls {

namespace {

inline constexpr std::size_t kMaxPsks = 0xFFFF;  // PSKLabel.count is a uint16

// DerivedPsk gives psk_input_[index]: one PSK, bound to its name and to its place among `count`.
Result<Secret> DerivedPsk(const Suite& suite, View psk, const PreSharedKeyID& id, std::size_t index,
                          std::size_t count) {
  const Secret zero(suite.Nh);
  MLS_TRY(psk_extracted, Extract(suite, zero, psk));
  const Bytes psk_label = Encode(id, static_cast<std::uint16_t>(index), static_cast<std::uint16_t>(count));
  return ExpandWithLabel(suite, psk_extracted, "derived psk", psk_label, suite.Nh);
}

}  // namespace

Result<Secret> PskSecret(const Suite& suite, std::span<const PreSharedKeyID> ids,
                         std::span<const View> psks) {
  MLS_REQUIRE(ids.size() == psks.size(), MISUSE);       // RFC 9420 §8.4: every PSK has its name
  MLS_REQUIRE(ids.size() <= kMaxPsks, LIMIT_EXCEEDED);  // RFC 9420 §8.4: index and count are 16 bits
  //   psk_secret_[0] = 0
  //   psk_secret_[i] = KDF.Extract(psk_input_[i-1], psk_secret_[i-1])
  Secret psk_secret(suite.Nh);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    MLS_TRY(psk_input, DerivedPsk(suite, psks[i], ids[i], i, ids.size()));
    MLS_TRY(next, Extract(suite, psk_input, psk_secret));
    psk_secret = std::move(next);
  }
  return psk_secret;
}

}  // namespace mls
