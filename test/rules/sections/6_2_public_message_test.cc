// RFC 9420 §6.2: the membership tag of a PublicMessage.
#include <utility>

#include "kit/outsiders.h"
#include "kit/raw_public.h"

namespace mls::test {
namespace {

// Honest gives a proposal and a Commit.
std::vector<PublicMessage> Honest(const Insider& insider) {
  return {insider.Open(insider.Sign(insider.Content(Proposal{Remove{{0}}}))),
          Opened(ForgeCommit(insider, {}).message)};
}

TEST_CASE("R6.2-01: membership_tag checked") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    for (const PublicMessage& honest : Honest(Insider(scene, 2))) {
      for (const std::size_t bit : BitsOf(suite, suite.Nh)) {
        PublicMessage message = honest;
        message.membership_tag = Flipped(message.membership_tag, bit);
        scene.Refuses(1, EncodeMessage(message), Error::BAD_MEMBERSHIP_TAG);
      }
    }
    scene.GoesOn();
  }
}

TEST_CASE("R6.2-02: member PublicMessage has a membership_tag") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    const Insider insider(scene, 2);
    for (const PublicMessage& honest : Honest(insider)) {
      RawPublic raw{Encode(honest.content)};
      raw.signature = honest.auth.signature;
      if (honest.content.commit() != nullptr) raw.confirmation_tag = honest.auth.confirmation_tag;
      REQUIRE(MakeRawPublic(insider, raw) == EncodeMessage(honest));
      raw.tag = RawPublic::Tag::without;
      scene.Refuses(1, MakeRawPublic(insider, raw), Error::MALFORMED);
    }
    scene.GoesOn();
  }
}

TEST_CASE("R6.2-03: membership_tag length exact") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    for (const PublicMessage& honest : Honest(Insider(scene, 2))) {
      for (const std::size_t size : {0, 1, suite.Nh / 2, suite.Nh - 1, suite.Nh + 1}) {
        PublicMessage message = honest;
        message.membership_tag.resize(size);
        scene.Refuses(1, EncodeMessage(message), Error::BAD_MEMBERSHIP_TAG);
      }
    }
    scene.GoesOn();
  }
}

TEST_CASE("R6.2-04: no membership_tag for external/new_member senders") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Outsiders scene(suite, 3);
    const Insider insider(scene, 2);
    const Proposal add{Add{scene.package.key_package}};
    for (const Bytes& honest : {scene.FromSender(0, add), scene.FromStranger(add),
                                ForgeExternalCommit(insider, scene.stranger, {}).message}) {
      const PublicMessage message = Opened(honest);
      RawPublic raw{Encode(message.content)};
      raw.signature = message.auth.signature;
      if (message.content.commit() != nullptr) {
        raw.confirmation_tag = message.auth.confirmation_tag;
      } else {
        raw.context = RawPublic::Context::left_out;
      }
      scene.Refuses(1, MakeRawPublic(insider, raw), Error::MALFORMED);
      raw.tag = RawPublic::Tag::without;
      REQUIRE(MakeRawPublic(insider, raw) == honest);
      raw.appended = {0};  // an empty tag
      scene.Refuses(1, MakeRawPublic(insider, raw), Error::MALFORMED);
    }
    scene.Proceeds();
  }
}

TEST_CASE("R6.2-05: tag keyed to this epoch and group") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    Insider before(scene, 2);
    scene.Commit(0);
    Company other(suite, 2);
    const Insider elsewhere(other, 1);
    const Insider insider(scene, 2);
    for (PublicMessage message : Honest(insider)) {
      const AuthenticatedContent content{WireFormat::mls_public_message, message.content, message.auth};
      for (const Secret* key : {&std::as_const(before.membership_key), &elsewhere.membership_key}) {
        Insider forger(scene, 2);
        forger.membership_key = key->Clone();
        message.membership_tag = forger.MembershipTag(content);
        scene.Refuses(1, EncodeMessage(message), Error::BAD_MEMBERSHIP_TAG);
      }
      Insider forger(scene, 2);  // the right key over the context of the epoch before
      forger.epoch = before.epoch;
      message.membership_tag = forger.MembershipTag(content);
      scene.Refuses(1, EncodeMessage(message), Error::BAD_MEMBERSHIP_TAG);
    }
    scene.GoesOn();
  }
}

TEST_CASE("R6.2-06: auth data also checked when the tag is right") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    const Insider insider(scene, 2);
    for (const PublicMessage& honest : Honest(insider)) {
      AuthenticatedContent content{WireFormat::mls_public_message, honest.content, honest.auth};
      content.auth.signature.at(content.auth.signature.size() / 2) ^= 1;
      scene.Refuses(1, insider.Public(content), Error::BAD_SIGNATURE);
      content.auth.signature.clear();
      scene.Refuses(1, insider.Public(content), Error::BAD_SIGNATURE);
    }
    scene.GoesOn();
  }
}

}  // namespace
}  // namespace mls::test
