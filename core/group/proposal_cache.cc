#include "group/proposal_cache.h"

#include "base/check.h"

namespace mls {

std::size_t ReferenceHash::operator()(const Bytes& reference) const {
  const auto* bytes = reinterpret_cast<const char*>(reference.data());
  return std::hash<std::string_view>()({bytes, reference.size()});
}

CachedProposalPtr ProposalCache::Find(const Bytes& reference) const {
  const auto found = by_reference_.find(reference);
  return found == by_reference_.end() ? nullptr : proposals_[found->second];
}

Status ProposalCache::Validate(const CachedProposal& proposal, const Limits& limits) const {
  MLS_REQUIRE(proposals_.size() < limits.max_cached_proposals,
              LIMIT_EXCEEDED);  // RFC 9420 §12.1: bounded memory
  MLS_REQUIRE(bytes_ + EncodedSize(proposal.content) <= limits.max_cached_proposal_bytes,
              LIMIT_EXCEEDED);  // RFC 9420 §12.1: in bytes too
  return kOk;
}

void ProposalCache::Add(CachedProposalPtr proposal) {
  if (!by_reference_.emplace(proposal->reference, proposals_.size()).second) return;
  bytes_ += EncodedSize(proposal->content);
  proposals_.push_back(std::move(proposal));
}

void ProposalCache::Clear() {
  proposals_.clear();
  by_reference_.clear();
  bytes_ = 0;
}

void ProposalCache::SaveOne(const CachedProposal& proposal, std::uint32_t number, Batch& batch) {
  batch.PutPlain(RowKey(RowTag::proposal, number), Encode(proposal.message, proposal.content));
}

void ProposalCache::Save(Batch& batch) const {
  for (std::size_t i = 0; i < proposals_.size(); ++i) {
    SaveOne(*proposals_[i], static_cast<std::uint32_t>(i), batch);
  }
}

Result<ProposalCache> ProposalCache::Load(const Suite& suite, const Rows& rows) {
  ProposalCache cache;
  MLS_DO(rows.Scan(RowKey(RowTag::proposal), [&](View, View value) -> Status {
    CachedProposal proposal;
    Reader in = Reader::Again(value);  // as DecodeStored: it was paid for when it was received
    wire::Read(in, proposal.message);
    wire::Read(in, proposal.content);
    if (!in.done() || proposal.content.content.proposal() == nullptr) return Error::STORAGE_DAMAGED;
    MLS_TRY(reference, ProposalRef(suite, proposal.content));
    proposal.reference = ToBytes(reference);
    cache.Add(std::make_shared<const CachedProposal>(std::move(proposal)));
    return kOk;
  }));
  return cache;
}

}  // namespace mls
