// The forging kit proves itself: without hooks, what it builds is honest and is taken by everyone.
#include "kit/forged_commit.h"
#include "kit/invitation.h"
#include "kit/leaf_routes.h"

namespace mls::test {
namespace {

TEST_CASE("kit: a message with nothing forged is taken") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    const Insider insider(scene, 2);
    scene.Accepts(1, insider.Public(Proposal{Remove{{0}}}));
    scene.Accepts(1, insider.Private(insider.Data()));
    AuthenticatedContent proposal =
        insider.Sign(insider.Content(Proposal{Remove{{1}}}), WireFormat::mls_private_message);
    scene.Accepts(0, insider.Private(proposal));
  }
}

TEST_CASE("kit: a Commit with nothing forged leads everyone into one epoch") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    for (const WireFormat format : {WireFormat::mls_public_message, WireFormat::mls_private_message}) {
      Scene scene(suite, 5);
      const NewKeyPackage package = scene.world.NewKeyPackageOf(scene.world.NewClient(suite, "newcomer"));
      const Insider insider(scene, 2);
      CommitForgery forgery;
      forgery.format = format;
      forgery.proposals = {Value({Remove{{4}}}), Value({Add{package.key_package}})};
      const ForgedCommit commit = ForgeCommit(insider, forgery);
      for (const std::size_t member : {0u, 1u, 3u}) {
        scene.Accepts(member, commit.message);
        CHECK(scene[member].context() == commit.next);
      }
    }
  }
}

TEST_CASE("kit: an external Commit with nothing forged is taken") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    const Client stranger = scene.world.NewClient(suite, "stranger");
    const ForgedCommit commit = ForgeExternalCommit(Insider(scene, 0), stranger, {});
    scene.Accepts(1, commit.message);
    scene.Accepts(2, commit.message);
    CHECK(scene[1].context() == commit.next);
  }
}

TEST_CASE("kit: a Welcome and a GroupInfo with nothing forged let a newcomer in") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    Invitation invitation(scene);
    scene.Enter(invitation.client, scene.JoinByWelcome(invitation.Forge({}), invitation.package));
    scene.GoesOn();
    const Client stranger = scene.world.NewClient(suite, "stranger");
    scene.JoinByCommit(stranger, ForgeInfo(scene, scene.Info(0), {}));
    scene.GoesOn();
  }
}

TEST_CASE("kit: a leaf with nothing forged is taken on every route") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    for (const Route route : kAllRoutes) {
      CAPTURE(kRouteNames[static_cast<std::size_t>(route)]);
      CHECK(TakeRoute(suite, route, {}) == "taken");
    }
  }
}

}  // namespace
}  // namespace mls::test
