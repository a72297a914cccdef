// Hash, MAC and KDF of a suite: SHA-2, HMAC, HKDF (RFC 9420 §5.1, RFC 5869).
#pragma once

#include <array>
#include <initializer_list>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/suite.h"

namespace mls {

// Digest is a hash or MAC value: up to 64 bytes, held inline. An empty Digest stands for "not computed".
class Digest {
 public:
  Digest() = default;
  explicit Digest(std::size_t size) : size_(static_cast<std::uint8_t>(size)) {}
  View view() const { return {bytes_.data(), size_}; }
  operator View() const { return view(); }  // NOLINT: a Digest is read wherever a View is
  Span span() { return {bytes_.data(), size_}; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  void Clear() { size_ = 0; }
  friend bool operator==(const Digest& a, const Digest& b) { return Equal(a.view(), b.view()); }

 private:
  std::uint8_t size_ = 0;
  std::array<std::uint8_t, 64> bytes_{};
};

// Hash gives the suite's hash (Nh bytes) of the concatenation of `parts`.
Result<Digest> Hash(const Suite& suite, std::initializer_list<View> parts);

// Mac gives HMAC(key, parts...), Nh bytes. Compare with ConstantTimeEqual.
Result<Digest> Mac(const Suite& suite, View key, std::initializer_list<View> parts);

// Extract gives KDF.Extract(salt, ikm), Nh bytes.
Result<Secret> Extract(const Suite& suite, View salt, View ikm);

// Expand gives `length` bytes of KDF.Expand(prk, info). LIMIT_EXCEEDED above 255·Nh bytes (RFC 5869 §2.3).
Result<Secret> Expand(const Suite& suite, View prk, View info, std::size_t length);

}  // namespace mls
