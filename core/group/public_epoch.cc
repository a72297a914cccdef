#include "group/public_epoch.h"

#include "base/check.h"
#include "schedule/transcript.h"

namespace mls {

Result<PublicEpochPtr> MakePublicEpoch(GroupContext context, RatchetTree tree, Bytes confirmation_tag) {
  MLS_TRY(required, ReadExtension<RequiredCapabilities>(context.extensions));
  MLS_TRY(senders, ReadExtension<ExternalSenders>(context.extensions));
  MLS_TRY(interim, InterimTranscriptHash(tree.suite(), context.confirmed_transcript_hash, confirmation_tag));
  Bytes encoded = Encode(context);
  return std::make_shared<const PublicEpoch>(PublicEpoch{
      std::move(context), std::move(tree), std::move(confirmation_tag), ToBytes(interim), std::move(encoded),
      std::move(required), senders ? std::move(senders->senders) : std::vector<ExternalSender>()});
}

}  // namespace mls
