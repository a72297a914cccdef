#include "message/framed_content.h"

#include "base/check.h"

namespace mls {

ContentType FramedContent::content_type() const {
  return std::visit([](const auto& one) { return one.kTag; }, body);
}

const Proposal* FramedContent::proposal() const {
  const auto* content = std::get_if<ProposalContent>(&body);
  return content == nullptr ? nullptr : &content->proposal;
}

const Commit* FramedContent::commit() const {
  const auto* content = std::get_if<CommitContent>(&body);
  return content == nullptr ? nullptr : &content->commit;
}

std::size_t FramedContentAuthData::Size(ContentType type) const {
  return VectorSize(signature.size()) +
         (type == ContentType::commit ? VectorSize(confirmation_tag.size()) : 0);
}

void FramedContentAuthData::Write(Writer& out, ContentType type) const {
  out.Vector(signature);
  if (type == ContentType::commit) out.Vector(confirmation_tag);
}

void FramedContentAuthData::Read(Reader& in, ContentType type) {
  signature = ToBytes(in.Vector());
  if (type == ContentType::commit) confirmation_tag = ToBytes(in.Vector());
}

std::size_t AuthenticatedContent::Size() const {
  return wire::Size(wire_format) + wire::Size(content) + auth.Size(content.content_type());
}

void AuthenticatedContent::Write(Writer& out) const {
  wire::Write(out, wire_format);
  wire::Write(out, content);
  auth.Write(out, content.content_type());
}

void AuthenticatedContent::Read(Reader& in) {
  wire::Read(in, wire_format);
  wire::Read(in, content);
  auth.Read(in, content.content_type());
}

Bytes EncodeSignedPart(WireFormat wire_format, const FramedContent& content) {
  return Encode(ProtocolVersion::mls10, wire_format, content);
}

View SignedContext(const FramedContent& content, View group_context) {
  const SenderType sender = content.sender.sender_type;
  const bool inside = sender == SenderType::member || sender == SenderType::new_member_commit;
  return inside ? group_context : View();
}

EncodedContent::EncodedContent(AuthenticatedContent content)
    : content_(std::move(content)), encoded_(EncodeSignedPart(content_.wire_format, content_.content)) {}

Result<Verified<AuthenticatedContent>> SignContent(const Suite& suite, WireFormat wire_format,
                                                   FramedContent content, View signature_private_key,
                                                   View group_context) {
  EncodedContent encoded({wire_format, std::move(content), {}});
  const View context = SignedContext(encoded->content, group_context);
  MLS_TRY(signature,
          SignWithLabel(suite, signature_private_key, "FramedContentTBS", {encoded.SignedPart(), context}));
  encoded.content_.auth.signature = std::move(signature);
  return Verified<AuthenticatedContent>(std::move(encoded));
}

Result<Verified<AuthenticatedContent>> VerifyContent(const Suite& suite, EncodedContent content,
                                                     View signature_key, View group_context) {
  const View context = SignedContext(content->content, group_context);
  MLS_DO(VerifyWithLabel(suite, signature_key, "FramedContentTBS", {content.SignedPart(), context},
                         content->auth.signature));
  return Verified<AuthenticatedContent>(std::move(content));
}

Result<Digest> ProposalRef(const Suite& suite, const AuthenticatedContent& content) {
  return MakeProposalRef(suite, Encode(content));
}

}  // namespace mls
