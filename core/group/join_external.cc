// Joining by external Commit (RFC 9420 §12.4.3.2): a newcomer, or a member that lost its state, adds itself.
#include "base/check.h"
#include "group/join.h"
#include "identity/grease.h"
#include "schedule/transcript.h"

namespace mls {

namespace {

// The joiner's side of the next epoch, as its path makes it.
struct JoinPath {
  LeafIndex self;
  PathSecrets secrets;
};

Result<JoinPath> MakeJoinPath(const PublicEpoch& epoch, CommitPlan& plan, const MemberProfile& profile,
                              const Policy& policy, const Env& env) {
  JoinPath path;
  path.self = plan.tree.LeftmostBlankLeaf();  // RFC 9420 §12.4.3.2: where an Add would put us
  plan.tree.ExtendTo(path.self);
  MLS_REQUIRE(!plan.tree.index().HasSignatureKey(profile.signature_key),
              DUPLICATE_SIGNATURE_KEY);  // RFC 9420 §7.3: unique among the members
  LeafNode leaf;
  leaf.signature_key = profile.signature_key;
  leaf.credential = profile.credential;
  leaf.capabilities = profile.capabilities;
  leaf.extensions = profile.leaf_extensions;
  MLS_TRY(secrets, CreatePath(plan.tree, path.self, std::move(leaf), profile.signature_private_key,
                              epoch.context.group_id, *env.random, env.pool));
  const LeafRules rules{&epoch.suite(),   &policy.limits,           policy.known_certificates.get(),
                        &plan.extensions, epoch.required_or_null(), LeafNodeSource::commit,
                        std::nullopt};
  MLS_DO(ValidateLeafNode(secrets.path.leaf_node, rules));
  MLS_DO(ValidateCredentialTypes(plan.tree, secrets.path.leaf_node));
  path.secrets = std::move(secrets);
  return path;
}

PrivateKeys KeysOf(JoinPath& path) {
  PrivateKeys keys;
  keys.Set(path.self, std::move(path.secrets.leaf_private_key));
  for (std::size_t i = 0; i < path.secrets.nodes.size(); ++i) {
    keys.Set(path.secrets.nodes[i], std::move(path.secrets.key_pairs[i].private_key));
  }
  return keys;
}

std::vector<Proposal> JoinProposals(const ExternalJoinOptions& options, Bytes kem_output) {
  std::vector<Proposal> proposals;
  proposals.push_back({ExternalInit{std::move(kem_output)}});
  if (options.resync) proposals.push_back({Remove{*options.resync}});
  for (const PreSharedKeyID& id : options.psks) proposals.push_back({PreSharedKey{id}});
  return proposals;
}

}  // namespace

Result<StagedExternalJoin> Group::StageExternalJoin(GroupInfo info, ExternalJoinOptions options,
                                                    const Env& env) {
  StagedExternalJoin staged;
  MLS_TRY(external, ReadExtension<ExternalPub>(info.extensions));
  MLS_REQUIRE(external.has_value(), MISSING_EXTERNAL_PUB);  // RFC 9420 §12.4.3.2: the door to knock at
  MLS_REQUIRE(MayBeOurs(info.group_context.extensions),
              UNSUPPORTED_EXTENSION);  // RFC 9420 §13.5: what we list as GREASE, we do not support
  for (const Extension& extension : info.group_context.extensions) {
    MLS_REQUIRE(options.profile->capabilities.Supports(extension.extension_type),
                UNSUPPORTED_EXTENSION);  // RFC 9420 §12.4.3: a joiner supports what the group uses
  }
  MLS_TRY(epoch, VerifyGroupInfoAndTree(std::move(info), options.ratchet_tree, options.policy, env,
                                        staged.questions));
  MLS_DO(ValidateHpkePublicKey(epoch->suite(), external->external_pub));
  staged.questions.psks = options.psks;
  staged.external_pub = std::move(external->external_pub);
  staged.epoch = std::move(epoch);
  options.ratchet_tree = Bytes();
  staged.options = std::move(options);
  return staged;
}

Result<ExternalJoin> Group::CompleteExternalJoin(StagedExternalJoin staged, const Answers& answers,
                                                 const Env& env) {
  MLS_DO(CheckVerdicts(staged.questions, answers));
  const PublicEpoch& epoch = *staged.epoch;
  const Suite& suite = epoch.suite();
  const ExternalJoinOptions& options = staged.options;
  const MemberProfile& profile = *options.profile;

  MLS_TRY(init, SendExternalInit(suite, staged.external_pub, *env.random));
  const std::vector<Proposal> proposals = JoinProposals(options, std::move(init.kem_output));
  std::vector<ListedProposal> list;
  std::vector<ProposalOrRef> entries;
  for (const Proposal& proposal : proposals) {
    list.push_back({&proposal, Sender::NewMemberCommit(), nullptr, {}});
    entries.push_back({ProposalByValue{proposal}});
  }
  Commit commit{EncodedList<ProposalOrRef>(entries), std::nullopt};
  const PlanRules rules{&options.policy, env.now, env.pool, std::nullopt, PlanRules::Judged::nothing};
  MLS_TRY(plan, PlanCommit(epoch, Sender::NewMemberCommit(), list, rules));
  MLS_TRY(path, MakeJoinPath(epoch, plan, profile, options.policy, env));
  MLS_DO(plan.tree.UpdateHashes(env.pool));
  GroupContext next = NextContext(epoch, plan.tree, plan.extensions);
  MLS_DO(SealPath(plan.tree, path.self, path.secrets, {}, Encode(next), *env.random, env.pool));
  commit.path = std::move(path.secrets.path);

  FramedContent content{epoch.context.group_id, epoch.context.epoch, Sender::NewMemberCommit(),
                        options.authenticated_data, CommitContent{std::move(commit)}};
  MLS_TRY(verified, SignContent(suite, WireFormat::mls_public_message, std::move(content),
                                profile.signature_private_key, epoch.encoded_context));
  MLS_TRY(confirmed, ConfirmedTranscriptHash(suite, epoch.interim_transcript_hash,
                                             verified.encoded().TranscriptPart(), verified->auth.signature));
  AuthenticatedContent framed = std::move(verified).Take();
  next.confirmed_transcript_hash = ToBytes(confirmed);

  std::vector<View> psks;
  for (const auto& psk : answers.psks) psks.push_back(*psk);
  const Bytes next_context = Encode(next);
  MLS_TRY(psk_secret, PskSecret(suite, options.psks, psks));
  MLS_TRY(joiner_secret, JoinerSecret(suite, init.init_secret, path.secrets.commit_secret, next_context));
  MLS_TRY(member_secret, MemberSecret(suite, joiner_secret, psk_secret));
  MLS_TRY(epoch_secret, EpochSecret(suite, member_secret, next_context));
  MLS_TRY(confirmation_key, DeriveSecret(suite, epoch_secret, "confirm"));
  MLS_TRY(tag, ConfirmationTag(suite, confirmation_key, next.confirmed_transcript_hash));
  framed.auth.confirmation_tag = ToBytes(tag);
  MLS_TRY(shared, MakePublicEpoch(std::move(next), std::move(plan.tree), framed.auth.confirmation_tag));
  MLS_TRY(local, MakeLocalEpoch(std::move(shared), path.self, epoch_secret, KeysOf(path)));

  MLS_TRY(message, ProtectPublic(suite, framed, {}, {}));
  ExternalJoin join;
  join.message = EncodeMessage(std::move(message));
  // The group signs with its own copy: a profile serves many groups.
  join.group.reset(new Group(std::move(local), profile.signature_private_key.Clone(), options.policy));
  join.group->phase_ = Phase::joining;
  return join;
}

Result<Change> Group::Confirm() const {
  MLS_REQUIRE(phase_ == Phase::joining, MISUSE);  // RFC 9420 §14: only a joining Commit waits for this
  Change change = NewChange();
  change.phase = Phase::active;
  SaveContext(local_, Phase::active, next_candidate_, change.batch);
  return change;
}

}  // namespace mls
