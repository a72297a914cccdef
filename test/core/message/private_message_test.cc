#include "message/private_message.h"

#include <doctest/doctest.h>

#include <bit>

#include "crypto/aead.h"
#include "support/encodings.h"
#include "support/error_of.h"
#include "support/random_value.h"

using namespace mls;
using mls::test::ErrorOf;
using mls::test::RandomValue;
using mls::test::SeededRandom;

namespace {

// Session: the keys under which one message travels, and the message.
struct Session {
  const Suite& suite;
  SeededRandom random{61};
  Secret sender_data_secret = *random.TakeSecret(suite.Nh);
  KeyAndNonce message_key{*random.TakeSecret(suite.Nk), *random.TakeSecret(suite.Nn)};
  SenderData sender{{3}, 11, {0xA0, 0xA1, 0xA2, 0xA3}};

  AuthenticatedContent Content(ContentBody body) {
    const bool commit = std::holds_alternative<CommitContent>(body);
    return {WireFormat::mls_private_message,
            {{1, 2, 3}, 7, Sender::Member(sender.leaf_index), {0xAD}, std::move(body)},
            {random.Some(64), commit ? random.Some(suite.Nh) : Bytes()}};
  }
  Result<PrivateMessage> Protect(const AuthenticatedContent& content, PaddingPolicy padding = {}) {
    return ProtectPrivate(suite, content, sender, message_key, sender_data_secret, padding);
  }
  Result<AuthenticatedContent> Open(const PrivateMessage& message) {
    return OpenContent(suite, message, sender, message_key);
  }
  Result<SenderData> OpenSender(const PrivateMessage& message) {
    return OpenSenderData(suite, message, sender_data_secret);
  }
  // ProtectPlaintext is what an insider can do: any plaintext under a genuine key.
  PrivateMessage ProtectPlaintext(ContentType type, View plaintext) {
    PrivateMessage message{{1, 2, 3}, 7, type, {0xAD}, {}, {}};
    Secret nonce = message_key.nonce.Clone();
    for (std::size_t i = 0; i < 4; ++i) nonce.span()[i] ^= sender.reuse_guard[i];
    message.ciphertext = *AeadSeal(
        suite, message_key.key, nonce,
        Encode(message.group_id, message.epoch, message.content_type, message.authenticated_data), plaintext);
    SealSender(message, Encode(sender));
    return message;
  }
  void SealSender(PrivateMessage& message, View sender_data) {
    const KeyAndNonce key = *SenderDataKey(suite, sender_data_secret, message.ciphertext);
    message.encrypted_sender_data =
        *AeadSeal(suite, key.key, key.nonce, Encode(message.group_id, message.epoch, message.content_type),
                  sender_data);
  }
};

Session SuiteOne() { return {AllSuites()[0]}; }

std::vector<ContentBody> Bodies(SeededRandom& random) {
  return {ApplicationContent{}, ApplicationContent{random.Some(100)},
          ProposalContent{RandomValue<Proposal>(random)}, CommitContent{RandomValue<Commit>(random)}};
}

std::size_t Padme(std::size_t size) { return PaddedSize(size, {PaddingPolicy::Kind::padme, 0}); }

}  // namespace

TEST_CASE("content comes back, in every suite, for every type of content and every padding") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Session session{suite};
    for (const ContentBody& body : Bodies(session.random)) {
      for (const PaddingPolicy padding : {PaddingPolicy{}, PaddingPolicy{PaddingPolicy::Kind::multiple, 256},
                                          PaddingPolicy{PaddingPolicy::Kind::padme, 0}}) {
        const AuthenticatedContent content = session.Content(body);
        const auto message = session.Protect(content, padding);
        REQUIRE(message.ok());
        CHECK(message->content_type == content.content.content_type());
        CHECK(test::ComesBack(*message));
        const auto sender = session.OpenSender(*message);
        REQUIRE(sender.ok());
        CHECK(*sender == session.sender);
        const auto opened = session.Open(*message);
        REQUIRE(opened.ok());
        CHECK(*opened == content);
        const std::size_t plaintext =
            EncodedSize(content.content.body) - 1 + content.auth.Size(message->content_type);
        CHECK(message->ciphertext.size() == PaddedSize(plaintext, padding) + suite.Nt);
      }
    }
  }
}

TEST_CASE("Padmé sizes are those of its definition") {
  // L rounded up to a multiple of 2^(E - S), E = floor(log2 L), S = floor(log2 E) + 1.
  const std::pair<std::size_t, std::size_t> known[] = {
      {0, 0},       {1, 1},       {2, 2},         {3, 3},         {7, 7},         {8, 8},
      {9, 10},      {10, 10},     {15, 16},       {16, 16},       {17, 18},       {31, 32},
      {33, 36},     {65, 72},     {100, 104},     {128, 128},     {129, 144},     {255, 256},
      {1000, 1024}, {1025, 1088}, {16384, 16384}, {16385, 17408}, {65537, 67584}, {1u << 20, 1u << 20}};
  for (const auto& [size, padded] : known) {
    CAPTURE(size);
    CHECK(Padme(size) == padded);
  }
}

TEST_CASE("Padmé never shrinks, never falls, tells few lengths and costs less than 12 %") {
  std::size_t last = 0, lengths = 0;
  for (std::size_t size = 1; size <= 100'000; ++size) {
    const std::size_t padded = Padme(size);
    REQUIRE(padded >= size);
    REQUIRE(padded >= last);
    REQUIRE(Padme(padded) == padded);
    REQUIRE((padded - size) * 100 < size * 12);
    lengths += padded != last;
    last = padded;
  }
  CHECK(lengths < 300);
  const std::size_t huge = (std::size_t{1} << 40) + 1;
  CHECK(Padme(huge) >= huge);
  CHECK(Padme(huge) - huge < huge / 8);
}

TEST_CASE("padding to a multiple, and none") {
  const auto multiple = [](std::size_t size, std::uint32_t of) {
    return PaddedSize(size, {PaddingPolicy::Kind::multiple, of});
  };
  CHECK(multiple(0, 32) == 0);
  CHECK(multiple(1, 32) == 32);
  CHECK(multiple(32, 32) == 32);
  CHECK(multiple(33, 32) == 64);
  CHECK(multiple(7, 0) == 7);
  CHECK(multiple(7, 1) == 7);
  CHECK(PaddedSize(7, {}) == 7);
}

TEST_CASE("R6.3.1-01: padding is zeros, at its first, middle and last byte") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Session session{suite};
    for (const ContentBody& body : Bodies(session.random)) {
      const AuthenticatedContent content = session.Content(body);
      const ContentType type = content.content.content_type();
      // The body without its tag, which stands in the header of the message.
      Bytes plaintext = Encode(content.content.body);
      plaintext.erase(plaintext.begin());
      const Bytes auth = type == ContentType::commit
                             ? Encode(content.auth.signature, content.auth.confirmation_tag)
                             : Encode(content.auth.signature);
      plaintext.insert(plaintext.end(), auth.begin(), auth.end());
      const std::size_t padding = plaintext.size();
      plaintext.resize(padding + 50);
      REQUIRE(session.Open(session.ProtectPlaintext(type, plaintext)).ok());
      for (const std::size_t at : {0, 25, 49}) {
        Bytes spoilt = plaintext;
        spoilt[padding + at] = 0x80;
        CHECK(ErrorOf(session.Open(session.ProtectPlaintext(type, spoilt))) == Error::MALFORMED);
      }
    }
  }
}

TEST_CASE("R6.3.1-02: a plaintext that is cut, empty or only zeros is malformed") {
  Session session = SuiteOne();
  for (const ContentType type : {ContentType::application, ContentType::proposal, ContentType::commit}) {
    CAPTURE(static_cast<int>(type));
    const auto error_of = [&](View plaintext) {
      return ErrorOf(session.Open(session.ProtectPlaintext(type, plaintext)));
    };
    CHECK(error_of({}) == Error::MALFORMED);
    CHECK(error_of(Bytes(1)) == Error::MALFORMED);
    CHECK(error_of(Bytes(100)) == Error::MALFORMED);
  }
  // An application message of two bytes with a signature of 64, cut after every byte.
  const Bytes whole = Encode(Bytes{1, 2}, session.random.Some(64));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CHECK(ErrorOf(session.Open(session.ProtectPlaintext(ContentType::application,
                                                        View(whole).first(size)))) == Error::MALFORMED);
  }
  CHECK(session.Open(session.ProtectPlaintext(ContentType::application, whole)).ok());
}

TEST_CASE("R6.3.1-03: the header is bound to the content and, but for the data, to the sender data") {
  Session session = SuiteOne();
  const PrivateMessage good = *session.Protect(session.Content(ApplicationContent{{1, 2, 3}}));
  std::vector<PrivateMessage> changed(4, good);
  changed[0].group_id.push_back(4);
  changed[1].epoch += 1;
  changed[2].content_type = ContentType::proposal;
  for (std::size_t i = 0; i < 3; ++i) CHECK(ErrorOf(session.OpenSender(changed[i])) == Error::DECRYPT_FAILED);
  changed[3].authenticated_data = {0xAE};
  CHECK(session.OpenSender(changed[3]).ok());
  for (const PrivateMessage& message : changed)
    CHECK(ErrorOf(session.Open(message)) == Error::DECRYPT_FAILED);
}

TEST_CASE("R6.3.1-04, R6.3.2-05: no bit of the ciphertext can change, no length but its own opens") {
  Session session = SuiteOne();
  const PrivateMessage good = *session.Protect(session.Content(ApplicationContent{{1, 2, 3}}));
  for (std::size_t bit = 0; bit < good.ciphertext.size() * 8; ++bit) {
    PrivateMessage message = good;
    message.ciphertext[bit / 8] ^= static_cast<std::uint8_t>(1u << (bit % 8));
    CHECK(ErrorOf(session.Open(message)) == Error::DECRYPT_FAILED);
  }
  for (std::size_t size = 0; size < good.ciphertext.size(); ++size) {
    PrivateMessage message = good;
    message.ciphertext =
        Bytes(good.ciphertext.begin(), good.ciphertext.begin() + static_cast<std::ptrdiff_t>(size));
    CHECK(ErrorOf(session.Open(message)) == Error::DECRYPT_FAILED);
    // The sample of the sender-data key is the first Nh bytes: a cut after them leaves it as it was.
    const auto sender = session.OpenSender(message);
    CHECK(sender.ok() == (size >= session.suite.Nh));
  }
  PrivateMessage longer = good;
  longer.ciphertext.push_back(0);
  CHECK(ErrorOf(session.Open(longer)) == Error::DECRYPT_FAILED);
}

TEST_CASE("a ciphertext shorter than Nh has itself as the sample") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Session session{suite};
    PrivateMessage message = session.ProtectPlaintext(ContentType::application, {});
    REQUIRE(message.ciphertext.size() == suite.Nt);
    CHECK(session.OpenSender(message).ok());
    CHECK(ErrorOf(session.Open(message)) == Error::MALFORMED);
  }
}

TEST_CASE("R6.3.1-05: the reuse guard is part of the nonce") {
  Session session = SuiteOne();
  const PrivateMessage message = *session.Protect(session.Content(ApplicationContent{{1, 2, 3}}));
  for (std::size_t i = 0; i < 4; ++i) {
    SenderData other = session.sender;
    other.reuse_guard[i] ^= 1;
    CHECK(ErrorOf(OpenContent(session.suite, message, other, session.message_key)) == Error::DECRYPT_FAILED);
  }
}

TEST_CASE("R6.3.2-03: sender data opens only whole and with its own secret") {
  Session session = SuiteOne();
  const PrivateMessage good = *session.Protect(session.Content(ApplicationContent{{1, 2, 3}}));
  for (std::size_t bit = 0; bit < good.encrypted_sender_data.size() * 8; ++bit) {
    PrivateMessage message = good;
    message.encrypted_sender_data[bit / 8] ^= static_cast<std::uint8_t>(1u << (bit % 8));
    CHECK(ErrorOf(session.OpenSender(message)) == Error::DECRYPT_FAILED);
  }
  for (std::size_t size = 0; size < good.encrypted_sender_data.size(); ++size) {
    PrivateMessage message = good;
    message.encrypted_sender_data.resize(size);
    CHECK(ErrorOf(session.OpenSender(message)) == Error::DECRYPT_FAILED);
  }
  CHECK(ErrorOf(OpenSenderData(session.suite, good, *session.random.TakeSecret(session.suite.Nh))) ==
        Error::DECRYPT_FAILED);
}

TEST_CASE("R6.3.2-04: sender data is twelve bytes") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Session session{suite};
    PrivateMessage message = *session.Protect(session.Content(ApplicationContent{{1, 2, 3}}));
    for (const std::size_t size : {0, 11, 13, 64}) {
      session.SealSender(message, Bytes(size, 1));
      CHECK(ErrorOf(session.OpenSender(message)) == Error::MALFORMED);
    }
    session.SealSender(message, Bytes(12, 1));
    CHECK(session.OpenSender(message).ok());
  }
}

TEST_CASE("R6.3.2-06: only members send private messages") {
  Session session = SuiteOne();
  for (const Sender sender : {Sender::External(0), Sender::NewMemberProposal(), Sender::NewMemberCommit()}) {
    AuthenticatedContent content = session.Content(ApplicationContent{{1}});
    content.content.sender = sender;
    CHECK(ErrorOf(session.Protect(content)) == Error::MISUSE);
  }
}

TEST_CASE("what was signed for another wire format is not sent as a private message") {
  Session session = SuiteOne();
  AuthenticatedContent content = session.Content(ApplicationContent{{1}});
  content.wire_format = WireFormat::mls_public_message;
  CHECK(ErrorOf(session.Protect(content)) == Error::MISUSE);
}

TEST_CASE("R6-04: the content type of the header is closed") {
  Session session = SuiteOne();
  Bytes encoded = Encode(*session.Protect(session.Content(ApplicationContent{{1}})));
  const std::size_t type = 4 + 8;  // after group_id and epoch
  REQUIRE(encoded[type] == 1);
  for (const std::uint8_t value : {0, 4, 255}) {
    encoded[type] = value;
    CHECK_FALSE(Decode<PrivateMessage>(encoded).ok());
  }
}
