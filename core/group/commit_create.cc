// Creating a Commit of the chosen list (selection.cc), and its Welcomes (RFC 9420 §12.4.1). The result is a
// Candidate; the group goes on in the old epoch until the delivery service has spoken (§14).
#include "base/check.h"
#include "group/group.h"
#include "group/welcome_create.h"
#include "schedule/transcript.h"

namespace mls {

namespace {

// OwnPath is the committer's new path with the private half of it.
struct OwnPath {
  PathSecrets secrets;
  Secret signature_private_key;  // new one, or empty
};

Result<OwnPath> MakePath(const PublicEpoch& epoch, CommitPlan& plan, LeafIndex self, const LeafChange& change,
                         View signature_private_key, const Env& env) {
  LeafNode leaf = epoch.tree.Leaf(self);
  ChangeLeaf(leaf, change);
  OwnPath path;
  // The candidate keeps its own.
  if (change.signature_key) path.signature_private_key = change.signature_key->private_key.Clone();
  const View signer = change.signature_key ? path.signature_private_key.view() : signature_private_key;
  MLS_TRY(secrets, CreatePath(plan.tree, self, std::move(leaf), signer, epoch.context.group_id, *env.random,
                              env.pool));
  path.secrets = std::move(secrets);
  return path;
}

}  // namespace

Result<CandidatePtr> Group::BuildCandidate(StagedCommit& staged, const Answers& answers, Change& change,
                                           NewCommit& output, const Env& env) const {
  CommitPlan& plan = *staged.plan;
  const CommitOptions& options = *staged.options;
  const Suite& suite = this->suite();
  auto candidate = std::make_unique<Candidate>();
  candidate->id = next_candidate_;

  std::optional<OwnPath> path;
  const bool wanted = options.path == CommitOptions::Path::always || !options.leaf.empty();
  if (plan.path_required || wanted) {
    MLS_TRY(made, MakePath(epoch(), plan, self(), options.leaf, signature_private_key_, env));
    path = std::move(made);
  }
  MLS_DO(plan.tree.UpdateHashes(env.pool));
  GroupContext next = NextContext(epoch(), plan.tree, plan.extensions);
  Secret commit_secret(suite.Nh);  // RFC 9420 §12.4.1: zeros without a path
  if (path) {
    MLS_DO(SealPath(plan.tree, self(), path->secrets, plan.added, Encode(next), *env.random, env.pool));
    staged.commit.path = std::move(path->secrets.path);
    commit_secret = std::move(path->secrets.commit_secret);
  }

  // The old epoch signs, the new transcript confirms (RFC 9420 §12.4.1).
  const WireFormat format = options.format.value_or(policy().handshake_format);
  MLS_TRY(signed_content,
          SignContent(suite, format,
                      NewContent(CommitContent{std::move(staged.commit)}, options.authenticated_data),
                      signature_private_key_, local_.shared->encoded_context));
  MLS_TRY(confirmed,
          ConfirmedTranscriptHash(suite, epoch().interim_transcript_hash,
                                  signed_content.encoded().TranscriptPart(), signed_content->auth.signature));
  candidate->content = std::move(signed_content).Take();
  next.confirmed_transcript_hash = ToBytes(confirmed);

  const Bytes next_context = Encode(next);
  MLS_TRY(psk_secret, CombinePsks(plan.psks, answers));
  MLS_TRY(joiner_secret, JoinerSecret(suite, local_.secrets.init_secret, commit_secret, next_context));
  MLS_TRY(member_secret, MemberSecret(suite, joiner_secret, psk_secret));
  MLS_TRY(epoch_secret, EpochSecret(suite, member_secret, next_context));
  candidate->epoch_secret = std::move(epoch_secret);
  MLS_TRY(confirmation_key, DeriveSecret(suite, candidate->epoch_secret, "confirm"));
  MLS_TRY(tag, ConfirmationTag(suite, confirmation_key, next.confirmed_transcript_hash));
  candidate->content.auth.confirmation_tag = ToBytes(tag);

  PrivateKeys keys = local_.keys.Clone();  // the next epoch keeps what its commit does not replace
  keys.Prune(plan.tree);
  if (path) {
    candidate->path_keys.Set(self(), std::move(path->secrets.leaf_private_key));
    for (std::size_t i = 0; i < path->secrets.nodes.size(); ++i) {
      candidate->path_keys.Set(path->secrets.nodes[i], std::move(path->secrets.key_pairs[i].private_key));
    }
    for (const auto& [node, key] : candidate->path_keys.keys()) keys.Set(node, key.Clone());
    candidate->outcome.signature_private_key = std::move(path->signature_private_key);
  }
  candidate->outcome.undo = Undo::Make(epoch(), plan, self());
  candidate->received = DescribePlan(plan, candidate->content.content, self());
  candidate->received.own = true;
  if (plan.reinit != nullptr) candidate->outcome.reinit = *plan.reinit;
  MLS_TRY(shared,
          MakePublicEpoch(std::move(next), std::move(plan.tree), candidate->content.auth.confirmation_tag));
  MLS_TRY(local, MakeLocalEpoch(std::move(shared), self(), candidate->epoch_secret, std::move(keys)));

  MLS_TRY(message, Frame(candidate->content, format, change, env));
  candidate->message = std::move(message);
  if (!plan.added_in_order.empty()) {
    const Secret& new_key = candidate->outcome.signature_private_key;
    const WelcomeInput input{&local,
                             new_key.empty() ? signature_private_key_.view() : new_key.view(),
                             &plan,
                             OwnKeyPackages(staged),
                             path ? &path->secrets : nullptr,
                             &joiner_secret,
                             &member_secret,
                             &options};
    MLS_TRY(welcomes, MakeWelcomes(input, env));
    candidate->welcomes = std::move(welcomes);
    if (options.tree == CommitOptions::Tree::apart)
      output.ratchet_tree = local.shared->tree.EncodeExtension();
  }
  candidate->outcome.next = std::move(local);
  return candidate;
}

Result<Done<NewCommit>> Group::CompleteCommit(StagedCommit staged, const Answers& answers,
                                              const Env& env) const {
  MLS_DO(RequireActive());
  MLS_REQUIRE(staged.version == version_,
              STALE_VERSION);  // RFC 9420 §12.4.1: a Commit is made from one state
  MLS_DO(CheckVerdicts(staged.questions, answers));
  NewCommit output;
  Change change = NewChange();
  MLS_TRY(candidate, BuildCandidate(staged, answers, change, output, env));
  output.id = candidate->id;
  output.message = candidate->message;
  output.welcomes = candidate->welcomes;
  SaveCandidate(*candidate, change.batch);
  change.candidate = std::move(candidate);
  SaveContext(local_, phase_, change.candidate->id + 1, change.batch);
  return Done<NewCommit>{std::move(change), std::move(output)};
}

Result<Done<ReceivedCommit>> Group::AcceptCandidate(std::uint64_t id, const Env& env) const {
  const Candidate* candidate = FindCandidate(id);
  MLS_REQUIRE(candidate != nullptr, STALE_CANDIDATE);  // RFC 9420 §14: one Commit ends an epoch
  Change change = NewChange();
  change.now = env.now;
  change.accepted = id;
  SaveTransition(candidate->outcome, env.now, change.batch);
  return Done<ReceivedCommit>{std::move(change), candidate->received};
}

Result<Change> Group::RejectCandidate(std::uint64_t id) const {
  MLS_REQUIRE(FindCandidate(id) != nullptr, STALE_CANDIDATE);  // RFC 9420 §14: it is no longer pending
  Change change = NewChange();
  change.batch.Delete(RowKey(RowTag::pending, id));
  change.rejected = id;
  return change;
}

}  // namespace mls
