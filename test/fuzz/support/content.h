// Content: a FramedContent behind group_id and epoch, as inputs of forged messages have it.
#pragma once

#include "support/live_group.h"

namespace mls::fuzz {

struct Content {
  Sender sender;
  Bytes authenticated_data;
  ContentBody body;
  static constexpr auto kWire = Fields(&Content::sender, &Content::authenticated_data, &Content::body);
};

// ContentSeeds gives the contents of the genuine PublicMessages of a group, those of members in the insider's
// name.
inline std::vector<std::pair<std::string, Content>> ContentSeeds(LiveGroup& group) {
  std::vector<std::pair<std::string, Content>> contents;
  for (const Seed& seed : group.Genuine()) {
    const MLSMessage message = Must(DecodeMessage(seed.bytes, {}));
    const auto* open = std::get_if<PublicMessage>(&message.body);
    if (open == nullptr) continue;
    const bool inside = open->content.sender.sender_type == SenderType::member;
    contents.push_back({seed.name,
                        {inside ? Sender::Member(group.insider.self) : open->content.sender,
                         open->content.authenticated_data, open->content.body}});
  }
  return contents;
}

}  // namespace mls::fuzz
