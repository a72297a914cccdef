// Group creation (RFC 9420 §11): one member, epoch 0, a random epoch secret.
#include <algorithm>

#include "base/check.h"
#include "group/group.h"
#include "identity/grease.h"

namespace mls {

namespace {

Result<LeafNode> CreatorLeaf(const Suite& suite, const MemberProfile& profile, Bytes encryption_key,
                             Lifetime lifetime) {
  LeafNode leaf;
  leaf.encryption_key = std::move(encryption_key);
  leaf.signature_key = profile.signature_key;
  leaf.credential = profile.credential;
  leaf.capabilities = profile.capabilities;
  leaf.leaf_node_source = LeafNodeSource::key_package;
  leaf.lifetime = lifetime;
  leaf.extensions = profile.leaf_extensions;
  MLS_DO(SignLeafNode(suite, leaf, profile.signature_private_key, {}, {}));
  return leaf;
}

}  // namespace

Result<Group> Group::Create(const GroupOptions& options, const MemberProfile& profile, const Env& env) {
  const Suite& suite = *options.suite;
  const Limits& limits = options.policy.limits;
  MLS_TRY(encryption, GenerateHpkeKeyPair(suite, *env.random));
  // The creator's leaf has the longest lifetime that others accept unless they were told otherwise, from an
  // hour ago for their clocks (RFC 9420 §7.2).
  const std::uint64_t start = env.now > 3600 ? env.now - 3600 : 0;
  const std::uint64_t most = std::min(limits.max_lifetime, Limits{}.max_lifetime);
  MLS_TRY(leaf, CreatorLeaf(suite, profile, std::move(encryption.public_key), {start, start + most}));

  GroupContext context;
  context.cipher_suite = suite.id;
  context.group_id = options.group_id;
  if (context.group_id.empty()) {
    MLS_TRY(group_id, env.random->Take(suite.Nh));  // RFC 9420 §11: no two groups share an id
    context.group_id = std::move(group_id);
  }
  context.extensions = options.extensions;
  MLS_DO(ValidateExtensions(context.extensions, ExtensionPlace::group_context, limits));
  MLS_DO(ValidateExternalSenders(suite, context.extensions, limits, options.policy.known_certificates.get()));
  MLS_TRY(required, ReadExtension<RequiredCapabilities>(context.extensions));
  const bool ours = MayBeOurs(context.extensions) && (!required || MayBeOurs(*required));
  MLS_REQUIRE(ours, UNSUPPORTED_CAPABILITY);  // RFC 9420 §13.5: what we list as GREASE, we do not support
  const LeafRules rules{&suite,
                        &limits,
                        options.policy.known_certificates.get(),
                        &context.extensions,
                        required ? &*required : nullptr,
                        LeafNodeSource::key_package,
                        env.now};
  MLS_DO(ValidateLeafNode(leaf, rules));

  RatchetTree tree(suite);
  const LeafIndex self = tree.AddLeaf(leaf);
  MLS_DO(tree.UpdateHashes(env.pool));
  context.tree_hash = ToBytes(tree.RootHash());
  MLS_TRY(epoch_secret, env.random->TakeSecret(suite.Nh));
  MLS_TRY(confirmation_key, DeriveSecret(suite, epoch_secret, "confirm"));
  MLS_TRY(tag, ConfirmationTag(suite, confirmation_key, context.confirmed_transcript_hash));
  MLS_TRY(shared, MakePublicEpoch(std::move(context), std::move(tree), ToBytes(tag)));
  PrivateKeys keys;
  keys.Set(self, std::move(encryption.private_key));
  MLS_TRY(local, MakeLocalEpoch(std::move(shared), self, epoch_secret, std::move(keys)));
  // The group signs with its own copy: a profile serves many groups.
  return Group(std::move(local), profile.signature_private_key.Clone(), options.policy);
}

}  // namespace mls
