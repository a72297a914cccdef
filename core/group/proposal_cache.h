// ProposalCache: the proposals of the current epoch, by reference (RFC 9420 §12.1). Dropped with the epoch.
#pragma once

#include <memory>
#include <unordered_map>

#include "group/proposal_list.h"

namespace mls {

using CachedProposalPtr = std::shared_ptr<const CachedProposal>;

// ReferenceHash and ReferenceEqual make looking up a reference take no time that tells how much of it is
// right: the place depends on all of its bytes at once, and so does the comparison.
struct ReferenceHash {
  std::size_t operator()(const Bytes& reference) const;
};
struct ReferenceEqual {
  bool operator()(const Bytes& a, const Bytes& b) const { return ConstantTimeEqual(a, b); }
};

class ProposalCache {
 public:
  const std::vector<CachedProposalPtr>& in_order() const { return proposals_; }
  bool empty() const { return proposals_.empty(); }
  // Find gives the proposal with this reference, or null.
  CachedProposalPtr Find(const Bytes& reference) const;
  // Validate: room for one more (LIMIT_EXCEEDED).
  Status Validate(const CachedProposal& proposal, const Limits& limits) const;

  void Add(CachedProposalPtr proposal);
  void Clear();

  // One row each, numbered in the order of arrival.
  static void SaveOne(const CachedProposal& proposal, std::uint32_t number, Batch& batch);
  void Save(Batch& batch) const;
  static Result<ProposalCache> Load(const Suite& suite, const Rows& rows);

 private:
  std::vector<CachedProposalPtr> proposals_;
  std::unordered_map<Bytes, std::size_t, ReferenceHash, ReferenceEqual> by_reference_;
  std::size_t bytes_ = 0;
};

}  // namespace mls
