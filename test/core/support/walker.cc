#include "support/walker.h"

#include "support/row_delta.h"

namespace mls::test {

void Demand(bool holds, std::string_view what) {
  if (!holds) throw std::runtime_error(std::string(what));
}

Secret PskOf(const PreSharedKeyID& id) {
  const auto* external = std::get_if<ExternalPsk>(&id.body);
  Demand(external != nullptr, "a resumption PSK that the group should know");
  Bytes value = ToBytes(AsView("value of "));
  value.insert(value.end(), external->psk_id.begin(), external->psk_id.end());
  return Secret::Copy(value);
}

Answers Reply(const Questions& questions) {
  Answers answers = AcceptAll(questions);
  for (std::size_t i = 0; i < questions.psks.size(); ++i) answers.psks[i] = PskOf(questions.psks[i]);
  return answers;
}

Walker::Walker(std::uint64_t number, std::string name, Group group)
    : number_(number), name_(std::move(name)), group_(std::move(group)), joined_(epoch()) {
  Batch whole;
  group_.Save(whole);
  SeededRandom random(number);
  Store(whole, random);
}

void Walker::Store(const Batch& batch, Random& random) {
  rows_.Apply(batch);
  sealed_.Apply(Must(seal_.Pack(batch, random)));
}

void Walker::OpenSealed() {
  seal_ = NewSealedRows();
  MemoryRows opened = Must(seal_.OpenRows({sealed_.Packed()}));
  seal_.Remember(opened);
  Batch keys;
  keys.DeletePrefix(RowKey(RowTag::epoch_key));
  std::size_t epochs = 0, key_rows = 0;
  Must(opened.Scan(RowKey(RowTag::epoch_secrets), [&](View, View) { return ++epochs, Status(kOk); }));
  Must(opened.Scan(RowKey(RowTag::epoch_key), [&](View, View) { return ++key_rows, Status(kOk); }));
  Demand(epochs == key_rows, "epochs and their keys are not the same");
  opened.Apply(keys);
  Demand(opened == rows_, "sealed rows are not those of the group");
}

void Walker::Take(Change change, const Env& env) {
  const std::uint64_t before = epoch();
  Store(change.batch, *env.random);
  Must(group_.Apply(std::move(change)));
  if (group_.phase() == Phase::removed) {
    Demand(rows_.size() == 1 && rows_.Get(RowKey(RowTag::removed)), "a removed member keeps rows");
  } else if (epoch() != before) {
    LeaveEpoch(before, env.now);
  }
}

// The same bounds as the engine's, applied anew (RFC 9420 §15.3).
void Walker::LeaveEpoch(std::uint64_t left, std::uint64_t now) {
  const Limits& limits = group_.policy().limits;
  std::erase_if(past_, [&](const auto& past) { return now - past.second > limits.max_past_epoch_age; });
  past_.emplace_back(left, now);
  while (past_.size() > limits.max_past_epochs) past_.pop_front();
  sent_.clear();
}

Result<Received> Walker::Read(View message, const Env& env) {
  Result<StagedMessage> staged = group_.Stage(message, env);
  if (!staged.ok()) return staged.error();
  const Answers answers = Reply(staged->questions);
  Result<Done<Received>> done = group_.Complete(std::move(*staged), answers, env);
  if (!done.ok()) return done.error();
  Take(std::move(done->change), env);
  return std::move(done->output);
}

void Walker::Refuse(View message, const Env& env) {
  const Result<Received> received = Read(message, env);
  Demand(!received.ok(), "a message that was tampered with is accepted");
  Demand(RowsMatch(), "a refused message changed the state");
}

Mail Walker::Send(std::uint64_t id, std::string text, Bytes authenticated_data, const Env& env) {
  Done<Bytes> done = Must(group_.Protect(AsView(text), authenticated_data, env));
  Mail mail{id, number_, epoch(), std::move(text), std::move(authenticated_data), std::move(done.output)};
  Take(std::move(done.change), env);
  sent_.insert(id);
  return mail;
}

Outlook Walker::Expect(const Mail& mail) const {
  if (mail.epoch > epoch()) return {Error::FUTURE_EPOCH};
  const bool own = mail.sender == number_;
  if (own && sent_.contains(mail.id)) return {std::nullopt, true};
  const auto is_its_epoch = [&](const auto& past) { return past.first == mail.epoch; };
  const bool kept = mail.epoch == epoch() || std::any_of(past_.begin(), past_.end(), is_its_epoch);
  if (!kept) return {Error::WRONG_EPOCH};
  if (own) return {Error::OWN_MESSAGE};
  if (read_.contains(mail.id)) return {Error::KEY_CONSUMED};
  return {};
}

void Walker::Open(const Mail& mail, const Env& env) {
  const Outlook outlook = Expect(mail);
  const Result<Received> received = Read(mail.message, env);
  if (outlook.error) {
    Demand(!received.ok(), "opened a mail that must not open");
    Demand(received.error() == *outlook.error, Describe(received.error()).name);
    return;
  }
  if (!received.ok()) throw std::runtime_error("mail: " + std::string(Describe(received.error()).name));
  if (outlook.own) {
    const auto* echo = std::get_if<OwnMessage>(&*received);
    Demand(echo != nullptr && echo->content_type == ContentType::application, "an echo is not known");
    return;
  }
  const auto* opened = std::get_if<ApplicationMessage>(&*received);
  Demand(opened != nullptr && opened->epoch == mail.epoch && Equal(opened->data, AsView(mail.text)) &&
             opened->authenticated_data == mail.authenticated_data,
         "a mail opened to something else");
  read_.insert(mail.id);
}

bool Walker::KeysFit(Random& random) const {
  const RatchetTree& tree = group_.tree();
  const PrivateKeys keys = Must(PrivateKeys::Decode(*rows_.Get(RowKey(RowTag::keys))));
  bool fit = keys.Find(group_.self()) != nullptr;
  for (const auto& [node, key] : keys.keys()) {
    if (tree.IsBlank(node) || !Contains(node, group_.self())) return false;
    const auto sealed = EncryptWithLabel(tree.suite(), tree.PublicKey(node), "fit", {}, {}, random);
    fit = fit && sealed.ok() &&
          DecryptWithLabel(tree.suite(), key, tree.PublicKey(node), "fit", {}, *sealed).ok();
  }
  return fit;
}

bool Walker::RowsMatch() const { return rows_ == World::Saved(group_); }

void Walker::Restart(const Env& env) {
  OpenSealed();
  Group loaded = Must(Group::Load(rows_, group_.policy(), env));
  Demand(World::Saved(loaded) == rows_, "a restart changes the rows");
  Demand(loaded.phase() == group_.phase() && loaded.candidates().size() == group_.candidates().size() &&
             World::Agree(loaded, group_),
         "a restart changes the state");
  group_ = std::move(loaded);
  sent_.clear();
}

void Walker::HandOver(const Env& env) {
  Process next{Must(Group::Load(rows_, group_.policy(), env)), CopyOf(rows_), {}};
  if (other_) {
    const bool same_epoch = other_->group.context() == group_.context();
    other_->group.SetPolicy(group_.policy());
    next.group = Must(other_->group.Refresh(DeltaBetween(other_->rows, rows_), env));
    if (same_epoch) next.sent = std::move(other_->sent);
  }
  Demand(World::Saved(next.group) == rows_, "a refreshed group is not what its rows say");
  Demand(next.group.phase() == group_.phase() &&
             next.group.candidates().size() == group_.candidates().size() && World::Agree(next.group, group_),
         "a refreshed group is in another state");
  std::swap(group_, next.group);
  std::swap(sent_, next.sent);
  other_ = std::move(next);
}

}  // namespace mls::test
