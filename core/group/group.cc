#include "group/group.h"

#include <algorithm>

#include "base/check.h"

namespace mls {

Group::Group(LocalEpoch local, Secret signature_private_key, Policy policy)
    : tracker_(local.shared, std::move(policy)),
      local_(std::move(local)),
      signature_private_key_(std::move(signature_private_key)) {}

Status Group::RequireActive() const {
  MLS_REQUIRE(phase_ != Phase::suspended,
              GROUP_SUSPENDED);                    // RFC 9420 §12.4.2: nothing is sent after a ReInit
  MLS_REQUIRE(phase_ != Phase::removed, REMOVED);  // RFC 9420 §12.4.2: nor by somebody who was removed
  MLS_REQUIRE(phase_ == Phase::active, MISUSE);    // RFC 9420 §14: nor before the joining Commit was accepted
  return kOk;
}

PlanRules Group::Rules(const Env& env) const {
  return {&policy(), env.now, env.pool, std::nullopt, PlanRules::Judged::nothing};
}

Change Group::NewChange() const {
  Change change;
  change.version = version_;
  return change;
}

const Candidate* Group::FindCandidate(std::uint64_t id) const {
  for (const CandidatePtr& candidate : candidates_) {
    if (candidate->id == id) return candidate.get();
  }
  return nullptr;
}

bool Group::IsOwnPsk(const PreSharedKeyID& id) const {
  const auto* resumption = std::get_if<ResumptionPsk>(&id.body);
  // With usage reinit or branch it is another group's, even one of the same id.
  return resumption != nullptr && resumption->usage == ResumptionPSKUsage::application &&
         Equal(resumption->psk_group_id, context().group_id);
}

Result<Secret> Group::ResumptionPskOf(std::uint64_t epoch) const {
  MLS_REQUIRE(phase_ != Phase::removed, REMOVED);  // RFC 9420 §12.4.2: the secrets are gone
  // The caller injects it into another key schedule; we keep ours for the epochs that the limits allow
  // (§8.6).
  if (epoch == context().epoch) return local_.secrets.resumption_psk.Clone();
  const auto known = resumption_psks_.find(epoch);
  MLS_REQUIRE(known != resumption_psks_.end(), MISSING_PSK);  // RFC 9420 §8.6: a limited number of epochs
  return known->second.Clone();
}

Result<std::map<LeafIndex, Credential>> Group::MembersAt(std::uint64_t epoch) const {
  if (epoch == context().epoch) return MembersOf(tree());
  std::size_t position = 0;
  while (position < past_.size() && past_[position].epoch != epoch) ++position;
  MLS_REQUIRE(position < past_.size(),
              MISSING_PSK);  // RFC 9420 §11.3: its members are what a branch is compared with
  return PastMembers(past_, position, tree());
}

Result<std::vector<PreSharedKeyID>> Group::ForeignPsks(const std::vector<PreSharedKeyID>& ids) const {
  std::vector<PreSharedKeyID> foreign;
  for (const PreSharedKeyID& id : ids) {
    if (IsOwnPsk(id)) {
      MLS_DO(ResumptionPskOf(std::get<ResumptionPsk>(id.body).psk_epoch));
    } else {
      foreign.push_back(id);
    }
  }
  return foreign;
}

Result<Secret> Group::CombinePsks(const std::vector<PreSharedKeyID>& ids, const Answers& answers) const {
  std::vector<Secret> own;
  own.reserve(ids.size());
  std::vector<View> psks;
  std::size_t answer = 0;
  for (const PreSharedKeyID& id : ids) {
    if (IsOwnPsk(id)) {
      MLS_TRY(psk, ResumptionPskOf(std::get<ResumptionPsk>(id.body).psk_epoch));
      own.push_back(std::move(psk));
      psks.push_back(own.back());
    } else {
      psks.push_back(*answers.psks[answer++]);  // CheckVerdicts has seen that each is answered
    }
  }
  return PskSecret(suite(), ids, psks);
}

Result<Secret> Group::Export(std::string_view label, View context, std::size_t length) const {
  MLS_REQUIRE(phase_ != Phase::removed, REMOVED);  // RFC 9420 §12.4.2: the secrets are gone
  MLS_REQUIRE(length <= policy().limits.max_exporter_length,
              TOO_LARGE);  // RFC 9420 §8.5: as much as the application wants at most
  return ExportSecret(suite(), local_.secrets.exporter_secret, label, context, length);
}

void ChangeLeaf(LeafNode& leaf, const LeafChange& change) {
  if (change.credential) leaf.credential = *change.credential;
  if (change.signature_key) leaf.signature_key = change.signature_key->public_key;
  if (change.capabilities) leaf.capabilities = *change.capabilities;
  if (change.extensions) leaf.extensions = *change.extensions;
}

Result<GroupInfo> Group::MakeGroupInfo(const GroupInfoOptions& options, const Env& env) const {
  MLS_DO(RequireActive());
  return BuildGroupInfo(local_, signature_private_key_, options, env);
}

std::vector<KnownEpoch> Group::KnownEpochs() const {
  std::map<std::uint64_t, KnownEpoch> known;
  for (const PastEpoch& past : past_) known[past.epoch].readable = true;
  for (const auto& [epoch, psk] : resumption_psks_) known[epoch].resumption = true;
  if (phase_ != Phase::removed) known[context().epoch] = {0, true, true};
  std::vector<KnownEpoch> list;
  for (auto& [epoch, one] : known) {
    one.epoch = epoch;
    list.push_back(one);
  }
  return list;
}

Status Group::Apply(Change change) {
  MLS_REQUIRE(change.version == version_, STALE_VERSION);  // RFC 9420 §14: a change is made from one state
  ++version_;
  if (change.ratchet) {
    auto& [epoch, use] = *change.ratchet;
    if (epoch == context().epoch) {
      local_.messages.secret_tree.Apply(std::move(use));
    } else {
      for (PastEpoch& past : past_) {
        if (past.epoch == epoch) past.keys.secret_tree.Apply(std::move(use));
      }
    }
  }
  if (change.sent) {
    sent_.push_back(*change.sent);
    if (sent_.size() > policy().limits.max_own_messages) sent_.pop_front();
  }
  if (change.update) updates_.insert_or_assign(change.update->reference, std::move(*change.update));
  if (change.proposal) tracker_.Cache(std::move(change.proposal));
  if (change.candidate) {
    next_candidate_ = change.candidate->id + 1;
    candidates_.push_back(std::move(change.candidate));
  }
  if (change.rejected) {
    std::erase_if(candidates_,
                  [&](const CandidatePtr& candidate) { return candidate->id == *change.rejected; });
  }
  if (change.accepted) {
    for (CandidatePtr& candidate : candidates_) {
      if (candidate->id != *change.accepted) continue;
      ApplyEpoch(std::move(candidate->outcome), change.now);
      break;
    }
  }
  if (change.epoch) ApplyEpoch(std::move(*change.epoch), change.now);
  if (change.phase) phase_ = *change.phase;
  return kOk;
}

void Group::ApplyEpoch(NewEpoch epoch, std::uint64_t now) {
  candidates_.clear();
  updates_.clear();
  sent_.clear();
  if (!epoch.next) return BecomeRemoved();
  const std::vector<std::uint64_t> evicted = EvictedEpochs(now);
  const std::vector<std::uint64_t> evicted_psks = EvictedPsks();
  const std::uint64_t ended = context().epoch;
  resumption_psks_.insert_or_assign(ended, std::move(local_.secrets.resumption_psk));
  past_.push_back({ended, now, tree().width(), local_.shared->encoded_context, std::move(local_.messages),
                   std::move(epoch.undo)});
  std::erase_if(past_, [&](const PastEpoch& past) {
    return std::find(evicted.begin(), evicted.end(), past.epoch) != evicted.end();
  });
  for (const std::uint64_t psk : evicted_psks) resumption_psks_.erase(psk);
  local_ = std::move(*epoch.next);
  tracker_.Advance(local_.shared);
  if (!epoch.signature_private_key.empty()) signature_private_key_ = std::move(epoch.signature_private_key);
  reinit_ = std::move(epoch.reinit);
  phase_ = reinit_ ? Phase::suspended : Phase::active;
}

// BecomeRemoved: nothing secret stays (RFC 9420 §12.4.2).
void Group::BecomeRemoved() {
  phase_ = Phase::removed;
  candidates_.clear();
  updates_.clear();
  sent_.clear();
  local_.secrets = {};
  local_.keys = {};
  local_.messages.sender_data_secret.Clear();
  local_.messages.secret_tree = SecretTree::Create(suite(), context().epoch, 1, Secret());
  signature_private_key_.Clear();
  past_.clear();
  resumption_psks_.clear();
  tracker_.Restore({});
}

std::vector<std::uint64_t> Group::EvictedEpochs(std::uint64_t now) const {
  const Limits& limits = policy().limits;
  // The epoch that ends becomes one more; the oldest go first. An undo is needed by every older epoch, so
  // nothing in the middle is dropped, not even where a clock was set back.
  std::size_t gone = 0;
  const std::size_t count = past_.size() + 1;
  for (std::size_t i = 0; i < past_.size(); ++i) {
    const bool too_many = count - i > limits.max_past_epochs;
    const bool too_old = now > past_[i].ended && now - past_[i].ended > limits.max_past_epoch_age;
    if (too_many || too_old) gone = i + 1;
  }
  std::vector<std::uint64_t> evicted;
  for (std::size_t i = 0; i < gone; ++i) evicted.push_back(past_[i].epoch);
  if (limits.max_past_epochs == 0) evicted.push_back(context().epoch);
  return evicted;
}

std::vector<std::uint64_t> Group::EvictedPsks() const {
  const std::size_t limit = policy().limits.max_resumption_psks;
  std::vector<std::uint64_t> evicted;
  std::size_t count = resumption_psks_.size() + 1;
  for (const auto& [epoch, psk] : resumption_psks_) {
    if (count-- > limit) evicted.push_back(epoch);
  }
  if (limit == 0) evicted.push_back(context().epoch);
  return evicted;
}

}  // namespace mls
