// RFC 9420 §6: what a message is, which kind it is, and for which group.
#include "kit/forged_commit.h"
#include "kit/raw_public.h"
#include "kit/scene.h"

namespace mls::test {
namespace {

Bytes WithUint16At(Bytes message, std::size_t at, std::uint16_t value) {
  message.at(at) = static_cast<std::uint8_t>(value >> 8);
  message.at(at + 1) = static_cast<std::uint8_t>(value);
  return message;
}

// EveryKind gives an honest message of each wire format.
std::vector<Bytes> EveryKind(Scene& scene) {
  const Insider insider(scene, 2);
  const NewKeyPackage package = scene.world.NewKeyPackageOf(scene.world.NewClient(insider.suite(), "other"));
  const NewCommit commit = scene.MakeCommit(0, Proposing({Add{package.key_package}}));
  scene.Apply(0, Must(scene[0].RejectCandidate(commit.id)));
  return {insider.Public(Proposal{Remove{{0}}}), insider.Private(insider.Data()),
          commit.welcomes.at(0).message, EncodeMessage(GroupInfoMessage{scene.Info(0)}),
          EncodeMessage(KeyPackageMessage{package.key_package})};
}

TEST_CASE("R6-01: application data only in PrivateMessage") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    const Insider insider(scene, 2);
    const Bytes plain =
        insider.Public(insider.Sign(insider.Content(ContentBody(ApplicationContent{Bytes(4, 1)}))));
    scene.Refuses(1, plain, Error::UNEXPECTED_PLAINTEXT);
    scene.Accepts(1, scene.Send(2, "encrypted"));
    scene.GoesOn();
  }
}

TEST_CASE("R6-02: MLSMessage.version is mls10") {
  Scene scene(AllSuites().front(), 3);
  const auto messages = EveryKind(scene);
  for (const std::uint16_t version : {0x0000, 0x0002, 0xFFFF}) {
    for (const Bytes& message : messages) {
      scene.RefusesToDecode(WithUint16At(message, 0, version), Error::UNSUPPORTED_VERSION);
      scene.Refuses(1, WithUint16At(message, 0, version), Error::UNSUPPORTED_VERSION);
    }
  }
  scene.GoesOn();
}

TEST_CASE("R6-03: wire_format is a known value") {
  Scene scene(AllSuites().front(), 3);
  const auto messages = EveryKind(scene);
  for (const std::uint16_t format : {0x0000, 0x0006, 0xF000, 0x0A0A}) {
    for (const Bytes& message : messages) {
      scene.RefusesToDecode(WithUint16At(message, 2, format), Error::UNSUPPORTED_WIRE_FORMAT);
      scene.Refuses(1, WithUint16At(message, 2, format), Error::UNSUPPORTED_WIRE_FORMAT);
    }
  }
  scene.GoesOn();
}

TEST_CASE("R6-04: ContentType is 1..3") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    const Insider insider(scene, 2);
    const FramedContent content = insider.Content(Proposal{Remove{{0}}});
    for (const std::uint8_t type : {0, 4, 255}) {
      RawPublic raw{Encode(content)};
      raw.content.at(ContentTypeAt(content)) = type;
      scene.Refuses(1, MakeRawPublic(insider, raw), Error::MALFORMED);
      raw.content.resize(ContentTypeAt(content) + 1);  // nothing follows a type without a case
      scene.Refuses(1, MakeRawPublic(insider, raw), Error::MALFORMED);

      PrivateForgery forgery;
      forgery.header = [&](PrivateMessage& message) { message.content_type = ContentType{type}; };
      scene.Refuses(1, insider.Private(insider.Data(), forgery), Error::MALFORMED);
    }
    scene.Accepts(1, MakeRawPublic(insider, RawPublic{Encode(content)}));
  }
}

TEST_CASE("R6-05: SenderType is 1..4") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    const Insider insider(scene, 2);
    const FramedContent content = insider.Content(Proposal{Remove{{0}}});
    for (const std::uint8_t type : {0, 5, 255}) {
      RawPublic raw{Encode(content)};
      raw.content.at(SenderAt(content)) = type;
      scene.Refuses(1, MakeRawPublic(insider, raw), Error::MALFORMED);
      const auto index = raw.content.begin() + static_cast<std::ptrdiff_t>(SenderAt(content) + 1);
      raw.content.erase(index, index + 4);  // no index follows a type without a case
      for (const RawPublic::Tag tag : {RawPublic::Tag::with, RawPublic::Tag::without}) {
        raw.tag = tag;
        scene.Refuses(1, MakeRawPublic(insider, raw), Error::MALFORMED);
        raw.context = RawPublic::Context::left_out;
      }
    }
    scene.Accepts(1, MakeRawPublic(insider, RawPublic{Encode(content)}));
  }
}

TEST_CASE("R6-06: the object must be of the kind the call expects") {
  Scene scene(AllSuites().front(), 3);
  const auto messages = EveryKind(scene);
  for (std::size_t kind = 2; kind < messages.size(); ++kind) {
    scene.Refuses(1, messages[kind], Error::WRONG_WIRE_FORMAT);
  }
  scene.GoesOn();
}

TEST_CASE("R6-07: group_id selects the group") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    Company other(AllSuites()[&suite == &AllSuites()[0] ? 1 : 0], 2);
    scene.Refuses(1, Insider(other, 0).Public(Proposal{Remove{{1}}}), Error::WRONG_GROUP);
    scene.Refuses(1, Insider(other, 0).Private(Insider(other, 0).Data()), Error::WRONG_GROUP);

    const Insider before(scene, 2);
    scene.Commit(0);
    const Insider now(scene, 2);
    for (const Bytes& group_id : {other[0].context().group_id, Bytes(), Bytes(1u << 20, 7)}) {
      FramedContent proposal = now.Content(Proposal{Remove{{0}}});
      proposal.group_id = group_id;
      scene.Refuses(1, now.Public(now.Sign(proposal)), Error::WRONG_GROUP);
      scene.Refuses(1, now.Private(now.Sign(proposal, WireFormat::mls_private_message)), Error::WRONG_GROUP);
      // Application data of the past epoch, which is remembered, and of this one.
      for (const Insider* insider : {&before, &now}) {
        FramedContent data = insider->Data().content;
        data.group_id = group_id;
        scene.Refuses(1, insider->Private(insider->Sign(data, WireFormat::mls_private_message)),
                      Error::WRONG_GROUP);
      }
    }
    scene.Accepts(1, before.Private(before.Data()));
    scene.GoesOn();
  }
}

TEST_CASE("R6-08: messages of non-members are PublicMessage only") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    const Insider insider(scene, 2);
    const HpkeKeyPair external = Must(ExternalKeyPair(suite, insider.external_secret));
    const ExternalInitSecret init = Must(SendExternalInit(suite, external.public_key, scene.world.random));
    CommitForgery forgery;
    forgery.format = WireFormat::mls_private_message;
    forgery.proposals = {Value({ExternalInit{init.kem_output}})};
    scene.Refuses(1, ForgeCommit(insider, forgery).message, Error::INVALID_PROPOSAL_LIST);
    scene.GoesOn();
  }
}

}  // namespace
}  // namespace mls::test
