#include "group/tracker.h"

#include "base/check.h"
#include "tree/hashes.h"

namespace mls {

namespace {

// The tree comes in the GroupInfo or beside it; when it comes twice, both must be the same (RFC 9420
// §12.4.3.3).
Result<RatchetTree> FindTree(const Suite& suite, const GroupInfoTBS& info, View ratchet_tree,
                             const Limits& limits) {
  const std::optional<View> inside = info.Extension(ExtensionType::ratchet_tree);
  MLS_REQUIRE(inside || !ratchet_tree.empty(), MISSING_TREE);  // RFC 9420 §12.4.3.1: first get the tree
  const bool agree = !inside || ratchet_tree.empty() || Equal(*inside, ratchet_tree);
  MLS_REQUIRE(agree, TREE_HASH_MISMATCH);  // RFC 9420 §12.4.3.3: whichever way it came
  return RatchetTree::DecodeExtension(suite, inside.value_or(ratchet_tree), limits);
}

// VerifySignature gives the tree, too: the signature key is that of one of its leaves. What was signed goes
// before anything is made of it.
Result<RatchetTree> VerifySignature(const Suite& suite, GroupInfo& info, View ratchet_tree,
                                    const Limits& limits) {
  MLS_TRY(content, GroupInfoTBS::Of(info));
  info.extensions = Extensions();
  MLS_TRY(tree, FindTree(suite, content, ratchet_tree, limits));
  const View signer = tree.SignatureKey(info.signer);
  MLS_REQUIRE(!signer.empty(), UNKNOWN_SENDER);  // RFC 9420 §12.4.3.1: the signer's leaf is not blank
  MLS_DO(content.Verify(suite, signer, info.signature));
  return std::move(tree);
}

Result<GroupInfo> DecodeGroupInfo(View bytes, const Limits& limits) {
  MLS_TRY(message, DecodeMessage(bytes, limits));
  auto* info = std::get_if<GroupInfoMessage>(&message.body);
  MLS_REQUIRE(info != nullptr, WRONG_WIRE_FORMAT);  // RFC 9420 §6: nothing else is asked for
  return std::move(info->group_info);
}

void AskAboutEveryone(const PublicEpoch& epoch, Questions& questions) {
  for (auto leaf = epoch.tree.NextMember({0}); leaf; leaf = epoch.tree.NextMember({leaf->value + 1})) {
    LeafNode node = epoch.tree.Leaf(*leaf);
    questions.credentials.push_back({CredentialRole::member, leaf->value, std::move(node.credential),
                                     std::move(node.signature_key), std::nullopt});
  }
  for (std::size_t i = 0; i < epoch.external_senders.size(); ++i) {
    const ExternalSender& sender = epoch.external_senders[i];
    questions.credentials.push_back({CredentialRole::external_sender, static_cast<std::uint32_t>(i),
                                     sender.credential, sender.signature_key, std::nullopt});
  }
}

Status VerifyTree(const GroupInfo& info, RatchetTree& tree, const Policy& policy, const Env& env) {
  MLS_DO(tree.UpdateHashes(env.pool));
  MLS_REQUIRE(Equal(tree.RootHash(), info.group_context.tree_hash),
              TREE_HASH_MISMATCH);  // RFC 9420 §12.4.3.1: the tree that the group agreed on
  MLS_DO(ValidateTreeStructure(tree, env.pool));
  MLS_TRY(required, ReadExtension<RequiredCapabilities>(info.group_context.extensions));
  // RFC 9420 §7.3: a lifetime may well have passed since its owner joined; it is not checked at a join.
  const LeafRules rules{&tree.suite(),
                        &policy.limits,
                        policy.known_certificates.get(),
                        &info.group_context.extensions,
                        required ? &*required : nullptr,
                        std::nullopt,
                        std::nullopt};
  return ValidateTreeLeaves(tree, rules, info.group_context.group_id, env.pool);
}

}  // namespace

Result<PublicEpochPtr> VerifyGroupInfoAndTree(GroupInfo info, View ratchet_tree, const Policy& policy,
                                              const Env& env, Questions& questions) {
  const GroupContext& context = info.group_context;
  MLS_REQUIRE(context.version == ProtocolVersion::mls10,
              UNSUPPORTED_VERSION);  // RFC 9420 §12.4.3: one we speak
  const Suite* suite = FindSuite(context.cipher_suite);
  MLS_REQUIRE(suite != nullptr, UNSUPPORTED_CIPHERSUITE);  // RFC 9420 §17.1: one we speak
  MLS_DO(ValidateExtensions(info.extensions, ExtensionPlace::group_info, policy.limits));
  MLS_DO(ValidateExtensions(context.extensions, ExtensionPlace::group_context, policy.limits));
  MLS_TRY(tree, VerifySignature(*suite, info, ratchet_tree, policy.limits));
  MLS_DO(VerifyTree(info, tree, policy, env));
  MLS_DO(ValidateExternalSenders(*suite, context.extensions, policy.limits, policy.known_certificates.get()));
  MLS_TRY(epoch, MakePublicEpoch(context, std::move(tree), info.confirmation_tag));
  AskAboutEveryone(*epoch, questions);
  return std::move(epoch);
}

Result<StagedSeed> Tracker::StageSeed(View group_info, View ratchet_tree, const Policy& policy,
                                      const Env& env) {
  StagedSeed seed;
  MLS_TRY(info, DecodeGroupInfo(group_info, policy.limits));
  MLS_TRY(epoch, VerifyGroupInfoAndTree(std::move(info), ratchet_tree, policy, env, seed.questions));
  seed.epoch = std::move(epoch);
  seed.group_info = ToBytes(group_info);
  return seed;
}

Result<Tracker> Tracker::CompleteSeed(StagedSeed seed, const Answers& answers, Policy policy) {
  MLS_DO(CheckVerdicts(seed.questions, answers));
  Tracker tracker(std::move(seed.epoch), std::move(policy));
  tracker.group_info_ = std::move(seed.group_info);
  return tracker;
}

Status Tracker::Reseed(StagedSeed seed, const Answers& answers) {
  MLS_DO(CheckVerdicts(seed.questions, answers));
  MLS_REQUIRE(seed.epoch->context.group_id == epoch_->context.group_id,
              WRONG_GROUP);  // RFC 9420 §8.1: the same group
  MLS_REQUIRE(seed.epoch->context.epoch > epoch_->context.epoch, WRONG_EPOCH);  // RFC 9420 §8.1: never back
  Advance(std::move(seed.epoch));
  group_info_ = std::move(seed.group_info);
  return kOk;
}

void Tracker::Advance(PublicEpochPtr next) {
  epoch_ = std::move(next);
  proposals_.Clear();
  group_info_.clear();
  ++version_;
}

Result<StagedHandshake> Tracker::Stage(View bytes, const Env& env) const {
  MLS_TRY(message, DecodeMessage(bytes, policy_.limits));
  auto* open = std::get_if<PublicMessage>(&message.body);
  MLS_REQUIRE(open != nullptr, WRONG_WIRE_FORMAT);  // RFC 9420 §6: only a member reads the others
  MLS_DO(ValidateFraming(*epoch_, open->content.group_id, open->content.epoch));
  MLS_REQUIRE(open->content.content_type() != ContentType::application,
              UNEXPECTED_PLAINTEXT);       // RFC 9420 §6: application data is always encrypted
  MLS_REQUIRE(!reinit_, GROUP_SUSPENDED);  // RFC 9420 §11.2: after a ReInit comes a Welcome
  EncodedContent content({WireFormat::mls_public_message, std::move(open->content), std::move(open->auth)});
  MLS_TRY(key, SenderKey(*epoch_, content->content, policy_));
  MLS_TRY(verified, VerifyContent(epoch_->suite(), std::move(content), key, epoch_->encoded_context));

  const PlanRules rules{&policy_, env.now, env.pool, std::nullopt, PlanRules::Judged::nothing};
  StagedHandshake staged;
  staged.version = version_;
  if (verified->content.content_type() == ContentType::proposal) {
    MLS_TRY(proposal, StageProposal(*epoch_, proposals_, verified, rules, staged.questions));
    staged.proposal = std::move(proposal);
    return staged;
  }
  MLS_TRY(commit, StageCommit(*epoch_, proposals_, std::move(verified), rules));
  staged.questions = commit.questions;
  staged.commit = std::move(commit);
  return staged;
}

Status Tracker::Complete(StagedHandshake staged, const Answers& answers) {
  MLS_REQUIRE(staged.version == version_, STALE_VERSION);  // RFC 9420 §14: staged against one state
  MLS_DO(CheckVerdicts(staged.questions, answers));
  if (staged.proposal) {
    Cache(std::move(staged.proposal));
    ++version_;
    return kOk;
  }
  if (staged.commit->plan.reinit != nullptr) reinit_ = *staged.commit->plan.reinit;
  Advance(std::move(staged.commit->next));
  return kOk;
}

Status Tracker::OfferGroupInfo(View group_info) {
  MLS_TRY(info, DecodeGroupInfo(group_info, policy_.limits));
  MLS_REQUIRE(info.group_context == epoch_->context, WRONG_EPOCH);  // RFC 9420 §12.4.3: of this very epoch
  MLS_REQUIRE(Equal(info.confirmation_tag, epoch_->confirmation_tag),
              BAD_CONFIRMATION_TAG);  // RFC 9420 §12.4.3: the tag of the Commit that began it
  const View signer = epoch_->tree.SignatureKey(info.signer);
  MLS_REQUIRE(!signer.empty(), UNKNOWN_SENDER);  // RFC 9420 §12.4.3.1: a member signs it
  MLS_DO(VerifyGroupInfo(epoch_->suite(), info, signer));
  group_info_ = ToBytes(group_info);
  return kOk;
}

namespace {

// TrackerRow: the context row of a tracker that stands alone.
struct TrackerRow {
  std::uint16_t format = kFormatVersion;
  GroupContext context;
  Bytes confirmation_tag;
  std::uint32_t width = 0;
  std::optional<ReInit> reinit;
  Bytes group_info;
  static constexpr auto kWire =
      Fields(&TrackerRow::format, &TrackerRow::context, &TrackerRow::confirmation_tag, &TrackerRow::width,
             &TrackerRow::reinit, &TrackerRow::group_info);
};

}  // namespace

void Tracker::Save(Batch& batch) const {
  batch.PutPlain(RowKey(RowTag::context),
                 Encode(TrackerRow{kFormatVersion, epoch_->context, epoch_->confirmation_tag,
                                   epoch_->tree.width(), reinit_, group_info_}));
  epoch_->tree.Save(batch, nullptr);
  proposals_.Save(batch);
}

Result<Tracker> Tracker::Load(const Rows& rows, Policy policy, const Env& env) {
  const auto row = rows.Get(RowKey(RowTag::context));
  MLS_REQUIRE(row.has_value(), STORAGE_DAMAGED);  // RFC 9420 §8.1: a group has a context
  MLS_DO(CheckFormat(*row));
  auto decoded = Decode<TrackerRow>(*row);
  MLS_REQUIRE(decoded.ok(), STORAGE_DAMAGED);  // RFC 9420 §8.1: as we wrote it
  MLS_TRY(epoch, LoadPublicEpoch(std::move(decoded->context), decoded->width,
                                 std::move(decoded->confirmation_tag), rows, env.pool));
  MLS_TRY(proposals, ProposalCache::Load(epoch->suite(), rows));
  Tracker tracker(std::move(epoch), std::move(policy));
  tracker.Restore(std::move(proposals));
  tracker.reinit_ = std::move(decoded->reinit);
  tracker.group_info_ = std::move(decoded->group_info);
  return tracker;
}

}  // namespace mls
