// The saved form of a Group (docs/store-format.md): a full save, what each step changes of it, and the load.
#include "base/check.h"
#include "group/group.h"

namespace mls {

struct Group::ContextRow {
  std::uint16_t format = kFormatVersion;
  GroupContext context;
  Bytes confirmation_tag;
  std::uint32_t width = 0;
  LeafIndex self;
  Phase phase = Phase::active;
  std::uint64_t next_candidate = 1;
  static constexpr auto kWire =
      Fields(&ContextRow::format, &ContextRow::context, &ContextRow::confirmation_tag, &ContextRow::width,
             &ContextRow::self, &ContextRow::phase, &ContextRow::next_candidate);
};

namespace {

// EpochRow holds what is left of an epoch's secrets once the secret tree has taken the encryption secret.
struct EpochRow {
  Secret exporter_secret, external_secret, confirmation_key, membership_key, resumption_psk,
      epoch_authenticator, init_secret, sender_data_secret;
  static constexpr auto kWire =
      Fields(&EpochRow::exporter_secret, &EpochRow::external_secret, &EpochRow::confirmation_key,
             &EpochRow::membership_key, &EpochRow::resumption_psk, &EpochRow::epoch_authenticator,
             &EpochRow::init_secret, &EpochRow::sender_data_secret);
};

// BoundEpochRow: the secrets, and the hash of the GroupContext that they came from, which the plain context
// row must match.
struct BoundEpochRow {
  EpochRow secrets;
  Bytes context_hash;
  static constexpr auto kWire = Fields(&BoundEpochRow::secrets, &BoundEpochRow::context_hash);
};

// CandidateRow: what a candidate cannot be computed from again.
struct CandidateRow {
  std::uint64_t id = 0;
  Bytes message;
  std::vector<WelcomeMessage> welcomes;
  AuthenticatedContent content;
  Secret epoch_secret;
  Secret path_keys;
  Secret signature_private_key;
  static constexpr auto kWire =
      Fields(&CandidateRow::id, &CandidateRow::message, &CandidateRow::welcomes, &CandidateRow::content,
             &CandidateRow::epoch_secret, &CandidateRow::path_keys, &CandidateRow::signature_private_key);
};

struct UpdateRow {
  Secret encryption_private_key;
  Secret signature_private_key;
  static constexpr auto kWire = Fields(&UpdateRow::encryption_private_key, &UpdateRow::signature_private_key);
};

// ReadEpochRow reads the row of the current epoch. In formats 1 and 2 it holds no hash.
Result<EpochRow> ReadEpochRow(View value, const PublicEpoch& epoch) {
  auto bound = Decode<BoundEpochRow>(value);
  if (!bound.ok()) return DecodeStored<EpochRow>(value);
  MLS_REQUIRE(bound->context_hash == epoch.context_hash,
              STORAGE_DAMAGED);  // RFC 9420 §8.1: the context whose secrets these are
  return std::move(bound->secrets);
}

// KeyNumber reads the number at the end of a row key such as epoch/<n>.
Result<std::uint64_t> KeyNumber(View key) {
  Reader in(key.subspan(1));
  const auto number = in.Uint<std::uint64_t>();
  if (!in.done()) return Error::STORAGE_DAMAGED;
  return number;
}

void SaveSigner(const Secret& signature_private_key, Batch& batch) {
  batch.PutSecret(RowKey(RowTag::signer), signature_private_key.Clone());
}

void SaveReinit(const ReInit& reinit, Batch& batch) {
  batch.PutPlain(RowKey(RowTag::reinit), Encode(reinit));
}

void SavePsk(std::uint64_t epoch, const Secret& psk, Batch& batch) {
  batch.PutSecret(RowKey(RowTag::resumption, epoch), psk.Clone());
}

// SaveRemoved: who was removed keeps nothing (RFC 9420 §12.4.2) but a row that says so, which tells a removal
// from rows that were lost.
void SaveRemoved(Batch& batch) { batch.PutPlain(RowKey(RowTag::removed), {}); }

bool WasRemoved(const Rows& rows) { return rows.Get(RowKey(RowTag::removed)).has_value(); }

bool Lists(const std::vector<std::uint64_t>& epochs, std::uint64_t epoch) {
  for (const std::uint64_t one : epochs) {
    if (one == epoch) return true;
  }
  return false;
}

}  // namespace

void Group::SaveContext(const LocalEpoch& local, Phase phase, std::uint64_t next_candidate, Batch& batch) {
  const PublicEpoch& epoch = *local.shared;
  batch.PutPlain(RowKey(RowTag::context),
                 Encode(ContextRow{kFormatVersion, epoch.context, epoch.confirmation_tag, epoch.tree.width(),
                                   local.self, phase, next_candidate}));
}

void Group::SaveEpoch(const LocalEpoch& local, Batch& batch) {
  const std::uint64_t epoch = local.shared->context.epoch;
  batch.PutSecret(RowKey(RowTag::keys), local.keys.Encode());
  const EpochSecrets& from = local.secrets;
  // A row is written once and wiped by the batch; the epoch keeps its own.
  const BoundEpochRow row{
      {from.exporter_secret.Clone(), from.external_secret.Clone(), from.confirmation_key.Clone(),
       from.membership_key.Clone(), from.resumption_psk.Clone(), from.epoch_authenticator.Clone(),
       from.init_secret.Clone(), local.messages.sender_data_secret.Clone()},
      local.shared->context_hash};
  batch.PutEpochSecret(epoch, RowKey(RowTag::epoch_secrets, epoch), EncodeSecret(row));
  local.messages.secret_tree.Save(batch);
}

void Group::SaveCandidate(const Candidate& candidate, Batch& batch) const {
  const CandidateRow row{candidate.id,
                         candidate.message,
                         candidate.welcomes,
                         candidate.content,
                         candidate.epoch_secret.Clone(),
                         candidate.path_keys.Encode(),
                         candidate.outcome.signature_private_key.Clone()};
  batch.PutSecret(RowKey(RowTag::pending, candidate.id), EncodeSecret(row));
}

void Group::SaveTransition(const NewEpoch& entered, std::uint64_t now, Batch& batch) const {
  if (!entered.next) {
    batch.DeletePrefix({});
    return SaveRemoved(batch);
  }
  const LocalEpoch& next = *entered.next;
  SaveContext(next, entered.reinit ? Phase::suspended : Phase::active, next_candidate_, batch);
  next.shared->tree.Save(batch, &tree());
  if (!proposals().empty()) batch.DeletePrefix(RowKey(RowTag::proposal));
  if (!updates_.empty()) batch.DeletePrefix(RowKey(RowTag::update));
  if (!candidates_.empty()) batch.DeletePrefix(RowKey(RowTag::pending));

  const std::uint64_t ended = context().epoch;
  const std::vector<std::uint64_t> evicted = EvictedEpochs(now);
  for (const std::uint64_t epoch : evicted) PastEpoch::EraseRows(epoch, batch);
  if (!Lists(evicted, ended)) {
    PastEpoch::SaveHeader(ended, now, tree().width(), local_.shared->encoded_context,
                          local_.messages.sender_data_secret, entered.undo, batch);
  }
  const std::vector<std::uint64_t> evicted_psks = EvictedPsks();
  for (const std::uint64_t epoch : evicted_psks) batch.Delete(RowKey(RowTag::resumption, epoch));
  if (!Lists(evicted_psks, ended)) SavePsk(ended, local_.secrets.resumption_psk, batch);

  SaveEpoch(next, batch);
  if (!entered.signature_private_key.empty()) SaveSigner(entered.signature_private_key, batch);
  if (entered.reinit) SaveReinit(*entered.reinit, batch);
}

void Group::Save(Batch& batch) const {
  if (phase_ == Phase::removed) return SaveRemoved(batch);
  tree().Save(batch, nullptr);
  SaveBesidesTree(batch);
}

void Group::SaveBesidesTree(Batch& batch) const {
  SaveContext(local_, phase_, next_candidate_, batch);
  proposals().Save(batch);
  for (const auto& [reference, keys] : updates_) {
    batch.PutSecret(RowKey(RowTag::update, Encoded{reference}),
                    EncodeSecret(keys.encryption_private_key, keys.signature_private_key));
  }
  for (const CandidatePtr& candidate : candidates_) SaveCandidate(*candidate, batch);
  for (const PastEpoch& past : past_) past.Save(batch);
  for (const auto& [epoch, psk] : resumption_psks_) SavePsk(epoch, psk, batch);
  SaveEpoch(local_, batch);
  SaveSigner(signature_private_key_, batch);
  if (reinit_) SaveReinit(*reinit_, batch);
}

Result<CandidatePtr> Group::LoadCandidate(View value, const Env& env) const {
  MLS_TRY(row, DecodeStored<CandidateRow>(value));
  auto candidate = std::make_unique<Candidate>();
  MLS_REQUIRE(row.id < next_candidate_, STORAGE_DAMAGED);  // RFC 9420 §14: each has a number of its own
  candidate->id = row.id;
  candidate->message = std::move(row.message);
  candidate->welcomes = std::move(row.welcomes);
  candidate->content = std::move(row.content);
  candidate->epoch_secret = std::move(row.epoch_secret);
  candidate->outcome.signature_private_key = std::move(row.signature_private_key);
  MLS_TRY(path_keys, PrivateKeys::Decode(row.path_keys));
  candidate->path_keys = std::move(path_keys);

  // The commit is our own: its public half is applied again, and was judged when it was made.
  PlanRules rules = Rules(env);
  rules.judged = PlanRules::Judged::everything;
  MLS_REQUIRE(candidate->content.content.commit() != nullptr, STORAGE_DAMAGED);  // RFC 9420 §14: a Commit
  auto content =
      VerifyContent(suite(), candidate->content, tree().SignatureKey(self()), local_.shared->encoded_context);
  MLS_REQUIRE(content.ok(), STORAGE_DAMAGED);  // RFC 9420 §6.1: as we signed it
  auto staged = mls::StageCommit(epoch(), proposals(), std::move(*content), rules);
  const bool complete = staged.ok() || staged.error() != Error::UNKNOWN_PROPOSAL;
  MLS_REQUIRE(complete, STORAGE_DAMAGED);  // RFC 9420 §12.4: with the proposals that it refers to
  MLS_TRY(commit, std::move(staged));
  PrivateKeys keys = local_.keys.Clone();  // the next epoch keeps what its commit does not replace
  keys.Prune(commit.next->tree);
  for (const auto& [node, key] : candidate->path_keys.keys()) keys.Set(node, key.Clone());
  candidate->outcome.undo = Undo::Make(epoch(), commit.plan, self());
  if (commit.plan.reinit != nullptr) candidate->outcome.reinit = *commit.plan.reinit;
  candidate->received = DescribePlan(commit.plan, candidate->content.content, self());
  candidate->received.own = true;
  MLS_TRY(local, MakeLocalEpoch(commit.next, self(), candidate->epoch_secret, std::move(keys)));
  MLS_REQUIRE(CheckConfirmationTag(local).ok(), STORAGE_DAMAGED);  // RFC 9420 §6.1: secret and content agree
  candidate->outcome.next = std::move(local);
  return candidate;
}

Result<Group> Group::Load(const Rows& rows, Policy policy, const Env& env) {
  const auto context_row = rows.Get(RowKey(RowTag::context));
  MLS_REQUIRE(context_row.has_value() || !WasRemoved(rows), REMOVED);  // RFC 9420 §12.4.2: nothing is left
  MLS_REQUIRE(context_row.has_value(), STORAGE_DAMAGED);               // RFC 9420 §8.1: a group has a context
  MLS_DO(CheckFormat(*context_row));
  MLS_TRY(header, DecodeStored<ContextRow>(*context_row));
  MLS_TRY(shared, LoadPublicEpoch(std::move(header.context), header.width, std::move(header.confirmation_tag),
                                  rows, env.pool));
  return LoadMember(header, std::move(shared), rows, std::move(policy), env);
}

Result<Group> Group::LoadMember(const ContextRow& header, PublicEpochPtr shared, const Rows& rows,
                                Policy policy, const Env& env) {
  const std::uint64_t current = shared->context.epoch;
  const Suite& suite = shared->suite();
  const auto epoch_row = rows.Get(RowKey(RowTag::epoch_secrets, current));
  MLS_REQUIRE(epoch_row.has_value(), STORAGE_DAMAGED);  // RFC 9420 §8: an epoch has secrets
  MLS_TRY(row, ReadEpochRow(*epoch_row, *shared));
  EpochSecrets secrets{{},
                       {},
                       std::move(row.exporter_secret),
                       std::move(row.external_secret),
                       std::move(row.confirmation_key),
                       std::move(row.membership_key),
                       std::move(row.resumption_psk),
                       std::move(row.epoch_authenticator),
                       std::move(row.init_secret)};
  MLS_TRY(secret_tree, SecretTree::Load(suite, current, header.width, rows));
  const auto keys_row = rows.Get(RowKey(RowTag::keys));
  const auto signer_row = rows.Get(RowKey(RowTag::signer));
  MLS_REQUIRE(keys_row && signer_row, STORAGE_DAMAGED);  // RFC 9420 §4: we hold our keys
  MLS_TRY(keys, PrivateKeys::Decode(*keys_row));
  const bool member = !shared->tree.IsBlank(header.self) && keys.Find(header.self) != nullptr;
  MLS_REQUIRE(member, STORAGE_DAMAGED);  // RFC 9420 §4: and are a member, whose private key is among them
  Group group({std::move(shared),
               header.self,
               std::move(secrets),
               {std::move(row.sender_data_secret), std::move(secret_tree)},
               std::move(keys)},
              Secret::Copy(*signer_row), std::move(policy));
  const bool agrees = CheckConfirmationTag(group.local_).ok();
  MLS_REQUIRE(agrees, STORAGE_DAMAGED);  // RFC 9420 §6.1: the secrets are those of the context
  group.phase_ = header.phase;
  group.next_candidate_ = header.next_candidate;
  MLS_TRY(cached, ProposalCache::Load(suite, rows));
  group.tracker_.Restore(std::move(cached));
  MLS_DO(group.LoadHistory(rows));
  MLS_REQUIRE(header.phase != Phase::removed,
              STORAGE_DAMAGED);  // RFC 9420 §12.4.2: who was removed has no context
  const bool suspended = header.phase == Phase::suspended;
  MLS_REQUIRE(suspended == group.reinit_.has_value(), STORAGE_DAMAGED);  // RFC 9420 §11.2: by a ReInit alone
  MLS_DO(rows.Scan(RowKey(RowTag::pending), [&](View, View value) -> Status {
    MLS_TRY(candidate, group.LoadCandidate(value, env));
    group.candidates_.push_back(std::move(candidate));
    return kOk;
  }));
  return group;
}

Status Group::LoadHistory(const Rows& rows) {
  MLS_DO(rows.Scan(RowKey(RowTag::epoch_secrets), [&](View key, View value) -> Status {
    MLS_TRY(epoch, KeyNumber(key));
    if (epoch == context().epoch) return kOk;
    MLS_TRY(past, PastEpoch::Load(suite(), epoch, value, rows));
    past_.push_back(std::move(past));
    return kOk;
  }));
  MLS_DO(rows.Scan(RowKey(RowTag::resumption), [&](View key, View value) -> Status {
    MLS_TRY(epoch, KeyNumber(key));
    resumption_psks_.emplace(epoch, Secret::Copy(value));
    return kOk;
  }));
  MLS_DO(rows.Scan(RowKey(RowTag::update), [&](View key, View value) -> Status {
    MLS_TRY(row, DecodeStored<UpdateRow>(value));
    Bytes reference = ToBytes(key.subspan(1));
    updates_.emplace(reference, UpdateKeys{reference, std::move(row.encryption_private_key),
                                           std::move(row.signature_private_key)});
    return kOk;
  }));
  if (const auto row = rows.Get(RowKey(RowTag::reinit))) {
    MLS_TRY(reinit, DecodeStored<ReInit>(*row));
    reinit_ = std::move(reinit);
  }
  return kOk;
}

Result<Group> Group::Refresh(const RowDelta& delta, const Env& env) const {
  MemoryRows rows;  // those of the tree are not among them, unless `delta` puts them
  if (phase_ != Phase::removed) {
    Batch batch;
    SaveBesidesTree(batch);
    rows.Apply(batch);
  }
  rows.Apply(delta);
  const auto context_row = rows.Get(RowKey(RowTag::context));
  if (!context_row) return RefreshRemoved(delta);
  if (phase_ == Phase::removed) {  // that removal was never stored
    MLS_TRY(group, Load(rows, policy(), env));
    group.version_ = version_ + 1;
    return std::move(group);
  }
  MLS_DO(CheckFormat(*context_row));
  MLS_TRY(header, DecodeStored<ContextRow>(*context_row));
  MLS_TRY(shared, RefreshPublicEpoch(local_.shared, std::move(header.context), header.width,
                                     std::move(header.confirmation_tag), delta, env.pool));
  const bool same_epoch =
      shared->context == context() && shared->confirmation_tag == epoch().confirmation_tag;
  MLS_TRY(group, LoadMember(header, std::move(shared), rows, policy(), env));
  group.version_ = version_ + 1;
  if (same_epoch) {
    group.local_.messages.secret_tree.KeepReserved(local_.messages.secret_tree, delta);
    group.sent_ = sent_;
  }
  return std::move(group);
}

Result<Group> Group::RefreshRemoved(const RowDelta& delta) const {
  Batch batch;
  Save(batch);
  MemoryRows rows;
  rows.Apply(batch);
  rows.Apply(delta);
  const std::size_t left = WasRemoved(rows) ? 1 : 0;  // none where the group was deleted
  MLS_REQUIRE(rows.size() == left, STORAGE_DAMAGED);  // RFC 9420 §12.4.2: who was removed keeps nothing
  MessageKeys no_keys{Secret(), SecretTree::Create(suite(), context().epoch, 1, Secret())};
  Group group({local_.shared, local_.self, {}, std::move(no_keys), {}}, Secret(), policy());
  group.BecomeRemoved();
  group.version_ = version_ + 1;
  return group;
}

}  // namespace mls
