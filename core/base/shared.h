// Shared<T>: a counted pointer to a value that is immutable while it has several owners.
//
// Copying a table of Shared is what copying a tree costs, so it is one word and one relaxed increment.
// Write() gives a private copy when there are other owners (copy-on-write). The count is atomic: owners may
// live on different threads, but one Shared object belongs to one thread at a time, as with any value.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

#include "base/counters.h"

namespace mls {

template <class T>
class Shared {
 public:
  Shared() = default;
  explicit Shared(T value) : block_(new Block(std::move(value))) {}
  Shared(const Shared& other) : block_(other.block_) {
    if (block_ != nullptr) block_->owners.fetch_add(1, std::memory_order_relaxed);
  }
  Shared(Shared&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  Shared& operator=(Shared other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~Shared() {
    // The last owner must see every other owner's reads as done before it frees or reuses the value.
    if (block_ != nullptr && block_->owners.fetch_sub(1, std::memory_order_acq_rel) == 1) delete block_;
  }

  explicit operator bool() const { return block_ != nullptr; }
  const T& operator*() const { return block_->value; }
  const T* operator->() const { return &block_->value; }
  bool SameAs(const Shared& other) const { return block_ == other.block_; }

  // Write gives the value for change; it is this owner's alone from then on.
  T& Write() {
    if (block_->owners.load(std::memory_order_acquire) != 1) {
      ++Count().pages_copied;
      *this = Shared(block_->value);
    }
    return block_->value;
  }

 private:
  struct Block {
    explicit Block(T v) : value(std::move(v)) {}
    std::atomic<std::uint32_t> owners{1};
    T value;
  };
  Block* block_ = nullptr;
};

}  // namespace mls
