#include "group/message_keys.h"

#include "support/world.h"

#include <doctest/doctest.h>

namespace mls::test {
namespace {

// Pair: the keys of one epoch as two members of four hold them. Leaf 3 is blank.
struct Pair {
  const Suite& suite;
  SeededRandom random{31};
  Limits limits;
  Bytes context = Bytes(40, 4);
  std::vector<SignatureKeyPair> signers;
  MessageKeys sender, receiver;

  explicit Pair(const Suite& s) : suite(s), sender(NewKeys()), receiver(NewKeys()) {
    for (int i = 0; i < 3; ++i) signers.push_back(Must(GenerateSignatureKeyPair(suite, random)));
  }
  MessageKeys NewKeys() const {
    return {Secret::Copy(Bytes(suite.Nh, 1)),
            SecretTree::Create(suite, 7, 4, Secret::Copy(Bytes(suite.Nh, 2)))};
  }
  AuthenticatedContent Sign(ContentBody body, std::uint32_t leaf = 0) {
    FramedContent content{{9}, 7, Sender::Member({leaf}), {0xAD}, std::move(body)};
    return Must(SignContent(suite, WireFormat::mls_private_message, std::move(content),
                            signers[leaf].private_key, context))
        .Take();
  }
  Result<SealedMessage> Seal(const AuthenticatedContent& content) {
    return SealPrivateMessage(sender, suite, content, {}, limits, random);
  }
  // Send seals and consumes the generation.
  PrivateMessage Send(const AuthenticatedContent& content) {
    SealedMessage sealed = Must(Seal(content));
    sender.secret_tree.Apply(std::move(sealed.change));
    return std::move(sealed.message);
  }
  Result<OpenedMessage> Open(const PrivateMessage& message, std::uint32_t self = 1) {
    const MessageContext where{&suite, context, {self}, [this](LeafIndex leaf) {
                                 return leaf.value < 3 ? View(signers[leaf.value].public_key) : View();
                               }};
    return OpenPrivateMessage(receiver, where, message, limits);
  }
  MemoryRows Saved() const {
    Batch batch;
    receiver.secret_tree.Save(batch);
    MemoryRows rows;
    rows.Apply(batch);
    return rows;
  }
};

const ContentBody kHello = ApplicationContent{ToBytes(AsView("hello"))};
const ContentBody kRemove = ProposalContent{{Remove{{2}}}};

TEST_CASE("what one member seals another opens, application and handshake, in any order") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Pair pair(suite);
    std::vector<std::pair<AuthenticatedContent, PrivateMessage>> sent;
    for (int i = 0; i < 4; ++i) {
      AuthenticatedContent content = pair.Sign(i % 2 == 0 ? kHello : kRemove);
      PrivateMessage message = pair.Send(content);
      sent.emplace_back(std::move(content), std::move(message));
    }
    for (const std::size_t i : {3u, 0u, 2u, 1u}) {
      auto opened = pair.Open(sent[i].second);
      REQUIRE(opened.ok());
      CHECK(*opened->content == sent[i].first);
      pair.receiver.secret_tree.Apply(std::move(opened->change));
    }
    for (const auto& [content, message] : sent) CHECK(ErrorOf(pair.Open(message)) == Error::KEY_CONSUMED);
  }
}

TEST_CASE("the two kinds of content have ratchets of their own (RFC 9420 §9.1)") {
  Pair pair(AllSuites()[0]);
  CHECK(Must(OpenSenderData(pair.suite, pair.Send(pair.Sign(kHello)), pair.sender.sender_data_secret))
            .generation == 0);
  CHECK(Must(OpenSenderData(pair.suite, pair.Send(pair.Sign(kRemove)), pair.sender.sender_data_secret))
            .generation == 0);
  CHECK(Must(OpenSenderData(pair.suite, pair.Send(pair.Sign(kHello)), pair.sender.sender_data_secret))
            .generation == 1);
}

TEST_CASE("opening and sealing change nothing until the change is applied") {
  Pair pair(AllSuites()[0]);
  const PrivateMessage message = pair.Send(pair.Sign(kHello));
  const MemoryRows before = pair.Saved();
  REQUIRE(pair.Open(message).ok());
  REQUIRE(pair.Open(message).ok());
  CHECK(before == pair.Saved());
  const auto generation = [&] {
    return Must(OpenSenderData(pair.suite, Must(pair.Seal(pair.Sign(kHello))).message,
                               pair.sender.sender_data_secret))
        .generation;
  };
  CHECK(generation() == 1);
  CHECK(generation() == 1);
}

TEST_CASE("a message that is refused costs no key, and the genuine one is read afterwards") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Pair pair(suite);
    const PrivateMessage genuine = pair.Send(pair.Sign(kHello));
    const MemoryRows before = pair.Saved();
    PrivateMessage changed = genuine;
    changed.ciphertext.back() ^= 1;
    CHECK(ErrorOf(pair.Open(changed)) == Error::DECRYPT_FAILED);
    changed = genuine;
    changed.encrypted_sender_data[0] ^= 1;
    CHECK(ErrorOf(pair.Open(changed)) == Error::DECRYPT_FAILED);
    changed = genuine;
    changed.authenticated_data = {0xAE};
    CHECK(ErrorOf(pair.Open(changed)) == Error::DECRYPT_FAILED);
    changed = genuine;
    changed.content_type = ContentType::proposal;
    CHECK(ErrorOf(pair.Open(changed)) == Error::DECRYPT_FAILED);

    // An insider under the sender's ratchet, with a signature of their own.
    AuthenticatedContent forged = pair.Sign(kHello);
    forged.auth.signature = pair.Sign(kHello, 2).auth.signature;
    Pair insider(suite);
    CHECK(ErrorOf(pair.Open(Must(insider.Seal(forged)).message)) == Error::BAD_SIGNATURE);
    CHECK(before == pair.Saved());
    CHECK(pair.Open(genuine).ok());
  }
}

TEST_CASE("the sender is another member") {
  Pair pair(AllSuites()[0]);
  const PrivateMessage message = pair.Send(pair.Sign(kHello));
  CHECK(ErrorOf(pair.Open(message, 0)) == Error::OWN_MESSAGE);
  AuthenticatedContent content = pair.Sign(kHello);
  content.content.sender = Sender::Member({3});
  CHECK(ErrorOf(pair.Open(Must(pair.Seal(content)).message)) == Error::UNKNOWN_SENDER);
}

TEST_CASE("R15.3: a generation too far ahead is refused before anything is derived") {
  Pair pair(AllSuites()[0]);
  pair.limits.max_forward_steps = 3;
  std::vector<PrivateMessage> messages;
  for (int i = 0; i < 5; ++i) messages.push_back(pair.Send(pair.Sign(kHello)));
  CHECK(pair.Open(messages[3]).ok());
  const Counters before = Count();
  CHECK(ErrorOf(pair.Open(messages[4])) == Error::LIMIT_EXCEEDED);
  CHECK(Count().expands - before.expands <= 2);  // key and nonce of the sender data
}

TEST_CASE("R6.3.1: the reuse guard is fresh for each message, and without randomness nothing is sealed") {
  Pair pair(AllSuites()[0]);
  const AuthenticatedContent content = pair.Sign(kHello);
  const auto guard = [&] {
    return Must(OpenSenderData(pair.suite, Must(pair.Seal(content)).message, pair.sender.sender_data_secret))
        .reuse_guard;
  };
  const ReuseGuard first = guard();
  CHECK(first != guard());
  BrokenRandom broken;
  CHECK_FALSE(SealPrivateMessage(pair.sender, pair.suite, content, {}, pair.limits, broken).ok());
}

}  // namespace
}  // namespace mls::test
