// RFC 9420 §16.7, §16.12: keys that are distinct, and paths that only some can see to be wrong.
#include "kit/forged_commit.h"
#include "kit/invitation.h"
#include "kit/scene.h"

namespace mls::test {
namespace {

CommitOptions Lean() {
  CommitOptions options;
  options.path = CommitOptions::Path::when_required;
  return options;
}

TEST_CASE("R16.7-01: encryption and signature keys in tree nodes are distinct: two members' signature keys") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 1);
    scene.Hire(0, 2, Lean());
    const Insider insider(scene, 2);
    const Insider other(scene, 0);
    const Bytes taken = ToBytes(scene[0].tree().SignatureKey({0}));
    const auto take_key = [&](LeafNode& leaf) { leaf.signature_key = taken; };

    Client twin = scene.world.NewClient(suite, "twin");
    twin.profile.signature_private_key = other.signer.Clone();
    twin.profile.signature_key = taken;
    const NewKeyPackage package = scene.world.NewKeyPackageOf(twin);
    scene.RefusesToAdd(1, package.key_package, Error::DUPLICATE_SIGNATURE_KEY);
    CommitForgery add;
    add.proposals = {Value({Add{package.key_package}})};
    scene.Refuses(1, ForgeCommit(insider, add).message, Error::DUPLICATE_SIGNATURE_KEY);

    CommitForgery path;
    path.leaf = take_key;
    path.leaf_signer = &other.signer;
    path.content_signer = &insider.signer;
    scene.Refuses(1, ForgeCommit(insider, path).message, Error::DUPLICATE_SIGNATURE_KEY);

    const Invitation invitation(scene, Lean());
    const auto in_tree = [&](Nodes& nodes) {
      take_key(LeafAt(nodes, 2));
      Must(SignLeafNode(suite, LeafAt(nodes, 2), other.signer, scene[0].context().group_id, {2}));
    };
    WelcomeForgery welcome;
    welcome.tree = in_tree;
    invitation.Refuses(welcome, Error::INVALID_TREE);
    InfoForgery info;
    info.tree = in_tree;
    const GroupInfo forged = ForgeInfo(scene, scene.Info(0), info);
    scene.RefusesJoinByCommit(scene.world.NewClient(suite, "stranger"), forged, Error::INVALID_TREE);
    scene.GoesOn();
  }
}

TEST_CASE("R16.7-01: encryption keys of a parent and a leaf, of two parents, of two leaves") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 5);
    scene.Commit(1);
    const Insider insider(scene, 2);
    const Bytes leaf_key = scene[0].tree().Leaf({0}).encryption_key;
    const Bytes parent_key = ToBytes(scene[0].tree().PublicKey(Parent(LeafIndex{0})));
    REQUIRE_FALSE(parent_key.empty());
    const auto refuses = [&](const CommitForgery& forgery) {
      scene.Refuses(1, ForgeCommit(insider, forgery).message, Error::DUPLICATE_ENCRYPTION_KEY);
    };
    for (const Bytes& key : {leaf_key, parent_key}) {
      CommitForgery path;
      path.public_keys = [&](std::vector<Bytes>& keys) { keys.front() = key; };
      refuses(path);
      path.public_keys = [&](std::vector<Bytes>& keys) { keys.back() = key; };
      refuses(path);
      CommitForgery leaf;
      leaf.leaf = [&](LeafNode& node) { node.encryption_key = key; };
      refuses(leaf);
    }
    CommitForgery twice;
    twice.public_keys = [](std::vector<Bytes>& keys) {
      REQUIRE(keys.size() > 1);
      keys.front() = keys.back();
    };
    refuses(twice);
    Bytes of_path;
    CommitForgery leaf_of_path;
    leaf_of_path.public_keys = [&](std::vector<Bytes>& keys) { of_path = keys.front(); };
    leaf_of_path.leaf = [&](LeafNode& node) { node.encryption_key = of_path; };
    refuses(leaf_of_path);
    scene.GoesOn();
  }
}

// §7.3 and §12.4.2, by which §16.7 assures uniqueness, compare encryption keys with encryption keys and
// signature keys with signature keys.
TEST_CASE("R16.7-01: a signature key that has the bytes of an encryption key is another key") {
  std::size_t tried = 0;
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    const Insider insider(scene, 2);
    if (scene[0].tree().SignatureKey({0}).size() != scene[0].tree().Leaf({0}).encryption_key.size()) continue;
    ++tried;
    CommitForgery forgery;
    forgery.leaf = [](LeafNode& leaf) { leaf.encryption_key = leaf.signature_key; };
    const ForgedCommit commit = ForgeCommit(insider, forgery);
    for (const std::size_t member : {0u, 1u}) {
      scene.Accepts(member, commit.message);
      CHECK(scene[member].context() == commit.next);
    }
  }
  CHECK(tried >= 5);
}

TEST_CASE("R16.12-01: malformed UpdatePath reported by the members that can see it") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 4);
    const Insider insider(scene, 2);
    CommitForgery forgery;
    Bytes context;
    forgery.path_context = [&](GroupContext& provisional) { context = Encode(provisional); };
    forgery.path = [&](UpdatePath& path) {
      // Members 0 and 1 are given the root's secret, member 3 that of the parent of leaves 2 and 3: in its
      // place another secret, well sealed.
      REQUIRE(path.nodes.size() == 2);
      REQUIRE(path.nodes.front().encrypted_path_secret.count() == 1);
      const HPKECiphertext sealed =
          Must(EncryptWithLabel(suite, scene[3].tree().Leaf({3}).encryption_key, "UpdatePathNode", context,
                                Bytes(suite.Nh, 9), scene.world.random));
      path.nodes.front().encrypted_path_secret = EncodedList<HPKECiphertext>({&sealed, 1});
    };
    const Bytes commit = ForgeCommit(insider, forgery).message;
    scene.Refuses(3, commit, Error::PATH_SECRET_MISMATCH);
    scene.Accepts(0, commit);
    scene.Accepts(1, commit);
    // Member 3 says so to the application, which lets it come in again.
    ExternalJoinOptions again;
    again.resync = LeafIndex{3};
    again.profile = &scene.client(3).profile;
    ExternalJoin join = Must(scene.TryJoinByCommit(scene.client(3), scene.Info(0), std::move(again)));
    for (const std::size_t member : {0u, 1u}) scene.Receive(member, join.message);
    Must(join.group->Apply(Must(join.group->Confirm())));
    CHECK(World::Agree(scene[0], *join.group));
    CHECK(join.group->self() == LeafIndex{3});
  }
}

}  // namespace
}  // namespace mls::test
