// Reaches: Group::Stage for a PrivateMessage of this epoch or a past one, up to what encryption protects.
// Holds: LiveGroup::Receive.
// Input: support/raw_messages.h.
#include "support/raw_messages.h"

namespace mls::fuzz {

void FuzzOne(View bytes) { ReceiveRaw(WireFormat::mls_private_message, bytes); }

std::vector<Seed> Seeds() { return RawSeeds(WireFormat::mls_private_message); }

}  // namespace mls::fuzz
