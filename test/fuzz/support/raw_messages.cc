#include "support/raw_messages.h"

namespace mls::fuzz {

namespace {

Bytes Front(WireFormat format, const LiveGroup& group) {
  return Joined(Encode(ProtocolVersion::mls10, format), group.Framing());
}

}  // namespace

void ReceiveRaw(WireFormat format, View bytes) {
  Input input(bytes);
  const std::uint8_t choice = input.Byte();
  LiveGroup& group = LiveGroup::Of(choice >> 1);
  group.Receive(choice % 2 == 1 ? ToBytes(input.Rest()) : Joined(Front(format, group), input.Rest()));
}

std::vector<Seed> RawSeeds(WireFormat format) {
  std::vector<Seed> seeds;
  for (const std::uint8_t suite : {0, 1}) {
    LiveGroup& group = LiveGroup::Of(suite);
    const Bytes front = Front(format, group);
    for (const Seed& seed : group.Genuine()) {
      if (!StartsWith(seed.bytes, Encode(ProtocolVersion::mls10, format))) continue;
      const bool fits = StartsWith(seed.bytes, front);
      const View rest = View(seed.bytes).subspan(fits ? front.size() : 0);
      const auto choice = static_cast<std::uint8_t>(suite << 1 | (fits ? 0 : 1));
      seeds.push_back({seed.name + "-" + std::to_string(suite), Joined({choice}, rest)});
    }
  }
  return seeds;
}

}  // namespace mls::fuzz
