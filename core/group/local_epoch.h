// LocalEpoch: a whole epoch from one member's side, public part and secrets (RFC 9420 §8).
#pragma once

#include "group/message_keys.h"
#include "group/policy.h"
#include "group/public_epoch.h"
#include "tree/treekem.h"

namespace mls {

// The shared part is immutable; the secrets belong to one group or candidate.
struct LocalEpoch {
  PublicEpochPtr shared;
  LeafIndex self;
  EpochSecrets secrets;  // sender_data_secret and encryption_secret have moved into `messages`
  MessageKeys messages;
  PrivateKeys keys;
};

// MakeLocalEpoch derives an epoch's secrets and starts its secret tree.
Result<LocalEpoch> MakeLocalEpoch(PublicEpochPtr shared, LeafIndex self, View epoch_secret, PrivateKeys keys);
// CheckConfirmationTag: the tag of the epoch's Commit or GroupInfo is that of its secrets
// (BAD_CONFIRMATION_TAG).
Status CheckConfirmationTag(const LocalEpoch& local);

// What a GroupInfo or Welcome carries besides the state itself (RFC 9420 §12.4.3).
enum class TreePlace : std::uint8_t { inside, apart };
enum class ExternalPubPlace : std::uint8_t { leave_out, include };

struct GroupInfoOptions {
  TreePlace tree = TreePlace::inside;
  ExternalPubPlace external_pub = ExternalPubPlace::include;
  Extensions extensions;
};

// BuildGroupInfo signs an epoch's state for newcomers (RFC 9420 §12.4.3).
Result<GroupInfo> BuildGroupInfo(const LocalEpoch& local, View signature_private_key,
                                 const GroupInfoOptions& options, const Env& env);

}  // namespace mls
