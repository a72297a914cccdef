// LeafSet: which leaves have a member, one bit each, so that finding the next member, the leftmost blank leaf
// (RFC 9420 §12.1.1) or the last member (§12.1.3) is a scan over words.
#pragma once

#include <bit>
#include <optional>
#include <vector>

#include "tree/math.h"

namespace mls {

class LeafSet {
 public:
  std::uint32_t size() const { return size_; }
  bool Has(LeafIndex leaf) const {
    return Word(leaf) < words_.size() && (words_[Word(leaf)] & Bit(leaf)) != 0;
  }

  void Add(LeafIndex leaf) {
    if (Has(leaf)) return;
    if (Word(leaf) >= words_.size()) words_.resize(Word(leaf) + 1);
    words_[Word(leaf)] |= Bit(leaf);
    ++size_;
    while (first_open_ < words_.size() && words_[first_open_] == ~std::uint64_t{0}) ++first_open_;
  }

  void Remove(LeafIndex leaf) {
    if (!Has(leaf)) return;
    words_[Word(leaf)] &= ~Bit(leaf);
    --size_;
    if (Word(leaf) < first_open_) first_open_ = Word(leaf);
    // Those before the first open one are full, so it is not beyond the end after this.
    while (!words_.empty() && words_.back() == 0) words_.pop_back();
  }

  // Next gives the first member at or after `from`.
  std::optional<LeafIndex> Next(LeafIndex from) const {
    std::size_t word = Word(from);
    if (word >= words_.size()) return std::nullopt;
    std::uint64_t bits = words_[word] & ~(Bit(from) - 1);
    while (bits == 0) {
      if (++word == words_.size()) return std::nullopt;
      bits = words_[word];
    }
    return At(word, std::countr_zero(bits));
  }

  std::optional<LeafIndex> Last() const {
    if (words_.empty()) return std::nullopt;
    return At(words_.size() - 1, 63 - std::countl_zero(words_.back()));
  }

  // FirstAbsent gives the leftmost leaf without a member; it may lie beyond the tree.
  LeafIndex FirstAbsent() const {
    if (first_open_ == words_.size()) return At(first_open_, 0);
    return At(first_open_, std::countr_one(words_[first_open_]));
  }

  // AnyBelow says whether the subtree of `node` has a member.
  bool AnyBelow(NodeIndex node) const {
    const std::optional<LeafIndex> next = Next(FirstLeaf(node));
    return next && Contains(node, *next);
  }

 private:
  static std::size_t Word(LeafIndex leaf) { return leaf.value / 64; }
  static std::uint64_t Bit(LeafIndex leaf) { return std::uint64_t{1} << (leaf.value % 64); }
  static LeafIndex At(std::size_t word, int bit) {
    return {static_cast<std::uint32_t>(64 * word) + static_cast<std::uint32_t>(bit)};
  }

  std::vector<std::uint64_t> words_;  // the last one is not zero
  std::size_t first_open_ = 0;        // every word before it is full; itself not, or past the end
  std::uint32_t size_ = 0;
};

}  // namespace mls
