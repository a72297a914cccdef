// RFC 9420 §7.5, §7.7, §7.8: the tree that honest Commits lead to, beside a model that does every step as the
// RFC words it (test/core/tree/model.h).
#include "kit/forged_tree.h"
#include "kit/leaf_routes.h"
#include "tree/model.h"

namespace mls::test {
namespace {

// Followed: a scene whose public Commits a model follows.
struct Followed : Scene {
  explicit Followed(const Suite& suite) : Scene(suite, 1), of(suite), model(suite) {
    model.Add((*this)[0].tree().Leaf({0}));
  }

  // Make commits the proposals (and `adds` newcomers, who then join) and compares.
  void Make(std::size_t by, std::vector<Proposal> proposals, std::size_t adds = 0,
            CommitOptions options = {}) {
    options.proposals = std::move(proposals);
    std::vector<Client> clients;
    std::vector<NewKeyPackage> packages;
    for (std::size_t i = 0; i < adds; ++i) {
      clients.push_back(world.NewClient(of, "member " + std::to_string(size() + i)));
      packages.push_back(world.NewKeyPackageOf(clients.back()));
      options.proposals.push_back({Add{packages.back().key_package}});
    }
    const LeafIndex committer = (*this)[by].self();
    const NewCommit commit = Commit(by, std::move(options));
    for (std::size_t i = 0; i < adds; ++i)
      Enter(clients[i], JoinByWelcome(commit.welcomes.at(0).message, packages[i]));
    const MLSMessage message = Must(DecodeMessage(commit.message, {}));
    Follow(*std::get<PublicMessage>(message.body).content.commit(), committer);
    Compare();
  }

  void Follow(const mls::Commit& commit, LeafIndex committer) {
    for (const ProposalOrRef& entry : commit.proposals) {
      const Proposal& proposal = std::get<ProposalByValue>(entry.body).proposal;
      if (const auto* remove = proposal.As<Remove>()) model.Remove(remove->removed);
    }
    for (const ProposalOrRef& entry : commit.proposals) {
      const Proposal& proposal = std::get<ProposalByValue>(entry.body).proposal;
      if (const auto* add = proposal.As<Add>()) model.Add(add->key_package.leaf_node);
    }
    if (commit.path) Merge(*commit.path, committer);
  }

  // RFC 9420 §7.5, §7.9: nodes of the filtered path are set with nobody unmerged, all others of the direct
  // path are blank.
  void Merge(const UpdatePath& path, LeafIndex committer) {
    const std::vector<NodeIndex> nodes = model.FilteredDirectPath(committer);
    const std::vector<Bytes> hashes = model.Hashes();
    REQUIRE(path.nodes.size() == nodes.size());
    model.BlankPath(committer);
    Bytes parent_hash;
    for (std::size_t i = nodes.size(); i-- > 0;) {
      const Bytes& key = path.nodes[i].encryption_key;
      model.Set(nodes[i], {key, parent_hash, {}});
      const NodeIndex sibling = Contains(Left(nodes[i]), committer) ? Right(nodes[i]) : Left(nodes[i]);
      parent_hash = ToBytes(Must(Hash(of, {Encode(key, parent_hash, hashes[sibling.value])})));
    }
    CHECK(path.leaf_node.parent_hash == parent_hash);
    model.Replace(committer, path.leaf_node);
  }

  void Compare() {
    for (std::size_t i = 0; i < size(); ++i) {
      if ((*this)[i].phase() == Phase::removed) continue;
      CHECK(model.Matches((*this)[i].tree()));
      CHECK(model.Hashes()[Root(model.width()).value] == (*this)[i].context().tree_hash);
    }
  }

  const Suite& of;
  Model model;
};

Proposal Out(std::uint32_t leaf) { return {Remove{{leaf}}}; }

TEST_CASE("R7.7-01: extend and truncate give the exact tree") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Followed scene(suite);
    scene.Make(0, {}, 3);
    REQUIRE(scene[0].tree().width() == 4);
    scene.Make(1, {}, 1);  // into a full tree: it doubles
    REQUIRE(scene[0].tree().width() == 8);
    scene.Make(2, {}, 1, Lean());  // leaf 5, without a path
    scene.Make(4, {Out(1)}, 1);    // the newcomer takes leaf 1 in the same Commit
    CHECK_FALSE(scene[0].tree().IsBlank(LeafIndex{1}));
    scene.Make(0, {Out(4), Out(5)});  // the right half is empty: it goes
    CHECK(scene[0].tree().width() == 4);
    scene.Make(3, {Out(2)}, 2);  // leaf 2 is filled, and one more extends the tree again
    CHECK(scene[0].tree().width() == 8);
    scene.Make(0, {Out(4)}, 1);  // the last leaf goes and comes: no truncation shows
    CHECK(scene[0].tree().width() == 8);
    scene.Make(0, {Out(4), Out(3), Out(2)});
    CHECK(scene[0].tree().width() == 2);
    scene.GoesOn();
  }
}

TEST_CASE("R7.5-10: filtered path nodes merge with empty unmerged list, others blank") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Followed scene(suite);
    scene.Make(0, {}, 6);
    scene.Make(0, {Out(3)});
    scene.Make(0, {}, 1, Lean());  // unmerged at 3 and 7; 5 is blank
    REQUIRE(scene[0].tree().Parent(NodeIndex(3))->unmerged_leaves == std::vector<LeafIndex>{{3}});
    REQUIRE(scene[0].tree().IsBlank(NodeIndex(5)));
    scene.Make(2, {});  // over unmerged leaves, by one beside them
    CHECK(scene[0].tree().Parent(NodeIndex(3))->unmerged_leaves.empty());
    scene.Make(0, {}, 1, Lean());
    scene.Make(scene.size() - 1, {});  // and by one of them
    scene.Make(6, {Out(7)});           // 13 is filtered out, and blank
    CHECK(scene[0].tree().IsBlank(NodeIndex(13)));
    scene.GoesOn();
  }
}

TEST_CASE("R7.8-01: optional node absent in hash input exactly for blank nodes") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Followed scene(suite);
    scene.Make(0, {}, 4, Lean());  // every parent is blank, three leaves are
    scene.Make(1, {Out(2)});       // a blank leaf between others
    scene.Make(4, {});             // two parents of its path are filtered out
    const RatchetTree& tree = scene[0].tree();
    REQUIRE(tree.IsBlank(LeafIndex{2}));
    REQUIRE(tree.IsBlank(NodeIndex(11)));
    REQUIRE_FALSE(tree.IsBlank(NodeIndex(7)));
    // Once more over the nodes of the extension, by the recursion of §7.8 alone.
    const Nodes nodes = DecodeNodes(tree.EncodeExtension());
    CHECK(TreeHashOf(suite, nodes, 7) == scene[0].context().tree_hash);
    scene.GoesOn();
  }
}

TEST_CASE("R7.8-02: NodeType is 1 or 2") {
  const Suite& suite = AllSuites().front();
  Grown scene(suite, 3);
  ForgedTree tree(scene);
  const Bytes honest = EncodeNodes(tree.honest);
  // The octets of the leaf at node 0 and of the parent at node 1, after the length.
  const std::size_t leaf = honest.size() < 16384 ? 3 : 5;
  const std::size_t parent = leaf + Encode(LeafAt(tree.honest, 0)).size() + 2;
  REQUIRE(honest[leaf] == 1);
  REQUIRE(honest[parent] == 2);
  for (const std::size_t at : {leaf, parent}) {
    for (const std::uint8_t type : {0, 3, 255}) {
      CAPTURE(type);
      WelcomeForgery forgery;
      forgery.info = [&](GroupInfo& info) {
        for (Extension& extension : info.extensions) {
          if (extension.extension_type == ExtensionType::ratchet_tree) extension.extension_data[at] = type;
        }
      };
      tree.invitation.Refuses(forgery, Error::MALFORMED);
      scene.RefusesJoinByCommit(scene.world.NewClient(suite, "stranger"),
                                ForgeInfo(scene, scene.Info(0), forgery), Error::MALFORMED);
    }
  }
  tree.GoesOn();
}

}  // namespace
}  // namespace mls::test
