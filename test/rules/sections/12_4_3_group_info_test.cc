// RFC 9420 §12.4.3: the GroupInfo, as it comes in a Welcome and as it lets strangers join.
#include "kit/invitation.h"
#include "kit/supporting.h"

namespace mls::test {
namespace {

// BothRefuse: the newcomer says `expected` to a changed GroupInfo, in a Welcome and to join from outside.
void BothRefuse(const Invitation& invitation, const Client& stranger, const InfoForgery& forgery,
                Error expected) {
  WelcomeForgery welcome;
  static_cast<InfoForgery&>(welcome) = forgery;
  invitation.Refuses(welcome, expected);
  Scene& scene = invitation.scene;
  scene.RefusesJoinByCommit(stranger, ForgeInfo(scene, scene.Info(0), forgery), expected);
}

TEST_CASE("R12.4.3-01: unknown extensions of a GroupInfo are ignored") {
  const Suite& suite = AllSuites()[0];
  for (const std::uint16_t type : {0x0006, 0x1A1A, 0x1B1B, 0xF001, 0xFFFF}) {
    for (const std::size_t size : {0u, 1u, 300u}) {
      CAPTURE(type);
      Scene scene(suite, 2);
      Invitation invitation(scene);
      WelcomeForgery forgery;
      forgery.info = [&](GroupInfo& info) {
        std::erase_if(info.extensions,
                      [&](const Extension& one) { return one.extension_type == ExtensionType{type}; });
        info.extensions.insert(info.extensions.begin(), {ExtensionType{type}, scene.world.random.Some(size)});
      };
      scene.Enter(invitation.client, scene.JoinByWelcome(invitation.Forge(forgery), invitation.package));
      scene.GoesOn();
      const Client stranger = scene.world.NewClient(suite, "stranger");
      scene.JoinByCommit(stranger, ForgeInfo(scene, scene.Info(0), forgery));
      scene.GoesOn();
    }
  }
}

TEST_CASE("R12.4.3-02, R13.4-13: a joiner supports every extension of the GroupContext") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 2);
    AllSupport(scene);
    Invitation invitation(scene);
    // All members but the newcomer support it.
    WelcomeForgery forgery;
    forgery.info = [](GroupInfo& info) { info.group_context.extensions = {Used()}; };
    invitation.Refuses(forgery, Error::UNSUPPORTED_EXTENSION);
    invitation.TakesIt();
    scene.GoesOn();

    Scene other(suite, 2);
    AllSupport(other);
    other.Commit(0, Proposing({GroupContextExtensions{{Used()}}}));
    const Client lacking = other.world.NewClient(suite, "lacking");
    other.RefusesJoinByCommit(lacking, other.Info(0), Error::UNSUPPORTED_EXTENSION);
    other.JoinByCommit(SupportingClient(other, suite, "supporting"), other.Info(0));
    other.GoesOn();
  }
}

TEST_CASE("R12.4.3-04: a GroupInfo is signed by its signer's key") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    Invitation invitation(scene);
    const Client stranger = scene.world.NewClient(suite, "stranger");
    const std::vector<Hook<GroupInfo>> changes = {
        [](GroupInfo& info) { info.group_context.group_id[0] ^= 1; },
        [](GroupInfo& info) { info.group_context.epoch ^= 1; },
        [](GroupInfo& info) { info.group_context.tree_hash.back() ^= 0x80; },
        [](GroupInfo& info) { info.group_context.confirmed_transcript_hash[1] ^= 4; },
        [](GroupInfo& info) { info.group_context.extensions = {MakeExtension(RequiredCapabilities{})}; },
        [](GroupInfo& info) { info.extensions.push_back({ExtensionType{0xF001}, {}}); },
        [](GroupInfo& info) { info.confirmation_tag[3] ^= 0x10; },
        [](GroupInfo& info) { info.signer = LeafIndex{1}; },
        [](GroupInfo& info) { info.signature.back() ^= 1; },
        [](GroupInfo& info) { info.signature.pop_back(); },
        [](GroupInfo& info) { info.signature.clear(); },
    };
    for (std::size_t i = 0; i < changes.size(); ++i) {
      CAPTURE(i);
      InfoForgery forgery;
      forgery.signed_info = changes[i];
      BothRefuse(invitation, stranger, forgery, Error::BAD_SIGNATURE);
    }
    InfoForgery by_another;
    const Secret another = Insider(scene, 1).signer.Clone();
    by_another.signer = &another;
    BothRefuse(invitation, stranger, by_another, Error::BAD_SIGNATURE);
    invitation.TakesIt();
    scene.GoesOn();
    scene.JoinByCommit(stranger, scene.Info(0));
    scene.GoesOn();
  }
}

TEST_CASE("R12.4.3-05: the version of the GroupContext is one that we speak") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    Invitation invitation(scene);
    const Client stranger = scene.world.NewClient(suite, "stranger");
    for (const std::uint16_t version : {0, 2, 0xFFFF}) {
      InfoForgery forgery;
      forgery.info = [&](GroupInfo& info) { info.group_context.version = ProtocolVersion{version}; };
      BothRefuse(invitation, stranger, forgery, Error::UNSUPPORTED_VERSION);
    }
    invitation.TakesIt();
    scene.GoesOn();
  }
}

}  // namespace
}  // namespace mls::test
