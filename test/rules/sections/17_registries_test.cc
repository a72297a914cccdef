// RFC 9420 §17: suites, and where the registry places extensions.
#include "kit/invitation.h"
#include "kit/leaf_routes.h"
#include "kit/package_routes.h"

namespace mls::test {
namespace {

TEST_CASE("R17.1-01: suites that are reserved or unknown are refused everywhere") {
  Scene scene(AnySuite(), 3);
  Invitation invitation(scene);
  const Client stranger = scene.world.NewClient(AnySuite(), "stranger");
  for (const std::uint16_t id : {0x0000, 0x0008, 0x1A1A, 0x7777, 0xF000, 0xFFFF}) {
    CAPTURE(id);
    const CipherSuite suite{id};
    // Even to a peer that says it speaks it.
    const NewKeyPackage package = PackageOf(scene, stranger, [&](KeyPackage& one) {
      one.cipher_suite = suite;
      one.leaf_node.capabilities.cipher_suites.push_back(suite);
    });
    RefusesPackage(scene, package.key_package, Error::UNSUPPORTED_CIPHERSUITE);
    WelcomeForgery outside;
    outside.welcome = [&](Welcome& welcome) { welcome.cipher_suite = suite; };
    invitation.Refuses(outside, Error::UNSUPPORTED_CIPHERSUITE);
    // Inside the Welcome it is compared with our key package first (§12.4.3.1).
    WelcomeForgery inside;
    inside.info = [&](GroupInfo& info) { info.group_context.cipher_suite = suite; };
    invitation.Refuses(inside, Error::CIPHERSUITE_MISMATCH);
    scene.RefusesJoinByCommit(stranger, ForgeInfo(scene, scene.Info(0), inside),
                              Error::UNSUPPORTED_CIPHERSUITE);
  }
  invitation.TakesIt();
  scene.GoesOn();
}

TEST_CASE("R17.1-01: nobody follows a ReInit to a suite that we do not speak") {
  for (const std::uint16_t id : {0x0000, 0x0008, 0x1A1A, 0x7777, 0xFFFF}) {
    CAPTURE(id);
    Scene scene(AnySuite(), 2);
    scene.Commit(0, Proposing({ReInit{{1, 2}, ProtocolVersion::mls10, CipherSuite{id}, {}}}));
    const Client client = scene.world.NewClient(AnySuite(), "member 0");
    const Client other = scene.world.NewClient(AnySuite(), "member 1");
    SuccessorOptions options;
    options.profile = &client.profile;
    options.key_packages = {scene.world.NewKeyPackageOf(other).key_package};
    CHECK(ErrorOf(scene[0].StageReinit(std::move(options), scene.world.env)) ==
          Error::UNSUPPORTED_CIPHERSUITE);
  }
}

TEST_CASE("R17.3-01: the RFC's own extensions stand where the registry places them") {
  using Type = ExtensionType;
  constexpr Type application_id = Type::application_id, ratchet_tree = Type::ratchet_tree,
                 required_capabilities = Type::required_capabilities, external_pub = Type::external_pub,
                 external_senders = Type::external_senders;
  const auto in_list = [](ExtensionType type) {
    return Extension{type, type == external_pub || type == application_id ? Encode(View()) : Bytes{0}};
  };
  for (const ExtensionType type : {required_capabilities, external_senders, ratchet_tree, external_pub}) {
    CAPTURE(static_cast<int>(type));
    LeafForgery leaf;
    leaf.leaf = [&](LeafNode& one) { one.extensions.push_back(in_list(type)); };
    CheckRoutes(AnySuite(), kAllRoutes, leaf, Error::INVALID_EXTENSION);
  }
  Scene scene(AnySuite(), 3);
  Invitation invitation(scene);
  const Client stranger = scene.world.NewClient(AnySuite(), "stranger");
  for (const ExtensionType type :
       {application_id, required_capabilities, external_senders, ratchet_tree, external_pub}) {
    CAPTURE(static_cast<int>(type));
    const NewKeyPackage package =
        PackageOf(scene, stranger, [&](KeyPackage& one) { one.extensions = {in_list(type)}; });
    RefusesPackage(scene, package.key_package, Error::INVALID_EXTENSION);
  }
  for (const ExtensionType type : {application_id, ratchet_tree, external_pub}) {
    CAPTURE(static_cast<int>(type));
    WelcomeForgery forgery;
    forgery.info = [&](GroupInfo& info) { info.group_context.extensions = {in_list(type)}; };
    invitation.Refuses(forgery, Error::INVALID_EXTENSION);
    scene.RefusesJoinByCommit(stranger, ForgeInfo(scene, scene.Info(0), forgery), Error::INVALID_EXTENSION);
    CommitForgery change;
    change.proposals = {Value({GroupContextExtensions{{in_list(type)}}})};
    scene.Refuses(1, ForgeCommit(Insider(scene, 2), change).message, Error::INVALID_EXTENSION);
    scene.Refuses(1, Insider(scene, 2).Public(Proposal{GroupContextExtensions{{in_list(type)}}}),
                  Error::INVALID_EXTENSION);
    const Proposal reinit{ReInit{{1}, ProtocolVersion::mls10, AnySuite().id, {in_list(type)}}};
    scene.Refuses(1, Insider(scene, 2).Public(reinit), Error::INVALID_EXTENSION);
  }
  for (const ExtensionType type : {application_id, required_capabilities, external_senders}) {
    CAPTURE(static_cast<int>(type));
    WelcomeForgery forgery;
    forgery.info = [&](GroupInfo& info) { info.extensions.push_back(in_list(type)); };
    invitation.Refuses(forgery, Error::INVALID_EXTENSION);
    scene.RefusesJoinByCommit(stranger, ForgeInfo(scene, scene.Info(0), forgery), Error::INVALID_EXTENSION);
  }
  invitation.TakesIt();
  scene.GoesOn();
}

}  // namespace
}  // namespace mls::test
