// The official message-protection vectors: each content as others framed it, and as we frame it ourselves.
#include <doctest/doctest.h>

#include "base/check.h"
#include "group/message_keys.h"
#include "message/mls_message.h"
#include "support/clients.h"
#include "support/tally.h"
#include "support/vectors.h"

namespace mls::test {
namespace {

constexpr LeafIndex kSender{1}, kReceiver{0};

// CaseEpoch: what a case says about its group of two.
struct CaseEpoch {
  explicit CaseEpoch(const Json& vector)
      : suite(*FindSuite(CipherSuite{vector["cipher_suite"].get<std::uint16_t>()})),
        group_id(FromHex(vector["group_id"])),
        epoch(vector["epoch"]),
        group_context(Encode(GroupContext{ProtocolVersion::mls10,
                                          suite.id,
                                          group_id,
                                          epoch,
                                          FromHex(vector["tree_hash"]),
                                          FromHex(vector["confirmed_transcript_hash"]),
                                          {}})),
        signature_priv(FromHex(vector["signature_priv"], suite.Nsigsk)),
        signature_pub(FromHex(vector["signature_pub"])),
        encryption_secret(FromHex(vector["encryption_secret"])),
        sender_data_secret(FromHex(vector["sender_data_secret"])),
        membership_key(FromHex(vector["membership_key"])) {}

  // Fresh keys, of which nothing was used.
  MessageKeys Keys() const {
    return {Secret::Copy(sender_data_secret),
            SecretTree::Create(suite, epoch, 2, Secret::Copy(encryption_secret))};
  }

  const Suite& suite;
  Bytes group_id;
  std::uint64_t epoch;
  Bytes group_context, signature_priv, signature_pub, encryption_secret, sender_data_secret, membership_key;
};

Result<Bytes> OpenPublic(const CaseEpoch& epoch, View bytes) {
  MLS_TRY(message, DecodeMessage(bytes, kLimits));
  auto* open = std::get_if<PublicMessage>(&message.body);
  MLS_REQUIRE(open != nullptr, WRONG_WIRE_FORMAT);  // the field says so
  EncodedContent content({WireFormat::mls_public_message, open->content, open->auth});
  MLS_DO(CheckMembershipTag(epoch.suite, content, open->membership_tag, epoch.membership_key,
                            epoch.group_context));
  MLS_TRY(verified, VerifyContent(epoch.suite, std::move(content), epoch.signature_pub, epoch.group_context));
  return Encode(verified->content.body);
}

Result<Bytes> OpenPrivate(const CaseEpoch& epoch, View bytes) {
  MLS_TRY(message, DecodeMessage(bytes, kLimits));
  auto* closed = std::get_if<PrivateMessage>(&message.body);
  MLS_REQUIRE(closed != nullptr, WRONG_WIRE_FORMAT);  // the field says so
  const MessageContext context{&epoch.suite, epoch.group_context, kReceiver, [&](LeafIndex leaf) {
                                 return leaf == kSender ? View(epoch.signature_pub) : View();
                               }};
  MLS_TRY(opened, OpenPrivateMessage(epoch.Keys(), context, *closed, kLimits));
  return Encode(opened.content->content.body);
}

Result<AuthenticatedContent> Authenticate(const CaseEpoch& epoch, WireFormat format,
                                          const ContentBody& body) {
  FramedContent content{epoch.group_id, epoch.epoch, Sender::Member(kSender), {0xAD}, body};
  MLS_TRY(signed_content,
          SignContent(epoch.suite, format, std::move(content), epoch.signature_priv, epoch.group_context));
  AuthenticatedContent authenticated = std::move(signed_content).Take();
  if (authenticated.content.commit() != nullptr)
    authenticated.auth.confirmation_tag = Bytes(epoch.suite.Nh, 7);
  return authenticated;
}

Result<Bytes> SealPublic(const CaseEpoch& epoch, const ContentBody& body) {
  MLS_TRY(content, Authenticate(epoch, WireFormat::mls_public_message, body));
  MLS_TRY(message, ProtectPublic(epoch.suite, content, epoch.membership_key, epoch.group_context));
  return EncodeMessage(std::move(message));
}

Result<Bytes> SealPrivate(const CaseEpoch& epoch, const ContentBody& body, PaddingPolicy padding) {
  SeededRandom random(1);
  MLS_TRY(content, Authenticate(epoch, WireFormat::mls_private_message, body));
  MLS_TRY(sealed, SealPrivateMessage(epoch.Keys(), epoch.suite, content, padding, kLimits, random));
  return EncodeMessage(std::move(sealed.message));
}

// Gives: `opened` is the content with the tag of its type before it.
bool Gives(const Result<Bytes>& opened, const Bytes& body) { return opened.ok() && *opened == body; }

// Travels: a content arrives as the vector framed it and as we frame it.
bool Travels(const CaseEpoch& epoch, const Bytes& raw, const Json& public_message,
             const Json& private_message) {
  const auto body = Decode<ContentBody>(raw);
  if (!body.ok()) return false;
  bool right = Gives(OpenPrivate(epoch, FromHex(private_message)), raw);
  for (const PaddingPolicy padding : {PaddingPolicy{}, PaddingPolicy{PaddingPolicy::Kind::padme, 0}}) {
    const auto sealed = SealPrivate(epoch, *body, padding);
    right = right && sealed.ok() && Gives(OpenPrivate(epoch, *sealed), raw);
  }
  if (public_message.is_null()) return right;
  const auto sealed = SealPublic(epoch, *body);
  return right && Gives(OpenPublic(epoch, FromHex(public_message)), raw) && sealed.ok() &&
         Gives(OpenPublic(epoch, *sealed), raw);
}

// Raw gives what a ContentBody of this type encodes to, from the vector's bare structure.
Bytes Raw(ContentType type, const Json& field) {
  const Bytes bare = FromHex(field);
  return type == ContentType::application ? Encode(type, bare) : Encode(type, Encoded{bare});
}

}  // namespace

TEST_CASE("message-protection vectors") {
  for (const VectorFile& file : FindVectors("message-protection")) {
    Tally tally(file.set, "message-protection");
    for (const Json& vector : file.json) {
      CAPTURE(vector["cipher_suite"].get<int>());
      const CaseEpoch epoch(vector);
      const bool proposal = Travels(epoch, Raw(ContentType::proposal, vector["proposal"]),
                                    vector["proposal_pub"], vector["proposal_priv"]);
      const bool commit = Travels(epoch, Raw(ContentType::commit, vector["commit"]), vector["commit_pub"],
                                  vector["commit_priv"]);
      const bool application = Travels(epoch, Raw(ContentType::application, vector["application"]), Json(),
                                       vector["application_priv"]);
      CHECK(proposal);
      CHECK(commit);
      CHECK(application);
      CHECK(tally.Count(proposal && commit && application));
    }
  }
}

}  // namespace mls::test
