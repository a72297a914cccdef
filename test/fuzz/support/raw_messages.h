// Raw messages: bytes that nobody signs or encrypts again, given to a live group.
//
// Input: the bytes behind version, wire format, group_id and epoch, which are always right; or, with an odd
// first byte, a whole message.
#pragma once

#include "support/live_group.h"

namespace mls::fuzz {

void ReceiveRaw(WireFormat format, View bytes);
std::vector<Seed> RawSeeds(WireFormat format);

}  // namespace mls::fuzz
