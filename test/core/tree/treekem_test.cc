#include "tree/treekem.h"

#include <doctest/doctest.h>

#include "base/check.h"
#include "schedule/group_context.h"
#include "support/tally.h"
#include "support/vectors.h"
#include "tree/members.h"

using namespace mls;
using namespace mls::test;

namespace {

// VectorGroup: the state that one treekem vector describes.
struct VectorGroup {
  RatchetTree tree;
  std::map<LeafIndex, Member> members;
  GroupContext context;
};

// ReadMember checks that path secrets fit the tree while it takes the private keys from them.
Result<Member> ReadMember(const RatchetTree& tree, const Json& json) {
  const Suite& suite = tree.suite();
  Member member;
  member.signature_private_key = Secret::Copy(FromHex(json["signature_priv"]));
  member.keys.Set(LeafIndex{json["index"].get<std::uint32_t>()},
                  Secret::Copy(FromHex(json["encryption_priv"])));
  for (const Json& one : json["path_secrets"]) {
    const NodeIndex node(one["node"].get<std::uint32_t>());
    MLS_TRY(node_secret, DeriveSecret(suite, FromHex(one["path_secret"]), "node"));
    MLS_TRY(keys, DeriveKeyPair(suite, node_secret));
    if (!Equal(keys.public_key, tree.PublicKey(node))) return Error::PATH_SECRET_MISMATCH;
    member.keys.Set(node, std::move(keys.private_key));
  }
  return member;
}

Result<VectorGroup> ReadGroup(const Json& vector) {
  MLS_TRY(tree, RatchetTree::DecodeExtension(SuiteOf(vector), FromHex(vector["ratchet_tree"]), Limits()));
  MLS_DO(tree.UpdateHashes(nullptr));
  VectorGroup group{tree, {}, {}};
  for (const Json& one : vector["leaves_private"]) {
    MLS_TRY(member, ReadMember(tree, one));
    group.members[{one["index"].get<std::uint32_t>()}] = std::move(member);
  }
  group.context.version = ProtocolVersion::mls10;
  group.context.cipher_suite = tree.suite().id;
  group.context.group_id = FromHex(vector["group_id"]);
  group.context.epoch = vector["epoch"].get<std::uint64_t>();
  group.context.confirmed_transcript_hash = FromHex(vector["confirmed_transcript_hash"]);
  return group;
}

// PathHolds: the vector's path merges to the tree hash it
// names, and everyone opens it to the secrets it names.
bool PathHolds(const VectorGroup& group, const Json& json) {
  const LeafIndex sender{json["sender"].get<std::uint32_t>()};
  const auto path = Decode<UpdatePath>(FromHex(json["update_path"]));
  if (!path.ok() || !(Encode(*path) == FromHex(json["update_path"]))) return false;
  RatchetTree tree = group.tree;
  if (!VerifyLeafSignature(tree.suite(), path->leaf_node, group.context.group_id, sender).ok()) return false;
  if (!ApplyPath(tree, sender, *path, {}, nullptr).ok() || !tree.UpdateHashes(nullptr).ok()) return false;
  if (!Equal(tree.RootHash(), FromHex(json["tree_hash_after"]))) return false;
  GroupContext context = group.context;
  context.tree_hash = FromHex(json["tree_hash_after"]);
  for (const auto& [place, member] : group.members) {
    const Json& path_secret = json["path_secrets"][place.value];
    if (path_secret.is_null()) continue;
    const auto opened = OpenPath(tree, sender, place, member.keys, *path, {}, Encode(context));
    if (!opened.ok() || !Equal(opened->commit_secret, FromHex(json["commit_secret"]))) return false;
    const auto derived = DerivePath(tree, sender, CommonAncestor(sender, place), FromHex(path_secret));
    if (!derived.ok() || !(derived->commit_secret == opened->commit_secret)) return false;
  }
  return true;
}

// OwnPathHolds: a path that we make as `sender` is opened by everyone else.
bool OwnPathHolds(const VectorGroup& group, LeafIndex sender) {
  SeededRandom random(sender.value);
  RatchetTree made = group.tree;
  const View signature_key = group.members.at(sender).signature_private_key;
  auto secrets =
      CreatePath(made, sender, made.Leaf(sender), signature_key, group.context.group_id, random, nullptr);
  if (!secrets.ok() || !made.UpdateHashes(nullptr).ok()) return false;
  GroupContext context = group.context;
  context.tree_hash = ToBytes(made.RootHash());
  if (!SealPath(made, sender, *secrets, {}, Encode(context), random, nullptr).ok()) return false;
  RatchetTree tree = group.tree;
  if (!ApplyPath(tree, sender, secrets->path, {}, nullptr).ok() || !tree.UpdateHashes(nullptr).ok())
    return false;
  if (!(tree.RootHash() == made.RootHash()) || !ValidateTreeStructure(tree, nullptr).ok()) return false;
  for (const auto& [place, member] : group.members) {
    if (place == sender) continue;
    const auto opened = OpenPath(tree, sender, place, member.keys, secrets->path, {}, Encode(context));
    if (!opened.ok() || !(opened->commit_secret == secrets->commit_secret)) return false;
  }
  return true;
}

bool VectorHolds(const Json& vector) {
  const auto group = ReadGroup(vector);
  if (!group.ok()) return false;
  for (const Json& path : vector["update_paths"]) {
    if (!PathHolds(*group, path)) return false;
    if (!OwnPathHolds(*group, {path["sender"].get<std::uint32_t>()})) return false;
  }
  return true;
}

}  // namespace

TEST_CASE("TreeKEM: official vectors") {
  for (const VectorFile& file : FindVectors("treekem")) {
    Tally tally(file.set, "treekem");
    for (const Json& vector : file.json) CHECK(tally.Count(VectorHolds(vector)));
  }
}

TEST_CASE("TreeKEM: a group that grows to 33 by full commits, everyone commits at every size") {
  TestGroup group(1);
  for (std::uint32_t size = 2; size <= 33; ++size) {
    const LeafIndex joined = group.Join();
    REQUIRE(group.Commit({(size * 7) % (size - 1)}, {joined}));
    // A newcomer to a group in which everyone has committed must be able to follow each of them.
    if (size < 16 || size % 8 <= 1) {
      for (std::uint32_t sender = 0; sender < size; ++sender) REQUIRE(group.Commit({sender}));
    }
    REQUIRE(IsValid(group.tree(), group.group_id()));
  }
}

TEST_CASE("TreeKEM: a newcomer without a path secret follows everyone's next commit") {
  for (std::uint32_t size = 2; size <= 33; size += size < 10 ? 1 : 5) {
    TestGroup group(size);
    while (group.members().size() < size) group.Join();
    for (std::uint32_t sender = 0; sender < size; ++sender) REQUIRE(group.Commit({sender}));
    group.Join();  // by a commit without a path: unmerged at every node above
    REQUIRE(IsValid(group.tree(), group.group_id()));
    for (std::uint32_t sender = 0; sender <= size; ++sender) REQUIRE(group.Commit({sender}));
    REQUIRE(group.KeysFit());
    REQUIRE(IsValid(group.tree(), group.group_id()));
  }
}

TEST_CASE("TreeKEM: a newcomer's first commit to follow may be anyone's") {
  const std::uint32_t size = 7;
  for (std::uint32_t sender = 0; sender <= size; ++sender) {
    TestGroup group(size);
    while (group.members().size() < size) group.Join();
    for (std::uint32_t one = 0; one < size; ++one) REQUIRE(group.Commit({one}));
    group.Join();
    REQUIRE(group.Commit({sender}));
    REQUIRE(group.KeysFit());
  }
}

TEST_CASE("TreeKEM: random adds, updates, removes and commits keep all members together") {
  for (std::uint64_t seed = 100; seed < 106; ++seed) {
    TestGroup group(seed);
    for (int step = 0; step < 60; ++step) {
      SeededRandom& random = group.random();
      std::vector<LeafIndex> places;
      for (const auto& [place, member] : group.members()) places.push_back(place);
      const LeafIndex sender = places[random.Below(places.size())];
      const auto other = [&] { return places[random.Below(places.size())]; };
      std::vector<LeafIndex> added;
      // A commit's proposals in the order in which they apply (RFC 9420 §12.3).
      if (const LeafIndex one = other(); one != sender && random.Below(4) == 0) group.Update(one);
      if (const LeafIndex one = other(); one != sender && random.Below(3) == 0) group.Leave(one);
      for (std::uint64_t joiners = random.Below(4); joiners > 0; --joiners) added.push_back(group.Join());
      std::sort(added.begin(), added.end());
      REQUIRE(group.tree().UpdateHashes(nullptr).ok());
      if (random.Below(5) != 0) REQUIRE(group.Commit(sender, added));
      REQUIRE(group.tree().UpdateHashes(nullptr).ok());
      REQUIRE(ValidateTreeStructure(group.tree(), nullptr).ok());
      if (step % 10 == 9) {
        REQUIRE(group.KeysFit());
        REQUIRE(IsValid(group.tree(), group.group_id()));
      }
    }
  }
}

TEST_CASE("TreeKEM: a member alone has an empty path and a fresh commit secret") {
  TestGroup group(3);
  RatchetTree tree = group.tree();
  const View key = group.members()[{0}].signature_private_key;
  auto first = CreatePath(tree, {0}, tree.Leaf({0}), key, group.group_id(), group.random(), nullptr);
  auto second = CreatePath(tree, {0}, tree.Leaf({0}), key, group.group_id(), group.random(), nullptr);
  REQUIRE(first.ok());
  REQUIRE(second.ok());
  CHECK(first->nodes.empty());
  CHECK(first->path.leaf_node.parent_hash.empty());
  CHECK(first->commit_secret.size() == SmallSuite().Nh);
  CHECK(!(first->commit_secret == second->commit_secret));
  CHECK(SealPath(tree, {0}, *first, {}, {}, group.random(), nullptr).ok());
}
