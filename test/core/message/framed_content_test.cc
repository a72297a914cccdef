#include "message/framed_content.h"

#include <doctest/doctest.h>

#include "support/encodings.h"
#include "support/random_value.h"

using namespace mls;
using mls::test::RandomValue;
using mls::test::SeededRandom;

namespace {

struct Keys {
  Secret private_key;
  Bytes public_key;
};

Keys MakeKeys(const Suite& suite, SeededRandom& random) {
  auto pair = *GenerateSignatureKeyPair(suite, random);
  return {std::move(pair.private_key), std::move(pair.public_key)};
}

FramedContent RemoveBy(Sender sender) {
  return {{1, 2, 3}, 7, sender, {9, 9}, ProposalContent{{Remove{{4}}}}};
}

constexpr auto kPublic = WireFormat::mls_public_message;
constexpr auto kPrivateMessage = WireFormat::mls_private_message;

}  // namespace

TEST_CASE("what is signed: version, wire format, content, and the context for senders inside") {
  const Bytes context = {0xC0, 0xC1, 0xC2};
  const auto tbs = [&](Sender sender) {
    const EncodedContent content({kPublic, RemoveBy(sender), {}});
    return Encode(Encoded{content.SignedPart()}, Encoded{SignedContext(content->content, context)});
  };
  const auto expected = [&](Sender sender, View tail) {
    return Encode(std::uint16_t{1}, std::uint16_t{1}, RemoveBy(sender), Encoded{tail});
  };
  CHECK(tbs(Sender::Member({3})) == expected(Sender::Member({3}), context));
  CHECK(tbs(Sender::NewMemberCommit()) == expected(Sender::NewMemberCommit(), context));
  CHECK(tbs(Sender::External(3)) == expected(Sender::External(3), {}));
  CHECK(tbs(Sender::NewMemberProposal()) == expected(Sender::NewMemberProposal(), {}));
}

TEST_CASE("a sender is its type, with an index for members and external senders") {
  CHECK(Encode(Sender::Member({0x01020304})) == Bytes{1, 1, 2, 3, 4});
  CHECK(Encode(Sender::External(0x01020304)) == Bytes{2, 1, 2, 3, 4});
  CHECK(Encode(Sender::NewMemberProposal()) == Bytes{3});
  CHECK(Encode(Sender::NewMemberCommit()) == Bytes{4});
}

TEST_CASE("R6-04, R6-05: content and sender types are closed") {
  FramedContent content = RemoveBy(Sender::NewMemberProposal());
  content.authenticated_data.clear();
  Bytes encoded = Encode(content);
  REQUIRE(Decode<FramedContent>(encoded).ok());
  const std::size_t sender = 4 + 8, type = sender + 2;  // after group_id, epoch; sender, authenticated_data
  REQUIRE(encoded[sender] == 3);
  REQUIRE(encoded[type] == 2);
  for (const std::uint8_t value : {0, 5, 255}) {
    Bytes changed = encoded;
    changed[sender] = value;
    CHECK_FALSE(Decode<FramedContent>(changed).ok());
  }
  for (const std::uint8_t value : {0, 4, 255}) {
    Bytes changed = encoded;
    changed[type] = value;
    CHECK_FALSE(Decode<FramedContent>(changed).ok());
  }
}

TEST_CASE("R6.1-14: a confirmation tag is there exactly for a commit") {
  SeededRandom random(41);
  AuthenticatedContent content{kPublic, RemoveBy(Sender::Member({0})), {Bytes(64, 1), Bytes(32, 2)}};
  const std::size_t without = EncodedSize(content);
  CHECK(without ==
        EncodedSize(content.wire_format, content.content) + 2 + 64);  // a 64-byte vector has a 2-byte header
  CHECK(Decode<AuthenticatedContent>(Encode(content))->auth.confirmation_tag.empty());
  content.content.body = CommitContent{};
  Bytes encoded = Encode(content);
  CHECK(Decode<AuthenticatedContent>(encoded)->auth.confirmation_tag == Bytes(32, 2));
  encoded.resize(encoded.size() - 33);
  CHECK_FALSE(Decode<AuthenticatedContent>(encoded).ok());
}

TEST_CASE("the content knows what it holds") {
  FramedContent content = RemoveBy(Sender::Member({0}));
  CHECK(content.content_type() == ContentType::proposal);
  REQUIRE(content.proposal() != nullptr);
  CHECK(content.proposal()->type() == ProposalType::remove);
  CHECK(content.commit() == nullptr);
  content.body = CommitContent{};
  CHECK(content.content_type() == ContentType::commit);
  CHECK(content.commit() != nullptr);
  CHECK(content.proposal() == nullptr);
  content.body = ApplicationContent{};
  CHECK(content.content_type() == ContentType::application);
  CHECK(content.commit() == nullptr);
  CHECK(content.proposal() == nullptr);
}

TEST_CASE("signed content verifies, in every suite") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    SeededRandom random(42);
    const Keys keys = MakeKeys(suite, random);
    const Bytes context = random.Some(100);
    for (const WireFormat wire_format : {kPublic, kPrivateMessage}) {
      const FramedContent content = RemoveBy(Sender::Member({1}));
      auto sealed = SignContent(suite, wire_format, content, keys.private_key, context);
      REQUIRE(sealed.ok());
      AuthenticatedContent sent = std::move(*sealed).Take();
      CHECK(sent.wire_format == wire_format);
      CHECK(sent.content == content);
      CHECK(sent.auth.confirmation_tag.empty());
      const auto verified = VerifyContent(suite, sent, keys.public_key, context);
      REQUIRE(verified.ok());
      CHECK(**verified == sent);
    }
  }
}

TEST_CASE("R6.1-02, R6.1-03, R6.1-17: the signature covers every field, the wire format and the context") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    SeededRandom random(43);
    const Keys keys = MakeKeys(suite, random), other = MakeKeys(suite, random);
    const Bytes context = random.Some(40);
    const AuthenticatedContent good =
        SignContent(suite, kPublic, RemoveBy(Sender::Member({1})), keys.private_key, context)->operator*();
    const auto error_of = [&](const AuthenticatedContent& content, View key, View group_context) {
      const auto verified = VerifyContent(suite, content, key, group_context);
      return verified.ok() ? Error::INTERNAL : verified.error();
    };
    REQUIRE(error_of(good, keys.public_key, context) == Error::INTERNAL);

    std::vector<AuthenticatedContent> changed(8, good);
    changed[0].wire_format = kPrivateMessage;
    changed[1].content.group_id.push_back(0);
    changed[2].content.epoch += 1;
    changed[3].content.sender = Sender::Member({2});
    changed[4].content.sender = Sender::External(1);
    changed[5].content.authenticated_data.clear();
    changed[6].content.body = ProposalContent{{Remove{{5}}}};
    changed[7].auth.signature.back() ^= 1;
    for (const AuthenticatedContent& content : changed) {
      CHECK(error_of(content, keys.public_key, context) == Error::BAD_SIGNATURE);
    }
    CHECK(error_of(good, other.public_key, context) == Error::BAD_SIGNATURE);
    CHECK(error_of(good, keys.public_key, {}) == Error::BAD_SIGNATURE);
    CHECK(error_of(good, keys.public_key, View(context).first(39)) == Error::BAD_SIGNATURE);
  }
}

TEST_CASE("a signature from outside does not depend on the context") {
  const Suite& suite = AllSuites()[0];
  SeededRandom random(44);
  const Keys keys = MakeKeys(suite, random);
  for (const Sender sender : {Sender::External(0), Sender::NewMemberProposal()}) {
    auto sealed = SignContent(suite, kPublic, RemoveBy(sender), keys.private_key, {});
    REQUIRE(sealed.ok());
    CHECK(VerifyContent(suite, **sealed, keys.public_key, random.Some(10)).ok());
  }
}

TEST_CASE("the transcript takes wire format, content and signature, not the tag") {
  SeededRandom random(45);
  AuthenticatedContent content = RandomValue<AuthenticatedContent>(random);
  content.content.body = CommitContent{RandomValue<Commit>(random)};
  content.auth.confirmation_tag = Bytes(32, 1);
  Bytes expected = Encode(content);
  expected.resize(expected.size() - 33);
  CHECK(Encode(Encoded{EncodedContent(content).TranscriptPart()}, content.auth.signature) == expected);
}

TEST_CASE("an encoding is that of its content, wherever both go, and neither can be changed") {
  static_assert(std::is_same_v<decltype(*std::declval<EncodedContent&>()), const AuthenticatedContent&>);
  static_assert(
      std::is_same_v<decltype(std::declval<EncodedContent&>().operator->()), const AuthenticatedContent*>);
  const auto agrees = [](const EncodedContent& content) {
    return Equal(content.SignedPart(),
                 Encode(ProtocolVersion::mls10, content->wire_format, content->content));
  };
  SeededRandom random(46);
  for (int i = 0; i < 50; ++i) {
    const auto value = RandomValue<AuthenticatedContent>(random);
    EncodedContent content(value);
    CHECK(agrees(content));
    EncodedContent other(RandomValue<AuthenticatedContent>(random));
    other = content;
    CHECK(agrees(other));
    CHECK(*other == value);
    const EncodedContent moved = std::move(content);
    CHECK(agrees(moved));
    CHECK(std::move(other).WithoutEncoding() == value);
  }
}

TEST_CASE("what was signed or verified carries the encoding that was") {
  const Suite& suite = AllSuites()[0];
  SeededRandom random(47);
  const Keys keys = MakeKeys(suite, random);
  const auto sent = SignContent(suite, kPrivateMessage, RemoveBy(Sender::Member({1})), keys.private_key, {});
  REQUIRE(sent.ok());
  const Bytes expected = Encode(ProtocolVersion::mls10, kPrivateMessage, RemoveBy(Sender::Member({1})));
  CHECK(Equal(sent->encoded().SignedPart(), expected));
  const auto verified = VerifyContent(suite, **sent, keys.public_key, {});
  REQUIRE(verified.ok());
  CHECK(Equal(verified->encoded().SignedPart(), expected));
  CHECK(*verified->encoded() == **sent);
}

TEST_CASE("R5.2-01: a proposal's reference is the labelled hash of the whole authenticated content") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    const AuthenticatedContent content{kPublic, RemoveBy(Sender::Member({0})), {Bytes(64, 1), {}}};
    const auto reference = ProposalRef(suite, content);
    REQUIRE(reference.ok());
    CHECK(*reference == *RefHash(suite, "MLS 1.0 Proposal Reference", Encode(content)));
    AuthenticatedContent other = content;
    other.wire_format = kPrivateMessage;
    CHECK_FALSE(*ProposalRef(suite, other) == *reference);
    other = content;
    other.auth.signature[0] ^= 1;
    CHECK_FALSE(*ProposalRef(suite, other) == *reference);
  }
}
