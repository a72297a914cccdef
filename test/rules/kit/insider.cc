#include "kit/insider.h"

#include "crypto/aead.h"

namespace mls::test {

namespace {

SecretTree TreeOf(const Group& group) {
  return Must(
      SecretTree::Load(group.suite(), group.context().epoch, group.tree().width(), World::Saved(group)));
}

// Plaintext is the encoded PrivateMessageContent, without padding.
Bytes Plaintext(const AuthenticatedContent& content) {
  Bytes encoded = std::visit([](const auto& body) { return Encode(body); }, content.content.body);
  const ContentType type = content.content.content_type();
  const auto append = [&](const Bytes& bytes) { encoded.insert(encoded.end(), bytes.begin(), bytes.end()); };
  append(Encode(content.auth.signature));
  if (type == ContentType::commit) append(Encode(content.auth.confirmation_tag));
  return encoded;
}

}  // namespace

Insider::Insider(Company& of, std::size_t who)
    : company(of),
      number(who),
      self(of[who].self()),
      epoch(std::make_shared<PublicEpoch>(of[who].epoch())),
      secret_tree(TreeOf(of[who])) {
  const MemoryRows rows = World::Saved(company[number]);
  signer = Secret::Copy(*rows.Get(RowKey(RowTag::signer)));
  Reader in(*rows.Get(RowKey(RowTag::epoch_secrets, epoch->context.epoch)));
  for (Secret* secret : {&exporter_secret, &external_secret, &confirmation_key, &membership_key,
                         &resumption_psk, &epoch_authenticator, &init_secret, &sender_data_secret}) {
    wire::Read(in, *secret);
  }
  Bytes context_hash;
  wire::Read(in, context_hash);
  REQUIRE(in.ok());
  REQUIRE(in.empty());
}

FramedContent Insider::Content(ContentBody body) const {
  return {epoch->context.group_id, epoch->context.epoch, Sender::Member(self), {}, std::move(body)};
}

AuthenticatedContent Insider::Sign(FramedContent content, WireFormat format) const {
  return SignWith(signer, context(), std::move(content), format);
}

AuthenticatedContent Insider::SignWith(View signature_private_key, View group_context, FramedContent content,
                                       WireFormat format, std::string_view label) const {
  const View signed_context = SignedContext(content, group_context);
  const Bytes signed_part = EncodeSignedPart(format, content);
  Bytes signature = Must(SignWithLabel(suite(), signature_private_key, label, {signed_part, signed_context}));
  return {format, std::move(content), {std::move(signature), {}}};
}

Bytes Insider::MembershipTag(const AuthenticatedContent& content) const {
  const Bytes signed_part = EncodeSignedPart(WireFormat::mls_public_message, content.content);
  Bytes auth = Encode(content.auth.signature);
  if (content.content.content_type() == ContentType::commit) {
    const Bytes tag = Encode(content.auth.confirmation_tag);
    auth.insert(auth.end(), tag.begin(), tag.end());
  }
  return ToBytes(Must(Mac(suite(), membership_key, {signed_part, context(), auth})));
}

PublicMessage Insider::Open(AuthenticatedContent content) const {
  PublicMessage message{std::move(content.content), std::move(content.auth), {}};
  if (message.content.sender.sender_type == SenderType::member) {
    message.membership_tag = MembershipTag({WireFormat::mls_public_message, message.content, message.auth});
  }
  return message;
}

MessageKey Insider::KeyFor(ContentType type, const PrivateForgery& forgery) const {
  const RatchetType usual =
      type == ContentType::application ? RatchetType::application : RatchetType::handshake;
  const RatchetId id{forgery.key_leaf.value_or(self), forgery.ratchet.value_or(usual)};
  Limits far;  // a forger steps as far as it likes
  far.max_forward_steps = 1u << 20;
  if (forgery.key_generation) return Must(secret_tree.Receive(id, *forgery.key_generation, far));
  for (std::uint32_t generation = 0;; ++generation) {
    auto key = secret_tree.Receive(id, generation, {});
    if (key.ok() || key.error() != Error::KEY_CONSUMED) return Must(std::move(key));
  }
}

Bytes Insider::Private(const AuthenticatedContent& content, const PrivateForgery& forgery) const {
  PrivateMessage message{content.content.group_id,
                         content.content.epoch,
                         content.content.content_type(),
                         content.content.authenticated_data,
                         {},
                         {}};
  const MessageKey key = KeyFor(message.content_type, forgery);
  Run(forgery.header, message);
  Bytes plaintext = Plaintext(content);
  Run(forgery.plaintext, plaintext);
  const ReuseGuard guard{1, 2, 3, 4};
  Secret nonce = key.key_and_nonce.nonce.Clone();
  for (std::size_t i = 0; i < guard.size(); ++i) nonce.span()[i] ^= guard[i];
  const Bytes content_aad =
      Encode(message.group_id, message.epoch, message.content_type, message.authenticated_data);
  message.ciphertext = Must(AeadSeal(suite(), key.key_and_nonce.key, nonce, content_aad, plaintext));
  Run(forgery.ciphertext, message.ciphertext);

  Bytes sender_data =
      Encode(SenderData{forgery.leaf.value_or(self), forgery.generation.value_or(key.generation),
                        forgery.announced_guard.value_or(guard)});
  Run(forgery.sender_data, sender_data);
  const KeyAndNonce sender_key = Must(SenderDataKey(suite(), sender_data_secret, message.ciphertext));
  const Bytes sender_aad = Encode(message.group_id, message.epoch, message.content_type);
  message.encrypted_sender_data =
      Must(AeadSeal(suite(), sender_key.key, sender_key.nonce, sender_aad, sender_data));
  Run(forgery.message, message);
  return EncodeMessage(std::move(message));
}

}  // namespace mls::test
