// RFC 9420 §13.5: GREASE, which senders may scatter and receivers do not look for.
#include "kit/invitation.h"
#include "kit/leaf_routes.h"
#include "kit/package_routes.h"
#include "kit/supporting.h"

namespace mls::test {
namespace {

// The values of the registry, written down apart from the engine.
constexpr std::uint16_t kGrease[] = {0x0A0A, 0x1A1A, 0x2A2A, 0x3A3A, 0x4A4A, 0x5A5A, 0x6A6A, 0x7A7A,
                                     0x8A8A, 0x9A9A, 0xAAAA, 0xBABA, 0xCACA, 0xDADA, 0xEAEA};
constexpr std::uint16_t kUnassigned = 0x1B1B;  // as unknown, and no GREASE

bool IsGrease(std::uint16_t value) {
  return std::find(std::begin(kGrease), std::end(kGrease), value) != std::end(kGrease);
}

void Announce(Capabilities& capabilities, std::uint16_t value) {
  capabilities.cipher_suites.insert(capabilities.cipher_suites.begin(), CipherSuite{value});
  capabilities.extensions.insert(capabilities.extensions.begin(), ExtensionType{value});
  capabilities.proposals.push_back(ProposalType{value});
  capabilities.credentials.push_back(CredentialType{value});
}

// Outcome of one try in a scene of its own.
std::string Leaf(Route route, std::uint16_t value, bool listed) {
  LeafForgery forgery;
  forgery.leaf = [&](LeafNode& leaf) {
    std::erase(leaf.capabilities.extensions, ExtensionType{value});
    if (listed) leaf.capabilities.extensions.push_back(ExtensionType{value});
    leaf.extensions.push_back({ExtensionType{value}, Bytes(33, 1)});
  };
  return TakeRoute(AnySuite(), route, forgery);
}

std::string PackageExtension(std::uint16_t value, std::size_t size) {
  Scene scene(AnySuite(), 3);
  const Client client = SupportingClient(scene, AnySuite(), "newcomer", ExtensionType{value});
  const NewKeyPackage package = PackageOf(scene, client, [&](KeyPackage& one) {
    one.extensions = {{ExtensionType{value}, scene.world.random.Some(size)}};
  });
  const NewCommit commit = scene.Commit(0, Proposing({Add{package.key_package}}));
  scene.Enter(client, scene.JoinByWelcome(commit.welcomes.at(0).message, package));
  scene.GoesOn();
  return "taken";
}

std::string InfoExtension(std::uint16_t value, std::size_t size) {
  Scene scene(AnySuite(), 2);
  Invitation invitation(scene);
  WelcomeForgery forgery;
  forgery.info = [&](GroupInfo& info) {
    std::erase_if(info.extensions, [&](const Extension& one) {  // what the sender scattered itself
      return one.extension_type == ExtensionType{value};
    });
    info.extensions.push_back({ExtensionType{value}, scene.world.random.Some(size)});
  };
  scene.Enter(invitation.client, scene.JoinByWelcome(invitation.Forge(forgery), invitation.package));
  scene.GoesOn();
  scene.JoinByCommit(scene.world.NewClient(AnySuite(), "stranger"), ForgeInfo(scene, scene.Info(0), forgery));
  scene.GoesOn();
  return "taken";
}

std::string InProposalType(std::uint16_t value) {
  Scene scene(AnySuite(), 3);
  const Insider insider(scene, 2);
  const Proposal proposal{CustomProposal{ProposalType{value}, {1}}};
  const auto alone = scene.TryReceive(1, insider.Public(proposal));
  CommitForgery forgery;
  forgery.proposals = {Value(proposal)};
  const auto committed = scene.TryReceive(1, ForgeCommit(insider, forgery).message);
  CHECK(Scene::Name(alone) == Scene::Name(committed));
  CHECK(Scene::Name(scene[0].StageOwnProposal(proposal, {}, scene.world.env)) == Scene::Name(alone));
  CHECK(Scene::Name(scene[0].StageCommit(Proposing(proposal), scene.world.env)) == Scene::Name(alone));
  scene.GoesOn();
  return std::string(Scene::Name(alone));
}

std::string InCredentialType(Route route, std::uint16_t value) {
  LeafForgery forgery;
  forgery.leaf = [&](LeafNode& leaf) {
    leaf.credential = {OpaqueCredential{CredentialType{value}, {1, 2}}};
    leaf.capabilities.credentials.push_back(CredentialType{value});
  };
  return TakeRoute(AnySuite(), route, forgery);
}

// InGroupContext: a Welcome and a GroupInfo whose GroupContext has the extension, which the group did not
// use.
std::string InGroupContext(std::uint16_t value) {
  Scene scene(AnySuite(), 2);
  Invitation invitation(scene);
  WelcomeForgery forgery;
  forgery.info = [&](GroupInfo& info) { info.group_context.extensions = {{ExtensionType{value}, {1}}}; };
  const auto joined = scene.TryJoin(invitation.Forge(forgery), invitation.package);
  const std::string external = scene.SaysToJoinByCommit(scene.world.NewClient(AnySuite(), "stranger"),
                                                        ForgeInfo(scene, scene.Info(0), forgery));
  CHECK(Scene::Name(joined) == external);
  invitation.TakesIt();
  scene.GoesOn();
  return external;
}

std::string InGroupContextExtensions(std::uint16_t value) {
  Scene scene(AnySuite(), 3);
  const Proposal proposal{GroupContextExtensions{{{ExtensionType{value}, {1}}}}};
  CommitForgery forgery;
  forgery.proposals = {Value(proposal)};
  const auto received = scene.TryReceive(1, ForgeCommit(Insider(scene, 2), forgery).message);
  CHECK(Scene::Name(scene[0].StageCommit(Proposing(proposal), scene.world.env)) == Scene::Name(received));
  scene.GoesOn();
  return std::string(Scene::Name(received));
}

TEST_CASE("R13.5-01: GREASE in capabilities is harmless") {
  for (const std::uint16_t value : kGrease) {
    CAPTURE(value);
    LeafForgery forgery;
    forgery.leaf = [&](LeafNode& leaf) { Announce(leaf.capabilities, value); };
    for (const Route route : kAllRoutes) {
      CAPTURE(kRouteNames[static_cast<std::size_t>(route)]);
      CHECK(TakeRoute(AnySuite(), route, forgery) == "taken");
    }
  }
}

TEST_CASE("R13.5-02: GREASE in a leaf's extensions is listed in its capabilities") {
  for (const std::uint16_t value : kGrease) {
    CAPTURE(value);
    for (const Route route : kAllRoutes) {
      CAPTURE(kRouteNames[static_cast<std::size_t>(route)]);
      const bool tree = route == Route::welcome_tree || route == Route::info_tree;
      CHECK(Leaf(route, value, true) == "taken");
      CHECK(Leaf(route, value, false) == (tree ? "INVALID_TREE" : "INVALID_LEAF_NODE"));
    }
  }
}

TEST_CASE("R13.5-03: GREASE in a KeyPackage's extensions is ignored") {
  for (const std::uint16_t value : kGrease) CHECK(PackageExtension(value, 40) == "taken");
  for (const std::size_t size : {0u, 1u, 1000u, 65535u, 65536u}) {
    CAPTURE(size);
    CHECK(PackageExtension(0xDADA, size) == "taken");
  }
}

TEST_CASE("R13.5-04: GREASE in a GroupInfo's extensions is ignored") {
  for (const std::uint16_t value : kGrease) CHECK(InfoExtension(value, 40) == "taken");
  for (const std::size_t size : {0u, 1u, 1000u, 65535u, 65536u}) {
    CAPTURE(size);
    CHECK(InfoExtension(0xDADA, size) == "taken");
  }
}

TEST_CASE("R13.5-05: GREASE is no type of proposals") {
  for (const std::uint16_t value : kGrease) CHECK(InProposalType(value) == "UNSUPPORTED_PROPOSAL");
}

TEST_CASE("R13.5-06: GREASE is no type of credentials") {
  for (const std::uint16_t value : kGrease) {
    CAPTURE(value);
    for (const Route route : kAllRoutes) {
      CAPTURE(kRouteNames[static_cast<std::size_t>(route)]);
      CHECK(InCredentialType(route, value) == "UNSUPPORTED_CREDENTIAL");
    }
    // Nor do we send it.
    World world(1);
    Client client = world.NewClient(AnySuite(), "founder");
    client.profile.credential = {OpaqueCredential{CredentialType{value}, {1}}};
    client.profile.capabilities.credentials.push_back(CredentialType{value});
    CHECK(ErrorOf(Group::Create({&AnySuite(), {}, {}, {}}, client.profile, world.env)) ==
          Error::UNSUPPORTED_CREDENTIAL);
  }
}

// Whoever lists a GREASE value does not support it (RFC 9420 §13.5): a client's own list is compared without.
TEST_CASE("R13.5-07: GREASE is no extension of a GroupContext") {
  for (const std::uint16_t value : kGrease) {
    CAPTURE(value);
    CHECK(InGroupContext(value) == "UNSUPPORTED_EXTENSION");
    World world(1);
    Client client = world.NewClient(AnySuite(), "founder");
    client.profile.capabilities.extensions.push_back(ExtensionType{value});
    CHECK(ErrorOf(Group::Create({&AnySuite(), {}, {{ExtensionType{value}, {}}}, {}}, client.profile,
                                world.env)) == Error::UNSUPPORTED_CAPABILITY);
  }
}

TEST_CASE("R13.5-08: GREASE is no extension of GroupContextExtensions") {
  for (const std::uint16_t value : kGrease) {
    CHECK(InGroupContextExtensions(value) == "UNSUPPORTED_CAPABILITY");
  }
}

TEST_CASE("R13.5-09: GREASE is treated as any unknown value is") {
  REQUIRE_FALSE(IsGrease(kUnassigned));
  const auto same = [](const auto& outcome) { CHECK(outcome(0x1A1A) == outcome(kUnassigned)); };
  for (const Route route : kAllRoutes) {
    CAPTURE(kRouteNames[static_cast<std::size_t>(route)]);
    same([&](std::uint16_t value) {
      LeafForgery forgery;
      forgery.leaf = [&](LeafNode& leaf) { Announce(leaf.capabilities, value); };
      return TakeRoute(AnySuite(), route, forgery);
    });
    same([&](std::uint16_t value) { return Leaf(route, value, true); });
    same([&](std::uint16_t value) { return Leaf(route, value, false); });
    same([&](std::uint16_t value) { return InCredentialType(route, value); });
  }
  same([](std::uint16_t value) { return PackageExtension(value, 20); });
  same([](std::uint16_t value) { return InfoExtension(value, 20); });
  same(InProposalType);
  same(InGroupContext);
  same(InGroupContextExtensions);
}

TEST_CASE("R13.5-10: what all of us list as GREASE is not negotiated") {
  const std::uint16_t value = 0x1A1A;
  const ExtensionType extension{value};
  // A scene whose members all announce it, as a newcomer does.
  Scene scene(AnySuite(), 3);
  for (std::size_t i = 0; i < scene.size(); ++i) {
    CommitOptions options;
    options.leaf.capabilities = scene[i].tree().Leaf(scene[i].self()).capabilities;
    Announce(*options.leaf.capabilities, value);
    scene.Commit(i, std::move(options));
  }
  const Proposal change{GroupContextExtensions{{{extension, {}}}}};
  CHECK(ErrorOf(scene[0].StageCommit(Proposing(change), scene.world.env)) == Error::UNSUPPORTED_CAPABILITY);
  const Insider insider(scene, 2);
  CommitForgery forgery;
  forgery.proposals = {Value(change)};
  scene.Refuses(1, ForgeCommit(insider, forgery).message, Error::UNSUPPORTED_CAPABILITY);
  const Proposal proposal{CustomProposal{ProposalType{value}, {}}};
  CHECK(ErrorOf(scene[0].StageCommit(Proposing(proposal), scene.world.env)) == Error::UNSUPPORTED_PROPOSAL);
  forgery.proposals = {Value(proposal)};
  scene.Refuses(1, ForgeCommit(insider, forgery).message, Error::UNSUPPORTED_PROPOSAL);
  // Nor required of anybody.
  const Proposal required{GroupContextExtensions{{MakeExtension(RequiredCapabilities{{extension}, {}, {}})}}};
  CHECK(ErrorOf(scene[0].StageCommit(Proposing(required), scene.world.env)) == Error::UNSUPPORTED_CAPABILITY);
  forgery.proposals = {Value(required)};
  scene.Refuses(1, ForgeCommit(insider, forgery).message, Error::UNSUPPORTED_CAPABILITY);
  // A newcomer who lists it does not support it either.
  const Client client = SupportingClient(scene, AnySuite(), "newcomer", extension);
  InfoForgery info;
  info.info = [&](GroupInfo& one) { one.group_context.extensions = {{extension, {}}}; };
  scene.RefusesJoinByCommit(client, ForgeInfo(scene, scene.Info(0), info), Error::UNSUPPORTED_EXTENSION);
  // Nor is it the suite of a package, though both list it.
  const NewKeyPackage package = PackageOf(scene, client, [&](KeyPackage& one) {
    Announce(one.leaf_node.capabilities, value);
    one.cipher_suite = CipherSuite{value};
  });
  RefusesPackage(scene, package.key_package, Error::UNSUPPORTED_CIPHERSUITE);
  scene.GoesOn();
}

}  // namespace
}  // namespace mls::test
