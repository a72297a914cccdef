#include "kit/leaf_routes.h"

namespace mls::test {

namespace {

// The receiver is member 1, the forger member 2; member 0 does what is honest.
constexpr std::size_t kReceiver = 1, kForger = 2;

void SignLeaf(const Suite& suite, LeafNode& leaf, const LeafForgery& forgery, View owner, View group_id,
              LeafIndex index) {
  Run(forgery.leaf, leaf);
  Must(
      SignLeafNode(suite, leaf, forgery.signer == nullptr ? owner : forgery.signer->view(), group_id, index));
  Run(forgery.signed_leaf, leaf);
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

CommitForgery InPath(const LeafForgery& forgery) {
  CommitForgery commit;
  commit.leaf = forgery.leaf;
  commit.signed_leaf = forgery.signed_leaf;
  commit.leaf_signer = forgery.signer;
  return commit;
}

// Lean commits have no path: a tree of leaves alone has no parent hash that the change of a leaf would spoil.
CommitOptions Lean() {
  CommitOptions options;
  options.path = CommitOptions::Path::when_required;
  return options;
}

// InTree changes the forger's leaf, which is not the signer's and not the newcomer's.
Hook<Nodes> InTree(Scene& scene, const LeafForgery& forgery) {
  return [&](Nodes& nodes) {
    SignLeaf(scene[0].suite(), LeafAt(nodes, kForger), forgery, Insider(scene, kForger).signer,
             scene[0].context().group_id, {kForger});
  };
}

}  // namespace

std::string TakeRoute(const Suite& suite, Route route, const LeafForgery& forgery, CompanyOptions options) {
  Scene scene(suite, 1, std::move(options));
  scene.Hire(0, 2, Lean());
  switch (route) {
    case Route::own_add:
      return scene.SaysToAdd(kReceiver, ForgedKeyPackage(scene, suite, forgery));
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
    case Route::path:
      return Said(scene, ForgeCommit(Insider(scene, kForger), InPath(forgery)).message);
    case Route::joining_path: {
      const Client stranger = scene.world.NewClient(suite, "stranger");
      return Said(scene, ForgeExternalCommit(Insider(scene, 0), stranger, InPath(forgery)).message);
    }
    case Route::welcome_tree: {
      const Invitation invitation(scene, Lean());
      WelcomeForgery welcome;
      welcome.tree = InTree(scene, forgery);
      return std::string(Scene::Name(scene.TryJoin(invitation.Forge(welcome), invitation.package)));
    }
    case Route::info_tree: {
      InfoForgery info;
      info.tree = InTree(scene, forgery);
      const GroupInfo forged = ForgeInfo(scene, scene.Info(0), info);
      return scene.SaysToJoinByCommit(scene.world.NewClient(suite, "stranger"), forged);
    }
  }
  return "no such route";
}

void CheckRoutes(const Suite& suite, std::span<const Route> routes, const LeafForgery& forgery,
                 Error expected, Error in_tree, const CompanyOptions& options) {
  CAPTURE(suite.name);
  for (const Route route : routes) {
    const bool tree = route == Route::welcome_tree || route == Route::info_tree;
    CAPTURE(kRouteNames[static_cast<std::size_t>(route)]);
    CHECK(TakeRoute(suite, route, forgery, options) == Describe(tree ? in_tree : expected).name);
  }
}

}  // namespace mls::test
