// Joining by Welcome (RFC 9420 §12.4.3.1).
#include "base/check.h"
#include "crypto/diffie_hellman.h"
#include "group/join.h"
#include "group/successor.h"
#include "identity/grease.h"

namespace mls {

namespace {

// The resumption PSK of a reinit or branch among `psks`, if there is one (RFC 9420 §12.4.3.1: at most one).
Result<const ResumptionPsk*> LinkingPsk(const std::vector<PreSharedKeyID>& psks) {
  const ResumptionPsk* link = nullptr;
  for (const PreSharedKeyID& id : psks) {
    const auto* resumption = std::get_if<ResumptionPsk>(&id.body);
    if (resumption == nullptr || resumption->usage == ResumptionPSKUsage::application) continue;
    MLS_REQUIRE(link == nullptr, INVALID_PSK);  // RFC 9420 §12.4.3.1: a group has one origin
    link = resumption;
  }
  return link;
}

bool AnswersFor(const Group* origin, const PreSharedKeyID& id) {
  const auto* resumption = std::get_if<ResumptionPsk>(&id.body);
  return origin != nullptr && resumption != nullptr &&
         Equal(resumption->psk_group_id, origin->context().group_id);
}

// The keys may have been kept or imported apart from their package. With others we would be a member who can
// neither sign nor read what comes next; the init key proves itself by opening the Welcome.
Status MatchKeys(const Suite& suite, const JoinInput& input) {
  const LeafNode& leaf = input.key_package.leaf_node;
  MLS_TRY(signature_key, SignaturePublicKey(suite, input.keys.signature_private_key));
  MLS_REQUIRE(signature_key == leaf.signature_key, INVALID_KEY);  // RFC 9420 §10: the package's private half
  MLS_TRY(encryption_key, DiffieHellmanPublicKey(suite, input.keys.encryption_private_key));
  MLS_REQUIRE(encryption_key == leaf.encryption_key, INVALID_KEY);  // RFC 9420 §10: of the leaf, too
  return kOk;
}

// Entries with our reference that are tried: an honest Welcome has one.
constexpr std::size_t kMostTries = 16;

Result<GroupSecrets> OpenOurEntry(const Suite& suite, const Welcome& welcome, const JoinInput& input) {
  MLS_TRY(reference, KeyPackageRef(suite, input.key_package));
  // Anyone can add a garbage entry with our reference; the one that opens is ours. What all are sealed for is
  // most of the Welcome, and is hashed once.
  std::optional<HpkeInfo> info;
  Error error = Error::NO_MATCHING_KEY_PACKAGE;
  std::size_t tries = 0;
  for (const EncryptedGroupSecrets& entry : welcome.secrets) {
    if (!ConstantTimeEqual(entry.new_member, reference)) continue;
    ++tries;
    MLS_REQUIRE(tries <= kMostTries, LIMIT_EXCEEDED);  // RFC 9420 §12.4.3.1: one for each new member
    if (!info) {
      MLS_TRY(made, GroupSecretsInfo(suite, welcome));
      info = std::move(made);
    }
    auto secrets = OpenGroupSecrets(*info, entry, input.keys.init_private_key, input.key_package.init_key);
    if (secrets.ok()) return secrets;
    error = secrets.error();
  }
  return error;
}

Result<LeafIndex> FindOwnLeaf(const RatchetTree& tree, const KeyPackage& key_package) {
  const Bytes own = Encode(key_package.leaf_node);
  auto leaf = tree.NextMember({0});
  while (leaf && !Equal(tree.EncodedLeaf(*leaf), own)) leaf = tree.NextMember({leaf->value + 1});
  MLS_REQUIRE(leaf.has_value(), OWN_LEAF_NOT_FOUND);  // RFC 9420 §12.4.3.1: our key package's leaf is there
  return *leaf;
}

// A joiner must support what the group uses (RFC 9420 §12.4.3, §13.4). It is judged before the tree, where
// the same fault of our own leaf would look like somebody else's.
Status SupportGroup(const GroupContext& context, const Capabilities& capabilities) {
  MLS_REQUIRE(MayBeOurs(context.extensions),
              UNSUPPORTED_EXTENSION);  // RFC 9420 §13.5: what we list as GREASE, we do not support
  for (const Extension& extension : context.extensions) {
    MLS_REQUIRE(capabilities.Supports(extension.extension_type), UNSUPPORTED_EXTENSION);  // RFC 9420 §12.4.3
  }
  return kOk;
}

Result<PrivateKeys> JoinerKeys(const StagedJoin& staged, LeafIndex self) {
  PrivateKeys keys;
  keys.Set(self, staged.input.keys.encryption_private_key.Clone());  // a package of last resort keeps its own
  if (!staged.secrets.path_secret) return keys;
  const RatchetTree& tree = staged.epoch->tree;
  // INVALID_WELCOME where nobody has set this node: it is blank, or we are the signer ourselves.
  const NodeIndex common = CommonAncestor(self, staged.signer);
  MLS_TRY(opened, DerivePath(tree, staged.signer, common, staged.secrets.path_secret->path_secret));
  for (auto& [node, key] : opened.private_keys) keys.Set(node, std::move(key));
  return keys;
}

// RFC 9420 §12.4.3.1, last step: a successor and its old group belong together. Who names the old group
// expects its successor, so a Welcome that names none is refused as well.
Status ValidateLink(const std::vector<PreSharedKeyID>& psks, const Group* origin, const PublicEpoch& joined) {
  MLS_TRY(link, LinkingPsk(psks));
  if (origin == nullptr) {
    MLS_REQUIRE(link == nullptr, MISSING_PSK);  // RFC 9420 §11.2, §11.3: compared with the old group
    return kOk;
  }
  const std::optional<ReInit>& reinit = origin->reinit();
  MLS_REQUIRE(link != nullptr || !reinit, REINIT_MISMATCH);  // RFC 9420 §11.2: it has the old group's PSK
  MLS_REQUIRE(link != nullptr, BRANCH_MISMATCH);             // RFC 9420 §11.3: it has the old group's PSK
  MLS_REQUIRE(Equal(link->psk_group_id, origin->context().group_id),
              MISSING_PSK);  // RFC 9420 §11.2, §11.3: the group that the PSK names
  const bool announced = reinit && joined.context.group_id == reinit->group_id;
  MLS_REQUIRE(!announced || link->usage == ResumptionPSKUsage::reinit,
              REINIT_MISMATCH);  // RFC 9420 §11.2: the PSK says what the group is
  return ValidateSuccession(*origin, *link, joined);
}

}  // namespace

Result<StagedJoin> Group::StageJoin(Welcome welcome, JoinInput input, const Env&) {
  const Suite* suite = FindSuite(welcome.cipher_suite);
  MLS_REQUIRE(suite != nullptr, UNSUPPORTED_CIPHERSUITE);  // RFC 9420 §17.1: one we speak
  MLS_REQUIRE(input.key_package.cipher_suite == welcome.cipher_suite,
              CIPHERSUITE_MISMATCH);  // RFC 9420 §12.4.3.1: the key package's suite
  MLS_TRY(secrets, OpenOurEntry(*suite, welcome, input));
  MLS_DO(MatchKeys(*suite, input));
  MLS_REQUIRE(secrets.psks.size() <= input.policy.limits.max_psks_per_commit,
              LIMIT_EXCEEDED);  // RFC 9420 §8.4
  MLS_DO(LinkingPsk(secrets.psks));
  StagedJoin staged;
  for (const PreSharedKeyID& id : secrets.psks) {
    MLS_REQUIRE(id.psk_nonce.size() == suite->Nh, INVALID_PSK);  // RFC 9420 §8.4: psk_nonce has Nh bytes
    if (!AnswersFor(input.origin, id)) staged.questions.psks.push_back(id);
  }
  staged.foreign_psks = staged.questions.psks;
  staged.input = std::move(input);
  staged.suite = suite;
  staged.secrets = std::move(secrets);
  staged.encrypted_group_info = std::move(welcome.encrypted_group_info);
  return staged;
}

Status Group::OpenJoin(StagedJoin& staged, std::vector<std::optional<Secret>> psks, const Env& env) {
  MLS_REQUIRE(psks.size() == staged.foreign_psks.size(), MISUSE);  // RFC 9420 §8.4: each is answered
  std::vector<Secret> known;
  known.reserve(staged.secrets.psks.size());
  std::vector<View> ordered;
  std::size_t answer = 0;
  for (const PreSharedKeyID& id : staged.secrets.psks) {
    if (AnswersFor(staged.input.origin, id)) {
      MLS_TRY(psk, staged.input.origin->ResumptionPskOf(std::get<ResumptionPsk>(id.body).psk_epoch));
      known.push_back(std::move(psk));
    } else {
      MLS_REQUIRE(psks[answer].has_value(), MISSING_PSK);  // RFC 9420 §12.4.3.1: we hold each that is named
      known.push_back(std::move(*psks[answer++]));
    }
    ordered.push_back(known.back());
  }
  MLS_TRY(psk_secret, PskSecret(*staged.suite, staged.secrets.psks, ordered));
  MLS_TRY(member_secret, MemberSecret(*staged.suite, staged.secrets.joiner_secret, psk_secret));
  MLS_TRY(welcome_secret, WelcomeSecret(*staged.suite, member_secret));
  MLS_TRY(info, OpenGroupInfo(*staged.suite, welcome_secret, staged.encrypted_group_info));
  // Most of a Welcome is the tree: its ciphertext goes before the tree is read.
  staged.encrypted_group_info = Bytes();  // "= {}" would keep its memory
  MLS_REQUIRE(info.group_context.cipher_suite == staged.input.key_package.cipher_suite,
              CIPHERSUITE_MISMATCH);  // RFC 9420 §12.4.3.1: the key package's suite
  MLS_DO(SupportGroup(info.group_context, staged.input.key_package.leaf_node.capabilities));
  staged.questions = {};
  staged.signer = info.signer;
  MLS_TRY(epoch, VerifyGroupInfoAndTree(std::move(info), staged.input.ratchet_tree, staged.input.policy, env,
                                        staged.questions));
  staged.member_secret = std::move(member_secret);
  staged.input.ratchet_tree = Bytes();
  staged.epoch = std::move(epoch);
  return kOk;
}

Result<Group> Group::CompleteJoin(StagedJoin staged, const Answers& answers, const Env&) {
  MLS_REQUIRE(staged.epoch != nullptr, MISUSE);  // RFC 9420 §12.4.3.1: opened first
  MLS_DO(CheckVerdicts(staged.questions, answers));
  const PublicEpoch& epoch = *staged.epoch;
  MLS_TRY(self, FindOwnLeaf(epoch.tree, staged.input.key_package));
  MLS_TRY(keys, JoinerKeys(staged, self));
  MLS_TRY(epoch_secret, EpochSecret(*staged.suite, staged.member_secret, epoch.encoded_context));
  MLS_TRY(local, MakeLocalEpoch(staged.epoch, self, epoch_secret, std::move(keys)));
  MLS_DO(CheckConfirmationTag(local));
  MLS_DO(ValidateLink(staged.secrets.psks, staged.input.origin, epoch));
  return Group(std::move(local), std::move(staged.input.keys.signature_private_key), staged.input.policy);
}

}  // namespace mls
