#include "message/public_message.h"

#include "base/check.h"

namespace mls {

namespace {

// MembershipTag is the MAC over AuthenticatedContentTBM (RFC 9420 §6.2).
Result<Digest> MembershipTag(const Suite& suite, const FramedContent& content,
                             const FramedContentAuthData& auth, View membership_key, View group_context) {
  Bytes tbm = EncodeFramedContentTBS(WireFormat::mls_public_message, content, group_context);
  const std::size_t tbs_size = tbm.size();
  tbm.resize(tbs_size + auth.Size(content.content_type()));
  Writer out(Span(tbm).subspan(tbs_size));
  auth.Write(out, content.content_type());
  return Mac(suite, membership_key, {tbm});
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
    MLS_TRY(tag, MembershipTag(suite, message.content, message.auth, membership_key, group_context));
    message.membership_tag = ToBytes(tag);
  }
  return message;
}

Status CheckMembershipTag(const Suite& suite, const PublicMessage& message, View membership_key,
                          View group_context) {
  if (message.content.sender.sender_type != SenderType::member) return kOk;
  MLS_TRY(tag, MembershipTag(suite, message.content, message.auth, membership_key, group_context));
  MLS_REQUIRE(ConstantTimeEqual(tag, message.membership_tag),
              BAD_MEMBERSHIP_TAG);  // RFC 9420 §6.2: sent by a member
  return kOk;
}

}  // namespace mls
