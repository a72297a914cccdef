#include "group/message_keys.h"

#include "base/check.h"

namespace mls {

namespace {

RatchetType RatchetFor(ContentType type) {
  return type == ContentType::application ? RatchetType::application : RatchetType::handshake;
}

// RoomForContent is how long a PrivateMessageContent may be for its MLSMessage to have `limit` bytes at most.
std::size_t RoomForContent(const Suite& suite, const FramedContent& content, std::size_t limit) {
  const std::size_t header = sizeof(ProtocolVersion) + sizeof(WireFormat) +
                             VectorSize(content.group_id.size()) + sizeof(content.epoch) +
                             sizeof(ContentType) + VectorSize(content.authenticated_data.size());
  const std::size_t sender_data = VectorSize(wire::Size(SenderData{}) + suite.Nt);
  const std::size_t around = header + sender_data + 4 + suite.Nt;  // at most 4 bytes of length (§2.1.2)
  return limit > around ? limit - around : 0;
}

// WithinLimit is `padding`, or as much as still fits: it must not make a message larger than receivers take
// (RFC 9420 §15.1).
PaddingPolicy WithinLimit(PaddingPolicy padding, const Suite& suite, const AuthenticatedContent& content,
                          const Limits& limits) {
  const std::size_t body = std::visit([](const auto& one) { return wire::Size(one); }, content.content.body);
  const std::size_t size = body + content.auth.Size(content.content.content_type());
  const std::size_t room = RoomForContent(suite, content.content, limits.max_message_size);
  if (PaddedSize(size, padding) <= room) return padding;
  if (size > room || room > 0xFFFFFFFF) return {};  // too large as it is
  return {PaddingPolicy::Kind::multiple, static_cast<std::uint32_t>(room)};
}

}  // namespace

Result<OpenedMessage> OpenPrivateMessage(const MessageKeys& keys, const MessageContext& context,
                                         const PrivateMessage& message, const Limits& limits) {
  const Suite& suite = *context.suite;
  MLS_TRY(sender, OpenSenderData(suite, message, keys.sender_data_secret));
  const View signature_key = context.signature_key(sender.leaf_index);
  MLS_REQUIRE(!signature_key.empty(), UNKNOWN_SENDER);  // RFC 9420 §6.3.2: the leaf is not blank
  MLS_REQUIRE(sender.leaf_index != context.self,
              OWN_MESSAGE);  // RFC 9420 §9.2: our own keys were consumed by sending
  const RatchetId ratchet{sender.leaf_index, RatchetFor(message.content_type)};
  MLS_TRY(key, keys.secret_tree.Receive(ratchet, sender.generation, limits));
  MLS_TRY(content, OpenContent(suite, message, sender, key.key_and_nonce));
  MLS_TRY(verified, VerifyContent(suite, std::move(content), signature_key, context.group_context));
  return OpenedMessage{std::move(verified), std::move(key.change)};
}

Result<SealedMessage> SealPrivateMessage(const MessageKeys& keys, const Suite& suite,
                                         const AuthenticatedContent& content, PaddingPolicy padding,
                                         const Limits& limits, Random& random) {
  const LeafIndex self = content.content.sender.leaf_index;
  MLS_TRY(key, keys.secret_tree.Send({self, RatchetFor(content.content.content_type())}, limits));
  SenderData sender{self, key.generation, {}};
  MLS_DO(random.Fill(sender.reuse_guard));  // RFC 9420 §6.3.1: fresh for each message
  MLS_TRY(message, ProtectPrivate(suite, content, sender, key.key_and_nonce, keys.sender_data_secret,
                                  WithinLimit(padding, suite, content, limits)));
  return SealedMessage{std::move(message), std::move(key.change)};
}

}  // namespace mls
