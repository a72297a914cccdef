#include "message/public_message.h"

#include "base/check.h"

namespace mls {

namespace {

// MembershipTag is the MAC over AuthenticatedContentTBM (RFC 9420 §6.2).
Result<Digest> MembershipTag(const Suite& suite, const AuthenticatedContent& content, View signed_part,
                             View membership_key, View group_context) {
  const ContentType type = content.content.content_type();
  Bytes auth(content.auth.Size(type));
  Writer out(auth);
  content.auth.Write(out, type);
  return Mac(suite, membership_key, {signed_part, SignedContext(content.content, group_context), auth});
}

}  // namespace

std::size_t PublicMessage::Size() const {
  const bool member = content.sender.sender_type == SenderType::member;
  return wire::Size(content) + auth.Size(content.content_type()) +
         (member ? VectorSize(membership_tag.size()) : 0);
}

void PublicMessage::Write(Writer& out) const {
  wire::Write(out, content);
  auth.Write(out, content.content_type());
  if (content.sender.sender_type == SenderType::member) out.Vector(membership_tag);
}

void PublicMessage::Read(Reader& in) {
  wire::Read(in, content);
  auth.Read(in, content.content_type());
  if (content.sender.sender_type == SenderType::member) membership_tag = ToBytes(in.Vector());
}

Result<PublicMessage> ProtectPublic(const Suite& suite, const AuthenticatedContent& content,
                                    View membership_key, View group_context) {
  MLS_REQUIRE(content.wire_format == WireFormat::mls_public_message,
              MISUSE);  // RFC 9420 §6.1: the signature is for one wire format
  PublicMessage message{content.content, content.auth, {}};
  if (content.content.sender.sender_type == SenderType::member) {
    const Bytes signed_part = EncodeSignedPart(content.wire_format, content.content);
    MLS_TRY(tag, MembershipTag(suite, content, signed_part, membership_key, group_context));
    message.membership_tag = ToBytes(tag);
  }
  return message;
}

Status CheckMembershipTag(const Suite& suite, const EncodedContent& content, View membership_tag,
                          View membership_key, View group_context) {
  if (content->content.sender.sender_type != SenderType::member) return kOk;
  MLS_TRY(tag, MembershipTag(suite, *content, content.SignedPart(), membership_key, group_context));
  MLS_REQUIRE(ConstantTimeEqual(tag, membership_tag),
              BAD_MEMBERSHIP_TAG);  // RFC 9420 §6.2: sent by a member
  return kOk;
}

}  // namespace mls
