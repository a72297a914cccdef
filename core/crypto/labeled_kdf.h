// LabeledExtract and LabeledExpand (RFC 9180 §4), which bind every use of the KDF inside HPKE to a suite_id.
#pragma once

#include <array>
#include <string_view>

#include "crypto/hkdf.h"

namespace mls {

// SuiteId is "KEM" and the KEM's number inside a KEM (RFC 9180 §4.1), "HPKE" and three numbers outside
// (§5.1).
class SuiteId {
 public:
  static SuiteId OfKem(const Suite& suite);
  static SuiteId OfHpke(const Suite& suite);
  View view() const { return {bytes_.data(), size_}; }

 private:
  void Put(std::string_view text);
  void Put(std::uint16_t number);

  std::array<std::uint8_t, 10> bytes_{};
  std::uint8_t size_ = 0;
};

Result<Secret> LabeledExtract(const Suite& suite, const SuiteId& id, View salt, std::string_view label,
                              View ikm);

// LabeledExpand takes `info` in two parts, because the KEM's is enc and the public key.
Result<Secret> LabeledExpand(const Suite& suite, const SuiteId& id, View prk, std::string_view label,
                             View info, View more_info, std::size_t length);

}  // namespace mls
