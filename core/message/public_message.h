// PublicMessage (RFC 9420 §6.2): signed and, from members, tagged; not encrypted.
#pragma once

#include "message/framed_content.h"

namespace mls {

struct PublicMessage {
  static constexpr WireFormat kTag = WireFormat::mls_public_message;
  FramedContent content;
  FramedContentAuthData auth;
  Bytes membership_tag;  // with sender type member
  bool operator==(const PublicMessage&) const = default;

  std::size_t Size() const;
  void Write(Writer& out) const;
  void Read(Reader& in);
};

// ProtectPublic frames content that was signed for this wire format (MISUSE otherwise); `membership_key` is
// used for members only.
Result<PublicMessage> ProtectPublic(const Suite& suite, const AuthenticatedContent& content,
                                    View membership_key, View group_context);
// CheckMembershipTag: BAD_MEMBERSHIP_TAG. `content` is that of a PublicMessage, `membership_tag` came with
// it; messages from outside carry none and pass.
Status CheckMembershipTag(const Suite& suite, const EncodedContent& content, View membership_tag,
                          View membership_key, View group_context);

}  // namespace mls
