// PrivateMessage (RFC 9420 §6.3): signed, then encrypted under the sender's ratchet; the sender's name is
// encrypted too.
#pragma once

#include <array>

#include "message/framed_content.h"
#include "schedule/key_schedule.h"

namespace mls {

struct PrivateMessage {
  static constexpr WireFormat kTag = WireFormat::mls_private_message;
  Bytes group_id;
  std::uint64_t epoch = 0;
  ContentType content_type = ContentType::application;
  Bytes authenticated_data;
  Bytes encrypted_sender_data;
  Bytes ciphertext;
  static constexpr auto kWire = Fields(&PrivateMessage::group_id, &PrivateMessage::epoch,
                                       &PrivateMessage::content_type, &PrivateMessage::authenticated_data,
                                       &PrivateMessage::encrypted_sender_data, &PrivateMessage::ciphertext);
  bool operator==(const PrivateMessage&) const = default;
};

using ReuseGuard = std::array<std::uint8_t, 4>;

struct SenderData {
  LeafIndex leaf_index;
  std::uint32_t generation = 0;
  ReuseGuard reuse_guard{};
  static constexpr auto kWire =
      Fields(&SenderData::leaf_index, &SenderData::generation, &SenderData::reuse_guard);
  bool operator==(const SenderData&) const = default;
};

// PaddingPolicy says how long an encrypted content is made (RFC 9420 §15.1): as it is, a multiple of
// `multiple` bytes, or Padmé, whose overhead stays below 12 % and whose lengths tell O(log log n) bits.
struct PaddingPolicy {
  enum class Kind : std::uint8_t { none, multiple, padme } kind = Kind::none;
  std::uint32_t multiple = 0;
};
// PaddedSize gives the size that `size` bytes are padded to, at least `size`.
std::size_t PaddedSize(std::size_t size, PaddingPolicy policy);

// ProtectPrivate encrypts content of a member that was signed for this wire format (MISUSE otherwise).
Result<PrivateMessage> ProtectPrivate(const Suite& suite, const AuthenticatedContent& content,
                                      const SenderData& sender, const KeyAndNonce& message_key,
                                      View sender_data_secret, PaddingPolicy padding);

// OpenSenderData decrypts who sent it: DECRYPT_FAILED, MALFORMED.
Result<SenderData> OpenSenderData(const Suite& suite, const PrivateMessage& message, View sender_data_secret);
// OpenContent decrypts what was sent: DECRYPT_FAILED, MALFORMED (also for padding that is not zero).
Result<AuthenticatedContent> OpenContent(const Suite& suite, const PrivateMessage& message,
                                         const SenderData& sender, const KeyAndNonce& message_key);

}  // namespace mls
