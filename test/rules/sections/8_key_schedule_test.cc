// RFC 9420 §8: epochs, transcripts, external initialization, PSKs and the exporter.
#include <set>

#include "kit/forged_commit.h"
#include "kit/invitation.h"

namespace mls::test {
namespace {

Bytes ExternalBody(std::uint8_t id) { return Encode(PreSharedKeyID{ExternalPsk{Bytes{id}}, {}}.body); }

PreSharedKeyID Resumption(const Bytes& group_id, std::uint64_t epoch, std::size_t nonce_size) {
  return {ResumptionPsk{ResumptionPSKUsage::application, group_id, epoch}, Bytes(nonce_size, 3)};
}

// WithTwoPsks is a Welcome whose Commit injected two external PSKs.
CommitOptions WithTwoPsks(Scene& scene) {
  CommitOptions options;
  for (const std::uint8_t id : {1, 2}) {
    scene.psks[ExternalBody(id)] = Bytes(16, id);
    options.proposals.push_back(Must(scene[0].MakePsk(ExternalPsk{Bytes{id}}, scene.world.env)));
  }
  return options;
}

// Holds says whether a secret stands in any row.
bool Holds(const MemoryRows& rows, View secret) {
  return std::any_of(rows.rows().begin(), rows.rows().end(), [&](const auto& row) {
    const View value = row.second;
    return std::search(value.begin(), value.end(), secret.begin(), secret.end()) != value.end();
  });
}

TEST_CASE("R8.1-01: group_id constant, epoch +1 per Commit, which does not wrap") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    const Bytes group_id = scene[1].context().group_id;
    for (std::uint64_t epoch = scene[1].context().epoch + 1; epoch < 5; ++epoch) {
      scene.Commit(0);
      CHECK(scene[1].context().group_id == group_id);
      CHECK(scene[1].context().epoch == epoch);
    }
    // The last epoch there is: a Commit in it would come to epoch 0. It is the engine's own step that
    // refuses.
    PublicEpoch last = scene[1].epoch();
    last.context.epoch = ~std::uint64_t{0};
    last.encoded_context = Encode(last.context);
    CommitForgery forgery;
    Insider insider(scene, 2);
    insider.epoch = std::make_shared<PublicEpoch>(last);
    const Bytes message = ForgeCommit(insider, forgery).message;
    auto framed = std::get<PublicMessage>(Must(DecodeMessage(message, {})).body);
    EncodedContent content(
        {WireFormat::mls_public_message, std::move(framed.content), std::move(framed.auth)});
    auto verified =
        VerifyContent(suite, std::move(content), last.tree.SignatureKey({2}), last.encoded_context);
    REQUIRE(verified.ok());
    const ProposalCache cache;
    const Policy policy;
    PlanRules rules;
    rules.policy = &policy;
    rules.now = kNow;
    CHECK(ErrorOf(StageCommit(last, cache, std::move(*verified), rules)) == Error::LIMIT_EXCEEDED);
    // And it is what a member says whom a Welcome has led there, to a Commit and when it is to make one.
    const Invitation invitation(scene);
    WelcomeForgery in_last;
    in_last.info = [&](GroupInfo& info) { info.group_context.epoch = last.context.epoch; };
    const std::size_t led =
        scene.Enter(invitation.client, scene.JoinByWelcome(invitation.Forge(in_last), invitation.package));
    Insider beside(scene, led);
    beside.self = insider.self;
    beside.signer = insider.signer.Clone();
    scene.Refuses(led, ForgeCommit(beside, {}).message, Error::LIMIT_EXCEEDED);
    scene.NothingFollows();  // nobody else is there
    CHECK(ErrorOf(scene[led].StageCommit({}, scene.world.env)) == Error::LIMIT_EXCEEDED);
  }
}

TEST_CASE("R8.2-01: transcript covers wire_format, content and signature of the Commit") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    const Insider insider(scene, 2);
    const ForgedCommit honest = ForgeCommit(insider, {});
    // The same content and signature in the other wire format.
    const auto framed = std::get<PublicMessage>(Must(DecodeMessage(honest.message, {})).body);
    AuthenticatedContent content{WireFormat::mls_private_message, framed.content, framed.auth};
    scene.Refuses(1, insider.Private(content), Error::BAD_SIGNATURE);
    // Signed for it, with the confirmation tag of the other one's transcript.
    AuthenticatedContent again = insider.Sign(framed.content, WireFormat::mls_private_message);
    again.auth.confirmation_tag = framed.auth.confirmation_tag;
    scene.Refuses(1, insider.Private(again), Error::BAD_CONFIRMATION_TAG);
    // Other content with the same tag.
    AuthenticatedContent other{WireFormat::mls_public_message, framed.content, {}};
    other.content.authenticated_data = Bytes{1};
    other = insider.Sign(other.content);
    other.auth.confirmation_tag = framed.auth.confirmation_tag;
    scene.Refuses(1, insider.Public(other), Error::BAD_CONFIRMATION_TAG);
    scene.Accepts(1, honest.message);
  }
}

TEST_CASE("R8.3-01: ExternalInit kem_output decapsulates") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    const Client stranger = scene.world.NewClient(suite, "stranger");
    std::vector<Bytes> wrong = {{}, Bytes(suite.Npk - 1u, 9), Bytes(suite.Npk + 1u, 9), Bytes(suite.Npk, 0)};
    if (suite.kem != Kem::x25519 && suite.kem != Kem::x448) wrong.back()[0] = 4;  // no point of the curve
    for (const Bytes& kem_output : wrong) {
      CommitForgery forgery;
      forgery.proposals = {Value({ExternalInit{kem_output}})};
      scene.Refuses(1, ForgeExternalCommit(Insider(scene, 0), stranger, forgery, Init::left_out).message,
                    Error::INVALID_EXTERNAL_INIT);
    }
    scene.GoesOn();
  }
}

TEST_CASE("R8.4-01: Commit and GroupSecrets name the same PSKs in the same order") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    Invitation invitation(scene, WithTwoPsks(scene));
    const auto refused = [&](const Hook<GroupSecrets>& change) {
      WelcomeForgery forgery;
      forgery.secrets = change;
      invitation.Refuses(forgery, Error::DECRYPT_FAILED);
    };
    refused([](GroupSecrets& secrets) { std::swap(secrets.psks[0], secrets.psks[1]); });
    refused([](GroupSecrets& secrets) { secrets.psks.pop_back(); });
    refused([](GroupSecrets& secrets) { secrets.psks.erase(secrets.psks.begin()); });
    refused([](GroupSecrets& secrets) { secrets.psks.clear(); });
    refused([](GroupSecrets& secrets) { secrets.psks.push_back(secrets.psks[0]); });
    refused([](GroupSecrets& secrets) { secrets.psks[1].psk_nonce[0] ^= 1; });
    invitation.TakesIt();
    scene.GoesOn();
  }
}

TEST_CASE("R8.4-02: psk_nonce has length Nh: in GroupSecrets") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    Invitation invitation(scene, WithTwoPsks(scene));
    for (const std::size_t size : {std::size_t{0}, std::size_t{suite.Nh} - 1, std::size_t{suite.Nh} + 1}) {
      for (const std::size_t which : {0u, 1u}) {
        WelcomeForgery forgery;
        forgery.secrets = [&](GroupSecrets& secrets) { secrets.psks[which].psk_nonce.resize(size); };
        invitation.Refuses(forgery, Error::INVALID_PSK);
      }
    }
    invitation.TakesIt();
    scene.GoesOn();
  }
}

TEST_CASE("R8.4-03: psk_nonce fresh random for each injection") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 1);
    std::set<Bytes> nonces;
    for (int i = 0; i < 1000; ++i) {
      const Proposal made = Must(scene[0].MakePsk(ExternalPsk{Bytes{1}}, scene.world.env));
      const Bytes& nonce = made.As<PreSharedKey>()->psk.psk_nonce;
      CHECK(nonce.size() == suite.Nh);
      nonces.insert(nonce);
    }
    CHECK(nonces.size() == 1000);
  }
}

// ForgedPskBytes is a PreSharedKey proposal of the insider whose encoding a test changes at one byte.
Bytes ForgedPskBytes(const Insider& insider, const PreSharedKeyID& id, std::size_t at, std::uint8_t value) {
  // The content is signed as it will be sent, so the bytes are changed before: the type stands in the
  // encoding of the PreSharedKeyID, which begins right after the proposal's type.
  FramedContent content = insider.Content(Proposal{PreSharedKey{id}});
  Bytes signed_part = EncodeSignedPart(WireFormat::mls_public_message, content);
  const Bytes encoded_id = Encode(id);
  const auto found =
      std::search(signed_part.begin(), signed_part.end(), encoded_id.begin(), encoded_id.end());
  REQUIRE(found != signed_part.end());
  *(found + static_cast<std::ptrdiff_t>(at)) = value;
  const Bytes signature = Must(
      SignWithLabel(insider.suite(), insider.signer, "FramedContentTBS", {signed_part, insider.context()}));
  const Bytes auth = Encode(signature);
  const Bytes tag =
      ToBytes(Must(Mac(insider.suite(), insider.membership_key, {signed_part, insider.context(), auth})));
  const Bytes rest = Encode(signature, tag);
  // FramedContentTBS begins with version and wire_format, as MLSMessage does.
  Bytes message = signed_part;
  message.insert(message.end(), rest.begin(), rest.end());
  return message;
}

TEST_CASE("R8.4-04: PSKType is 1 or 2") {
  for (const Suite& suite : AllSuites()) {
    Scene scene(suite, 3);
    const Insider insider(scene, 2);
    const PreSharedKeyID id{ExternalPsk{Bytes(9, 5)}, Bytes(suite.Nh, 1)};
    for (const std::uint8_t type : {0, 3, 255}) {
      scene.Refuses(1, ForgedPskBytes(insider, id, 0, type), Error::MALFORMED);
    }
    scene.Accepts(1, ForgedPskBytes(insider, id, 0, 1));
  }
}

TEST_CASE("R8.4-05: ResumptionPSKUsage is 1..3") {
  for (const Suite& suite : AllSuites()) {
    Scene scene(suite, 3);
    const Insider insider(scene, 2);
    const PreSharedKeyID id = Resumption(scene[1].context().group_id, scene[1].context().epoch, suite.Nh);
    for (const std::uint8_t usage : {0, 4, 255}) {
      scene.Refuses(1, ForgedPskBytes(insider, id, 1, usage), Error::MALFORMED);
    }
    scene.Accepts(1, ForgedPskBytes(insider, id, 1, 1));
  }
}

TEST_CASE("R8.4-06: PSKLabel index and count are 16 bit") {
  // A list this long comes by value or in a Welcome; max_psks_per_commit is below what the label can count.
  CHECK(Limits{}.max_psks_per_commit < 65'536);
  const Suite& suite = AllSuites()[0];
  Scene scene(suite, 3);
  const Insider insider(scene, 2);
  CommitForgery forgery;
  for (std::uint32_t i = 0; i < 65'536; ++i) {
    const Bytes id{static_cast<std::uint8_t>(i), static_cast<std::uint8_t>(i >> 8)};
    forgery.proposals.push_back(Value({PreSharedKey{{ExternalPsk{id}, Bytes(suite.Nh, 1)}}}));
  }
  // Not even the forger can combine so many; what it sends has its list put in afterwards.
  CommitForgery sent;
  sent.content = [&](FramedContent& content) {
    std::get<CommitContent>(content.body).commit.proposals = EncodedList<ProposalOrRef>(forgery.proposals);
  };
  scene.Refuses(1, ForgeCommit(insider, sent).message, Error::LIMIT_EXCEEDED);
  scene.GoesOn();
}

TEST_CASE("R8.4-07: resumption PSK is that of the named group and epoch") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 2);
    const std::size_t late = scene.Hire(0);  // joined in the present epoch
    const std::uint64_t now = scene[0].context().epoch;
    const Bytes group_id = scene[0].context().group_id;
    const Insider insider(scene, 1);
    const auto commit = [&](const Bytes& group, std::uint64_t epoch) {
      CommitForgery forgery;
      forgery.proposals = {Value({PreSharedKey{Resumption(group, epoch, suite.Nh)}})};
      return ForgeCommit(insider, forgery).message;
    };
    scene.Refuses(late, commit({1, 2, 3}, now), Error::MISSING_PSK);     // an unknown group
    scene.Refuses(late, commit(group_id, now + 1), Error::MISSING_PSK);  // a future epoch
    scene.Refuses(late, commit(group_id, now - 1), Error::MISSING_PSK);  // before it joined
    scene.GoesOn();
  }
}

TEST_CASE("R8.5-01: exporter label separates uses; context hashed") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 2);
    const Bytes large(1u << 20, 1);
    std::set<Bytes> secrets;
    const auto exported = [&](std::string_view label, View context) {
      const Secret mine = Must(scene[0].Export(label, context, 32));
      CHECK(mine == Must(scene[1].Export(label, context, 32)));
      secrets.insert(ToBytes(mine));
    };
    exported("label", AsView("context"));
    exported("label", AsView("other context"));
    exported("label", {});
    exported("other label", AsView("context"));
    exported("", AsView("context"));
    exported("label", large);
    CHECK(secrets.size() == 6);
    const Secret old = Insider(scene, 1).exporter_secret.Clone();
    REQUIRE(Holds(World::Saved(scene[1]), old));
    scene.Commit(0);
    exported("label", AsView("context"));
    CHECK(secrets.size() == 7);
    // There is no way to ask for an old epoch's: its exporter_secret is nowhere.
    CHECK_FALSE(Holds(World::Saved(scene[1]), old));
  }
}

TEST_CASE("R8.6-01: upper limit on stored past resumption PSKs") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 2);
    const std::size_t most = Limits{}.max_resumption_psks;
    const std::uint64_t first = scene[1].context().epoch;
    for (std::size_t i = 0; i < most + 10; ++i) scene.Commit(0);
    const std::uint64_t now = scene[1].context().epoch;
    REQUIRE(now == first + most + 10);
    std::size_t held = 0;
    for (std::uint64_t epoch = 0; epoch < now; ++epoch) {
      if (World::Saved(scene[1]).Get(RowKey(RowTag::resumption, epoch))) ++held;
    }
    CHECK(held == most);
    CHECK(scene[1].ResumptionPskOf(now - most).ok());
    CHECK(ErrorOf(scene[1].ResumptionPskOf(now - most - 1)) == Error::MISSING_PSK);
    const Insider insider(scene, 0);
    CommitForgery forgery;
    forgery.proposals = {
        Value({PreSharedKey{Resumption(scene[1].context().group_id, now - most - 1, suite.Nh)}})};
    scene.Refuses(1, ForgeCommit(insider, forgery).message, Error::MISSING_PSK);
    scene.GoesOn();
  }
}

}  // namespace
}  // namespace mls::test
