// RFC 9420 §6.1: whose key a signature is verified with when leaves have changed hands, and after a rotation.
#include "kit/forged_commit.h"
#include "kit/raw_public.h"
#include "kit/scene.h"

namespace mls::test {
namespace {

CommitOptions Renewing(Scene& scene, const Suite& suite) {
  CommitOptions options;
  options.leaf.signature_key = Must(GenerateSignatureKeyPair(suite, scene.world.random));
  return options;
}

// AsLeaf2 is application data of the insider's epoch under the name and the ratchet of leaf 2.
Bytes AsLeaf2(const Insider& insider, View signature_private_key) {
  FramedContent content = insider.Data().content;
  content.sender = Sender::Member({2});
  PrivateForgery forgery;
  forgery.leaf = forgery.key_leaf = LeafIndex{2};
  return insider.Private(insider.SignWith(signature_private_key, insider.context(), std::move(content),
                                          WireFormat::mls_private_message),
                         forgery);
}

TEST_CASE("R6.1-19: a past-epoch message is verified against the members of that epoch") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 4);
    const Insider first(scene, 3);
    const Bytes by_first_owner = scene.Send(2, "of leaf 2 in epoch 1");
    scene.Commit(0, Proposing({Remove{{2}}}));
    const Insider blank(scene, 3);
    const std::size_t heir = scene.Hire(3);
    REQUIRE(scene[heir].self() == LeafIndex{2});
    const Insider second(scene, 3);
    const Bytes by_heir = scene.Send(heir, "of leaf 2 in epoch 3");
    const Secret heirs_key = Insider(scene, heir).signer.Clone();
    scene.Commit(heir, Renewing(scene, suite));  // the present key of leaf 2 is a third one
    const Insider present(scene, heir);

    const View former = scene.client(2).profile.signature_private_key;
    // Epoch 1 knows the first owner alone, epoch 2 nobody, epoch 3 the heir's first key.
    for (const Secret* key : {&heirs_key, &present.signer, &first.signer}) {
      scene.Refuses(1, AsLeaf2(first, *key), Error::BAD_SIGNATURE);
    }
    for (const View key : {former, View(heirs_key), View(present.signer)}) {
      scene.Refuses(1, AsLeaf2(blank, key), Error::UNKNOWN_SENDER);
    }
    for (const View key : {former, View(present.signer), View(first.signer)}) {
      scene.Refuses(1, AsLeaf2(second, key), Error::BAD_SIGNATURE);
    }
    scene.Accepts(1, by_first_owner);
    scene.Accepts(1, by_heir);
    scene.Accepts(0, by_heir);
    scene.GoesOn();
  }
}

// VerifiedApart checks a PublicMessage by its bytes, with the key that `member`'s leaf has in the tree of
// another member: nothing of the engine but the signature scheme itself.
bool VerifiedApart(Scene& scene, View message, std::size_t member, std::size_t witness) {
  const PublicMessage opened = Opened(message);
  Bytes signed_part(message.begin(), message.begin() + 4);  // version and wire_format as sent
  const Bytes content = Encode(opened.content);
  REQUIRE(Equal(message.subspan(4, content.size()), content));
  signed_part.insert(signed_part.end(), content.begin(), content.end());
  const Bytes context = Encode(scene[witness].context());
  signed_part.insert(signed_part.end(), context.begin(), context.end());
  const Bytes whole = Encode(ToBytes(AsView("MLS 1.0 FramedContentTBS")), signed_part);
  const View key = scene[witness].tree().SignatureKey(scene[member].self());
  return Verify(scene[witness].suite(), key, whole, opened.auth.signature).ok();
}

TEST_CASE("R6.1-18: we sign with the key of our leaf / sender role") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    const auto speaks = [&] {
      const Bytes proposal = scene.ProposeUpdate(1);
      CHECK(VerifiedApart(scene, proposal, 1, 0));
      scene.Deliver(1, proposal);
      const NewCommit commit = scene.MakeCommit(2);
      CHECK(VerifiedApart(scene, commit.message, 2, 0));
      scene.Accept(2, commit.id);
      scene.Deliver(2, commit.message);
      scene.Chat();
    };
    speaks();
    const Bytes before = ToBytes(scene[0].tree().SignatureKey({1}));
    scene.Commit(1, Renewing(scene, suite));
    const Bytes by_commit = ToBytes(scene[0].tree().SignatureKey({1}));
    CHECK(by_commit != before);
    speaks();
    LeafChange change;
    change.signature_key = Must(GenerateSignatureKeyPair(suite, scene.world.random));
    scene.Deliver(1, scene.ProposeUpdate(1, std::move(change)));
    scene.Commit(0);
    CHECK(scene[0].tree().SignatureKey({1}).size() != 0);
    CHECK(ToBytes(scene[0].tree().SignatureKey({1})) != by_commit);
    speaks();
  }
}

TEST_CASE("R6.1-18: a joiner by external Commit signs with the key of its new leaf") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 2);
    const Client stranger = scene.world.NewClient(suite, "stranger");
    const ExternalJoin join = Must(scene.TryJoinByCommit(stranger, scene.Info(0)));
    const PublicMessage message = Opened(join.message);
    const Bytes signed_part = Encode(ToBytes(AsView("MLS 1.0 FramedContentTBS")), [&] {
      Bytes all = EncodeSignedPart(WireFormat::mls_public_message, message.content);
      const Bytes context = Encode(scene[0].context());
      all.insert(all.end(), context.begin(), context.end());
      return all;
    }());
    const View key = message.content.commit()->path->leaf_node.signature_key;
    CHECK(Equal(key, stranger.profile.signature_key));
    CHECK(Verify(suite, key, signed_part, message.auth.signature).ok());
    scene.Accepts(1, join.message);
  }
}

}  // namespace
}  // namespace mls::test
