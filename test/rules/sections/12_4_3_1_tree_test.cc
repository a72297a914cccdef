// RFC 9420 §12.4.3.1: the tree that a joiner is given, node by node. All of it is asked of a newcomer with a
// Welcome and of a stranger who would join by external Commit (§12.4.3.2).
#include "kit/bad_leaves.h"
#include "kit/forged_tree.h"

namespace mls::test {
namespace {

// Grown gives seven members; the newcomer is the eighth leaf, unmerged at 11 and at the root, 7.
template <class Scenario>
void InTree(Scenario scenario, std::size_t members = 7) {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Grown scene(suite, members);
    ForgedTree tree(scene);
    scenario(tree);
    tree.GoesOn();
  }
}

TEST_CASE("R12.4.3.1-13, R12.4.3.2-10: parent hashes are valid") {
  InTree([](const ForgedTree& tree) {
    Nodes honest = tree.honest;
    REQUIRE(ParentAt(honest, 7).unmerged_leaves.size() == 1);
    for (const std::size_t node : {1u, 3u, 5u, 7u, 9u, 11u}) {  // a key that nobody signed
      tree.Refuses([&](Nodes& nodes) { ParentAt(nodes, node).encryption_key = tree.Key(); });
    }
    for (const std::size_t node : {1u, 3u}) {
      tree.Refuses([&](Nodes& nodes) { ParentAt(nodes, node).parent_hash.back() ^= 1; });
      tree.Refuses([&](Nodes& nodes) { ParentAt(nodes, node).parent_hash.clear(); });
    }
    tree.Refuses([&](Nodes& nodes) {
      LeafAt(nodes, 0).parent_hash.front() ^= 0x80;
      tree.Sign(nodes, 0);
    });
    tree.Refuses([&](Nodes& nodes) {
      LeafAt(nodes, 0).parent_hash.clear();
      tree.Sign(nodes, 0);
    });
    tree.Refuses([&](Nodes& nodes) {  // of another subtree
      std::swap(LeafAt(nodes, 0).parent_hash, LeafAt(nodes, 4).parent_hash);
      tree.Sign(nodes, 0);
      tree.Sign(nodes, 4);
    });
    tree.Refuses([&](Nodes& nodes) {  // above the root is nothing
      ParentAt(nodes, 7).parent_hash = Bytes(tree.Nh(), 1);
      tree.Mend(nodes);
    });
    tree.Refuses([](Nodes& nodes) { ParentAt(nodes, 7).unmerged_leaves.clear(); });
    tree.Takes([&](Nodes& nodes) {  // all made right again
      ParentAt(nodes, 7).encryption_key = tree.Key();
      tree.Mend(nodes);
    });
  });
}

TEST_CASE("R12.4.3.1-14, R12.4.3.2-10: every leaf is valid, also one far from the newcomer") {
  constexpr Route kTrees[] = {Route::welcome_tree, Route::info_tree};
  const std::vector<Hook<LeafNode>> changes = {
      [](LeafNode& leaf) { leaf.capabilities.versions = {ProtocolVersion{2}}; },
      [](LeafNode& leaf) { leaf.capabilities.cipher_suites.clear(); },
      [](LeafNode& leaf) { leaf.extensions = {{ExtensionType{0xF001}, {}}}; },
      [](LeafNode& leaf) {
        leaf.extensions = {{ExtensionType::application_id, {}}, {ExtensionType::application_id, {}}};
      },
      [](LeafNode& leaf) { leaf.encryption_key.pop_back(); },
      [](LeafNode& leaf) { leaf.lifetime = {kLifetime.not_after, kLifetime.not_before}; },
  };
  for (const Suite& suite : AllSuites()) {
    for (std::size_t i = 0; i < changes.size(); ++i) {
      CAPTURE(i);
      LeafForgery forgery;
      forgery.leaf = changes[i];
      CheckRoutes(suite, kTrees, forgery, Error::INVALID_TREE);
    }
    LeafForgery signature;
    signature.signed_leaf = [](LeafNode& leaf) { leaf.signature.back() ^= 1; };
    CheckRoutes(suite, kTrees, signature, Error::INVALID_TREE);
    // This one names itself: the joiner may be able to do something about it.
    LeafForgery credentials;
    credentials.leaf = [](LeafNode& leaf) { leaf.capabilities.credentials = {CredentialType::x509}; };
    CheckRoutes(suite, kTrees, credentials, Error::UNSUPPORTED_CREDENTIAL, Error::UNSUPPORTED_CREDENTIAL);
  }
  // With parents, all of whose hashes are made right again.
  InTree([](const ForgedTree& tree) {
    for (const BadLeaf& bad : {LacksVersion(), ExtensionNotListed(kUnlistedExtension)}) {
      tree.Refuses([&](Nodes& nodes) {
        bad.forgery.leaf(LeafAt(nodes, 0));
        tree.Sign(nodes, 0);
        tree.Mend(nodes);
      });
    }
  });
  // Two leaves with one key, of either kind.
  InTree([](const ForgedTree& tree) {
    tree.Refuses([&](Nodes& nodes) {
      LeafAt(nodes, 5).encryption_key = LeafAt(nodes, 2).encryption_key;
      tree.Sign(nodes, 5);
      tree.Mend(nodes);
    });
  });
}

// RefusesFar: sixteen members, the newcomer being the first leaf of the other half, and member 1 has a leaf
// that breaks the rule. There are no parents, whose hashes would have to fit.
void RefusesFar(const Suite& suite, const CompanyOptions& options, const std::vector<BadLeaf>& leaves) {
  CAPTURE(suite.name);
  constexpr std::size_t kFar = 1;
  Scene scene(suite, 1, options);
  scene.Hire(0, 15, Lean());
  ForgedTree tree(scene);
  REQUIRE(tree.honest.size() == 2 * 17 - 1);
  for (const BadLeaf& bad : leaves) {
    CAPTURE(bad.rule);
    tree.Refuses(
        [&](Nodes& nodes) {
          LeafNode& leaf = LeafAt(nodes, kFar);
          Run(bad.forgery.leaf, leaf);
          tree.Sign(nodes, kFar);
          if (bad.forgery.signer != nullptr) {
            Must(SignLeafNode(suite, leaf, *bad.forgery.signer, scene[0].context().group_id, {kFar}));
          }
        },
        bad.in_tree);
  }
  tree.GoesOn();
}

TEST_CASE("R12.4.3.1-14, R12.4.3.2-10: every leaf is valid, in the other half of a tree of seventeen") {
  World world(9);
  for (const Suite& suite : AllSuites()) {
    const Secret other = Must(GenerateSignatureKeyPair(suite, world.random)).private_key;
    std::vector<BadLeaf> usual;
    for (BadLeaf& bad : AllBadLeaves(suite, other)) {
      if (bad.options.extensions.empty() && !bad.options.dress) {
        usual.push_back(std::move(bad));
      } else if (&suite == &AllSuites().front()) {
        RefusesFar(suite, bad.options, {bad});  // which takes a group of its own
      }
    }
    CHECK(usual.size() >= 6);
    RefusesFar(suite, Scene::Open(), usual);
  }
}

TEST_CASE("R12.4.3.1-15, R12.4.3.2-10: an unmerged entry is a member") {
  InTree(
      [](const ForgedTree& tree) {
        // The newcomer is leaf 6 and leaf 7 is blank, as are the nodes between: every hash fits, with and
        // without it.
        Nodes honest = tree.honest;
        REQUIRE(ParentAt(honest, 7).unmerged_leaves == std::vector<LeafIndex>{{6}});
        for (const std::uint32_t leaf : {7u, 8u, 99u, 0x80000007u, 0xFFFFFFFFu}) {
          CAPTURE(leaf);
          tree.Refuses([&](Nodes& nodes) { ParentAt(nodes, 7).unmerged_leaves.push_back({leaf}); });
          tree.Refuses([&](Nodes& nodes) { ParentAt(nodes, 3).unmerged_leaves = {{leaf}}; });
        }
      },
      6);
}

TEST_CASE("R12.4.3.1-16, R12.4.3.2-10: an unmerged entry is below its node") {
  InTree([](const ForgedTree& tree) {
    for (const std::uint32_t leaf : {4u, 6u, 7u}) {
      tree.Refuses([&](Nodes& nodes) { ParentAt(nodes, 3).unmerged_leaves = {{leaf}}; });
      tree.Refuses([&](Nodes& nodes) { ParentAt(nodes, 1).unmerged_leaves = {{leaf}}; });
    }
    for (const std::uint32_t leaf : {0u, 2u, 3u}) {
      tree.Refuses([&](Nodes& nodes) { ParentAt(nodes, 11).unmerged_leaves = {{leaf}, {7}}; });
    }
  });
}

TEST_CASE("R12.4.3.1-17, R12.4.3.2-10: the nodes between have the entry, too") {
  InTree([](const ForgedTree& tree) {
    tree.Refuses([](Nodes& nodes) { ParentAt(nodes, 11).unmerged_leaves.clear(); });
    // With the chain below made right again: only the rule itself is broken.
    tree.Refuses([&](Nodes& nodes) {
      ParentAt(nodes, 11).unmerged_leaves.clear();
      tree.Mend(nodes);
    });
  });
}

TEST_CASE("R12.4.3.1-18, R12.4.3.2-10: a parent's key is in no other node") {
  InTree([](const ForgedTree& tree) {
    // Nodes without unmerged leaves, and with.
    const std::pair<std::size_t, std::size_t> pairs[] = {{1, 9}, {5, 3}, {3, 7}, {11, 1}, {9, 11}};
    for (const auto& [node, other] : pairs) {
      CAPTURE(node);
      tree.Refuses([&, node = node, other = other](Nodes& nodes) {
        ParentAt(nodes, node).encryption_key = ParentAt(nodes, other).encryption_key;
        tree.Mend(nodes);
      });
    }
    for (const std::size_t node : {1u, 5u, 3u, 11u, 7u}) {
      for (const std::size_t leaf : {0u, 3u, 4u, 7u}) {
        tree.Refuses([&](Nodes& nodes) {
          ParentAt(nodes, node).encryption_key = LeafAt(nodes, leaf).encryption_key;
          tree.Mend(nodes);
        });
      }
    }
  });
}

TEST_CASE("R12.4.3.1-22: the path secret gives the keys above the common ancestor, too") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 5);
    scene.Commit(0, Proposing({Remove{{1}}}));
    Invitation invitation(
        scene);  // at leaf 1, beside the committer: their common ancestor is the lowest parent
    REQUIRE(invitation.secrets.path_secret.has_value());
    for (const std::size_t changed : {3u, 7u}) {
      WelcomeForgery forgery;
      forgery.tree = [&](Nodes& nodes) {
        ParentAt(nodes, changed).encryption_key =
            Must(GenerateHpkeKeyPair(suite, scene.world.random)).public_key;
        ParentAt(nodes, 3).parent_hash = ParentHashOf(suite, nodes, 7, 11);
        ParentAt(nodes, 1).parent_hash = ParentHashOf(suite, nodes, 3, 5);
        LeafAt(nodes, 0).parent_hash = ParentHashOf(suite, nodes, 1, 2);
        SignLeafAt(scene, nodes, 0, 0);
      };
      invitation.Refuses(forgery, Error::PATH_SECRET_MISMATCH);
      // Without a path secret nobody compares: the tree itself is valid.
      forgery.secrets = [](GroupSecrets& secrets) { secrets.path_secret.reset(); };
      CHECK(Scene::Name(scene.TryJoin(invitation.Forge(forgery), invitation.package)) == "taken");
    }
    invitation.TakesIt();
    scene.GoesOn();
  }
}

}  // namespace
}  // namespace mls::test
