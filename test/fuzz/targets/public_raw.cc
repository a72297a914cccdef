// Reaches: Group::Stage for a PublicMessage, up to the membership tag, which raw bytes do not pass.
// Input: the bytes behind version, wire format, group_id and epoch, which are always right; or, with an odd
// first byte, a whole message.
#include "support/live_group.h"

namespace mls::fuzz {

namespace {

Bytes Front(const LiveGroup& group) {
  return Joined(Encode(ProtocolVersion::mls10, WireFormat::mls_public_message), group.Framing());
}

}  // namespace

void FuzzOne(View bytes) {
  Input input(bytes);
  const std::uint8_t choice = input.Byte();
  LiveGroup& group = LiveGroup::Of(choice >> 1);
  group.Receive(choice % 2 == 1 ? ToBytes(input.Rest()) : Joined(Front(group), input.Rest()));
}

std::vector<Seed> Seeds() {
  std::vector<Seed> seeds;
  for (const std::uint8_t suite : {0, 1}) {
    LiveGroup& group = LiveGroup::Of(suite);
    const Bytes front = Front(group);
    for (const Seed& seed : group.Genuine()) {
      const bool fits = StartsWith(seed.bytes, front);
      const View rest = View(seed.bytes).subspan(fits ? front.size() : 0);
      const auto choice = static_cast<std::uint8_t>(suite << 1 | (fits ? 0 : 1));
      if (fits || suite == 0) seeds.push_back({seed.name + std::to_string(suite), Joined({choice}, rest)});
    }
  }
  return seeds;
}

}  // namespace mls::fuzz
