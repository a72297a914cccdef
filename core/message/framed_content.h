// FramedContent and its authentication (RFC 9420 §6, §6.1): what every handshake and application message
// holds, before it is framed as a PublicMessage or PrivateMessage.
//
//    Proposal        Commit     Application Data
//       +--------------+--------------+
//                      V
//               FramedContent ---- signature ----+
//                      V                         |
//             AuthenticatedContent <-------------+
//               |              |
//         PublicMessage   PrivateMessage
#pragma once

#include "message/commit.h"

namespace mls {

// Registry values (RFC 9420 §17.2).
enum class WireFormat : std::uint16_t {
  reserved = 0,
  mls_public_message = 1,
  mls_private_message = 2,
  mls_welcome = 3,
  mls_group_info = 4,
  mls_key_package = 5,
};

enum class ContentType : std::uint8_t { application = 1, proposal = 2, commit = 3 };
constexpr bool IsKnown(ContentType type) {
  return type >= ContentType::application && type <= ContentType::commit;
}

enum class SenderType : std::uint8_t {
  member = 1,
  external = 2,
  new_member_proposal = 3,
  new_member_commit = 4
};
constexpr bool IsKnown(SenderType type) {
  return type >= SenderType::member && type <= SenderType::new_member_commit;
}

struct Sender {
  SenderType sender_type = SenderType::member;
  LeafIndex leaf_index;            // with member
  std::uint32_t sender_index = 0;  // with external
  static constexpr auto kWire =
      Fields(&Sender::sender_type, When(&Sender::sender_type, SenderType::member, &Sender::leaf_index),
             When(&Sender::sender_type, SenderType::external, &Sender::sender_index));
  bool operator==(const Sender&) const = default;

  static Sender Member(LeafIndex leaf) { return {SenderType::member, leaf, 0}; }
  static Sender External(std::uint32_t index) { return {SenderType::external, {}, index}; }
  static Sender NewMemberProposal() { return {SenderType::new_member_proposal, {}, 0}; }
  static Sender NewMemberCommit() { return {SenderType::new_member_commit, {}, 0}; }
};

struct ApplicationContent {
  static constexpr ContentType kTag = ContentType::application;
  Bytes application_data;
  static constexpr auto kWire = Fields(&ApplicationContent::application_data);
  bool operator==(const ApplicationContent&) const = default;
};

struct ProposalContent {
  static constexpr ContentType kTag = ContentType::proposal;
  Proposal proposal;
  static constexpr auto kWire = Fields(&ProposalContent::proposal);
  bool operator==(const ProposalContent&) const = default;
};

struct CommitContent {
  static constexpr ContentType kTag = ContentType::commit;
  Commit commit;
  static constexpr auto kWire = Fields(&CommitContent::commit);
  bool operator==(const CommitContent&) const = default;
};

using ContentBody = std::variant<ApplicationContent, ProposalContent, CommitContent>;

struct FramedContent {
  Bytes group_id;
  std::uint64_t epoch = 0;
  Sender sender;
  Bytes authenticated_data;
  ContentBody body;
  static constexpr auto kWire =
      Fields(&FramedContent::group_id, &FramedContent::epoch, &FramedContent::sender,
             &FramedContent::authenticated_data, &FramedContent::body);
  bool operator==(const FramedContent&) const = default;

  ContentType content_type() const;
  const Proposal* proposal() const;  // null for other contents
  const Commit* commit() const;
};

// FramedContentAuthData: the tag is there exactly for a Commit. The content type stands outside the
// structure, so reading and writing take it.
struct FramedContentAuthData {
  Bytes signature;
  Bytes confirmation_tag;
  bool operator==(const FramedContentAuthData&) const = default;

  std::size_t Size(ContentType type) const;
  void Write(Writer& out, ContentType type) const;
  void Read(Reader& in, ContentType type);
};

struct AuthenticatedContent {
  WireFormat wire_format = WireFormat::mls_public_message;
  FramedContent content;
  FramedContentAuthData auth;
  bool operator==(const AuthenticatedContent&) const = default;

  std::size_t Size() const;
  void Write(Writer& out) const;
  void Read(Reader& in);
};

template <class T>
class Verified;

// FramedContentTBS is what the signature covers and the membership tag begins with (RFC 9420 §6.1, §6.2):
//
//   version | wire_format | FramedContent | context, for senders inside the group
//           '---- TranscriptPart() ----'
//   '---------- SignedPart() -----------'
//
// A Commit may have a megabyte, so signature, membership tag and transcript hash read one encoding of it.
class EncodedContent {
 public:
  // EncodedContent encodes `content`. From then on neither changes, so that they agree.
  EncodedContent(AuthenticatedContent content);  // NOLINT: the same value
  const AuthenticatedContent& operator*() const { return content_; }
  const AuthenticatedContent* operator->() const { return &content_; }
  AuthenticatedContent WithoutEncoding() && {
    encoded_ = Bytes();
    return std::move(content_);
  }

  View SignedPart() const { return encoded_; }
  // TranscriptPart begins ConfirmedTranscriptHashInput; the signature follows it (RFC 9420 §8.2).
  View TranscriptPart() const { return View(encoded_).subspan(sizeof(ProtocolVersion)); }

 private:
  // SignContent adds the signature, which the encoding does not hold.
  friend Result<Verified<AuthenticatedContent>> SignContent(const Suite&, WireFormat, FramedContent, View,
                                                            View);
  AuthenticatedContent content_;
  Bytes encoded_;
};

// EncodeSignedPart gives FramedContentTBS without its context.
Bytes EncodeSignedPart(WireFormat wire_format, const FramedContent& content);
// SignedContext gives its context: `group_context`, the encoded one, or nothing for senders outside the
// group.
View SignedContext(const FramedContent& content, View group_context);

// Verified<T> is a T whose signature was checked, with the encoding that was. Only VerifyContent and
// SignContent make one; whatever acts on content takes it.
template <class T>
class Verified {
 public:
  const T& operator*() const { return *content_; }
  const T* operator->() const { return &*content_; }
  const EncodedContent& encoded() const { return content_; }
  T Take() && { return std::move(content_).WithoutEncoding(); }

 private:
  explicit Verified(EncodedContent content) : content_(std::move(content)) {}
  friend Result<Verified<AuthenticatedContent>> VerifyContent(const Suite&, EncodedContent, View, View);
  friend Result<Verified<AuthenticatedContent>> SignContent(const Suite&, WireFormat, FramedContent, View,
                                                            View);
  EncodedContent content_;
};

// SignContent signs what we send ourselves. The confirmation tag of a Commit is set later: it depends on the
// signature.
Result<Verified<AuthenticatedContent>> SignContent(const Suite& suite, WireFormat wire_format,
                                                   FramedContent content, View signature_private_key,
                                                   View group_context);
// VerifyContent: BAD_SIGNATURE.
Result<Verified<AuthenticatedContent>> VerifyContent(const Suite& suite, EncodedContent content,
                                                     View signature_key, View group_context);

// ProposalRef is the name of a proposal in a Commit (RFC 9420 §5.2): the hash of the whole
// AuthenticatedContent.
Result<Digest> ProposalRef(const Suite& suite, const AuthenticatedContent& content);

}  // namespace mls
