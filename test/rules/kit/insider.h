// Insider: a member of a Company who breaks the rules. It has what every member has, read from its saved
// rows, and builds messages from it field by field: signed, tagged and encrypted as they should be, but for
// the one thing that a test changes on the way. Hooks run in the order in which they are declared.
#pragma once

#include <functional>

#include "support/company.h"

namespace mls::test {

template <class T>
using Hook = std::function<void(T&)>;

template <class T>
void Run(const Hook<T>& hook, T& value) {
  if (hook) hook(value);
}

// PrivateForgery: what is unusual about a PrivateMessage (RFC 9420 §6.3).
struct PrivateForgery {
  std::optional<LeafIndex> leaf;                // whom SenderData names; default: the insider
  std::optional<LeafIndex> key_leaf;            // whose ratchet encrypts; default: the insider's
  std::optional<RatchetType> ratchet;           // which ratchet encrypts; default: that of the content
  std::optional<std::uint32_t> key_generation;  // which key of it; default: the next
  std::optional<std::uint32_t> generation;      // what SenderData says; default: that of the key
  std::optional<ReuseGuard> announced_guard;    // what SenderData says; default: the guard that was used
  Hook<PrivateMessage> header;                  // before sealing: what the AAD covers
  Hook<Bytes> plaintext;                        // PrivateMessageContent
  Hook<Bytes> ciphertext;                       // sealed, before it is the sample for the sender data
  Hook<Bytes> sender_data;                      // encoded SenderData, before it is sealed
  Hook<PrivateMessage> message;                 // all sealed
};

class Insider {
 public:
  // Insider reads what `company[number]` knows now; it does not follow later epochs.
  Insider(Company& company, std::size_t number);

  const Suite& suite() const { return epoch->suite(); }
  Bytes context() const { return epoch->encoded_context; }

  // Content is framed as the insider's own, for this group and epoch.
  FramedContent Content(ContentBody body) const;
  FramedContent Content(Proposal proposal) const {
    return Content(ContentBody(ProposalContent{std::move(proposal)}));
  }
  // Sign gives `content` the insider's signature. SignWith takes another key, label or context.
  AuthenticatedContent Sign(FramedContent content, WireFormat format = WireFormat::mls_public_message) const;
  AuthenticatedContent SignWith(View signature_private_key, View group_context, FramedContent content,
                                WireFormat format = WireFormat::mls_public_message,
                                std::string_view label = "FramedContentTBS") const;

  // MembershipTag is that of the group for `content`, however it was signed (RFC 9420 §6.2).
  Bytes MembershipTag(const AuthenticatedContent& content) const;
  PublicMessage Open(AuthenticatedContent content) const;  // with its membership tag, if it is a member's
  Bytes Public(AuthenticatedContent content) const { return EncodeMessage(Open(std::move(content))); }
  Bytes Public(Proposal proposal) const { return Public(Sign(Content(std::move(proposal)))); }

  Bytes Private(const AuthenticatedContent& content, const PrivateForgery& forgery = {}) const;
  // Application data with a good signature.
  AuthenticatedContent Data(std::string_view text = "forged") const {
    return Sign(Content(ContentBody(ApplicationContent{ToBytes(AsView(text))})),
                WireFormat::mls_private_message);
  }

  Company& company;
  std::size_t number;
  LeafIndex self;
  PublicEpochPtr epoch;
  Secret signer;
  Secret exporter_secret, external_secret, confirmation_key, membership_key, resumption_psk,
      epoch_authenticator, init_secret, sender_data_secret;
  SecretTree secret_tree;

 private:
  MessageKey KeyFor(ContentType type, const PrivateForgery& forgery) const;
};

}  // namespace mls::test
