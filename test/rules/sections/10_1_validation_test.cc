// RFC 9420 §10.1: a KeyPackage is valid for the group before it is used and when it is received in an Add.
#include <algorithm>

#include "kit/bad_leaves.h"
#include "kit/forged_package.h"

namespace mls::test {
namespace {

// The five broken packages of a scene, by rule; Recruiting::Refuses tries the ways.
PackageForgery OtherSuite(const Suite& other) {
  PackageForgery forgery;
  forgery.package = [&other](KeyPackage& package) { package.cipher_suite = other.id; };
  return forgery;
}

PackageForgery OtherVersion() {
  PackageForgery forgery;
  forgery.leaf = [](LeafNode& leaf) { leaf.capabilities.versions.push_back(ProtocolVersion{2}); };
  forgery.package = [](KeyPackage& package) { package.version = ProtocolVersion{2}; };
  return forgery;
}

PackageForgery SignedByOther(const Secret& other) {
  PackageForgery forgery;
  forgery.signer = &other;
  return forgery;
}

PackageForgery EqualKeys() {
  PackageForgery forgery;
  forgery.package = [](KeyPackage& package) { package.init_key = package.leaf_node.encryption_key; };
  return forgery;
}

TEST_CASE("R10.1-01: KeyPackage suite equals the group's") {
  for (const Suite& suite : AllSuites()) {
    Recruiting scene(suite);
    for (const Suite& other : AllSuites()) {
      if (other.id == suite.id) continue;
      // Honest packages of another suite, and ones of this suite that say another.
      const Client client = scene.world.NewClient(other, "newcomer");
      scene.Refuses(scene.world.NewKeyPackageOf(client).key_package, Error::INVALID_KEY_PACKAGE);
      scene.Refuses(OtherSuite(other), Error::INVALID_KEY_PACKAGE);
    }
    scene.GoesOn();
  }
}

TEST_CASE("R10.1-02: KeyPackage version equals the group's") {
  for (const Suite& suite : AllSuites()) {
    Recruiting scene(suite);
    scene.Refuses(OtherVersion(), Error::INVALID_KEY_PACKAGE);
    scene.GoesOn();
  }
}

TEST_CASE("R10.1-03: leaf is valid for a KeyPackage") {
  // The rules of §7.3 each have their own error: docs/rfc9420-choices.md, §10.1.
  constexpr Route kPackages[] = {Route::own_add, Route::committed_add, Route::referred_add};
  constexpr Route kAlone[] = {Route::own_add, Route::proposed_add, Route::committed_add};
  for (const Suite& suite : AllSuites()) {
    World world(10);
    const SignatureKeyPair other = Must(GenerateSignatureKeyPair(suite, world.random));
    const std::vector<BadLeaf> bad = AllBadLeaves(suite, other.private_key);
    REQUIRE(bad.size() == 10);
    for (const BadLeaf& one : bad) {
      CAPTURE(one.rule);
      const bool alone = std::ranges::find(one.routes, Route::referred_add) == one.routes.end();
      CheckRoutes(suite, alone ? kAlone : kPackages, one.forgery, one.expected, one.in_tree, one.options);
    }
  }
}

TEST_CASE("R10.1-04: KeyPackage signature by the leaf's key") {
  for (const Suite& suite : AllSuites()) {
    Recruiting scene(suite);
    const SignatureKeyPair other = Must(GenerateSignatureKeyPair(suite, scene.world.random));
    scene.Refuses(SignedByOther(other.private_key), Error::INVALID_KEY_PACKAGE);
    scene.Refuses(SignedByOther(scene.client(2).profile.signature_private_key), Error::INVALID_KEY_PACKAGE);
    scene.GoesOn();
  }
}

TEST_CASE("R10.1-05: encryption_key differs from init_key") {
  for (const Suite& suite : AllSuites()) {
    Recruiting scene(suite);
    scene.Refuses(EqualKeys(), Error::INVALID_KEY_PACKAGE);
    scene.GoesOn();
  }
}

TEST_CASE("R10.1-06: checks run on download and on received Add") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    CompanyOptions strict = Requires({{kUnlistedExtension}, {}, {}});
    Recruiting scene(suite, strict);
    const SignatureKeyPair other = Must(GenerateSignatureKeyPair(suite, scene.world.random));
    const Suite& another = suite.id == AllSuites()[0].id ? AllSuites()[1] : AllSuites()[0];
    PackageForgery bad_leaf;
    bad_leaf.leaf = LacksRequiredExtension().forgery.leaf;
    const std::pair<PackageForgery, Error> broken[] = {
        {OtherSuite(another), Error::INVALID_KEY_PACKAGE},
        {OtherVersion(), Error::INVALID_KEY_PACKAGE},
        {bad_leaf, Error::UNSUPPORTED_CAPABILITY},
        {SignedByOther(other.private_key), Error::INVALID_KEY_PACKAGE},
        {EqualKeys(), Error::INVALID_KEY_PACKAGE}};
    for (const auto& [forgery, error] : broken) {
      const KeyPackage package = scene.Forge(forgery);
      scene.Refuses(package, error);  // asked to commit it, in a received Add, in a received Commit
      const auto proposed = scene[1].StageOwnProposal({Add{package}}, {}, scene.world.env);
      CHECK(Scene::Name(proposed) == Describe(error).name);
    }
    scene.Takes(PackageForgery{});
    scene.GoesOn();
  }
}

}  // namespace
}  // namespace mls::test
