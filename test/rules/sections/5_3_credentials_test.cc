// RFC 9420 §5.3: credentials, as far as no opinion is needed. What the authentication service says is the
// application's answer; the rules about it are tested through the JavaScript API
// (api/5_3_authentication.test.ts).
#include "group/certificates.h"
#include "kit/leaf_routes.h"

namespace mls::test {
namespace {

constexpr Route kMemberRoutes[] = {Route::own_add,      Route::proposed_add, Route::committed_add,
                                   Route::update,       Route::path,         Route::joining_path,
                                   Route::welcome_tree, Route::info_tree};

// CheckCredential puts a credential into a leaf on every route. The leaf lists its type.
void CheckCredential(const Suite& suite, const Hook<LeafNode>& change, Error expected, Error in_tree) {
  LeafForgery forgery;
  forgery.leaf = [&](LeafNode& leaf) {
    change(leaf);
    const CredentialType type = leaf.credential.type();
    if (!leaf.capabilities.Supports(type)) leaf.capabilities.credentials.push_back(type);
  };
  CheckRoutes(suite, kMemberRoutes, forgery, expected, in_tree);
}

X509Credential Chain(const LeafNode& leaf, const Suite& suite) {
  return std::get<X509Credential>(MakeX509(suite, "member", leaf.signature_key).body);
}

TEST_CASE("R5.3-01: X.509 end-entity SPKI key identical to leaf signature_key") {
  for (const Suite& suite : AllSuites()) {
    SeededRandom random(6);
    const Bytes other = Must(GenerateSignatureKeyPair(suite, random)).public_key;
    CheckCredential(
        suite, [&](LeafNode& leaf) { leaf.credential = MakeX509(suite, "member", other); },
        Error::INVALID_CREDENTIAL, Error::INVALID_TREE);
    // The same with its own key is taken.
    for (const Route route : kMemberRoutes) {
      LeafForgery honest;
      honest.leaf = [&](LeafNode& leaf) { leaf.credential = MakeX509(suite, "member", leaf.signature_key); };
      CAPTURE(kRouteNames[static_cast<std::size_t>(route)]);
      CHECK(TakeRoute(suite, route, honest) == "taken");
    }
  }
}

TEST_CASE("R5.3-02: X.509 chain has an end-entity first and parses") {
  for (const Suite& suite : AllSuites()) {
    const auto refused = [&](const std::function<void(std::vector<Certificate>&)>& change, Error expected,
                             Error in_tree) {
      CheckCredential(
          suite,
          [&](LeafNode& leaf) {
            X509Credential chain = Chain(leaf, suite);
            change(chain.certificates);
            leaf.credential = {chain};
          },
          expected, in_tree);
    };
    refused([](auto& chain) { chain.clear(); }, Error::INVALID_CREDENTIAL, Error::INVALID_TREE);
    refused([](auto& chain) { chain[0].cert_data = Bytes(100, 0x30); }, Error::INVALID_CREDENTIAL,
            Error::INVALID_TREE);
    refused([](auto& chain) { chain[0].cert_data.push_back(0); }, Error::INVALID_CREDENTIAL,
            Error::INVALID_TREE);
    refused([](auto& chain) { chain[1].cert_data.clear(); }, Error::INVALID_CREDENTIAL, Error::INVALID_TREE);
    refused([](auto& chain) { std::swap(chain[0], chain[1]); }, Error::INVALID_CREDENTIAL,
            Error::INVALID_TREE);
    // A thousand: more than a leaf may hold.
    refused([](auto& chain) { chain.resize(1000, chain[1]); }, Error::LIMIT_EXCEEDED, Error::LIMIT_EXCEEDED);
  }
}

TEST_CASE("R5.3-03: unknown credential type rejects the enclosing object") {
  for (const unsigned type : {0x0000u, 0x0003u, 0xF000u}) {
    const Suite& suite = AllSuites()[0];
    const OpaqueCredential credential{static_cast<CredentialType>(type), Bytes(3, 1)};
    CheckCredential(
        suite, [&](LeafNode& leaf) { leaf.credential = {credential}; }, Error::UNSUPPORTED_CREDENTIAL,
        Error::UNSUPPORTED_CREDENTIAL);
    Scene scene(suite, 3);
    const ExternalSender sender{scene.client(0).profile.signature_key, {credential}};
    const Proposal proposal{GroupContextExtensions{{MakeExtension(ExternalSenders{{sender}})}}};
    const Insider insider(scene, 2);
    scene.Refuses(1, insider.Public(proposal), Error::UNSUPPORTED_CREDENTIAL);
    CommitForgery forgery;
    forgery.proposals = {Value(proposal)};
    scene.Refuses(1, ForgeCommit(insider, forgery).message, Error::UNSUPPORTED_CREDENTIAL);
    scene.GoesOn();
  }
}

TEST_CASE("R5.3.3-01: application_id is not authenticated and may repeat") {
  const Suite& suite = AllSuites()[0];
  Scene scene(suite, 1);
  const auto hire = [&](const Bytes& id) {
    Client client = scene.world.NewClient(suite, "named");
    client.profile.leaf_extensions = {{ExtensionType::application_id, id}};
    const NewKeyPackage package = scene.world.NewKeyPackageOf(client);
    const NewCommit commit = scene.Commit(0, Proposing({Add{package.key_package}}));
    return scene.Enter(client, scene.JoinByWelcome(commit.welcomes.at(0).message, package));
  };
  const std::size_t a = hire(Bytes(4, 1)), b = hire(Bytes(4, 1)), c = hire({});
  scene.GoesOn();
  CHECK(scene[a].self() != scene[b].self());
  CHECK(scene[0].tree().Leaf(scene[a].self()).extensions == scene[0].tree().Leaf(scene[b].self()).extensions);
  CHECK(scene[0].tree().Leaf(scene[c].self()).extensions.at(0).extension_data.empty());
  // A mebibyte is more than a leaf may have.
  Client large = scene.world.NewClient(suite, "large");
  large.profile.leaf_extensions = {{ExtensionType::application_id, Bytes(1u << 20, 1)}};
  const KeyPackage package = scene.world.NewKeyPackageOf(large).key_package;
  scene.RefusesToAdd(a, package, Error::LIMIT_EXCEEDED);
  scene.Refuses(b, Insider(scene, 0).Public(Proposal{Add{package}}), Error::LIMIT_EXCEEDED);
  scene.GoesOn();
}

}  // namespace
}  // namespace mls::test
