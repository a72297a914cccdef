#include "kit/forged_tree.h"

#include <set>

#include "kit/leaf_routes.h"

namespace mls::test {

namespace {

std::uint32_t Index(std::size_t node) { return static_cast<std::uint32_t>(node); }

std::size_t WidthOf(const Nodes& nodes) {
  std::size_t width = 1;
  while (2 * width - 1 < nodes.size()) width *= 2;
  return width;
}

bool IsBlank(const Nodes& nodes, std::size_t node) { return node >= nodes.size() || !nodes[node]; }

const ParentNode& Parent(const Nodes& nodes, std::size_t node) { return std::get<ParentNode>(*nodes[node]); }

const Bytes& ParentHashField(const Nodes& nodes, std::size_t node) {
  if (node % 2 == 0) return std::get<LeafNode>(*nodes[node]).parent_hash;
  return Parent(nodes, node).parent_hash;
}

// Without blanks leaves and takes them out of every list (RFC 9420 §7.9, original tree hash).
Nodes Without(Nodes nodes, const std::vector<LeafIndex>& leaves) {
  for (const LeafIndex leaf : leaves) {
    if (NodeIndex(leaf).value < nodes.size()) nodes[NodeIndex(leaf).value].reset();
    for (std::size_t i = 1; i < nodes.size(); i += 2) {
      if (nodes[i]) std::erase(ParentAt(nodes, i).unmerged_leaves, leaf);
    }
  }
  return nodes;
}

void ResolutionInto(const Nodes& nodes, NodeIndex node, std::vector<std::size_t>& found) {
  if (!IsBlank(nodes, node.value)) {
    found.push_back(node.value);
    if (IsLeaf(node)) return;
    for (const LeafIndex leaf : Parent(nodes, node.value).unmerged_leaves)
      found.push_back(NodeIndex(leaf).value);
  } else if (!IsLeaf(node)) {
    ResolutionInto(nodes, Left(node), found);
    ResolutionInto(nodes, Right(node), found);
  }
}

// IsBelow: `node` is `top` or in the subtree of it.
bool IsBelow(std::size_t node, std::size_t top) {
  const NodeIndex root(Index(top));
  const std::size_t first = NodeIndex(FirstLeaf(root)).value;
  return node >= first && node <= first + 2 * (LeafSpan(root) - 1);
}

// Mender computes each parent hash once, after those that it covers.
struct Mender {
  const ForgedTree& tree;
  Nodes& nodes;
  const std::vector<Link>& links;
  std::set<std::size_t> done;

  void Finish(std::size_t at) {
    if (!done.insert(at).second) return;
    const Link& link = links[at];
    for (std::size_t i = 0; i < links.size(); ++i) {
      if (links[i].below == link.parent) Finish(i);
      if (IsBelow(links[i].parent, link.sibling)) Finish(i);
    }
    Bytes hash = ParentHashOf(tree.scene[0].suite(), nodes, link.parent, link.sibling);
    if (link.below % 2 == 1) {
      ParentAt(nodes, link.below).parent_hash = std::move(hash);
    } else {
      LeafAt(nodes, link.below / 2).parent_hash = std::move(hash);
      tree.Sign(nodes, link.below / 2);
    }
  }
};

}  // namespace

Bytes TreeHashOf(const Suite& suite, const Nodes& nodes, std::size_t node) {
  const NodeIndex index(Index(node));
  if (IsLeaf(index)) {
    std::optional<LeafNode> leaf;
    if (!IsBlank(nodes, node)) leaf = std::get<LeafNode>(*nodes[node]);
    return ToBytes(Must(Hash(suite, {Encode(std::uint8_t{1}, LeafOf(index), leaf)})));
  }
  std::optional<ParentNode> parent;
  if (!IsBlank(nodes, node)) parent = Parent(nodes, node);
  return ToBytes(
      Must(Hash(suite, {Encode(std::uint8_t{2}, parent, TreeHashOf(suite, nodes, Left(index).value),
                               TreeHashOf(suite, nodes, Right(index).value))})));
}

Bytes ParentHashOf(const Suite& suite, const Nodes& nodes, std::size_t parent, std::size_t sibling) {
  const ParentNode& node = Parent(nodes, parent);
  const Bytes original = TreeHashOf(suite, Without(nodes, node.unmerged_leaves), sibling);
  return ToBytes(Must(Hash(suite, {Encode(node.encryption_key, node.parent_hash, original)})));
}

std::vector<Link> LinksOf(const Suite& suite, const Nodes& nodes) {
  std::vector<Link> links;
  for (std::size_t parent = 1; parent < nodes.size(); parent += 2) {
    if (IsBlank(nodes, parent)) continue;
    const NodeIndex index(Index(parent));
    const std::size_t children[] = {Left(index).value, Right(index).value};
    for (const std::size_t side : {0u, 1u}) {
      const Bytes hash = ParentHashOf(suite, nodes, parent, children[1 - side]);
      std::vector<std::size_t> resolution;
      ResolutionInto(nodes, NodeIndex(Index(children[side])), resolution);
      for (const std::size_t below : resolution) {
        if (ParentHashField(nodes, below) == hash) links.push_back({parent, below, children[1 - side]});
      }
    }
  }
  return links;
}

ForgedTree::ForgedTree(Scene& of) : scene(of), invitation(of, Lean()) {
  honest = DecodeNodes(*FindExtension(invitation.info.extensions, ExtensionType::ratchet_tree));
  links = LinksOf(scene[0].suite(), honest);
  CHECK(TreeHashOf(scene[0].suite(), honest, WidthOf(honest) - 1) == scene[0].context().tree_hash);
}

void ForgedTree::Mend(Nodes& nodes, const std::vector<Link>& along) const {
  Mender mender{*this, nodes, along, {}};
  for (std::size_t i = 0; i < along.size(); ++i) mender.Finish(i);
}

void ForgedTree::Sign(Nodes& nodes, std::size_t leaf) const {
  const LeafIndex index{Index(leaf)};
  for (std::size_t member = 0; member < scene.size(); ++member) {
    if (scene[member].phase() == Phase::removed || scene[member].self() != index) continue;
    return SignLeafAt(scene, nodes, leaf, member);
  }
  Must(SignLeafNode(scene[0].suite(), LeafAt(nodes, leaf), invitation.client.profile.signature_private_key,
                    scene[0].context().group_id, index));
}

Bytes ForgedTree::Key() const {
  return Must(GenerateHpkeKeyPair(scene[0].suite(), scene.world.random)).public_key;
}

std::size_t ForgedTree::Nh() const { return scene[0].suite().Nh; }

std::pair<std::string, std::string> ForgedTree::Said(const Hook<Nodes>& change) const {
  WelcomeForgery welcome;
  welcome.tree = change;
  const std::string joined(Scene::Name(scene.TryJoin(invitation.Forge(welcome), invitation.package)));
  const GroupInfo info = ForgeInfo(scene, scene.Info(0), welcome);
  return {joined, scene.SaysToJoinByCommit(scene.world.NewClient(scene[0].suite(), "stranger"), info)};
}

void ForgedTree::Refuses(const Hook<Nodes>& change, Error expected) const {
  CAPTURE(scene[0].suite().name);
  const auto [joined, joined_by_commit] = Said(change);
  CHECK(joined == Describe(expected).name);
  CHECK(joined_by_commit == Describe(expected).name);
}

void ForgedTree::RefusesClearedHashes() const {
  REQUIRE_FALSE(links.empty());
  for (const Link& cut : links) {
    CAPTURE(cut.parent);
    Refuses([&](Nodes& nodes) {
      std::vector<Link> others = links;
      std::erase_if(others, [&](const Link& link) { return link.parent == cut.parent; });
      if (cut.below % 2 == 1) {
        ParentAt(nodes, cut.below).parent_hash.clear();
      } else {
        LeafAt(nodes, cut.below / 2).parent_hash.clear();
        Sign(nodes, cut.below / 2);
      }
      Mend(nodes, others);
    });
  }
}

void ForgedTree::Takes(const Hook<Nodes>& change) const {
  CAPTURE(scene[0].suite().name);
  const auto [joined, joined_by_commit] = Said(change);
  CHECK(joined == "taken");
  CHECK(joined_by_commit == "taken");
}

void ForgedTree::GoesOn() {
  invitation.TakesIt();
  scene.JoinByCommit(scene.world.NewClient(scene[0].suite(), "stranger"), scene.Info(0));
  scene.GoesOn();
}

}  // namespace mls::test
