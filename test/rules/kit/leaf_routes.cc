#include "kit/leaf_routes.h"

#include "kit/lists.h"

namespace mls::test {

namespace {

void Resign(const Suite& suite, LeafNode& leaf, const LeafForgery& forgery, View owner, View group_id,
            LeafIndex index) {
  const View signer = forgery.signer == nullptr ? owner : forgery.signer->view();
  const View signed_group = forgery.group_id ? View(*forgery.group_id) : group_id;
  Must(SignLeafNode(suite, leaf, signer, signed_group, forgery.index.value_or(index)));
  Run(forgery.signed_leaf, leaf);
}

void SignLeaf(const Suite& suite, LeafNode& leaf, const LeafForgery& forgery, View owner, View group_id,
              LeafIndex index) {
  Run(forgery.leaf, leaf);
  Resign(suite, leaf, forgery, owner, group_id, index);
}

KeyPackage ForgedKeyPackage(Scene& scene, const Suite& suite, const LeafForgery& forgery) {
  const Client client = scene.world.NewClient(suite, "newcomer");
  KeyPackage package = scene.world.NewKeyPackageOf(client).key_package;
  SignLeaf(suite, package.leaf_node, forgery, client.profile.signature_private_key, {}, {});
  package.signature = Must(
      SignWithLabel(suite, client.profile.signature_private_key, "KeyPackageTBS", {EncodeUnsigned(package)}));
  return package;
}

std::string Said(Scene& scene, View message) {
  const MemoryRows before = World::Saved(scene[kReceiver]);
  const auto received = scene.TryReceive(kReceiver, message);
  CHECK((received.ok() || before == World::Saved(scene[kReceiver])));
  return std::string(Scene::Name(received));
}

Bytes ForgedUpdate(Scene& scene, const Suite& suite, const LeafForgery& forgery) {
  const Insider insider(scene, kForger);
  LeafNode leaf = scene[kForger].tree().Leaf(insider.self);
  leaf.encryption_key = Must(GenerateHpkeKeyPair(suite, scene.world.random)).public_key;
  leaf.leaf_node_source = LeafNodeSource::update;
  SignLeaf(suite, leaf, forgery, insider.signer, scene[0].context().group_id, insider.self);
  return insider.Public(Proposal{Update{leaf}});
}

CommitForgery InPath(Scene& scene, const LeafForgery& forgery, const Secret& owner, LeafIndex index) {
  CommitForgery commit;
  commit.leaf = forgery.leaf;
  commit.signed_leaf = [&scene, &forgery, &owner, index](LeafNode& leaf) {
    Resign(scene[0].suite(), leaf, forgery, owner, scene[0].context().group_id, index);
  };
  return commit;
}

// InTree changes the forger's leaf, which is not the signer's and not the newcomer's.
Hook<Nodes> InTree(Scene& scene, const LeafForgery& forgery) {
  return [&](Nodes& nodes) {
    SignLeaf(scene[0].suite(), LeafAt(nodes, kForger), forgery, Insider(scene, kForger).signer,
             scene[0].context().group_id, {kForger});
  };
}

std::string TakeTree(Scene& scene, Route route, const LeafForgery& forgery) {
  Invitation invitation(scene, Lean());
  std::string said;
  if (route == Route::welcome_tree) {
    WelcomeForgery welcome;
    welcome.tree = InTree(scene, forgery);
    said = Scene::Name(scene.TryJoin(invitation.Forge(welcome), invitation.package));
  } else {
    InfoForgery info;
    info.tree = InTree(scene, forgery);
    const GroupInfo forged = ForgeInfo(scene, scene.Info(0), info);
    said = scene.SaysToJoinByCommit(scene.world.NewClient(scene[0].suite(), "stranger"), forged);
  }
  invitation.TakesIt();
  return said;
}

// The application is asked when the Commit is completed.
std::string SaysToOwnAdd(Scene& scene, const KeyPackage& package) {
  const std::string said = scene.SaysToAdd(kReceiver, package);
  if (said != "taken") return said;
  const MemoryRows before = World::Saved(scene[kReceiver]);
  StagedCommit staged = Must(scene[kReceiver].StageCommit(Proposing({Add{package}}), scene.world.env));
  const Answers answers = scene.Answer(staged.questions);
  const auto done = scene[kReceiver].CompleteCommit(std::move(staged), answers, scene.world.env);
  CHECK(before == World::Saved(scene[kReceiver]));
  return std::string(Scene::Name(done));
}

// Member 0 commits what the forger has proposed.
std::string SaidOfReference(Scene& scene, View proposal) {
  scene.Accepts(0, proposal);
  scene.Accepts(kReceiver, proposal);
  CommitForgery commit;
  commit.proposals = {ReferenceToNewest(scene, 0)};
  return Said(scene, ForgeCommit(Insider(scene, 0), std::move(commit)).message);
}

std::string TakeMessage(Scene& scene, Route route, const LeafForgery& forgery) {
  const Suite& suite = scene[0].suite();
  switch (route) {
    case Route::own_add:
      return SaysToOwnAdd(scene, ForgedKeyPackage(scene, suite, forgery));
    case Route::proposed_add:
      return Said(scene,
                  Insider(scene, kForger).Public(Proposal{Add{ForgedKeyPackage(scene, suite, forgery)}}));
    case Route::committed_add: {
      CommitForgery commit;
      commit.proposals = {Value({Add{ForgedKeyPackage(scene, suite, forgery)}})};
      return Said(scene, ForgeCommit(Insider(scene, kForger), commit).message);
    }
    case Route::update:
      return Said(scene, ForgedUpdate(scene, suite, forgery));
    case Route::path: {
      const Insider insider(scene, kForger);
      return Said(scene, ForgeCommit(insider, InPath(scene, forgery, insider.signer, insider.self)).message);
    }
    case Route::joining_path: {
      const Client stranger = scene.world.NewClient(suite, "stranger");
      const LeafIndex index = scene[0].tree().LeftmostBlankLeaf();
      CommitForgery commit = InPath(scene, forgery, stranger.profile.signature_private_key, index);
      return Said(scene, ForgeExternalCommit(Insider(scene, 0), stranger, std::move(commit)).message);
    }
    case Route::referred_add:
      return SaidOfReference(
          scene, Insider(scene, kForger).Public(Proposal{Add{ForgedKeyPackage(scene, suite, forgery)}}));
    case Route::referred_update:
      return SaidOfReference(scene, ForgedUpdate(scene, suite, forgery));
    case Route::welcome_tree:
    case Route::info_tree:
      break;
  }
  return "no such route";
}

}  // namespace

CommitOptions Lean() {
  CommitOptions options;
  options.path = CommitOptions::Path::when_required;
  return options;
}

std::string TakeRoute(const Suite& suite, Route route, const LeafForgery& forgery, CompanyOptions options) {
  Scene scene(suite, 1, std::move(options));
  if (forgery.judge) scene.NotInJournal();
  scene.Hire(0, 2, Lean());
  scene.judge = forgery.judge;
  const std::string said =
      IsTree(route) ? TakeTree(scene, route, forgery) : TakeMessage(scene, route, forgery);
  // A proposal that fits no list is left out of the next Commit.
  const bool cached = route == Route::referred_add || route == Route::referred_update;
  if (said != "taken" && cached) scene.Commit(0);
  if (said != "taken" || IsTree(route)) scene.GoesOn();
  return said;
}

void CheckRoutes(const Suite& suite, std::span<const Route> routes, const LeafForgery& forgery,
                 Error expected, Error in_tree, const CompanyOptions& options) {
  REQUIRE_FALSE(routes.empty());
  CAPTURE(suite.name);
  for (const Route route : routes) {
    CAPTURE(kRouteNames[static_cast<std::size_t>(route)]);
    CHECK(TakeRoute(suite, route, forgery, options) == Describe(IsTree(route) ? in_tree : expected).name);
  }
}

void TakesRoutes(const Suite& suite, std::span<const Route> routes, const LeafForgery& forgery,
                 const CompanyOptions& options) {
  REQUIRE_FALSE(routes.empty());
  CAPTURE(suite.name);
  for (const Route route : routes) {
    CAPTURE(kRouteNames[static_cast<std::size_t>(route)]);
    CHECK(TakeRoute(suite, route, forgery, options) == "taken");
  }
}

}  // namespace mls::test
