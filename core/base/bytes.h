// Byte strings, views of them, and secrets.
//
// Bytes owns public data; View looks at any bytes; Secret owns key material: it moves but never copies by
// accident, compares in constant time and is wiped when it goes. Nothing here is shared between threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace mls {

using Bytes = std::vector<std::uint8_t>;
using View = std::span<const std::uint8_t>;
using Span = std::span<std::uint8_t>;

// Wipe overwrites `bytes` with zeros in a way that the optimiser does not remove.
void Wipe(Span bytes);

// ConstantTimeEqual compares in time that depends on the lengths alone.
bool ConstantTimeEqual(View a, View b);

// Equal compares public data; it stops at the first difference.
inline bool Equal(View a, View b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size()) == 0);
}

inline View AsView(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

inline Bytes ToBytes(View view) { return Bytes(view.begin(), view.end()); }

// Secret holds key material of any length on the heap. A moved-from Secret is empty.
class Secret {
 public:
  Secret() = default;
  // Secret(n) holds n zero bytes.
  explicit Secret(std::size_t size) : data_(size == 0 ? nullptr : new std::uint8_t[size]()), size_(size) {}
  static Secret Copy(View from) {
    Secret secret(from.size());
    if (!from.empty()) std::memcpy(secret.data_.get(), from.data(), from.size());
    return secret;
  }

  Secret(Secret&& other) noexcept : data_(std::move(other.data_)), size_(std::exchange(other.size_, 0)) {}
  Secret& operator=(Secret&& other) noexcept {
    if (this != &other) {
      Clear();
      data_ = std::move(other.data_);
      size_ = std::exchange(other.size_, 0);
    }
    return *this;
  }
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret() { Clear(); }

  // Clone is the one way to hold a secret twice; each use says why at its place.
  Secret Clone() const { return Copy(view()); }

  void Clear() {
    Wipe(span());
    data_.reset();
    size_ = 0;
  }

  // Truncate drops and wipes everything after the first `size` bytes.
  void Truncate(std::size_t size) {
    if (size >= size_) return;
    Wipe(span().subspan(size));
    size_ = size;
  }

  View view() const { return {data_.get(), size_}; }
  Span span() { return {data_.get(), size_}; }
  operator View() const { return view(); }  // NOLINT: a Secret is read wherever a View is
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  friend bool operator==(const Secret& a, const Secret& b) { return ConstantTimeEqual(a, b); }

 private:
  std::unique_ptr<std::uint8_t[]> data_;
  std::size_t size_ = 0;
};

}  // namespace mls
