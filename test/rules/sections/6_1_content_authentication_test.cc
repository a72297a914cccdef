// RFC 9420 §6.1: content authentication, for members.
#include <set>

#include "kit/forged_commit.h"
#include "kit/raw_public.h"
#include "kit/scene.h"

namespace mls::test {
namespace {

Insider InEpochBefore(Scene& scene, std::size_t member) {
  Insider insider(scene, member);
  scene.Commit(0);
  return insider;
}

TEST_CASE("R6.1-01: signature verified with the sender's key: member") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    const Insider insider(scene, 2);
    const Insider other(scene, 0);
    const Proposal remove{Remove{{0}}};
    const auto by_other = [&](FramedContent content, WireFormat format) {
      return insider.SignWith(other.signer, insider.context(), std::move(content), format);
    };
    scene.Refuses(1, insider.Public(by_other(insider.Content(remove), WireFormat::mls_public_message)),
                  Error::BAD_SIGNATURE);
    for (const ContentBody& body :
         {ContentBody(ProposalContent{remove}), ContentBody(ApplicationContent{})}) {
      const auto content = by_other(insider.Content(body), WireFormat::mls_private_message);
      scene.Refuses(1, insider.Private(content), Error::BAD_SIGNATURE);
    }
    CommitForgery forgery;
    forgery.content_signer = &other.signer;
    scene.Refuses(1, ForgeCommit(insider, forgery).message, Error::BAD_SIGNATURE);
    scene.GoesOn();
  }
}

// What a flipped bit may become: another value that a check before the signature stops, or no encoding at
// all.
const std::vector<Error> kEarlierChecks = {Error::BAD_SIGNATURE,       Error::MALFORMED,
                                           Error::UNSUPPORTED_VERSION, Error::UNSUPPORTED_WIRE_FORMAT,
                                           Error::WRONG_GROUP,         Error::WRONG_EPOCH,
                                           Error::FUTURE_EPOCH,        Error::UNKNOWN_SENDER,
                                           Error::INVALID_SENDER_TYPE, Error::OWN_MESSAGE,
                                           Error::BAD_MEMBERSHIP_TAG,  Error::UNEXPECTED_PLAINTEXT,
                                           Error::WRONG_WIRE_FORMAT};

TEST_CASE("R6.1-02: signature covers every field") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    const Insider insider(scene, 2);
    FramedContent content = insider.Content(Proposal{Remove{{0}}});
    content.authenticated_data = ToBytes(AsView("data"));
    const AuthenticatedContent honest = insider.Sign(content);
    const Bytes encoded = Encode(content);
    std::set<Error> seen;
    for (const std::size_t bit : BitsOf(suite, encoded.size())) {
      CAPTURE(bit);
      const Bytes forged = MakeRawPublic(
          insider, {Flipped(encoded, bit), RawPublic::Context::signed_too, nullptr, honest.auth.signature});
      scene.Refuses(1, forged, kEarlierChecks);
      seen.insert(ErrorOf(scene.DoReceive(1, forged)));
    }
    for (std::size_t bit = 0; bit < 32; ++bit) {  // version and wire_format
      scene.Refuses(1, Flipped(insider.Public(honest), bit), kEarlierChecks);
    }
    // Another sender in the tree, other data and another leaf to remove decode, and only the signature tells.
    const std::size_t leaf = SenderAt(content) + 4;
    const std::size_t data = ContentTypeAt(content) - 1;
    for (const std::size_t at : {leaf, data, encoded.size() - 1}) {
      const std::size_t bit = 8 * at + 1;
      scene.Refuses(1,
                    MakeRawPublic(insider, {Flipped(encoded, bit), RawPublic::Context::signed_too, nullptr,
                                            honest.auth.signature}),
                    Error::BAD_SIGNATURE);
    }
    CHECK(seen.contains(Error::BAD_SIGNATURE));
    CHECK(seen.contains(Error::WRONG_GROUP));
    CHECK(seen.contains(Error::FUTURE_EPOCH));
    scene.GoesOn();
  }
}

TEST_CASE("R6.1-03: member and new_member_commit signatures cover the GroupContext") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    const Insider before = InEpochBefore(scene, 2);
    const Insider insider(scene, 2);
    GroupContext elsewhere = insider.epoch->context;
    elsewhere.group_id = Bytes(16, 7);
    const Client stranger = scene.world.NewClient(suite, "stranger");
    for (const Bytes& context : {before.context(), Encode(elsewhere), Bytes()}) {
      for (const WireFormat format : {WireFormat::mls_public_message, WireFormat::mls_private_message}) {
        const auto content =
            insider.SignWith(insider.signer, context, insider.Content(Proposal{Remove{{0}}}), format);
        scene.Refuses(
            1, format == WireFormat::mls_public_message ? insider.Public(content) : insider.Private(content),
            Error::BAD_SIGNATURE);
      }
      CommitForgery forgery;
      forgery.signing_context = &context;
      scene.Refuses(1, ForgeCommit(insider, forgery).message, Error::BAD_SIGNATURE);
      scene.Refuses(1, ForgeExternalCommit(insider, stranger, forgery).message, Error::BAD_SIGNATURE);
    }
    scene.Accepts(1, ForgeExternalCommit(insider, stranger, {}).message);
  }
}

TEST_CASE("R6.1-04: member leaf_index exists") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 4);
    const Insider insider(scene, 2);
    for (const std::uint32_t leaf : {4u, 5u, 0x7FFFFFFFu, 0x80000000u, 0xFFFFFFFFu}) {
      FramedContent content = insider.Content(Proposal{Remove{{0}}});
      content.sender = Sender::Member({leaf});
      scene.Refuses(1, insider.Public(insider.Sign(content)), Error::UNKNOWN_SENDER);
    }
    scene.GoesOn();
  }
}

TEST_CASE("R6.1-05: member leaf is not blank") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 5);
    scene.Commit(0, Proposing({Remove{{3}}}));
    const Insider insider(scene, 2);
    FramedContent content = insider.Content(Proposal{Remove{{0}}});
    content.sender = Sender::Member({3});
    // Neither his former key nor that of another member is a key of this leaf.
    for (const Secret* signer : {&scene.client(3).profile.signature_private_key, &insider.signer}) {
      scene.Refuses(1, insider.Public(insider.SignWith(*signer, insider.context(), content)),
                    Error::UNKNOWN_SENDER);
    }
    scene.GoesOn();
  }
}

TEST_CASE("R6.1-14: confirmation_tag present exactly on commit") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    const Insider insider(scene, 2);
    const PublicMessage commit = Opened(ForgeCommit(insider, {}).message);
    RawPublic raw{Encode(commit.content)};
    raw.signature = commit.auth.signature;
    scene.Refuses(1, MakeRawPublic(insider, raw), Error::MALFORMED);

    RawPublic proposal{Encode(insider.Content(Proposal{Remove{{0}}}))};
    proposal.confirmation_tag = commit.auth.confirmation_tag;
    scene.Refuses(1, MakeRawPublic(insider, proposal), Error::MALFORMED);
    proposal.confirmation_tag.reset();
    proposal.appended = Encode(commit.auth.confirmation_tag);
    scene.Refuses(1, MakeRawPublic(insider, proposal), Error::MALFORMED);

    // In a PrivateMessage the tag is part of what is encrypted; what follows is padding, and not zero.
    PrivateForgery with;
    with.plaintext = [&](Bytes& plaintext) {
      const Bytes tag = Encode(commit.auth.confirmation_tag);
      plaintext.insert(plaintext.end(), tag.begin(), tag.end());
    };
    const auto closed = insider.Sign(insider.Content(Proposal{Remove{{0}}}), WireFormat::mls_private_message);
    scene.Refuses(1, insider.Private(closed, with), Error::MALFORMED);
    CommitForgery untagged;
    untagged.format = WireFormat::mls_private_message;
    AuthenticatedContent content;
    untagged.signed_content = [&](AuthenticatedContent& signed_content) { content = signed_content; };
    ForgeCommit(insider, untagged);
    PrivateForgery without;
    without.plaintext = [&](Bytes& plaintext) {
      plaintext.resize(plaintext.size() - Encode(content.auth.confirmation_tag).size());
    };
    scene.Refuses(1, insider.Private(content, without), Error::MALFORMED);
    scene.GoesOn();
  }
}

TEST_CASE("R6.1-15: auth data valid only if confirmation_tag is valid") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    const Insider insider(scene, 2);
    for (const std::size_t bit : BitsOf(suite, suite.Nh)) {
      CAPTURE(bit);
      CommitForgery forgery;
      if (bit % 64 == 0) forgery.format = WireFormat::mls_private_message;
      forgery.confirmation_tag = [&](Bytes& tag) { tag = Flipped(tag, bit); };
      scene.Refuses(1, ForgeCommit(insider, forgery).message, Error::BAD_CONFIRMATION_TAG);
    }
    const Client stranger = scene.world.NewClient(suite, "stranger");
    CommitForgery joining;
    joining.confirmation_tag = [&](Bytes& tag) { tag = Flipped(tag, 3); };
    scene.Refuses(1, ForgeExternalCommit(insider, stranger, joining).message, Error::BAD_CONFIRMATION_TAG);
    scene.GoesOn();
  }
}

TEST_CASE("R6.1-16: MAC length is exact when compared") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    const Insider insider(scene, 2);
    for (const std::size_t size : {0, 1, suite.Nh / 2, suite.Nh - 1, suite.Nh + 1}) {
      for (const WireFormat format : {WireFormat::mls_public_message, WireFormat::mls_private_message}) {
        CommitForgery forgery;
        forgery.format = format;
        forgery.confirmation_tag = [&](Bytes& tag) { tag.resize(size); };
        scene.Refuses(1, ForgeCommit(insider, forgery).message, Error::BAD_CONFIRMATION_TAG);
      }
    }
    scene.GoesOn();
  }
}

TEST_CASE("R6.1-17: signature is bound to wire_format") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    const Insider insider(scene, 2);
    const auto content = insider.Content(Proposal{Remove{{0}}});
    scene.Refuses(1, insider.Public(insider.Sign(content, WireFormat::mls_private_message)),
                  Error::BAD_SIGNATURE);
    scene.Refuses(1, insider.Private(insider.Sign(content, WireFormat::mls_public_message)),
                  Error::BAD_SIGNATURE);
    const auto data = insider.Content(ContentBody(ApplicationContent{Bytes(4, 1)}));
    scene.Refuses(1, insider.Private(insider.Sign(data, WireFormat::mls_public_message)),
                  Error::BAD_SIGNATURE);
    scene.GoesOn();
  }
}

}  // namespace
}  // namespace mls::test
