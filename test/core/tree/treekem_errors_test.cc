#include <doctest/doctest.h>

#include "support/change_list.h"
#include "tree/members.h"

using namespace mls;
using namespace mls::test;

namespace {

constexpr Error kFine = Error::INTERNAL;  // stands for "no error"

// Fixture: a path made by member 1 of a group of six in which all committed and then a seventh joined, with
// all that a test needs to spoil it.
struct Fixture {
  TestGroup group{11};
  LeafIndex sender{1};
  Bytes context = ToBytes(AsView("provisional context"));
  std::vector<LeafIndex> added;
  PathSecrets secrets;
  RatchetTree made{SmallSuite()};

  Fixture() : Fixture(std::vector<LeafIndex>()) {}
  explicit Fixture(std::vector<LeafIndex> joining) : added(std::move(joining)) {
    while (group.members().size() < 6) group.Join();
    for (std::uint32_t one = 0; one < 6; ++one) REQUIRE(group.Commit({one}));
    group.Join();
    Remake();
  }

  void Remake() {
    made = group.tree();
    secrets = *CreatePath(made, sender, made.Leaf(sender), SignatureKey(), group.group_id(), group.random(),
                          nullptr);
    REQUIRE(made.UpdateHashes(nullptr).ok());
    REQUIRE(SealPath(made, sender, secrets, added, context, group.random(), nullptr).ok());
  }

  View SignatureKey() { return group.members()[sender].signature_private_key; }
  UpdatePath& path() { return secrets.path; }
  EncodedList<HPKECiphertext>& ciphertexts(std::size_t node) {
    return path().nodes[node].encrypted_path_secret;
  }

  // Chain makes the leaf's parent hash right for the path's
  // keys as they are, so that only the keys are wrong.
  void Chain() {
    RatchetTree tree = group.tree();
    REQUIRE(tree.UpdateHashes(nullptr).ok());
    tree.BlankDirectPath(sender);
    Digest hash;
    for (std::size_t i = secrets.nodes.size(); i-- > 0;) {
      const NodeIndex node = secrets.nodes[i];
      tree.SetParent(node, path().nodes[i].encryption_key, ToBytes(hash));
      hash = *ParentHash(tree, node, Contains(Left(node), sender) ? Right(node) : Left(node));
    }
    path().leaf_node.parent_hash = ToBytes(hash);
  }

  Error Apply() {
    RatchetTree tree = group.tree();
    const Status status = ApplyPath(tree, sender, path(), added, nullptr);
    return status.ok() ? kFine : status.error();
  }

  Error Open(LeafIndex self) {
    RatchetTree tree = group.tree();
    REQUIRE(ApplyPath(tree, sender, path(), added, nullptr).ok());
    const auto opened = OpenPath(tree, sender, self, group.members()[self].keys, path(), added, context);
    return opened.ok() ? kFine : opened.error();
  }
};

}  // namespace

TEST_CASE("update path: an honest one applies and opens") {
  Fixture f;
  CHECK(f.Apply() == kFine);
  for (const auto& [place, member] : f.group.members()) {
    if (place != f.sender) CHECK(f.Open(place) == kFine);
  }
  CHECK(f.Open(f.sender) == Error::MISUSE);
  CHECK(f.Open({7}) == Error::MISUSE);
  CHECK(f.Open({0x8000'0000}) == Error::MISUSE);
}

TEST_CASE("update path: R7.5-06: as many nodes as the filtered direct path has") {
  Fixture f;
  f.path().nodes.pop_back();
  CHECK(f.Apply() == Error::INVALID_UPDATE_PATH);
  f.path().nodes.clear();
  CHECK(f.Apply() == Error::INVALID_UPDATE_PATH);
  f.Remake();
  f.path().nodes.push_back({GenerateHpkeKeyPair(SmallSuite(), f.group.random())->public_key, {}});
  CHECK(f.Apply() == Error::INVALID_UPDATE_PATH);
}

TEST_CASE("update path: R7.6-01, R7.6-02: as many ciphertexts as the resolution has nodes") {
  Fixture f;
  for (std::size_t i = 0; i < f.path().nodes.size(); ++i) {
    const std::vector<HPKECiphertext> honest = Elements(f.ciphertexts(i));
    f.ciphertexts(i) = EncodedList(std::span(honest).first(honest.size() - 1));
    CHECK(f.Apply() == Error::INVALID_UPDATE_PATH);
    std::vector<HPKECiphertext> more = honest;
    more.push_back(honest.back());
    f.ciphertexts(i) = EncodedList<HPKECiphertext>(more);
    CHECK(f.Apply() == Error::INVALID_UPDATE_PATH);
    f.ciphertexts(i) = EncodedList<HPKECiphertext>(honest);
  }
  CHECK(f.Apply() == kFine);
}

TEST_CASE("update path: opening one that was not applied checks its lengths again") {
  Fixture f;
  const auto outcome = [&] {
    const auto opened =
        OpenPath(f.made, f.sender, {4}, f.group.members()[{4}].keys, f.path(), f.added, f.context);
    return opened.ok() ? kFine : opened.error();
  };
  CHECK(outcome() == kFine);
  ChangeList<HPKECiphertext>(f.path().nodes.back().encrypted_path_secret,
                             [](auto& list) { list.pop_back(); });
  CHECK(outcome() == Error::INVALID_UPDATE_PATH);
  f.path().nodes.pop_back();
  CHECK(outcome() == Error::INVALID_UPDATE_PATH);
  f.path().nodes.clear();
  CHECK(outcome() == Error::INVALID_UPDATE_PATH);
}

TEST_CASE("update path: R7.5-02: members that the commit adds get no ciphertext") {
  Fixture f(std::vector<LeafIndex>{{6}});
  CHECK(f.Apply() == kFine);
  CHECK(f.Open({4}) == kFine);
  Fixture not_left_out;
  not_left_out.added = {{6}};
  CHECK(not_left_out.Apply() == Error::INVALID_UPDATE_PATH);
  f.added.clear();
  CHECK(f.Apply() == Error::INVALID_UPDATE_PATH);
}

TEST_CASE("update path: R5.1.1-01: keys of the KEM's form") {
  for (const std::size_t size : {0u, 31u, 33u}) {
    Fixture f;
    f.path().nodes[1].encryption_key = f.group.random().Some(size);
    f.Chain();
    CHECK(f.Apply() == Error::INVALID_KEY);
  }
}

TEST_CASE("update path: R12.4.2-10: the leaf's key is new") {
  Fixture f;
  f.path().leaf_node.encryption_key = ToBytes(f.group.tree().PublicKey(f.sender));
  CHECK(f.Apply() == Error::ENCRYPTION_KEY_REUSED);
}

TEST_CASE("update path: R12.4.2-11: no key of the path is in the new tree") {
  Fixture f;
  const RatchetTree& tree = f.group.tree();
  // A leaf, a parent elsewhere, one that the path is to replace, and a member added since.
  for (const NodeIndex node :
       {NodeIndex(LeafIndex{4}), NodeIndex(9), NodeIndex(7), NodeIndex(LeafIndex{6})}) {
    const Bytes key = ToBytes(tree.PublicKey(node));
    REQUIRE(!key.empty());
    for (std::size_t i = 0; i < f.path().nodes.size(); ++i) {
      f.Remake();
      f.path().nodes[i].encryption_key = key;
      f.Chain();
      CHECK(f.Apply() == Error::DUPLICATE_ENCRYPTION_KEY);
    }
    f.Remake();
    f.path().leaf_node.encryption_key = key;
    CHECK(f.Apply() == Error::DUPLICATE_ENCRYPTION_KEY);
  }
  f.Remake();
  f.path().nodes[0].encryption_key = ToBytes(tree.PublicKey(f.sender));
  f.Chain();
  CHECK(f.Apply() == Error::DUPLICATE_ENCRYPTION_KEY);
}

TEST_CASE("update path: R12.4.2-12: no key of the path stands in it twice") {
  Fixture f;
  f.path().nodes[2].encryption_key = f.path().nodes[0].encryption_key;
  f.Chain();
  CHECK(f.Apply() == Error::DUPLICATE_ENCRYPTION_KEY);
  f.Remake();
  f.path().leaf_node.encryption_key = f.path().nodes[1].encryption_key;
  CHECK(f.Apply() == Error::DUPLICATE_ENCRYPTION_KEY);
}

TEST_CASE("update path: R7.5-03, R7.9.2-10: the leaf's parent hash") {
  Fixture f;
  const Bytes old = f.group.tree().Leaf(f.sender).parent_hash;
  Bytes flipped = f.path().leaf_node.parent_hash;
  flipped[0] ^= 1;
  for (const Bytes& hash : {flipped, Bytes(), old}) {
    f.path().leaf_node.parent_hash = hash;
    CHECK(f.Apply() == Error::PARENT_HASH_MISMATCH);
  }
}

TEST_CASE("update path: R7.3-16: the leaf's source is commit") {
  Fixture f;
  f.path().leaf_node.leaf_node_source = LeafNodeSource::update;
  CHECK(f.Apply() == Error::INVALID_LEAF_SOURCE);
}

TEST_CASE("update path: R7.6-05: nodes in another order") {
  Fixture f;
  std::swap(f.path().nodes[0], f.path().nodes[1]);
  CHECK(f.Apply() != kFine);
}

TEST_CASE("update path: R7.6-03: ciphertexts in another order") {
  Fixture f;
  ChangeList<HPKECiphertext>(f.path().nodes.back().encrypted_path_secret, [](auto& list) {
    REQUIRE(list.size() == 2);  // for node 11 and leaf 6, unmerged at it
    std::swap(list[0], list[1]);
  });
  CHECK(f.Open({4}) == Error::DECRYPT_FAILED);
  CHECK(f.Open({6}) == Error::DECRYPT_FAILED);
  CHECK(f.Open({3}) == kFine);
}

TEST_CASE("update path: R7.6-04: sealed under the provisional GroupContext") {
  Fixture f;
  f.context[0] ^= 1;
  for (const std::uint32_t self : {0u, 3u, 6u}) CHECK(f.Open({self}) == Error::DECRYPT_FAILED);
}

TEST_CASE("update path: R7.5-08: garbage in my slot") {
  Fixture f;
  const EncodedList<HPKECiphertext> honest = f.ciphertexts(0);
  const auto spoil = [&](const std::function<void(HPKECiphertext&)>& change) {
    f.ciphertexts(0) = honest;
    ChangeList<HPKECiphertext>(f.ciphertexts(0), [&](auto& list) { change(list[0]); });
  };
  spoil([](HPKECiphertext& mine) { mine.ciphertext[3] ^= 1; });
  CHECK(f.Open({0}) == Error::DECRYPT_FAILED);
  CHECK(f.Open({2}) == kFine);
  for (const std::size_t size : {0u, 31u, 33u}) {
    spoil([&](HPKECiphertext& mine) { mine.kem_output.resize(size); });
    CHECK(f.Open({0}) == Error::DECRYPT_FAILED);
  }
  spoil([](HPKECiphertext& mine) { mine.kem_output = Bytes(32); });  // a point of low order
  CHECK(f.Open({0}) == Error::DECRYPT_FAILED);
  spoil([](HPKECiphertext& mine) { mine.ciphertext.resize(3); });
  CHECK(f.Open({0}) == Error::DECRYPT_FAILED);
}

TEST_CASE("update path: R7.5-09: a path secret has Nh bytes") {
  for (const std::size_t size : {0u, 31u, 33u}) {
    Fixture f;
    ChangeList<HPKECiphertext>(f.ciphertexts(0), [&](auto& list) {
      list[0] = *EncryptWithLabel(SmallSuite(), f.made.PublicKey(LeafIndex{0}), "UpdatePathNode", f.context,
                                  f.group.random().Some(size), f.group.random());
    });
    CHECK(f.Open({0}) == Error::INVALID_UPDATE_PATH);
  }
}

TEST_CASE("update path: R7.5-04, R7.5-05: derived keys are the ones that were sent") {
  for (const std::size_t spoilt : {0u, 1u, 2u}) {
    Fixture f;
    f.path().nodes[spoilt].encryption_key = GenerateHpkeKeyPair(SmallSuite(), f.group.random())->public_key;
    f.Chain();
    CHECK(f.Open({0}) == Error::PATH_SECRET_MISMATCH);  // enters at node 0
    CHECK(f.Open({4}) == (spoilt == 2 ? Error::PATH_SECRET_MISMATCH : kFine));
  }
}

TEST_CASE("update path: a member without a key for any ciphertext") {
  Fixture f;
  f.group.members()[{4}].keys = PrivateKeys();
  CHECK(f.Open({4}) == Error::DECRYPT_FAILED);
}

TEST_CASE("path secret of a Welcome: R12.4.3.1-21, R12.4.3.1-23") {
  Fixture f;
  const auto outcome = [&](NodeIndex node, View path_secret) {
    const auto derived = DerivePath(f.made, f.sender, node, path_secret);
    return derived.ok() ? kFine : derived.error();
  };
  for (std::size_t i = 0; i < f.secrets.nodes.size(); ++i) {
    CHECK(outcome(f.secrets.nodes[i], f.secrets.path_secrets[i]) == kFine);
    CHECK(outcome(f.secrets.nodes[i], f.group.random().Some(32)) == Error::PATH_SECRET_MISMATCH);
  }
  for (const std::size_t size : {0u, 31u, 33u}) {
    CHECK(outcome(f.secrets.nodes[0], f.group.random().Some(size)) == Error::INVALID_WELCOME);
  }
  CHECK(outcome(NodeIndex(13), f.secrets.path_secrets[0]) == Error::INVALID_WELCOME);
  CHECK(outcome(NodeIndex(5), f.secrets.path_secrets[0]) == Error::INVALID_WELCOME);
  RatchetTree blanked = f.made;
  blanked.BlankDirectPath(f.sender);
  const auto derived = DerivePath(blanked, f.sender, f.secrets.nodes[0], f.secrets.path_secrets[0]);
  REQUIRE(!derived.ok());
  CHECK(derived.error() == Error::INVALID_WELCOME);
}

TEST_CASE("CreatePath: without randomness nothing is made") {
  Fixture f;
  BrokenRandom broken;
  RatchetTree tree = f.group.tree();
  CHECK(
      !CreatePath(tree, f.sender, tree.Leaf(f.sender), f.SignatureKey(), f.group.group_id(), broken, nullptr)
           .ok());
  CHECK(!SealPath(f.made, f.sender, f.secrets, {}, f.context, broken, nullptr).ok());
}

TEST_CASE("private keys: of blank nodes are dropped") {
  Fixture f;
  PrivateKeys keys = f.group.members()[{0}].keys.Clone();
  const std::size_t before = keys.keys().size();
  RatchetTree tree = f.group.tree();
  keys.Prune(tree);
  CHECK(keys.keys().size() == before);
  tree.UpdateLeaf({1}, tree.Leaf({1}));
  keys.Prune(tree);
  CHECK(keys.keys().size() == 1);
  CHECK(keys.Find(LeafIndex{0}) != nullptr);
}
