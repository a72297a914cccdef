// RFC 9420 §6.3.1: what a PrivateMessage encrypts, and what it is bound to.
#include "kit/forged_commit.h"
#include "kit/raw_public.h"
#include "kit/scene.h"

namespace mls::test {
namespace {

// EachContent gives signed contents of the three types, for PrivateMessages.
std::vector<AuthenticatedContent> EachContent(const Insider& insider) {
  CommitForgery commit;
  commit.format = WireFormat::mls_private_message;
  AuthenticatedContent signed_commit;
  commit.signed_content = [&](AuthenticatedContent& content) { signed_commit = content; };
  ForgeCommit(insider, commit);
  return {insider.Data(),
          insider.Sign(insider.Content(Proposal{Remove{{0}}}), WireFormat::mls_private_message),
          signed_commit};
}

Hook<Bytes> Padded(std::size_t size, std::size_t at) {
  return [=](Bytes& plaintext) {
    const std::size_t end = plaintext.size();
    plaintext.resize(end + size);
    plaintext.at(end + at) = 1;
  };
}

TEST_CASE("R6.3.1-01: padding is all zero") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    const Insider insider(scene, 2);
    for (const AuthenticatedContent& content : EachContent(insider)) {
      for (const auto& [size, at] :
           {std::pair<std::size_t, std::size_t>{1, 0}, {31, 0}, {31, 15}, {31, 30}}) {
        PrivateForgery forgery;
        forgery.plaintext = Padded(size, at);
        scene.Refuses(1, insider.Private(content, forgery), Error::MALFORMED);
      }
    }
    PrivateForgery zeros;
    zeros.plaintext = [](Bytes& plaintext) { plaintext.resize(plaintext.size() + 31); };
    scene.Accepts(1, insider.Private(insider.Data(), zeros));
    scene.Accepts(1, scene.Send(0, "honest"));
  }
}

TEST_CASE("R6.3.1-02: plaintext decodes as content + auth") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    const Insider insider(scene, 2);
    for (const AuthenticatedContent& content : EachContent(insider)) {
      const std::size_t auth = content.auth.Size(content.content.content_type());
      for (const std::size_t cut : {std::size_t{1}, auth / 2, auth - 1, auth}) {
        PrivateForgery forgery;
        forgery.plaintext = [=](Bytes& plaintext) { plaintext.resize(plaintext.size() - cut); };
        scene.Refuses(1, insider.Private(content, forgery), Error::MALFORMED);
      }
      for (const std::size_t zeros : {0, 1, 64}) {
        PrivateForgery forgery;
        forgery.plaintext = [=](Bytes& plaintext) { plaintext.assign(zeros, 0); };
        scene.Refuses(1, insider.Private(content, forgery), Error::MALFORMED);
      }
    }
    scene.GoesOn();
  }
}

TEST_CASE("R6.3.1-03: AAD binds the header") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    const Insider before(scene, 2);
    scene.Commit(0);
    const Insider insider(scene, 2);
    const auto sent_as = [&](Hook<PrivateMessage> message) {
      PrivateForgery forgery;
      forgery.message = std::move(message);
      return insider.Private(insider.Data(), forgery);
    };
    scene.Refuses(1, sent_as([](PrivateMessage& message) { message.group_id.at(0) ^= 1; }),
                  Error::WRONG_GROUP);
    scene.Refuses(1, sent_as([](PrivateMessage& message) { message.epoch = 0; }), Error::WRONG_EPOCH);
    scene.Refuses(1, sent_as([](PrivateMessage& message) { ++message.epoch; }), Error::FUTURE_EPOCH);
    // The epoch before is remembered: its keys do not open this message.
    scene.Refuses(1, sent_as([](PrivateMessage& message) { --message.epoch; }), Error::DECRYPT_FAILED);
    for (const ContentType type : {ContentType::proposal, ContentType::commit}) {
      scene.Refuses(1, sent_as([=](PrivateMessage& message) { message.content_type = type; }),
                    Error::DECRYPT_FAILED);
    }
    scene.Refuses(1, sent_as([](PrivateMessage& message) { message.authenticated_data = {1}; }),
                  Error::DECRYPT_FAILED);
    scene.GoesOn();
  }
}

// Only the AAD of the content differs from what is sent: signature and sender data are right for the header.
TEST_CASE("R6.3.1-03: the AAD of the content alone binds type and authenticated data") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    const Insider insider(scene, 2);
    PrivateMessage* sent = nullptr;
    PrivateForgery data;
    data.header = [&](PrivateMessage& message) {
      sent = &message;
      message.authenticated_data = ToBytes(AsView("sealed"));
    };
    data.ciphertext = [&](Bytes&) { sent->authenticated_data.clear(); };
    scene.Refuses(1, insider.Private(insider.Data(), data), Error::DECRYPT_FAILED);

    PrivateForgery type;
    type.header = [&](PrivateMessage& message) {
      sent = &message;
      message.content_type = ContentType::commit;
    };
    type.ciphertext = [&](Bytes&) { sent->content_type = ContentType::proposal; };
    const auto proposal =
        insider.Sign(insider.Content(Proposal{Remove{{0}}}), WireFormat::mls_private_message);
    scene.Refuses(1, insider.Private(proposal, type), Error::DECRYPT_FAILED);
    scene.GoesOn();
  }
}

TEST_CASE("R6.3.1-04: ciphertext authenticated") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    const Bytes honest = scene.Send(2, "honest");
    const PrivateMessage genuine = Closed(honest);
    for (const std::size_t bit : BitsOf(suite, genuine.ciphertext.size())) {
      PrivateMessage message = genuine;
      message.ciphertext = Flipped(message.ciphertext, bit);
      scene.Refuses(1, EncodeMessage(message), Error::DECRYPT_FAILED);
    }
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{suite.Nt} - 1,
                                   genuine.ciphertext.size() - 1, genuine.ciphertext.size() + 1}) {
      PrivateMessage message = genuine;
      message.ciphertext.resize(size);
      scene.Refuses(1, EncodeMessage(message), Error::DECRYPT_FAILED);
    }
    scene.Accepts(1, honest);
    scene.GoesOn();
  }
}

// The sender data is sealed over the spoilt ciphertext, so that the content's own tag has to tell.
TEST_CASE("R6.3.1-04: the tag of the content tells") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    const Insider insider(scene, 2);
    const AuthenticatedContent data = insider.Data();  // once: signatures of ECDSA have several lengths
    const std::size_t size = Closed(insider.Private(data)).ciphertext.size();
    for (const std::size_t bit : BitsOf(suite, size)) {
      PrivateForgery forgery;
      forgery.ciphertext = [=](Bytes& ciphertext) { ciphertext = Flipped(ciphertext, bit); };
      scene.Refuses(1, insider.Private(data, forgery), Error::DECRYPT_FAILED);
    }
    for (const std::size_t length : {std::size_t{0}, std::size_t{1}, std::size_t{suite.Nt} - 1, size + 1}) {
      PrivateForgery forgery;
      forgery.ciphertext = [=](Bytes& ciphertext) { ciphertext.resize(length); };
      scene.Refuses(1, insider.Private(data, forgery), Error::DECRYPT_FAILED);
    }
    scene.GoesOn();
  }
}

TEST_CASE("R6.3.1-05: reuse guard applied to the nonce") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    const Insider insider(scene, 2);
    // The kit's guard is 1, 2, 3, 4.
    for (const ReuseGuard& guard : {ReuseGuard{0, 0, 0, 0}, ReuseGuard{0, 2, 3, 4}, ReuseGuard{1, 0, 3, 4},
                                    ReuseGuard{1, 2, 0, 4}, ReuseGuard{1, 2, 3, 0}}) {
      PrivateForgery forgery;
      forgery.announced_guard = guard;
      for (const AuthenticatedContent& content : EachContent(insider)) {
        scene.Refuses(1, insider.Private(content, forgery), Error::DECRYPT_FAILED);
      }
    }
    scene.GoesOn();
  }
}

TEST_CASE("R6.3.1-08: auth data checked in PrivateMessage") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    const Insider insider(scene, 2);
    PrivateForgery as_another;  // under member 0's ratchet and name, with the insider's signature
    as_another.leaf = as_another.key_leaf = LeafIndex{0};
    for (const AuthenticatedContent& content : EachContent(insider)) {
      AuthenticatedContent spoilt = content;
      spoilt.auth.signature.at(spoilt.auth.signature.size() / 2) ^= 1;
      scene.Refuses(1, insider.Private(spoilt), Error::BAD_SIGNATURE);
      scene.Refuses(1, insider.Private(content, as_another), Error::BAD_SIGNATURE);
      AuthenticatedContent framed = content;
      framed.content.sender = Sender::Member({0});
      framed.auth.signature = insider.Sign(framed.content, WireFormat::mls_private_message).auth.signature;
      scene.Refuses(1, insider.Private(framed, as_another), Error::BAD_SIGNATURE);
    }
    scene.GoesOn();
  }
}

TEST_CASE("R6.3.1-10: handshake and application ratchets are separate") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    const Insider insider(scene, 2);
    for (const AuthenticatedContent& content : EachContent(insider)) {
      PrivateForgery forgery;
      forgery.ratchet = content.content.content_type() == ContentType::application ? RatchetType::handshake
                                                                                   : RatchetType::application;
      for (const std::uint32_t generation : {0, 1}) {
        forgery.key_generation = generation;
        scene.Refuses(1, insider.Private(content, forgery), Error::DECRYPT_FAILED);
      }
    }
    scene.GoesOn();
  }
}

}  // namespace
}  // namespace mls::test
