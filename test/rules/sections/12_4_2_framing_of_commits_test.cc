// RFC 9420 §12.4.2: what is checked of a Commit before its list and its path: epoch, tags, signature.
#include "kit/forged_commit.h"
#include "kit/scene.h"

namespace mls::test {
namespace {

constexpr WireFormat kFormats[] = {WireFormat::mls_public_message, WireFormat::mls_private_message};

Bytes InEpoch(const Insider& insider, WireFormat format, std::uint64_t epoch) {
  CommitForgery forgery;
  forgery.format = format;
  forgery.content = [&](FramedContent& content) { content.epoch = epoch; };
  return ForgeCommit(insider, forgery).message;
}

TEST_CASE("R12.4.2-01: a Commit of an older epoch") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    const Bytes first = scene.Commit(0).message;
    for (int i = 0; i < 9; ++i) scene.Commit(0);
    const Bytes last = scene.Commit(0).message;
    scene.Refuses(1, first, Error::WRONG_EPOCH);
    scene.Refuses(1, last, Error::WRONG_EPOCH);
    // With the keys of this epoch, but for an older one.
    const Insider insider(scene, 2);
    const std::uint64_t now = scene[0].context().epoch;
    for (const WireFormat format : kFormats) {
      for (const std::uint64_t epoch : {std::uint64_t{0}, now - 10, now - 1}) {
        scene.Refuses(1, InEpoch(insider, format, epoch), Error::WRONG_EPOCH);
      }
    }
    scene.GoesOn();
  }
}

TEST_CASE("R12.4.2-02: a Commit of a newer epoch") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    const Insider insider(scene, 2);
    const std::uint64_t now = scene[0].context().epoch;
    for (const WireFormat format : kFormats) {
      for (const std::uint64_t epoch : {now + 1, now + 2, ~std::uint64_t{0}}) {
        scene.Refuses(1, InEpoch(insider, format, epoch), Error::FUTURE_EPOCH);
      }
    }
    scene.GoesOn();
  }
}

TEST_CASE("R12.4.2-03: the membership tag of a public Commit") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    const Insider insider(scene, 2);
    const MLSMessage honest = Must(DecodeMessage(ForgeCommit(insider, {}).message, {}));
    const auto& framed = std::get<PublicMessage>(honest.body);
    std::vector<Bytes> tags = {{}};
    for (std::size_t bit = 0; bit < 8 * framed.membership_tag.size(); bit += 7) {
      tags.push_back(framed.membership_tag);
      tags.back()[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    }
    tags.push_back(framed.membership_tag);
    tags.back().pop_back();
    tags.push_back(framed.membership_tag);
    tags.back().push_back(0);
    tags.emplace_back(framed.membership_tag.size());
    tags.push_back(insider.MembershipTag(insider.Sign(insider.Content(Proposal{Remove{{1}}}))));
    for (const Bytes& tag : tags) {
      PublicMessage forged = framed;
      forged.membership_tag = tag;
      scene.Refuses(1, EncodeMessage(std::move(forged)), Error::BAD_MEMBERSHIP_TAG);
    }
    scene.Accepts(1, Encode(honest));
    scene.Accepts(0, Encode(honest));
    CHECK(World::Agree(scene[0], scene[1]));
  }
}

TEST_CASE("R12.4.2-04: a private Commit is decrypted") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    const Insider insider(scene, 2);
    std::optional<AuthenticatedContent> commit;
    CommitForgery capture;
    capture.format = WireFormat::mls_private_message;
    capture.signed_content = [&](AuthenticatedContent& content) { commit = content; };
    const Bytes honest = ForgeCommit(insider, capture).message;
    const auto refused = [&](const auto& change) {
      PrivateForgery forgery;
      change(forgery);
      scene.Refuses(1, insider.Private(*commit, forgery), Error::DECRYPT_FAILED);
    };
    const auto damaged = [&](Hook<PrivateMessage> change) {
      refused([&](PrivateForgery& forgery) { forgery.message = std::move(change); });
    };
    damaged([](PrivateMessage& message) { message.authenticated_data.push_back(1); });
    damaged([](PrivateMessage& message) { message.content_type = ContentType::proposal; });
    damaged([](PrivateMessage& message) { message.ciphertext[0] ^= 1; });
    damaged([](PrivateMessage& message) { message.ciphertext.back() ^= 1; });
    damaged([](PrivateMessage& message) { message.ciphertext.pop_back(); });
    damaged([](PrivateMessage& message) { message.ciphertext.clear(); });
    damaged([](PrivateMessage& message) { message.encrypted_sender_data[0] ^= 1; });
    damaged([](PrivateMessage& message) { message.encrypted_sender_data.clear(); });
    refused([](PrivateForgery& forgery) { forgery.ratchet = RatchetType::application; });
    refused([](PrivateForgery& forgery) { forgery.key_leaf = LeafIndex{0}; });
    refused([](PrivateForgery& forgery) { forgery.generation = 5; });
    refused([](PrivateForgery& forgery) { forgery.announced_guard = ReuseGuard{9, 9, 9, 9}; });
    scene.Accepts(1, honest);
    scene.Accepts(0, honest);
    CHECK(World::Agree(scene[0], scene[1]));
  }
}

TEST_CASE("R12.4.2-05: the signature of a Commit") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    const Insider insider(scene, 2);
    const Secret stranger = Must(GenerateSignatureKeyPair(suite, scene.world.random)).private_key;
    const Secret member = Insider(scene, 0).signer.Clone();
    for (const WireFormat format : kFormats) {
      for (const Secret* signer : {&stranger, &member}) {
        CommitForgery forgery;
        forgery.format = format;
        forgery.content_signer = signer;
        scene.Refuses(1, ForgeCommit(insider, forgery).message, Error::BAD_SIGNATURE);
      }
      const auto damaged = [&](Hook<AuthenticatedContent> change, Error expected = Error::BAD_SIGNATURE) {
        CommitForgery forgery;
        forgery.format = format;
        forgery.signed_content = std::move(change);
        scene.Refuses(1, ForgeCommit(insider, forgery).message, expected);
      };
      // An encrypted content that may be nothing but padding is no content (RFC 9420 §6.3.1).
      const bool open = format == WireFormat::mls_public_message;
      damaged([](AuthenticatedContent& content) { content.auth.signature.clear(); },
              open ? Error::BAD_SIGNATURE : Error::MALFORMED);
      damaged([](AuthenticatedContent& content) { content.auth.signature.pop_back(); });
      damaged([](AuthenticatedContent& content) { content.auth.signature.back() ^= 1; });
      damaged([](AuthenticatedContent& content) { content.auth.signature[9] ^= 0x80; });
      damaged([](AuthenticatedContent& content) { content.content.authenticated_data.push_back(1); });
    }
    scene.GoesOn();
  }
}

TEST_CASE("R12.4.2-13: the confirmation tag") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    const Insider insider(scene, 2);
    for (const WireFormat format : kFormats) {
      const auto wrong = [&](Hook<Bytes> change) {
        CommitForgery forgery;
        forgery.format = format;
        forgery.confirmation_tag = std::move(change);
        scene.Refuses(1, ForgeCommit(insider, forgery).message, Error::BAD_CONFIRMATION_TAG);
      };
      for (std::size_t bit = 0; bit < 8u * suite.Nh; bit += 31) {
        wrong([&](Bytes& tag) { tag[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8); });
      }
      wrong([](Bytes& tag) { tag.clear(); });
      wrong([](Bytes& tag) { tag.pop_back(); });
      wrong([](Bytes& tag) { tag.push_back(0); });
      wrong([](Bytes& tag) { std::fill(tag.begin(), tag.end(), std::uint8_t{0}); });
    }
    scene.GoesOn();
  }
}

}  // namespace
}  // namespace mls::test
