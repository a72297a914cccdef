// Processing a Commit, the private half (RFC 9420 §12.4.2): path secret, key schedule, confirmation tag.
#include <algorithm>

#include "base/check.h"
#include "group/group.h"

namespace mls {

namespace {

// OwnUpdate gives the reference of our Update if this Commit covers one.
const Bytes* OwnUpdate(const PublicCommit& commit, LeafIndex self) {
  for (const CachedProposalPtr& cached : commit.referenced) {
    const bool ours = cached->sender() == Sender::Member(self);
    if (ours && cached->proposal().type() == ProposalType::update) return &cached->reference;
  }
  return nullptr;
}

}  // namespace

ReceivedCommit DescribePlan(const CommitPlan& plan, const FramedContent& content, LeafIndex committer) {
  ReceivedCommit received;
  received.epoch = content.epoch + 1;
  received.committer = committer;
  received.sender_type = content.sender.sender_type;
  received.added = plan.added_in_order;
  received.updated = plan.updated;
  received.removed = plan.removed;
  if (plan.reinit != nullptr) received.reinit = *plan.reinit;
  received.authenticated_data = content.authenticated_data;
  return received;
}

Result<NewEpoch> Group::EnterEpoch(const PublicCommit& commit, const Answers& answers) const {
  const PublicEpoch& next = *commit.next;
  NewEpoch entered;
  // The next epoch starts with the private keys that it does not replace.
  PrivateKeys keys = local_.keys.Clone();
  if (const Bytes* update = OwnUpdate(commit, self())) {
    const auto own = updates_.find(*update);
    MLS_REQUIRE(own != updates_.end(), STORAGE_DAMAGED);  // RFC 9420 §12.1.2: our Update's private key
    keys.Set(self(), own->second.encryption_private_key.Clone());
    if (!own->second.signature_private_key.empty()) {
      entered.signature_private_key = own->second.signature_private_key.Clone();
    }
  }
  keys.Prune(next.tree);

  Secret commit_secret(suite().Nh);  // RFC 9420 §12.4.2: zeros without a path
  if (const UpdatePath* path = commit.path()) {
    MLS_TRY(opened, OpenPath(next.tree, commit.committer, self(), keys, *path, commit.plan.added,
                             commit.provisional_context));
    commit_secret = std::move(opened.commit_secret);
    for (auto& [node, key] : opened.private_keys) keys.Set(node, std::move(key));
  }
  Secret external_init;
  if (commit.plan.external_init != nullptr) {
    MLS_TRY(init, ReceiveExternalInit(suite(), local_.secrets.external_secret,
                                      commit.plan.external_init->kem_output));
    external_init = std::move(init);
  }
  const Secret& init_secret = external_init.empty() ? local_.secrets.init_secret : external_init;
  MLS_TRY(psk_secret, CombinePsks(commit.plan.psks, answers));
  MLS_TRY(joiner_secret, JoinerSecret(suite(), init_secret, commit_secret, next.encoded_context));
  MLS_TRY(member_secret, MemberSecret(suite(), joiner_secret, psk_secret));
  MLS_TRY(epoch_secret, EpochSecret(suite(), member_secret, next.encoded_context));
  MLS_TRY(local, MakeLocalEpoch(commit.next, self(), epoch_secret, std::move(keys)));
  MLS_DO(CheckConfirmationTag(local));
  entered.next = std::move(local);
  entered.undo = Undo::Make(epoch(), commit.plan, commit.committer);
  if (commit.plan.reinit != nullptr) entered.reinit = *commit.plan.reinit;
  return entered;
}

Result<Done<Received>> Group::CompleteReceivedCommit(StagedMessage staged, const Answers& answers,
                                                     const Env& env) const {
  const PublicCommit& commit = *staged.commit;
  ReceivedCommit received = DescribePlan(commit.plan, commit.content->content, commit.committer);
  const auto& removed = commit.plan.removed;
  received.self_removed = std::binary_search(removed.begin(), removed.end(), self());

  Change change = NewChange();
  change.now = env.now;
  change.epoch = std::make_unique<NewEpoch>();
  if (!received.self_removed) {
    MLS_TRY(entered, EnterEpoch(commit, answers));
    *change.epoch = std::move(entered);
    if (staged.ratchet) local_.messages.secret_tree.SaveChange(staged.ratchet->second, change.batch);
    change.ratchet = std::move(staged.ratchet);
  }
  staged.commit.reset();  // before the rows are written: it may be as large as they are
  SaveTransition(*change.epoch, env.now, change.batch);
  return Done<Received>{std::move(change), std::move(received)};
}

}  // namespace mls
