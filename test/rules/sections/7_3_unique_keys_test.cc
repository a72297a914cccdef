// RFC 9420 §7.3: signature_key and encryption_key are unique among the members. A proposal that repeats a key
// is judged when it is committed: the member whose key it is may go in the same Commit.
#include "kit/forged_package.h"
#include "kit/forged_tree.h"

namespace mls::test {
namespace {

// Twin: a client with the signature key of member 0 and another name.
Client TwinOf(Scene& scene, const Suite& suite) {
  Client twin = scene.world.NewClient(suite, "twin");
  twin.profile.signature_key = scene.client(0).profile.signature_key;
  twin.profile.signature_private_key = scene.client(0).profile.signature_private_key.Clone();
  return twin;
}

// A package that no member would add, and of which a Commit is refused that has it by value or by reference.
void RefusesPackage(Recruiting& scene, const KeyPackage& package, Error expected) {
  scene.RefusesToAdd(1, package, expected);
  CommitForgery by_value;
  by_value.proposals = {Value({Add{package}})};
  scene.Scene::Refuses(1, ForgeCommit(Insider(scene, 2), std::move(by_value)).message, expected);
  const Bytes proposal = Insider(scene, 2).Public(Proposal{Add{package}});
  for (const std::size_t member : {0u, 1u}) scene.Accepts(member, proposal);
  CommitForgery by_reference;
  by_reference.proposals = {ReferenceToNewest(scene, 0)};
  scene.Scene::Refuses(1, ForgeCommit(Insider(scene, 0), std::move(by_reference)).message, expected);
  scene.Commit(0);  // without that proposal
  scene.GoesOn();
}

// An Update of member 2, which member 0 commits.
void RefusesUpdate(Scene& scene, const Suite& suite, const Hook<LeafNode>& change, const Secret& signer,
                   Error expected) {
  const Insider insider(scene, 2);
  LeafNode leaf = scene[2].tree().Leaf(insider.self);
  leaf.encryption_key = Must(GenerateHpkeKeyPair(suite, scene.world.random)).public_key;
  leaf.leaf_node_source = LeafNodeSource::update;
  change(leaf);
  Must(SignLeafNode(suite, leaf, signer, scene[0].context().group_id, insider.self));
  const Bytes proposal = insider.Public(Proposal{Update{leaf}});
  for (const std::size_t member : {0u, 1u}) scene.Accepts(member, proposal);
  CommitForgery commit;
  commit.proposals = {ReferenceToNewest(scene, 0)};
  scene.Refuses(1, ForgeCommit(Insider(scene, 0), std::move(commit)).message, expected);
  scene.Commit(0);
  scene.GoesOn();
}

// A path of member 2, and one of a stranger.
void RefusesPath(Scene& scene, const Suite& suite, const Hook<LeafNode>& change, const Secret* signer,
                 Error expected) {
  CommitForgery inside;
  inside.leaf = change;
  inside.leaf_signer = signer;
  scene.Refuses(1, ForgeCommit(Insider(scene, 2), std::move(inside)).message, expected);
  CommitForgery outside;
  outside.leaf = change;
  outside.leaf_signer = outside.content_signer = signer;
  const Client stranger = scene.world.NewClient(suite, "stranger");
  scene.Refuses(1, ForgeExternalCommit(Insider(scene, 0), stranger, std::move(outside)).message, expected);
  scene.GoesOn();
}

TEST_CASE("R7.3-17: signature_key unique among members: Add") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Recruiting scene(suite);
    RefusesPackage(scene, scene.Forge(PackageForgery{}, TwinOf(scene, suite)),
                   Error::DUPLICATE_SIGNATURE_KEY);
  }
}

TEST_CASE("R7.3-18: signature_key unique: Update") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Recruiting scene(suite);
    const Client twin = TwinOf(scene, suite);
    RefusesUpdate(
        scene, suite, [&](LeafNode& leaf) { leaf.signature_key = twin.profile.signature_key; },
        twin.profile.signature_private_key, Error::DUPLICATE_SIGNATURE_KEY);
  }
}

TEST_CASE("R7.3-19: signature_key unique: Commit path") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Recruiting scene(suite);
    const Client twin = TwinOf(scene, suite);
    RefusesPath(
        scene, suite, [&](LeafNode& leaf) { leaf.signature_key = twin.profile.signature_key; },
        &twin.profile.signature_private_key, Error::DUPLICATE_SIGNATURE_KEY);
  }
}

TEST_CASE("R7.3-20: encryption_key unique: Add") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Recruiting scene(suite);
    PackageForgery forgery;
    forgery.leaf = [&](LeafNode& leaf) { leaf.encryption_key = scene[0].tree().Leaf({0}).encryption_key; };
    RefusesPackage(scene, scene.Forge(forgery), Error::DUPLICATE_ENCRYPTION_KEY);
  }
}

TEST_CASE("R7.3-21: encryption_key unique: Update") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Recruiting scene(suite);
    const Bytes taken = scene[0].tree().Leaf({0}).encryption_key;
    RefusesUpdate(
        scene, suite, [&](LeafNode& leaf) { leaf.encryption_key = taken; },
        scene.client(2).profile.signature_private_key, Error::DUPLICATE_ENCRYPTION_KEY);
  }
}

TEST_CASE("R7.3-22: encryption_key unique: Commit path") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Recruiting scene(suite);
    const Bytes taken = scene[0].tree().Leaf({0}).encryption_key;
    RefusesPath(
        scene, suite, [&](LeafNode& leaf) { leaf.encryption_key = taken; }, nullptr,
        Error::DUPLICATE_ENCRYPTION_KEY);
  }
}

TEST_CASE("R7.3-23: uniqueness in a received tree") {
  for (const Suite& suite : AllSuites()) {
    Recruiting scene(suite);
    ForgedTree tree(scene);
    tree.Refuses([&](Nodes& nodes) {
      LeafAt(nodes, 2).signature_key = LeafAt(nodes, 1).signature_key;
      SignLeafAt(scene, nodes, 2, 1);
    });
    tree.Refuses([&](Nodes& nodes) {
      LeafAt(nodes, 2).encryption_key = LeafAt(nodes, 1).encryption_key;
      tree.Sign(nodes, 2);
    });
    // Also with the newcomer's own keys, and with the signer's.
    tree.Refuses([&](Nodes& nodes) {
      LeafAt(nodes, 2).encryption_key = LeafAt(nodes, 3).encryption_key;
      tree.Sign(nodes, 2);
    });
    tree.Refuses([&](Nodes& nodes) {
      LeafAt(nodes, 2).signature_key = LeafAt(nodes, 0).signature_key;
      SignLeafAt(scene, nodes, 2, 0);
    });
    tree.GoesOn();
  }
}

}  // namespace
}  // namespace mls::test
