#include "group/public_epoch.h"

#include "base/check.h"
#include "schedule/transcript.h"

namespace mls {

Result<PublicEpochPtr> MakePublicEpoch(GroupContext context, RatchetTree tree, Bytes confirmation_tag) {
  MLS_TRY(required, ReadExtension<RequiredCapabilities>(context.extensions));
  MLS_TRY(senders, ReadExtension<ExternalSenders>(context.extensions));
  MLS_TRY(interim, InterimTranscriptHash(tree.suite(), context.confirmed_transcript_hash, confirmation_tag));
  Bytes encoded = Encode(context);
  MLS_TRY(hash, Hash(tree.suite(), {encoded}));
  return std::make_shared<const PublicEpoch>(
      PublicEpoch{std::move(context), std::move(tree), std::move(confirmation_tag), ToBytes(interim),
                  std::move(encoded), ToBytes(hash), std::move(required),
                  senders ? std::move(senders->senders) : std::vector<ExternalSender>()});
}

namespace {

// RemakePublicEpoch is MakePublicEpoch of what a store gave back: extensions that do not decode are damage.
Result<PublicEpochPtr> RemakePublicEpoch(GroupContext context, RatchetTree tree, Bytes confirmation_tag) {
  MLS_REQUIRE(Equal(tree.RootHash(), context.tree_hash), STORAGE_DAMAGED);  // RFC 9420 §7.8: the hash tells
  auto made = MakePublicEpoch(std::move(context), std::move(tree), std::move(confirmation_tag));
  MLS_REQUIRE(made.ok(), STORAGE_DAMAGED);  // RFC 9420 §8.1: a context that we were in
  return made;
}

}  // namespace

Result<PublicEpochPtr> LoadPublicEpoch(GroupContext context, std::uint32_t width, Bytes confirmation_tag,
                                       const Rows& rows, Pool* pool) {
  const Suite* suite = FindSuite(context.cipher_suite);
  MLS_REQUIRE(suite != nullptr, STORAGE_DAMAGED);  // RFC 9420 §8.1: a suite that we wrote
  MLS_TRY(tree, RatchetTree::Load(*suite, width, rows));
  MLS_DO(tree.UpdateHashes(pool));
  return RemakePublicEpoch(std::move(context), std::move(tree), std::move(confirmation_tag));
}

Result<PublicEpochPtr> RefreshPublicEpoch(const PublicEpochPtr& former, GroupContext context,
                                          std::uint32_t width, Bytes confirmation_tag, const RowDelta& delta,
                                          Pool* pool) {
  MLS_REQUIRE(context.cipher_suite == former->context.cipher_suite,
              STORAGE_DAMAGED);  // RFC 9420 §8.1: a group keeps its suite
  const bool same_tree = width == former->tree.width() && !delta.TouchesAny(RowKey(RowTag::leaves)) &&
                         !delta.TouchesAny(RowKey(RowTag::parents));
  if (same_tree && context == former->context && confirmation_tag == former->confirmation_tag) return former;
  MLS_TRY(tree, same_tree ? Result<RatchetTree>(former->tree) : former->tree.Refresh(width, delta));
  MLS_DO(tree.UpdateHashes(pool));
  return RemakePublicEpoch(std::move(context), std::move(tree), std::move(confirmation_tag));
}

}  // namespace mls
