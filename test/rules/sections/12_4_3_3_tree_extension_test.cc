// RFC 9420 §12.4.3.3: the ratchet_tree extension.
#include <fstream>

#include "kit/invitation.h"

namespace mls::test {
namespace {

// Both refuse: a newcomer with a Welcome, and a stranger who would join by external Commit.
void BothRefuse(const Invitation& invitation, const Hook<Nodes>& change, Error expected) {
  WelcomeForgery welcome;
  welcome.tree = change;
  invitation.Refuses(welcome, expected);
  Scene& scene = invitation.scene;
  InfoForgery info;
  info.tree = change;
  scene.RefusesJoinByCommit(scene.world.NewClient(scene[0].suite(), "stranger"),
                            ForgeInfo(scene, scene.Info(0), info), expected);
}

TEST_CASE("R12.4.3.3-01: the last entry is not blank") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 4);
    Invitation invitation(scene);
    for (const std::size_t blanks : {1u, 2u, 6u, 7u}) {
      BothRefuse(invitation, [&](Nodes& nodes) { nodes.resize(nodes.size() + blanks); }, Error::INVALID_TREE);
    }
    BothRefuse(
        invitation, [](Nodes& nodes) { nodes.assign(nodes.size(), std::nullopt); }, Error::INVALID_TREE);
    BothRefuse(invitation, [](Nodes& nodes) { nodes.assign(1, std::nullopt); }, Error::INVALID_TREE);
    invitation.TakesIt();
    scene.GoesOn();
  }
}

TEST_CASE("R12.4.3.3-02: our own trees end in a member") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 9);
    const auto ends_in_a_member = [](View tree) {
      const Nodes nodes = DecodeNodes(tree);
      return !nodes.empty() && nodes.size() % 2 == 1 && nodes.back().has_value();
    };
    const auto in = [](const GroupInfo& info) {
      return *FindExtension(info.extensions, ExtensionType::ratchet_tree);
    };
    for (const std::uint32_t right_edge : {8u, 7u, 6u, 5u, 3u, 4u, 2u}) {
      CAPTURE(right_edge);
      scene.Commit(0, Proposing({Remove{{right_edge}}}));
      CHECK(ends_in_a_member(scene[0].tracker().EncodeTree()));
      CHECK(ends_in_a_member(in(scene.Info(1))));
    }
    const Invitation invitation(scene);
    CHECK(ends_in_a_member(in(invitation.info)));
    CommitOptions apart = Proposing({Remove{{1}}});
    apart.tree = CommitOptions::Tree::apart;
    apart.proposals.push_back(
        {Add{scene.world.NewKeyPackageOf(scene.world.NewClient(suite, "last")).key_package}});
    CHECK(ends_in_a_member(scene.MakeCommit(0, std::move(apart)).ratchet_tree));
  }
}

TEST_CASE("R12.4.3.3-03: leaves stand at even places, parents at odd ones") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 4);
    Invitation invitation(scene);
    for (const std::size_t odd : {1u, 3u, 5u, 7u}) {
      BothRefuse(invitation, [&](Nodes& nodes) { nodes.at(odd) = nodes.at(0); }, Error::INVALID_TREE);
    }
    for (const std::size_t even : {0u, 2u, 6u}) {
      BothRefuse(
          invitation,
          [&](Nodes& nodes) {
            nodes.at(even) = AnyNode(ParentNode{ToBytes(scene[0].tree().PublicKey(NodeIndex(1))), {}, {}});
          },
          Error::INVALID_TREE);
    }
    invitation.TakesIt();
    scene.GoesOn();
  }
}

// PeakGrowth gives by how many bytes the process grew at most while it did `work`; none where nobody tells.
template <class Work>
std::optional<std::size_t> PeakGrowth(Work work) {
  const auto line = [](const std::string& name) -> std::optional<std::size_t> {
    std::ifstream status("/proc/self/status");
    for (std::string word; status >> word;) {
      std::size_t kilobytes = 0;
      if (word == name && status >> kilobytes) return 1024 * kilobytes;
    }
    return std::nullopt;
  };
  std::ofstream reset("/proc/self/clear_refs");
  reset << "5" << std::flush;  // the peak is what it is now
  const bool known = reset.good();
  const auto before = line("VmRSS:");
  work();
  const auto peak = line("VmHWM:");
  if (!known || !before || !peak) return std::nullopt;
  return *peak > *before ? *peak - *before : 0;
}

TEST_CASE("R12.4.3.3-04: the number of nodes is one that a tree can have") {
  const Suite& suite = AllSuites()[0];
  Scene scene(suite, 3);
  Invitation invitation(scene);
  const Client stranger = scene.world.NewClient(suite, "stranger");
  const auto refused = [&](const Bytes& tree, Error expected) {
    WelcomeForgery forgery;
    forgery.info = [&](GroupInfo& info) {
      for (Extension& one : info.extensions) {
        if (one.extension_type == ExtensionType::ratchet_tree) one.extension_data = tree;
      }
    };
    invitation.Refuses(forgery, expected);
    scene.RefusesJoinByCommit(stranger, ForgeInfo(scene, scene.Info(0), forgery), expected);
  };
  const Nodes honest = DecodeNodes(scene[0].tracker().EncodeTree());
  refused(EncodeNodes({}), Error::INVALID_TREE);
  refused({}, Error::MALFORMED);
  for (const std::size_t size : {2u, 4u}) {
    Nodes nodes = honest;
    nodes.resize(size);
    nodes.back() = AnyNode(ParentNode{LeafAt(nodes, 0).encryption_key, {}, {}});
    refused(EncodeNodes(nodes), Error::INVALID_TREE);
  }
  // Very many blanks, a byte each, and then a leaf.
  Bytes content(std::size_t{1} << 25, 0);
  const Bytes leaf = Encode(LeafAt(*std::make_unique<Nodes>(honest), 0));
  content.insert(content.end(), {1, 1});
  content.insert(content.end(), leaf.begin(), leaf.end());
  const Bytes tree = Encode(View(content));
  Limits larger;
  larger.max_leaves = std::uint32_t{1} << 25;
  for (const Limits& limits : {Limits(), larger}) {
    const auto growth = PeakGrowth([&] {
      const auto decoded = RatchetTree::DecodeExtension(suite, tree, limits);
      if (limits.max_leaves == larger.max_leaves) {
        CHECK(decoded.ok());
      } else {
        CHECK(ErrorOf(decoded) == Error::LIMIT_EXCEEDED);
      }
    });
    if (growth) CHECK(*growth <= tree.size() + (std::size_t{1} << 20));
  }
  scene.NotInJournal();  // tens of megabytes
  refused(tree, Error::LIMIT_EXCEEDED);
  invitation.TakesIt();
  scene.GoesOn();
}

TEST_CASE("R12.4.3.3-05: the hash is checked however the tree came") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    const Bytes former = scene[0].tracker().EncodeTree();
    Invitation invitation(scene);
    const Bytes tree = scene[0].tracker().EncodeTree();
    WelcomeForgery without;
    without.info = [](GroupInfo& info) { info.extensions.clear(); };
    const Bytes bare = invitation.Forge(without);
    const NewKeyPackage& package = invitation.package;
    scene.RefusesJoin(bare, package, Error::TREE_HASH_MISMATCH, former);
    scene.RefusesJoin(invitation.genuine, package, Error::TREE_HASH_MISMATCH, former);
    WelcomeForgery old_inside;
    old_inside.info = [&](GroupInfo& info) {
      for (Extension& extension : info.extensions) {
        if (extension.extension_type == ExtensionType::ratchet_tree) extension.extension_data = former;
      }
    };
    const Bytes outdated = invitation.Forge(old_inside);
    scene.RefusesJoin(outdated, package, Error::TREE_HASH_MISMATCH);
    scene.RefusesJoin(outdated, package, Error::TREE_HASH_MISMATCH, tree);
    scene.RefusesJoin(outdated, package, Error::TREE_HASH_MISMATCH, former);

    const Client stranger = scene.world.NewClient(suite, "stranger");
    GroupInfoOptions apart;
    apart.tree = CommitOptions::Tree::apart;
    const auto with = [](const Bytes& beside) {
      ExternalJoinOptions options;
      options.ratchet_tree = beside;
      return options;
    };
    scene.RefusesJoinByCommit(stranger, scene.Info(0, apart), Error::TREE_HASH_MISMATCH, with(former));
    scene.RefusesJoinByCommit(stranger, scene.Info(0), Error::TREE_HASH_MISMATCH, with(former));
    scene.Enter(invitation.client, scene.JoinByWelcome(bare, package, tree));
    scene.GoesOn();
  }
}

}  // namespace
}  // namespace mls::test
