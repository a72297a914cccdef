// RFC 9420 §13.4: unknown extensions are ignored where they may be, and no type stands in a list twice.
#include "kit/invitation.h"
#include "kit/leaf_routes.h"
#include "kit/package_routes.h"
#include "kit/supporting.h"

namespace mls::test {
namespace {

using ExtensionLists = std::vector<Extensions>;

// Twice: a type twice, with equal and with different data, side by side and apart.
ExtensionLists Twice(ExtensionType type, ExtensionType other) {
  return {{{type, {1}}, {type, {1}}}, {{type, {1}}, {type, {2}}}, {{type, {}}, {other, {}}, {type, {3}}}};
}

TEST_CASE("R13.4-02: unknown values in the capabilities of a KeyPackage are ignored") {
  Scene scene(AnySuite(), 3);
  for (int i = 0; i < 8; ++i) {
    const Client client = scene.world.NewClient(AnySuite(), "newcomer " + std::to_string(i));
    const auto random = [&] {
      const Bytes bytes = scene.world.random.Some(2);
      return static_cast<std::uint16_t>(bytes[0] << 8 | bytes[1] | 0x0100);
    };
    TakesPackage(scene, client, PackageOf(scene, client, [&](KeyPackage& package) {
                   Capabilities& known = package.leaf_node.capabilities;
                   for (int n = 0; n < 40; ++n) {
                     known.versions.push_back(ProtocolVersion{random()});
                     known.cipher_suites.insert(known.cipher_suites.begin(), CipherSuite{random()});
                     known.extensions.push_back(ExtensionType{random()});
                     known.proposals.push_back(ProposalType{random()});
                     known.credentials.insert(known.credentials.begin(), CredentialType{random()});
                   }
                 }));
  }
}

TEST_CASE("R13.4-03: unknown extensions of a KeyPackage are ignored") {
  for (const std::uint16_t type : {0x0006, 0x1A1A, 0x1B1B, 0xF001, 0xFFFF}) {
    CAPTURE(type);
    Scene scene(AnySuite(), 3);
    const Client client = SupportingClient(scene, AnySuite(), "newcomer", ExtensionType{type});
    TakesPackage(scene, client, PackageOf(scene, client, [&](KeyPackage& package) {
                   package.extensions = {{ExtensionType{type}, scene.world.random.Some(100)}};
                 }));
  }
}

TEST_CASE("R13.4-04: unknown extensions of a leaf are ignored") {
  for (const std::uint16_t type : {0x0006, 0x1A1A, 0x1B1B, 0xF001, 0xFFFF}) {
    LeafForgery forgery;
    forgery.leaf = [&](LeafNode& leaf) {
      leaf.capabilities.extensions.push_back(ExtensionType{type});
      leaf.extensions.push_back({ExtensionType{type}, Bytes(50, 7)});
    };
    for (const Route route : kAllRoutes) {
      CAPTURE(kRouteNames[static_cast<std::size_t>(route)]);
      CHECK(TakeRoute(AnySuite(), route, forgery) == "taken");
    }
  }
}

TEST_CASE("R13.4-05: unknown extensions of a GroupInfo are ignored") {
  for (const std::uint16_t type : {0x0006, 0x1A1A, 0x1B1B, 0xF001, 0xFFFF}) {
    CAPTURE(type);
    Scene scene(AnySuite(), 2);
    Invitation invitation(scene);
    WelcomeForgery forgery;
    forgery.info = [&](GroupInfo& info) {
      std::erase_if(info.extensions,
                    [&](const Extension& one) { return one.extension_type == ExtensionType{type}; });
      info.extensions.push_back({ExtensionType{type}, Bytes(50, 7)});
    };
    scene.Enter(invitation.client, scene.JoinByWelcome(invitation.Forge(forgery), invitation.package));
    scene.GoesOn();
    const Client stranger = scene.world.NewClient(AnySuite(), "stranger");
    scene.JoinByCommit(stranger, ForgeInfo(scene, scene.Info(0), forgery));
    scene.GoesOn();
  }
}

TEST_CASE("R13.4-06: no type twice in KeyPackage.extensions") {
  Scene scene(AnySuite(), 3);
  const Client client = SupportingClient(scene, AnySuite(), "newcomer");
  const ExtensionType grease = client.profile.capabilities.extensions.front();
  for (const Extensions& list : Twice(kPrivateExtension, grease)) {
    const NewKeyPackage package = PackageOf(scene, client, [&](KeyPackage& one) { one.extensions = list; });
    RefusesPackage(scene, package.key_package, Error::DUPLICATE_EXTENSION);
  }
  scene.GoesOn();
}

TEST_CASE("R13.4-07: no type twice in LeafNode.extensions") {
  for (const ExtensionType type : {ExtensionType::application_id, kPrivateExtension}) {
    for (const Extensions& list : Twice(type, ExtensionType{0xF002})) {
      LeafForgery forgery;
      forgery.leaf = [&](LeafNode& leaf) {
        leaf.capabilities.extensions.push_back(kPrivateExtension);
        leaf.capabilities.extensions.push_back(ExtensionType{0xF002});
        leaf.extensions = list;
      };
      CheckRoutes(AnySuite(), kAllRoutes, forgery, Error::DUPLICATE_EXTENSION);
    }
  }
}

TEST_CASE("R13.4-08: no type twice in GroupContext.extensions") {
  Scene scene(AnySuite(), 3);
  Invitation invitation(scene);
  const Client stranger = scene.world.NewClient(AnySuite(), "stranger");
  const Extension required = MakeExtension(RequiredCapabilities{});
  const Extension other = MakeExtension(RequiredCapabilities{{}, {}, {CredentialType::basic}});
  const Extension senders = MakeExtension(ExternalSenders{});
  for (const Extensions& list :
       {Extensions{required, required}, {required, other}, {senders, required, senders}}) {
    WelcomeForgery forgery;
    forgery.info = [&](GroupInfo& info) { info.group_context.extensions = list; };
    invitation.Refuses(forgery, Error::DUPLICATE_EXTENSION);
    scene.RefusesJoinByCommit(stranger, ForgeInfo(scene, scene.Info(0), forgery), Error::DUPLICATE_EXTENSION);
  }
  invitation.TakesIt();
  scene.GoesOn();
}

TEST_CASE("R13.4-09: no type twice in GroupInfo.extensions") {
  Scene scene(AnySuite(), 3);
  Invitation invitation(scene);
  const Client stranger = scene.world.NewClient(AnySuite(), "stranger");
  const auto again = [](ExtensionType type, Bytes other) {
    return [type, other](GroupInfo& info) {
      const Bytes* data = FindExtension(info.extensions, type);
      info.extensions.push_back({type, data == nullptr || !other.empty() ? other : *data});
      if (data == nullptr) info.extensions.insert(info.extensions.begin(), {type, other});
    };
  };
  const std::vector<Hook<GroupInfo>> changes = {
      again(ExtensionType::ratchet_tree, {}),     again(ExtensionType::ratchet_tree, {1, 1}),
      again(ExtensionType::external_pub, {2, 2}), again(ExtensionType{0xF001}, {3}),
      again(ExtensionType{0x1A1A}, {4, 4}),
  };
  for (std::size_t i = 0; i < changes.size(); ++i) {
    CAPTURE(i);
    WelcomeForgery forgery;
    forgery.info = changes[i];
    invitation.Refuses(forgery, Error::DUPLICATE_EXTENSION);
    scene.RefusesJoinByCommit(stranger, ForgeInfo(scene, scene.Info(0), forgery), Error::DUPLICATE_EXTENSION);
  }
  invitation.TakesIt();
  scene.GoesOn();
}

// RefusesProposal: nobody takes it, by proposal or Commit, and nobody makes it.
void RefusesProposal(Scene& scene, const Proposal& proposal, Error expected) {
  CHECK(ErrorOf(scene[0].StageOwnProposal(proposal, {}, scene.world.env)) == expected);
  CHECK(ErrorOf(scene[0].StageCommit(Proposing(proposal), scene.world.env)) == expected);
  const Insider insider(scene, 2);
  scene.Refuses(1, insider.Public(proposal), expected);
  CommitForgery forgery;
  forgery.proposals = {Value(proposal)};
  scene.Refuses(1, ForgeCommit(insider, forgery).message, expected);
}

TEST_CASE("R13.4-10: no type twice in GroupContextExtensions") {
  UsingScene scene(AnySuite(), 3);
  const Extension required = MakeExtension(RequiredCapabilities{});
  const Extension senders = MakeExtension(ExternalSenders{});
  for (const Extensions& list : {Extensions{required, required},
                                 {senders, required, senders},
                                 {Used(), Used()},
                                 {Used(), {kPrivateExtension, {9}}}}) {
    RefusesProposal(scene, {GroupContextExtensions{list}}, Error::DUPLICATE_EXTENSION);
  }
  scene.GoesOn();
}

TEST_CASE("R13.4-11: no type twice in ReInit.extensions") {
  Scene scene(AnySuite(), 3);
  const Extension required = MakeExtension(RequiredCapabilities{});
  const Extension other = MakeExtension(RequiredCapabilities{{}, {}, {CredentialType::basic}});
  for (const Extensions& list : {Extensions{required, required},
                                 {required, other},
                                 {Used(), required, Used()},
                                 {Used(), {kPrivateExtension, {9}}}}) {
    RefusesProposal(scene, {ReInit{{1, 2}, ProtocolVersion::mls10, AnySuite().id, list}},
                    Error::DUPLICATE_EXTENSION);
  }
  scene.GoesOn();
}

}  // namespace
}  // namespace mls::test
