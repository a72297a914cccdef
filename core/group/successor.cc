#include "group/successor.h"

#include <set>

#include "base/check.h"
#include "crypto/x509.h"

namespace mls {

namespace {

// The identities of all members, for comparing two groups.
Result<std::set<Bytes>> Identities(const std::map<LeafIndex, Credential>& members) {
  std::set<Bytes> identities;
  for (const auto& [leaf, credential] : members) {
    MLS_TRY(identity, ClientIdentity(credential));
    identities.insert(std::move(identity));
  }
  return identities;
}

bool Includes(const std::set<Bytes>& all, const std::set<Bytes>& some) {
  for (const Bytes& one : some) {
    if (!all.contains(one)) return false;
  }
  return true;
}

// Every member of the old group has a key package or is ourselves, and nobody else has (RFC 9420 §11.2,
// §12.4.1).
Status CoversMembers(const Group& origin, const SuccessorOptions& options, ResumptionPSKUsage usage) {
  MLS_TRY(old_members, Identities(MembersOf(origin.tree())));
  std::set<Bytes> members;
  MLS_TRY(own, ClientIdentity(options.profile->credential));
  members.insert(std::move(own));
  for (const KeyPackage& key_package : options.key_packages) {
    MLS_TRY(identity, ClientIdentity(key_package.leaf_node.credential));
    members.insert(std::move(identity));
  }
  if (usage == ResumptionPSKUsage::branch) {
    MLS_REQUIRE(Includes(old_members, members),
                BRANCH_MISMATCH);  // RFC 9420 §11.3: members of the old group only
    return kOk;
  }
  MLS_REQUIRE(Includes(members, old_members), REINIT_MISMATCH);  // RFC 9420 §12.4.1: the same members
  return kOk;
}

Result<StagedSuccessor> StageSuccessor(const Group& origin, GroupOptions group_options,
                                       SuccessorOptions options, ResumptionPSKUsage usage, const Env& env) {
  MLS_DO(CoversMembers(origin, options, usage));
  MLS_TRY(created, Group::Create(group_options, *options.profile, env));
  StagedSuccessor staged;
  staged.group = std::make_unique<Group>(std::move(created));
  MLS_TRY(psk, staged.group->MakePsk(ResumptionPsk{usage, origin.context().group_id, origin.context().epoch},
                                     env));
  CommitOptions commit;
  for (KeyPackage& key_package : options.key_packages)
    commit.proposals.push_back({Add{std::move(key_package)}});
  commit.proposals.push_back(std::move(psk));
  commit.welcomes = options.welcomes;
  commit.tree = options.tree;
  commit.successor = usage;
  MLS_TRY(plan, staged.group->StageCommit(std::move(commit), env));
  staged.commit = std::move(plan);
  staged.questions.credentials = staged.commit.questions.credentials;
  MLS_TRY(secret, origin.ResumptionPskOf(origin.context().epoch));
  staged.resumption_psk = std::move(secret);
  return staged;
}

}  // namespace

Result<Bytes> ClientIdentity(const Credential& credential) {
  if (const auto* basic = std::get_if<BasicCredential>(&credential.body)) return basic->identity;
  const auto* x509 = std::get_if<X509Credential>(&credential.body);
  MLS_REQUIRE(x509 != nullptr, UNSUPPORTED_CREDENTIAL);          // RFC 9420 §5.3: nothing is known of others
  MLS_REQUIRE(!x509->certificates.empty(), INVALID_CREDENTIAL);  // RFC 9420 §5.3: the end entity comes first
  MLS_TRY(summary, SummarizeCertificate(x509->certificates.front().cert_data));
  return std::move(summary.subject);
}

Result<StagedSuccessor> Group::StageReinit(SuccessorOptions options, const Env& env) const {
  MLS_REQUIRE(phase_ == Phase::suspended && reinit_, MISUSE);  // RFC 9420 §11.2: a ReInit was committed
  GroupOptions group;
  group.suite = FindSuite(reinit_->cipher_suite);
  MLS_REQUIRE(reinit_->version == ProtocolVersion::mls10,
              UNSUPPORTED_VERSION);                              // RFC 9420 §12.1.5: one we speak
  MLS_REQUIRE(group.suite != nullptr, UNSUPPORTED_CIPHERSUITE);  // RFC 9420 §12.1.5: one we speak
  group.group_id = reinit_->group_id;
  group.extensions = reinit_->extensions;
  group.policy = options.policy;
  return StageSuccessor(*this, std::move(group), std::move(options), ResumptionPSKUsage::reinit, env);
}

Result<StagedSuccessor> Group::StageBranch(SuccessorOptions options, const Env& env) const {
  MLS_DO(RequireActive());
  const GroupOptions group{&suite(), options.group_id, options.extensions,
                           options.policy};  // RFC 9420 §11.3: same suite
  return StageSuccessor(*this, group, std::move(options), ResumptionPSKUsage::branch, env);
}

Result<Successor> Group::CompleteSuccessor(StagedSuccessor staged, const Answers& answers, const Env& env) {
  Group& group = *staged.group;
  Answers with_psk;
  with_psk.credentials = answers.credentials;
  with_psk.psks.emplace_back(std::move(staged.resumption_psk));
  MLS_TRY(commit, group.CompleteCommit(std::move(staged.commit), with_psk, env));
  const std::uint64_t id = commit.output.id;
  MLS_DO(group.Apply(std::move(commit.change)));
  // Nobody else is in epoch 0, so the Commit needs no delivery service (RFC 9420 §11.2).
  MLS_TRY(accepted, group.AcceptCandidate(id, env));
  MLS_DO(group.Apply(std::move(accepted.change)));
  return Successor{std::move(staged.group), std::move(commit.output.welcomes),
                   std::move(commit.output.ratchet_tree)};
}

Status ValidateSuccession(const Group& origin, const ResumptionPsk& psk, const PublicEpoch& joined) {
  const GroupContext& context = joined.context;
  MLS_TRY(new_members, Identities(MembersOf(joined.tree)));
  if (psk.usage == ResumptionPSKUsage::branch) {
    MLS_REQUIRE(context.epoch == 1, BRANCH_MISMATCH);                                     // RFC 9420 §11.3
    MLS_REQUIRE(context.version == origin.context().version, BRANCH_MISMATCH);            // RFC 9420 §11.3
    MLS_REQUIRE(context.cipher_suite == origin.context().cipher_suite, BRANCH_MISMATCH);  // RFC 9420 §11.3
    MLS_TRY(members, origin.MembersAt(psk.psk_epoch));
    MLS_TRY(old_members, Identities(members));
    MLS_REQUIRE(Includes(old_members, new_members),
                BRANCH_MISMATCH);  // RFC 9420 §11.3: members of the old group only
    return kOk;
  }
  MLS_TRY(old_members, Identities(MembersOf(origin.tree())));
  const std::optional<ReInit>& reinit = origin.reinit();
  MLS_REQUIRE(reinit.has_value(), REINIT_MISMATCH);  // RFC 9420 §12.4.3.1: its last Commit was a ReInit
  MLS_REQUIRE(psk.psk_epoch == origin.context().epoch,
              REINIT_MISMATCH);                                        // RFC 9420 §11.2: the epoch after it
  MLS_REQUIRE(context.epoch == 1, REINIT_MISMATCH);                    // RFC 9420 §11.2
  MLS_REQUIRE(context.group_id == reinit->group_id, REINIT_MISMATCH);  // RFC 9420 §11.2
  MLS_REQUIRE(context.version == reinit->version, REINIT_MISMATCH);    // RFC 9420 §11.2
  MLS_REQUIRE(context.cipher_suite == reinit->cipher_suite, REINIT_MISMATCH);  // RFC 9420 §11.2
  MLS_REQUIRE(context.extensions == reinit->extensions, REINIT_MISMATCH);      // RFC 9420 §11.2
  MLS_REQUIRE(Includes(new_members, old_members),
              REINIT_MISMATCH);  // RFC 9420 §12.4.3.1: all old members are there
  return kOk;
}

}  // namespace mls
