#include "crypto/labeled_kdf.h"

#include "base/check.h"

namespace mls {

namespace {
constexpr std::string_view kVersion = "HPKE-v1";
}  // namespace

SuiteId SuiteId::OfKem(const Suite& suite) {
  SuiteId id;
  id.Put("KEM");
  id.Put(static_cast<std::uint16_t>(suite.kem));
  return id;
}

SuiteId SuiteId::OfHpke(const Suite& suite) {
  SuiteId id;
  id.Put("HPKE");
  id.Put(static_cast<std::uint16_t>(suite.kem));
  id.Put(static_cast<std::uint16_t>(suite.kdf));
  id.Put(static_cast<std::uint16_t>(suite.aead));
  return id;
}

void SuiteId::Put(std::string_view text) {
  for (char c : text) bytes_[size_++] = static_cast<std::uint8_t>(c);
}

void SuiteId::Put(std::uint16_t number) {
  bytes_[size_++] = static_cast<std::uint8_t>(number >> 8);
  bytes_[size_++] = static_cast<std::uint8_t>(number);
}

Result<Secret> LabeledExtract(const Suite& suite, const SuiteId& id, View salt, std::string_view label,
                              View ikm) {
  return HkdfExtract(suite.kdf, salt, {AsView(kVersion), id.view(), AsView(label), ikm});
}

Result<Secret> LabeledExpand(const Suite& suite, const SuiteId& id, View prk, std::string_view label,
                             View info, View more_info, std::size_t length) {
  static_assert(255 * kMaxHashSize <= 0xffff);  // so HkdfExpand refuses what does not fit into I2OSP(L, 2)
  const std::array<std::uint8_t, 2> size{static_cast<std::uint8_t>(length >> 8),
                                         static_cast<std::uint8_t>(length)};
  return HkdfExpand(suite.kdf, prk, {size, AsView(kVersion), id.view(), AsView(label), info, more_info},
                    length);
}

}  // namespace mls
