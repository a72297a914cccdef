#include "group/local_epoch.h"

#include "base/check.h"

namespace mls {

Result<LocalEpoch> MakeLocalEpoch(PublicEpochPtr shared, LeafIndex self, View epoch_secret,
                                  PrivateKeys keys) {
  const Suite& suite = shared->suite();
  MLS_TRY(secrets, DeriveEpochSecrets(suite, epoch_secret));
  MessageKeys messages{std::move(secrets.sender_data_secret),
                       SecretTree::Create(suite, shared->context.epoch, shared->tree.width(),
                                          std::move(secrets.encryption_secret))};
  return LocalEpoch{std::move(shared), self, std::move(secrets), std::move(messages), std::move(keys)};
}

Status CheckConfirmationTag(const LocalEpoch& local) {
  const PublicEpoch& epoch = *local.shared;
  MLS_TRY(tag, ConfirmationTag(epoch.suite(), local.secrets.confirmation_key,
                               epoch.context.confirmed_transcript_hash));
  MLS_REQUIRE(ConstantTimeEqual(tag, epoch.confirmation_tag),
              BAD_CONFIRMATION_TAG);  // RFC 9420 §6.1, §12.4.2: all arrive at the same state
  return kOk;
}

Result<GroupInfo> BuildGroupInfo(const LocalEpoch& local, View signature_private_key,
                                 const GroupInfoOptions& options, const Env& env) {
  const PublicEpoch& epoch = *local.shared;
  GroupInfo info{epoch.context, options.extensions, epoch.confirmation_tag, local.self, {}};
  if (options.tree == TreePlace::inside) {
    info.extensions.push_back({ExtensionType::ratchet_tree, epoch.tree.EncodeExtension()});
  }
  if (options.external_pub == ExternalPubPlace::include) {
    MLS_TRY(external, ExternalKeyPair(epoch.suite(), local.secrets.external_secret));
    info.extensions.push_back(MakeExtension(ExternalPub{std::move(external.public_key)}));
  }
  // RFC 9420 §13.5: a GREASE extension keeps receivers used to unknown ones.
  MLS_TRY(grease, RandomGrease(*env.random));
  if (FindExtension(info.extensions, static_cast<ExtensionType>(grease)) == nullptr) {
    MLS_TRY(data, env.random->Take(4));
    info.extensions.push_back({static_cast<ExtensionType>(grease), std::move(data)});
  }
  MLS_DO(SignGroupInfo(epoch.suite(), info, signature_private_key));
  return info;
}

}  // namespace mls
