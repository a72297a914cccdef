// RFC 9420 §7.5: path secrets, node secrets and key pairs that a Commit outdates are deleted, in what is
// stored and in the memory of the process. Files of stores: test/rules/api.
#include "kit/forged_commit.h"
#include "kit/needles.h"
#include "tree/treekem.h"

namespace mls::test {
namespace {

// KeysOf gives the private keys that a member holds.
std::map<NodeIndex, Needle> KeysOf(Scene& scene, std::size_t member) {
  const MemoryRows rows = World::Saved(scene[member]);
  const PrivateKeys keys = Must(PrivateKeys::Decode(*rows.Get(RowKey(RowTag::keys))));
  std::map<NodeIndex, Needle> needles;
  for (const auto& [node, key] : keys.keys()) {
    needles.emplace(node, Needle("private key " + std::to_string(node.value), key));
  }
  return needles;
}

TEST_CASE("R7.5-07: outdated key pairs are deleted") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 4);
    scene.Commit(2);
    // Member 1 holds the key of its leaf and, given by member 2, that of the root.
    const std::map<NodeIndex, Needle> before = KeysOf(scene, 1);
    REQUIRE(before.contains(NodeIndex(3)));
    REQUIRE(before.contains(LeafIndex{1}));
    const Needle& root = before.at(NodeIndex(3));
    const Needle& leaf = before.at(LeafIndex{1});
    IsThere(scene, 1, root);
    scene.Commit(2);  // a path of another: the root's key is outdated, the leaf's is not
    IsGone(scene, root);
    IsThere(scene, 1, leaf);

    const std::map<NodeIndex, Needle> own = KeysOf(scene, 1);
    scene.Commit(1);  // a path of its own
    for (const auto& [node, needle] : own) IsGone(scene, needle);

    // A key that no path replaces, but whose node becomes blank: member 0 goes, and 1 is blank from then on.
    scene.Commit(0);
    const Needle shared = KeysOf(scene, 1).at(NodeIndex(1));
    IsThere(scene, 1, shared);
    scene.Commit(2, Proposing({Remove{{0}}}));
    IsGone(scene, shared);
  }
}

TEST_CASE("R7.5-07: path secrets and node secrets are deleted by who made them and by who was given them") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 4);
    const NewKeyPackage package = scene.world.NewKeyPackageOf(scene.world.NewClient(suite, "newcomer"));
    const NewCommit commit = scene.Commit(0, Proposing({Add{package.key_package}}));
    const EpochNeedles ours = NeedlesOf(scene, commit.welcomes.at(0).message, package);
    AreGone(scene, ours.consumed);
    IsThere(scene, 1, ours.private_key);  // which came of them

    // Every secret of a path, of which the others are given one each.
    std::vector<Needle> path;
    CommitForgery forgery;
    forgery.path_secrets = [&](std::vector<Secret>& secrets) {
      for (const Secret& secret : secrets) {
        path.emplace_back("path_secret", secret);
        path.emplace_back("node_secret", Must(DeriveSecret(suite, secret, "node")));
      }
      path.emplace_back("commit_secret", Must(DeriveSecret(suite, secrets.back(), "path")));
    };
    const Bytes message = ForgeCommit(Insider(scene, 2), std::move(forgery)).message;
    for (const std::size_t member : {0u, 1u, 3u}) scene.Receive(member, message);
    REQUIRE(path.size() >= 2 * 2 + 1);
    AreGone(scene, path);
  }
}

}  // namespace
}  // namespace mls::test
