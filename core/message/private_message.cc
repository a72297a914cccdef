#include "message/private_message.h"

#include <bit>

#include "base/check.h"

namespace mls {

namespace {

Bytes EncodePrivateContentAAD(const PrivateMessage& message) {
  return Encode(message.group_id, message.epoch, message.content_type, message.authenticated_data);
}

Bytes EncodeSenderDataAAD(const PrivateMessage& message) {
  return Encode(message.group_id, message.epoch, message.content_type);
}

// GuardedNonce is the nonce with the reuse guard over its first four bytes (RFC 9420 §6.3.1).
Secret GuardedNonce(View nonce, const ReuseGuard& guard) {
  Secret guarded = Secret::Copy(nonce);
  for (std::size_t i = 0; i < guard.size(); ++i) guarded.span()[i] ^= guard[i];
  return guarded;
}

// BodySize and WriteBody handle the `select` of PrivateMessageContent, whose tag stands in the
// PrivateMessage.
std::size_t BodySize(const ContentBody& body) {
  return std::visit([](const auto& one) { return wire::Size(one); }, body);
}

void WriteBody(Writer& out, const ContentBody& body) {
  std::visit([&](const auto& one) { wire::Write(out, one); }, body);
}

void ReadBody(Reader& in, ContentType type, ContentBody& body) {
  switch (type) {
    case ContentType::application:
      return wire::Read(in, body.emplace<ApplicationContent>());
    case ContentType::proposal:
      return wire::Read(in, body.emplace<ProposalContent>());
    case ContentType::commit:
      return wire::Read(in, body.emplace<CommitContent>());
  }
  in.Fail();
}

}  // namespace

std::size_t PaddedSize(std::size_t size, PaddingPolicy policy) {
  switch (policy.kind) {
    case PaddingPolicy::Kind::none:
      return size;
    case PaddingPolicy::Kind::multiple:
      if (policy.multiple < 2) return size;
      return (size + policy.multiple - 1) / policy.multiple * policy.multiple;
    case PaddingPolicy::Kind::padme: {
      // Keep the top bits of the length: with e = floor(log2 size), as many as e has bits; round up the rest.
      if (size < 2) return size;
      const unsigned e = static_cast<unsigned>(std::bit_width(size)) - 1;
      const unsigned kept = static_cast<unsigned>(std::bit_width(e));
      const std::size_t mask = (std::size_t{1} << (e - kept)) - 1;
      return (size + mask) & ~mask;
    }
  }
  return size;
}

Result<PrivateMessage> ProtectPrivate(const Suite& suite, const AuthenticatedContent& content,
                                      const SenderData& sender, const KeyAndNonce& message_key,
                                      View sender_data_secret, PaddingPolicy padding) {
  MLS_REQUIRE(content.content.sender.sender_type == SenderType::member,
              MISUSE);  // RFC 9420 §6.3.2: members only
  MLS_REQUIRE(content.wire_format == WireFormat::mls_private_message,
              MISUSE);  // RFC 9420 §6.1: the signature is for one wire format
  PrivateMessage message{content.content.group_id,
                         content.content.epoch,
                         content.content.content_type(),
                         content.content.authenticated_data,
                         {},
                         {}};

  const std::size_t size = BodySize(content.content.body) + content.auth.Size(message.content_type);
  Secret plaintext(PaddedSize(size, padding));  // RFC 9420 §6.3.1: padding is zeros
  Writer out(plaintext.span());
  WriteBody(out, content.content.body);
  content.auth.Write(out, message.content_type);

  const Secret nonce = GuardedNonce(message_key.nonce, sender.reuse_guard);
  MLS_TRY(ciphertext, AeadSeal(suite, message_key.key, nonce, EncodePrivateContentAAD(message), plaintext));
  message.ciphertext = std::move(ciphertext);

  MLS_TRY(key, SenderDataKey(suite, sender_data_secret, message.ciphertext));
  MLS_TRY(sealed, AeadSeal(suite, key.key, key.nonce, EncodeSenderDataAAD(message), Encode(sender)));
  message.encrypted_sender_data = std::move(sealed);
  return message;
}

Result<SenderData> OpenSenderData(const Suite& suite, const PrivateMessage& message,
                                  View sender_data_secret) {
  MLS_TRY(key, SenderDataKey(suite, sender_data_secret, message.ciphertext));
  MLS_TRY(opened,
          AeadOpen(suite, key.key, key.nonce, EncodeSenderDataAAD(message), message.encrypted_sender_data));
  return Decode<SenderData>(opened);
}

Result<AuthenticatedContent> OpenContent(const Suite& suite, const PrivateMessage& message,
                                         const SenderData& sender, const KeyAndNonce& message_key) {
  const Secret nonce = GuardedNonce(message_key.nonce, sender.reuse_guard);
  MLS_TRY(plaintext,
          AeadOpen(suite, message_key.key, nonce, EncodePrivateContentAAD(message), message.ciphertext));

  AuthenticatedContent content;
  content.wire_format = WireFormat::mls_private_message;
  content.content.group_id = message.group_id;
  content.content.epoch = message.epoch;
  content.content.sender = Sender::Member(sender.leaf_index);
  content.content.authenticated_data = message.authenticated_data;
  Reader in(plaintext);
  ReadBody(in, message.content_type, content.content.body);
  content.auth.Read(in, message.content_type);
  MLS_REQUIRE(in.ok(), MALFORMED);  // RFC 9420 §6.3.1: the plaintext is a PrivateMessageContent
  MLS_REQUIRE(!content.auth.signature.empty(),
              MALFORMED);  // RFC 9420 §6.3.1: zeros alone are padding without content
  std::uint8_t padding = 0;
  for (std::uint8_t byte : in.rest()) padding |= byte;
  MLS_REQUIRE(padding == 0, MALFORMED);  // RFC 9420 §6.3.1: padding hides nothing
  return content;
}

}  // namespace mls
