// PublicEpoch: everything about an epoch that needs no secret (RFC 9420 §8.1, §8.2): its context, its tree,
// its transcript. Immutable once made; groups, trackers and candidates share it.
#pragma once

#include <memory>

#include "message/group_info.h"
#include "tree/ratchet_tree.h"

namespace mls {

struct PublicEpoch {
  GroupContext context;
  RatchetTree tree;  // tree hashes up to date
  Bytes confirmation_tag;
  Bytes interim_transcript_hash;

  // Read off `context` once.
  Bytes encoded_context;
  Bytes context_hash;  // Nh bytes, of encoded_context
  std::optional<RequiredCapabilities> required;
  std::vector<ExternalSender> external_senders;

  const Suite& suite() const { return tree.suite(); }
  const RequiredCapabilities* required_or_null() const { return required ? &*required : nullptr; }
};

using PublicEpochPtr = std::shared_ptr<const PublicEpoch>;

// MakePublicEpoch fills in what is derived: the interim transcript hash and the decoded extensions
// (MALFORMED).
Result<PublicEpochPtr> MakePublicEpoch(GroupContext context, RatchetTree tree, Bytes confirmation_tag);

// LoadPublicEpoch reads the tree's rows; its hash, computed anew, checks them (STORAGE_DAMAGED).
Result<PublicEpochPtr> LoadPublicEpoch(GroupContext context, std::uint32_t width, Bytes confirmation_tag,
                                       const Rows& rows, Pool* pool);

// RefreshPublicEpoch is LoadPublicEpoch over the rows of `former` changed by `delta`. What did not change is
// shared: `former` itself when context and tree are the same.
Result<PublicEpochPtr> RefreshPublicEpoch(const PublicEpochPtr& former, GroupContext context,
                                          std::uint32_t width, Bytes confirmation_tag, const RowDelta& delta,
                                          Pool* pool);

}  // namespace mls
