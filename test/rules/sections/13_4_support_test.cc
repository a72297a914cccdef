// RFC 9420 §13.2 to §13.4: what a group uses, all its members support.
#include <ctime>

#include "group/certificates.h"
#include "kit/invitation.h"
#include "kit/leaf_routes.h"
#include "kit/package_routes.h"
#include "kit/supporting.h"

namespace mls::test {
namespace {

constexpr ProposalType kPrivateProposal{0xF001};

TEST_CASE("R13.2-01: a type of proposals that not all members support is not committed") {
  const Proposal proposal{CustomProposal{kPrivateProposal, {1, 2}}};
  const auto refused = [&](Scene& scene, Error expected) {
    CommitForgery forgery;
    forgery.proposals = {Value(proposal)};
    scene.Refuses(1, ForgeCommit(Insider(scene, 2), forgery).message, expected);
    CHECK(ErrorOf(scene[1].StageCommit(Proposing(proposal), scene.world.env)) == expected);
    scene.GoesOn();
  };
  // The receiver does not know it.
  Scene unknown(AnySuite(), 3);
  refused(unknown, Error::UNSUPPORTED_PROPOSAL);
  // The receiver does, but some member does not.
  CompanyOptions options = Scene::Open();
  options.policy.custom_proposals = {{kPrivateProposal}};
  Scene lacking(AnySuite(), 3, options);
  refused(lacking, Error::INVALID_PROPOSAL_LIST);
  for (const std::size_t i : {0u, 2u}) {
    CommitOptions announcing;
    announcing.leaf.capabilities = lacking[i].tree().Leaf(lacking[i].self()).capabilities;
    announcing.leaf.capabilities->proposals.push_back(kPrivateProposal);
    lacking.Commit(i, std::move(announcing));
  }
  refused(lacking, Error::INVALID_PROPOSAL_LIST);
  // All do.
  CommitOptions announcing;
  announcing.leaf.capabilities = lacking[1].tree().Leaf(lacking[1].self()).capabilities;
  announcing.leaf.capabilities->proposals.push_back(kPrivateProposal);
  lacking.Commit(1, std::move(announcing));
  lacking.Commit(0, Proposing(proposal));
  lacking.GoesOn();
}

TEST_CASE("R13.3-01: credential types are those that all members support") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    // Member 0 can no longer judge certificates.
    CommitOptions dropping;
    dropping.leaf.capabilities = scene[0].tree().Leaf({0}).capabilities;
    std::erase(dropping.leaf.capabilities->credentials, CredentialType::x509);
    scene.Commit(0, std::move(dropping));
    Client certified = scene.world.NewClient(suite, "certified");
    certified.profile.credential = MakeX509(suite, "certified", certified.profile.signature_key);
    // A proposal alone is not yet against it: who cannot judge it may be gone when it is committed.
    const auto refused = [](Scene& in, const Client& client) {
      const KeyPackage package = in.world.NewKeyPackageOf(client).key_package;
      in.RefusesToAdd(1, package, Error::UNSUPPORTED_CREDENTIAL);
      CommitForgery forgery;
      forgery.proposals = {Value({Add{package}})};
      in.Refuses(1, ForgeCommit(Insider(in, 2), forgery).message, Error::UNSUPPORTED_CREDENTIAL);
    };
    refused(scene, certified);
    scene.RefusesJoinByCommit(certified, scene.Info(0), Error::UNSUPPORTED_CREDENTIAL);
    scene.Refuses(1, ForgeExternalCommit(Insider(scene, 0), certified, {}).message,
                  Error::UNSUPPORTED_CREDENTIAL);
    // And a newcomer that can judge nothing else cannot judge the members.
    certified.profile.capabilities.credentials = {CredentialType::x509};
    Scene other(suite, 3);
    refused(other, certified);
    other.Refuses(1, ForgeExternalCommit(Insider(other, 0), certified, {}).message,
                  Error::UNSUPPORTED_CREDENTIAL);
    scene.GoesOn();
    other.GoesOn();
  }
}

TEST_CASE("R13.4-01: we support all that we advertise") {
  SeededRandom random(3);
  std::size_t suites = 0, credentials = 0;
  const auto is_grease = [](auto type) {
    const auto values = GreaseValues();
    return std::find(values.begin(), values.end(), static_cast<std::uint16_t>(type)) != values.end();
  };
  const Capabilities ours = Must(DefaultCapabilities(random));
  CHECK(ours.versions == std::vector<ProtocolVersion>{ProtocolVersion::mls10});
  CHECK(std::all_of(ours.extensions.begin(), ours.extensions.end(), is_grease));
  CHECK(std::all_of(ours.proposals.begin(), ours.proposals.end(), is_grease));
  for (const CipherSuite id : ours.cipher_suites) {
    if (is_grease(id)) continue;
    const Suite* suite = FindSuite(id);
    REQUIRE(suite != nullptr);
    ++suites;
    for (const CredentialType type : ours.credentials) {
      if (is_grease(type)) continue;
      ++credentials;
      Scene scene(*suite, 2);
      Client client = scene.world.NewClient(*suite, "newcomer");
      REQUIRE((type == CredentialType::basic || type == CredentialType::x509));
      if (type == CredentialType::x509) {
        client.profile.credential = MakeX509(*suite, "newcomer", client.profile.signature_key);
      }
      const NewKeyPackage package = scene.world.NewKeyPackageOf(client);
      const NewCommit commit = scene.Commit(0, Proposing({Add{package.key_package}}));
      const std::size_t number =
          scene.Enter(client, scene.JoinByWelcome(commit.welcomes.at(0).message, package));
      scene.Commit(number);
      scene.Deliver(number, scene.ProposeUpdate(number));
      scene.Commit(0);
      scene.GoesOn();
    }
  }
  CHECK(suites == AllSuites().size());
  CHECK(credentials == 2 * suites);
}

TEST_CASE("R13.4-12: an added leaf supports every extension of the group") {
  UsingScene scene(AnySuite(), 3);
  const Client lacking = scene.world.NewClient(AnySuite(), "lacking");
  RefusesPackage(scene, scene.world.NewKeyPackageOf(lacking).key_package, Error::UNSUPPORTED_CAPABILITY);
  const Client supporting = SupportingClient(scene, AnySuite(), "supporting");
  TakesPackage(scene, supporting, scene.world.NewKeyPackageOf(supporting));
}

TEST_CASE("R13.4-14: an extension that comes into use is supported by all members") {
  Scene scene(AnySuite(), 1);
  AllSupport(scene);
  for (const std::size_t number : {1u, 2u, 3u}) {
    const std::string name = "member " + std::to_string(number);
    const Client client =
        number == 3 ? scene.world.NewClient(AnySuite(), name) : SupportingClient(scene, AnySuite(), name);
    const NewKeyPackage package = scene.world.NewKeyPackageOf(client);
    const NewCommit commit = scene.Commit(0, Proposing({Add{package.key_package}}));
    scene.Enter(client, scene.JoinByWelcome(commit.welcomes.at(0).message, package));
  }
  const Proposal change{GroupContextExtensions{{Used()}}};
  CommitForgery forgery;
  forgery.proposals = {Value(change)};
  scene.Refuses(1, ForgeCommit(Insider(scene, 2), forgery).message, Error::UNSUPPORTED_CAPABILITY);
  CHECK(ErrorOf(scene[0].StageCommit(Proposing(change), scene.world.env)) == Error::UNSUPPORTED_CAPABILITY);
  // Nor with somebody who is added by the same Commit; but without who is removed by it.
  const Client lacking = scene.world.NewClient(AnySuite(), "lacking");
  forgery.proposals = {Value(change), Value({Remove{{3}}}),
                       Value({Add{scene.world.NewKeyPackageOf(lacking).key_package}})};
  scene.Refuses(1, ForgeCommit(Insider(scene, 2), forgery).message, Error::UNSUPPORTED_CAPABILITY);
  CommitOptions both = Proposing(change);
  both.proposals.push_back({Remove{{3}}});
  scene.Commit(0, std::move(both));
  CHECK(scene[1].context().extensions == Extensions{Used()});
  scene.GoesOn();
}

TEST_CASE("R13.4-15: an Update or a path keeps supporting the group's extensions") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    UsingScene scene(suite, 3);
    const Insider insider(scene, 2);
    const auto drop = [](LeafNode& leaf) { std::erase(leaf.capabilities.extensions, kPrivateExtension); };
    const auto update = [&](const Hook<LeafNode>& change) {
      LeafNode leaf = scene[2].tree().Leaf(insider.self);
      leaf.encryption_key = Must(GenerateHpkeKeyPair(suite, scene.world.random)).public_key;
      leaf.leaf_node_source = LeafNodeSource::update;
      Run(change, leaf);
      Must(SignLeafNode(suite, leaf, insider.signer, scene[0].context().group_id, insider.self));
      return insider.Public(Proposal{Update{leaf}});
    };
    scene.Refuses(1, update(drop), Error::UNSUPPORTED_CAPABILITY);
    CommitForgery forgery;
    forgery.leaf = drop;
    scene.Refuses(1, ForgeCommit(insider, forgery).message, Error::UNSUPPORTED_CAPABILITY);
    // Nor does a joiner's path.
    const Client lacking = scene.world.NewClient(suite, "lacking");
    scene.Refuses(1, ForgeExternalCommit(Insider(scene, 0), lacking, {}).message,
                  Error::UNSUPPORTED_CAPABILITY);
    // Nor what a member makes itself.
    LeafChange change;
    change.capabilities = scene[1].tree().Leaf(scene[1].self()).capabilities;
    std::erase(change.capabilities->extensions, kPrivateExtension);
    CHECK(ErrorOf(scene[1].StageOwnUpdate(std::move(change), {}, scene.world.env)) ==
          Error::UNSUPPORTED_CAPABILITY);
    scene.Accepts(1, update({}));
    CommitOptions without_it;  // which member 2 did not send
    without_it.cached = CommitOptions::Cached::ignore;
    scene.Commit(0, std::move(without_it));
    scene.GoesOn();
  }
}

TEST_CASE("R13.4-16: extensible fields as a whole: unknown, twice, unsupported") {
  enum Kind : std::uint8_t { unknown, twice, unsupported };
  const auto list = [](Kind kind) {
    const Extension one{kPrivateExtension, {1}};
    return kind == twice ? Extensions{one, one} : Extensions{one};
  };
  const auto say = [](const auto& result) { return std::string(Scene::Name(result)); };
  // In what a client says of itself, unknown is what it lists, unsupported is what it does not.
  const auto in_package = [&](Kind kind) {
    Scene scene(AnySuite(), 3);
    const Client client = kind == unsupported ? scene.world.NewClient(AnySuite(), "newcomer")
                                              : SupportingClient(scene, AnySuite(), "newcomer");
    return scene.SaysToAdd(
        1, PackageOf(scene, client, [&](KeyPackage& one) { one.extensions = list(kind); }).key_package);
  };
  const auto in_leaf = [&](Kind kind) {
    LeafForgery forgery;
    forgery.leaf = [&](LeafNode& leaf) {
      if (kind != unsupported) leaf.capabilities.extensions.push_back(kPrivateExtension);
      leaf.extensions = list(kind);
    };
    return TakeRoute(AnySuite(), Route::proposed_add, forgery);
  };
  const auto in_info = [&](Kind kind) {
    Scene scene(AnySuite(), 2);
    const Invitation invitation(scene);
    WelcomeForgery forgery;
    forgery.info = [&](GroupInfo& info) {
      for (const Extension& one : list(kind)) info.extensions.push_back(one);
    };
    return say(scene.TryJoin(invitation.Forge(forgery), invitation.package));
  };
  // In what a group uses, unknown is what all support all the same.
  const auto in_context = [&](Kind kind) {
    Scene scene(AnySuite(), 2);
    AllSupport(scene);
    InfoForgery forgery;
    forgery.info = [&](GroupInfo& info) { info.group_context.extensions = list(kind); };
    const Client stranger = kind == unsupported ? scene.world.NewClient(AnySuite(), "stranger")
                                                : SupportingClient(scene, AnySuite(), "stranger");
    return scene.SaysToJoinByCommit(stranger, ForgeInfo(scene, scene.Info(0), forgery));
  };
  const auto in_change = [&](Kind kind) {
    Scene scene(AnySuite(), 3);
    if (kind != unsupported) AllSupport(scene);
    CommitForgery forgery;
    forgery.proposals = {Value({GroupContextExtensions{list(kind)}})};
    return say(scene.TryReceive(1, ForgeCommit(Insider(scene, 2), forgery).message));
  };
  const std::string duplicate = "DUPLICATE_EXTENSION";
  const auto row = [&](const auto& field, const std::string& expected) {
    CHECK(field(unknown) == "taken");
    CHECK(field(twice) == duplicate);
    CHECK(field(unsupported) == expected);
  };
  row(in_package, "INVALID_KEY_PACKAGE");
  row(in_leaf, "INVALID_LEAF_NODE");
  row(in_info, "taken");  // nobody lists these
  row(in_context, "UNSUPPORTED_EXTENSION");
  row(in_change, "UNSUPPORTED_CAPABILITY");
}

// Median of the milliseconds of this process that some runs take.
template <class Work>
double Milliseconds(Work work) {
  std::vector<double> took;
  for (int i = 0; i < 5; ++i) {
    const std::clock_t start = std::clock();
    work();
    took.push_back(1000.0 * static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC);
  }
  std::sort(took.begin(), took.end());
  return took[2];
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr double kTooLong = 1000;
#else
constexpr double kTooLong = 50;
#endif

TEST_CASE("R13.4-17: the search for duplicates is not quadratic (OpenMLS GHSA-w62v-gv48-63rh)") {
  Scene scene(AnySuite(), 3);
  Extensions all;
  for (std::uint32_t type = 0; type < 65536; ++type) all.push_back({ExtensionType(type), {}});
  const Client client = scene.world.NewClient(AnySuite(), "newcomer");
  const KeyPackage in_package =
      PackageOf(scene, client, [&](KeyPackage& package) { package.extensions = all; }).key_package;
  const KeyPackage in_leaf =
      PackageOf(scene, client, [&](KeyPackage& package) { package.leaf_node.extensions = all; }).key_package;
  const KeyPackage in_capabilities =
      PackageOf(scene, client, [&](KeyPackage& package) {
        for (const Extension& one : all) {
          package.leaf_node.capabilities.extensions.push_back(one.extension_type);
        }
        package.leaf_node.extensions = all;
      }).key_package;
  for (const KeyPackage* package : {&in_package, &in_leaf, &in_capabilities}) {
    RefusesPackage(scene, *package, Error::LIMIT_EXCEEDED);
    const auto add = [&] {
      CHECK(ErrorOf(scene[1].StageCommit(Proposing({Add{*package}}), scene.world.env)) ==
            Error::LIMIT_EXCEEDED);
    };
    CHECK(Milliseconds(add) < kTooLong);
  }
  InfoForgery forgery;
  forgery.info = [&](GroupInfo& info) {
    info.extensions.insert(info.extensions.end(), all.begin() + 6, all.end());
  };
  const GroupInfo info = ForgeInfo(scene, scene.Info(0), forgery);
  CHECK(Milliseconds([&] { scene.RefusesJoinByCommit(client, info, Error::LIMIT_EXCEEDED); }) < kTooLong);
  Invitation invitation(scene);
  WelcomeForgery welcome;
  welcome.info = forgery.info;
  const Bytes forged = invitation.Forge(welcome);
  CHECK(Milliseconds([&] { scene.RefusesJoin(forged, invitation.package, Error::LIMIT_EXCEEDED); }) <
        kTooLong);
  invitation.TakesIt();
  scene.GoesOn();
}

}  // namespace
}  // namespace mls::test
