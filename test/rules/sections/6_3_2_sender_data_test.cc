// RFC 9420 §6.3.2: who sent a PrivateMessage.
#include "kit/forged_commit.h"
#include "kit/raw_public.h"
#include "kit/scene.h"

namespace mls::test {
namespace {

// InTheNameOf frames, signs and encrypts as if the insider were the member at `leaf`.
Bytes InTheNameOf(const Insider& insider, LeafIndex leaf, std::optional<LeafIndex> key_leaf,
                  const Secret* signer = nullptr) {
  FramedContent content = insider.Data().content;
  content.sender = Sender::Member(leaf);
  PrivateForgery forgery;
  forgery.leaf = leaf;
  forgery.key_leaf = key_leaf;
  return insider.Private(insider.SignWith(signer == nullptr ? insider.signer : *signer, insider.context(),
                                          std::move(content), WireFormat::mls_private_message),
                         forgery);
}

TEST_CASE("R6.3.2-01: SenderData.leaf_index is a non-blank leaf: blank") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 5);
    scene.Commit(0, Proposing({Remove{{3}}}));
    const Insider insider(scene, 2);
    for (const Secret* signer : {&insider.signer, &scene.client(3).profile.signature_private_key}) {
      scene.Refuses(1, InTheNameOf(insider, {3}, LeafIndex{3}, signer), Error::UNKNOWN_SENDER);
      scene.Refuses(1, InTheNameOf(insider, {3}, std::nullopt, signer), Error::UNKNOWN_SENDER);
    }
    scene.GoesOn();
  }
}

TEST_CASE("R6.3.2-02: SenderData.leaf_index is a non-blank leaf: out of range") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 4);
    const Insider insider(scene, 2);
    for (const std::uint32_t leaf : {4u, 5u, 0x7FFFFFFFu, 0x80000000u, 0xFFFFFFFFu}) {
      scene.Refuses(1, InTheNameOf(insider, {leaf}, std::nullopt), Error::UNKNOWN_SENDER);
    }
    scene.GoesOn();
  }
}

TEST_CASE("R6.3.2-03: encrypted_sender_data authenticated") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    Insider before(scene, 2);
    scene.Commit(0);
    const Bytes honest = scene.Send(2, "honest");
    const PrivateMessage genuine = Closed(honest);
    for (const std::size_t bit : BitsOf(suite, genuine.encrypted_sender_data.size())) {
      PrivateMessage message = genuine;
      message.encrypted_sender_data = Flipped(message.encrypted_sender_data, bit);
      scene.Refuses(1, EncodeMessage(message), Error::DECRYPT_FAILED);
    }
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{1}, std::size_t{suite.Nt}, genuine.encrypted_sender_data.size() - 1,
          genuine.encrypted_sender_data.size() + 1}) {
      PrivateMessage message = genuine;
      message.encrypted_sender_data.resize(size);
      scene.Refuses(1, EncodeMessage(message), Error::DECRYPT_FAILED);
    }
    // The key of the epoch before; and an AAD that is not the header.
    Insider insider(scene, 2);
    insider.sender_data_secret = before.sender_data_secret.Clone();
    scene.Refuses(1, insider.Private(insider.Data()), Error::DECRYPT_FAILED);
    scene.Accepts(1, honest);
    scene.GoesOn();
  }
}

// Everything is right for the header as it is sent but for the AAD that the sender data was sealed under.
TEST_CASE("R6.3.2-03: the AAD of the sender data is the header") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    const Insider insider(scene, 2);
    for (int field = 0; field < 3; ++field) {
      PrivateMessage* sent = nullptr;
      PrivateMessage original;
      PrivateForgery forgery;
      forgery.header = [&](PrivateMessage& message) { sent = &message; };
      forgery.ciphertext = [&](Bytes&) {
        original = *sent;
        if (field == 0) sent->group_id.at(0) ^= 1;
        if (field == 1) sent->epoch += 1;
        if (field == 2) sent->content_type = ContentType::proposal;
      };
      forgery.message = [&](PrivateMessage& message) {
        message.group_id = original.group_id;
        message.epoch = original.epoch;
        message.content_type = original.content_type;
      };
      scene.Refuses(1, insider.Private(insider.Data(), forgery), Error::DECRYPT_FAILED);
    }
    scene.GoesOn();
  }
}

TEST_CASE("R6.3.2-04: SenderData decodes exactly (12 bytes)") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    const Insider insider(scene, 2);
    for (const std::size_t size : {0, 11, 13}) {
      PrivateForgery forgery;
      forgery.sender_data = [=](Bytes& sender_data) {
        REQUIRE(sender_data.size() == 12);
        sender_data.resize(size);
      };
      scene.Refuses(1, insider.Private(insider.Data(), forgery), Error::MALFORMED);
    }
    scene.GoesOn();
  }
}

TEST_CASE("R6.3.2-05: ciphertext shorter than Nh: whole ciphertext is the sample") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    const Insider insider(scene, 2);
    for (const std::size_t size : {std::size_t{suite.Nt}, std::size_t{suite.Nh} - 1, std::size_t{suite.Nh}}) {
      PrivateForgery forgery;
      forgery.ciphertext = [=](Bytes& ciphertext) { ciphertext.resize(size); };
      scene.Refuses(1, insider.Private(insider.Data(), forgery), Error::DECRYPT_FAILED);
    }
    // A ciphertext that is short and opens: that of nothing, and of what is a little less than Nh with its
    // tag. The sender data must have been opened for it to be found to hold no content.
    for (const std::size_t size : {std::size_t{0}, std::size_t{suite.Nh} - suite.Nt - 1}) {
      PrivateForgery forgery;
      forgery.plaintext = [=](Bytes& plaintext) { plaintext.assign(size, 0); };
      scene.Refuses(1, insider.Private(insider.Data(), forgery), Error::MALFORMED);
    }
    scene.GoesOn();
  }
}

TEST_CASE("R6.3.2-06: sender type is member when building SenderData") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 2);
    Insider insider(scene, 1);
    const MessageKey key = Must(insider.secret_tree.Send({{1}, RatchetType::handshake}, {}));
    const auto protect = [&](Sender sender) {
      FramedContent content = insider.Content(Proposal{Remove{{0}}});
      content.sender = sender;
      const auto signed_content = insider.Sign(std::move(content), WireFormat::mls_private_message);
      return ErrorOf(ProtectPrivate(suite, signed_content, {{1}, key.generation, {}}, key.key_and_nonce,
                                    insider.sender_data_secret, {}));
    };
    for (const Sender& sender :
         {Sender::External(0), Sender::NewMemberProposal(), Sender::NewMemberCommit()}) {
      CHECK(protect(sender) == Error::MISUSE);
    }
    CHECK(protect(Sender::Member({1})) == Error::INTERNAL);  // no error
    scene.GoesOn();
  }
}

TEST_CASE("R6.3.2-07: message naming my own leaf") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    const Insider insider(scene, 2);
    // Under my name: with the forger's key, with mine; under my ratchet and under another.
    for (const Secret* signer : {&insider.signer, &scene.client(1).profile.signature_private_key}) {
      scene.Refuses(1, InTheNameOf(insider, {1}, LeafIndex{1}, signer), Error::OWN_MESSAGE);
      scene.Refuses(1, InTheNameOf(insider, {1}, std::nullopt, signer), Error::OWN_MESSAGE);
    }
    // What I sent and remember comes back as mine; what I do not remember is still not read.
    const Bytes own = scene.Send(1, "mine");
    const MemoryRows before = World::Saved(scene[1]);
    CHECK(std::holds_alternative<OwnMessage>(scene.Receive(1, own)));
    CHECK(before == World::Saved(scene[1]));
    scene[1] = Must(Group::Load(scene.store(1), scene[1].policy(), scene.world.env));
    scene.Refuses(1, own, Error::OWN_MESSAGE);
    scene.Accepts(0, own);
    scene.GoesOn();
  }
}

}  // namespace
}  // namespace mls::test
