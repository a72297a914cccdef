#include "message/public_message.h"

#include <doctest/doctest.h>

#include "support/encodings.h"
#include "support/seeded_random.h"

using namespace mls;
using mls::test::SeededRandom;

namespace {

constexpr Sender kMember{SenderType::member, {1}, 0};

AuthenticatedContent From(Sender sender) {
  return {WireFormat::mls_public_message,
          {{1, 2, 3}, 7, sender, {}, CommitContent{}},
          {Bytes(64, 5), Bytes(32, 6)}};
}

const Bytes kContext = {0xC0, 0xC1};

Status Check(const Suite& suite, const PublicMessage& message, View key, View context) {
  const EncodedContent content({WireFormat::mls_public_message, message.content, message.auth});
  return CheckMembershipTag(suite, content, message.membership_tag, key, context);
}

Error ErrorOf(const Suite& suite, const PublicMessage& message, View key, View context = kContext) {
  const Status status = Check(suite, message, key, context);
  return status.ok() ? Error::INTERNAL : status.error();
}

}  // namespace

TEST_CASE("a member's message carries a tag that checks, in every suite") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    SeededRandom random(51);
    const Secret key = *random.TakeSecret(suite.Nh);
    const auto message = ProtectPublic(suite, From(kMember), key, kContext);
    REQUIRE(message.ok());
    CHECK(message->membership_tag.size() == suite.Nh);
    CHECK(Check(suite, *message, key, kContext).ok());
    CHECK(test::ComesBack(*message));
    const Bytes tbm = Encode(std::uint16_t{1}, std::uint16_t{1}, message->content, Encoded{kContext},
                             message->auth.signature, message->auth.confirmation_tag);
    CHECK(Equal(message->membership_tag, *Mac(suite, key, {tbm})));
  }
}

TEST_CASE("R6.2-01, R6.2-03, R6.2-05: the tag is exact, and of this epoch and content") {
  const Suite& suite = AllSuites()[0];
  SeededRandom random(52);
  const Secret key = *random.TakeSecret(suite.Nh);
  const PublicMessage good = *ProtectPublic(suite, From(kMember), key, kContext);
  REQUIRE(ErrorOf(suite, good, key) == Error::INTERNAL);

  for (std::size_t bit = 0; bit < good.membership_tag.size() * 8; ++bit) {
    PublicMessage message = good;
    message.membership_tag[bit / 8] ^= static_cast<std::uint8_t>(1u << (bit % 8));
    CHECK(ErrorOf(suite, message, key) == Error::BAD_MEMBERSHIP_TAG);
  }
  for (const std::size_t size : {0u, 1u, suite.Nh - 1u, suite.Nh + 1u}) {
    PublicMessage message = good;
    message.membership_tag.resize(size);
    CHECK(ErrorOf(suite, message, key) == Error::BAD_MEMBERSHIP_TAG);
  }
  CHECK(ErrorOf(suite, good, *random.TakeSecret(suite.Nh)) == Error::BAD_MEMBERSHIP_TAG);
  CHECK(ErrorOf(suite, good, key, View(kContext).first(1)) == Error::BAD_MEMBERSHIP_TAG);

  std::vector<PublicMessage> changed(6, good);
  changed[0].content.group_id.clear();
  changed[1].content.epoch = 8;
  changed[2].content.authenticated_data = {1};
  changed[3].content.sender = Sender::Member({2});
  changed[4].auth.signature[0] ^= 1;
  changed[5].auth.confirmation_tag[0] ^= 1;
  for (const PublicMessage& message : changed) {
    CHECK(ErrorOf(suite, message, key) == Error::BAD_MEMBERSHIP_TAG);
  }
}

TEST_CASE("R6.2-02: a member's message without its tag does not decode") {
  PublicMessage message{From(kMember).content, From(kMember).auth, Bytes(32, 7)};
  Bytes encoded = Encode(message);
  encoded.resize(encoded.size() - 33);
  CHECK_FALSE(Decode<PublicMessage>(encoded).ok());
}

TEST_CASE("R6.2-04: others carry no tag, and none may follow") {
  const Suite& suite = AllSuites()[0];
  const Secret key = *SeededRandom(53).TakeSecret(suite.Nh);
  for (const Sender sender : {Sender::External(1), Sender::NewMemberProposal(), Sender::NewMemberCommit()}) {
    const auto message = ProtectPublic(suite, From(sender), key, kContext);
    REQUIRE(message.ok());
    CHECK(message->membership_tag.empty());
    CHECK(Check(suite, *message, key, kContext).ok());
    CHECK(test::ComesBack(*message));
    CHECK_FALSE(Decode<PublicMessage>(Encode(*message, Bytes(32, 7))).ok());
  }
}

TEST_CASE("what was signed for another wire format is not sent as a public message") {
  const Suite& suite = AllSuites()[0];
  AuthenticatedContent content = From(kMember);
  content.wire_format = WireFormat::mls_private_message;
  const auto message = ProtectPublic(suite, content, Bytes(suite.Nh), kContext);
  REQUIRE_FALSE(message.ok());
  CHECK(message.error() == Error::MISUSE);
}
