#include "group/message_keys.h"

#include "base/check.h"

namespace mls {

namespace {

RatchetType RatchetFor(ContentType type) {
  return type == ContentType::application ? RatchetType::application : RatchetType::handshake;
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
  MLS_TRY(message,
          ProtectPrivate(suite, content, sender, key.key_and_nonce, keys.sender_data_secret, padding));
  return SealedMessage{std::move(message), std::move(key.change)};
}

}  // namespace mls
