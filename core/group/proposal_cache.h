// ProposalCache: the proposals of the current epoch, by reference (RFC 9420 §12.1). Dropped with the epoch.
#pragma once

#include <map>
#include <memory>

#include "group/proposal_list.h"

namespace mls {

using CachedProposalPtr = std::shared_ptr<const CachedProposal>;

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
  std::map<Bytes, std::size_t> by_reference_;
  std::size_t bytes_ = 0;
};

}  // namespace mls
