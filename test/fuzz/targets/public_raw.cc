// Reaches: Group::Stage for a PublicMessage, up to the membership tag, which raw bytes do not pass.
// Holds: LiveGroup::Receive.
// Input: support/raw_messages.h.
#include "support/raw_messages.h"

namespace mls::fuzz {

void FuzzOne(View bytes) { ReceiveRaw(WireFormat::mls_public_message, bytes); }

std::vector<Seed> Seeds() { return RawSeeds(WireFormat::mls_public_message); }

}  // namespace mls::fuzz
