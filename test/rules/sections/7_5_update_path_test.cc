// RFC 9420 §7.5: a received UpdatePath against the tree, and what its secrets derive.
#include "kit/forged_commit.h"
#include "kit/leaf_routes.h"
#include "support/change_list.h"

namespace mls::test {
namespace {

// The committer is member 2 of five; its path is 5, 3, 7. Member 3 enters at 5, members 0 and 1 at 3, 4 at 7.
//
//              7
//          ┌───┴────┐
//          3       11
//        ┌─┴─┐    ┌─┴─┐
//        1   5    9   _
//       0 1 2 3  4 _ _ _
constexpr std::size_t kCommitter = 2;
constexpr std::size_t kOthers[] = {0, 1, 3, 4};

void AllRefuse(Scene& scene, const CommitForgery& forgery, Error expected) {
  CAPTURE(scene[0].suite().name);
  const Bytes message = ForgeCommit(Insider(scene, kCommitter), forgery).message;
  for (const std::size_t member : kOthers) scene.Refuses(member, message, expected);
}

std::vector<HPKECiphertext> More(std::vector<HPKECiphertext> list) {
  list.push_back(list.back());
  return list;
}

TEST_CASE("R7.5-02: members added in the same Commit are excluded from the resolution") {
  for (const Suite& suite : AllSuites()) {
    Scene scene(suite, 5);
    const KeyPackage newcomer =
        scene.world.NewKeyPackageOf(scene.world.NewClient(suite, "newcomer")).key_package;
    CommitForgery forgery;
    forgery.proposals = {Value({Add{newcomer}})};
    CAPTURE(suite.name);
    {
      Scene other(suite, 5);
      other.Accepts(1, ForgeCommit(Insider(other, kCommitter), forgery).message);
    }
    // The newcomer is leaf 5, below the root's right child: one ciphertext more than there are old members.
    forgery.path = [&](UpdatePath& path) {
      REQUIRE(path.nodes.size() == 3);
      ChangeList<HPKECiphertext>(path.nodes[2].encrypted_path_secret, [](auto& list) { list = More(list); });
    };
    AllRefuse(scene, forgery, Error::INVALID_UPDATE_PATH);
    scene.GoesOn();
  }
}

TEST_CASE("R7.5-03: leaf parent_hash equals the recomputed one") {
  for (const Suite& suite : AllSuites()) {
    Scene scene(suite, 5);
    scene.Commit(kCommitter);
    scene.Commit(0);
    const Bytes old = scene[0].tree().Leaf({kCommitter}).parent_hash;
    REQUIRE(old.size() == suite.Nh);
    const Hook<LeafNode> changes[] = {
        [](LeafNode& leaf) { leaf.parent_hash[3] ^= 1; }, [](LeafNode& leaf) { leaf.parent_hash.clear(); },
        [](LeafNode& leaf) { leaf.parent_hash.pop_back(); }, [&](LeafNode& leaf) { leaf.parent_hash = old; }};
    for (const auto& change : changes) {
      CommitForgery forgery;
      forgery.leaf = change;
      AllRefuse(scene, forgery, Error::PARENT_HASH_MISMATCH);
    }
    scene.GoesOn();
  }
}

// Unrelated replaces the public key of one node of the path by another; parent hashes are right for it.
CommitForgery Unrelated(Scene& scene, std::size_t node) {
  CommitForgery forgery;
  forgery.public_keys = [&scene, node](std::vector<Bytes>& keys) {
    keys.at(node) = Must(GenerateHpkeKeyPair(scene[0].suite(), scene.world.random)).public_key;
  };
  return forgery;
}

TEST_CASE("R7.5-04: derived public keys equal the sent ones: at my entry node") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 5);
    const std::pair<std::size_t, std::size_t> entries[] = {{3, 0}, {1, 1}, {0, 1}, {4, 2}};
    for (const auto& [member, node] : entries) {
      const ForgedCommit forged = ForgeCommit(Insider(scene, kCommitter), Unrelated(scene, node));
      scene.Refuses(member, forged.message, Error::PATH_SECRET_MISMATCH);
    }
    scene.GoesOn();
  }
}

TEST_CASE("R7.5-05: derived public keys equal the sent ones: above") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 5);
    const auto refuse = [&](const CommitForgery& forgery, std::initializer_list<std::size_t> members) {
      const ForgedCommit forged = ForgeCommit(Insider(scene, kCommitter), forgery);
      for (const std::size_t member : members)
        scene.Refuses(member, forged.message, Error::PATH_SECRET_MISMATCH);
    };
    refuse(Unrelated(scene, 1), {3});
    refuse(Unrelated(scene, 2), {0, 1, 3});
    // The sequence starts anew at the root: whoever enters there is given the secret that fits.
    CommitForgery broken;
    const Secret other = Must(scene.world.random.TakeSecret(suite.Nh));
    broken.public_keys = [&](std::vector<Bytes>& keys) {
      keys.at(2) = Must(DeriveKeyPair(suite, Must(DeriveSecret(suite, other, "node")))).public_key;
    };
    broken.path_secrets = [&](std::vector<Secret>& secrets) { secrets.at(2) = other.Clone(); };
    refuse(broken, {0, 1, 3});
    const ForgedCommit forged = ForgeCommit(Insider(scene, kCommitter), broken);
    scene.Refuses(4, forged.message, Error::BAD_CONFIRMATION_TAG);
    scene.GoesOn();
  }
}

TEST_CASE("R7.5-06: number of UpdatePath nodes equals the filtered direct path") {
  for (const Suite& suite : AllSuites()) {
    Scene scene(suite, 5);
    const Hook<UpdatePath> changes[] = {
        [](UpdatePath& path) { path.nodes.pop_back(); },
        [](UpdatePath& path) { path.nodes.erase(path.nodes.begin()); },
        [&](UpdatePath& path) {
          path.nodes.push_back({Must(GenerateHpkeKeyPair(suite, scene.world.random)).public_key, {}});
        },
        [](UpdatePath& path) { path.nodes.clear(); }};
    for (const auto& change : changes) {
      CommitForgery forgery;
      forgery.path = change;
      AllRefuse(scene, forgery, Error::INVALID_UPDATE_PATH);
    }
    // With a node for each node of the direct path that is not filtered out: leaf 4 has 9 and 11 left out.
    CommitForgery forgery;
    forgery.path = [&](UpdatePath& path) {
      REQUIRE(path.nodes.size() == 1);
      path.nodes.insert(path.nodes.begin(), 2, path.nodes.front());
    };
    scene.Refuses(1, ForgeCommit(Insider(scene, 4), forgery).message, Error::INVALID_UPDATE_PATH);
    scene.GoesOn();
  }
}

TEST_CASE("R7.5-08: path secret must decrypt for me") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 5);
    const Hook<HPKECiphertext> changes[] = {
        [&](HPKECiphertext& one) { one.kem_output = scene.world.random.Some(one.kem_output.size()); },
        [](HPKECiphertext& one) { one.kem_output.pop_back(); },
        [](HPKECiphertext& one) { one.kem_output.clear(); },
        [&](HPKECiphertext& one) { one.ciphertext = scene.world.random.Some(one.ciphertext.size()); },
        [](HPKECiphertext& one) { one.ciphertext.front() ^= 1; },
        [](HPKECiphertext& one) { one.ciphertext.back() ^= 1; },
        [](HPKECiphertext& one) { one.ciphertext.clear(); }};
    for (const auto& change : changes) {
      CommitForgery forgery;
      forgery.path = [&](UpdatePath& path) {  // of node 5, which is for member 3 alone
        ChangeList<HPKECiphertext>(path.nodes.at(0).encrypted_path_secret, [&](auto& list) {
          REQUIRE(list.size() == 1);
          change(list.front());
        });
      };
      scene.Refuses(3, ForgeCommit(Insider(scene, kCommitter), forgery).message, Error::DECRYPT_FAILED);
    }
    scene.GoesOn();
  }
}

TEST_CASE("R7.5-09: path secret has length Nh") {
  for (const Suite& suite : AllSuites()) {
    Scene scene(suite, 5);
    for (const std::size_t size : {std::size_t{suite.Nh} - 1, std::size_t{suite.Nh} + 1, std::size_t{0}}) {
      CommitForgery forgery;
      forgery.path_secrets = [&](std::vector<Secret>& secrets) {
        for (Secret& secret : secrets) {
          Bytes changed = ToBytes(secret);
          changed.resize(size);
          secret = Secret::Copy(changed);
        }
      };
      AllRefuse(scene, forgery, Error::INVALID_UPDATE_PATH);
    }
    scene.GoesOn();
  }
}

TEST_CASE("R7.9.2-10: processing a Commit: recompute expected leaf parent_hash") {
  for (const Suite& suite : AllSuites()) {
    // Over a tree with unmerged leaves, whose parents the path covers: by a leaf that is one of them, and by
    // one that is not.
    Scene scene(suite, 4);
    scene.Hire(0, 2, Lean());
    REQUIRE_FALSE(scene[0].tree().IsBlank(NodeIndex(3)));
    scene.Commit(4);
    scene.Hire(0, 1, Lean());
    REQUIRE(scene[0].tree().Parent(NodeIndex(7))->unmerged_leaves == std::vector<LeafIndex>{{6}});
    for (const std::size_t committer : {6u, 4u, 2u}) {
      CAPTURE(committer);
      CommitForgery forgery;
      forgery.leaf = [](LeafNode& leaf) { leaf.parent_hash.back() ^= 0x80; };
      const Bytes message = ForgeCommit(Insider(scene, committer), forgery).message;
      for (const std::size_t member : {0u, 1u, 5u})
        scene.Refuses(member, message, Error::PARENT_HASH_MISMATCH);
    }
    // Left as they are, these Commits are taken.
    scene.Accepts(1, ForgeCommit(Insider(scene, 2), {}).message);
    scene.Accepts(5, ForgeCommit(Insider(scene, 6), {}).message);
  }
}

}  // namespace
}  // namespace mls::test
