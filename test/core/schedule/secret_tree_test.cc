#include "schedule/secret_tree.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "base/counters.h"
#include "schedule/trees.h"
#include "support/tally.h"
#include "support/vectors.h"

namespace mls::test {
namespace {

constexpr RatchetId kHandshake{{3}, RatchetType::handshake};
constexpr RatchetId kApplication{{3}, RatchetType::application};

// Open is what a receiver does with a genuine message.
Result<KeyAndNonce> Open(SecretTree& tree, RatchetId id, std::uint32_t generation,
                         const Limits& limits = {}) {
  auto key = tree.Receive(id, generation, limits);
  if (!key.ok()) return key.error();
  tree.Apply(std::move(key->change));
  return std::move(key->key_and_nonce);
}

Bytes Saved(const SecretTree& tree) {
  Batch batch;
  tree.Save(batch);
  Bytes all;
  for (const auto& operation : batch.operations()) {
    all.insert(all.end(), operation.row.key.begin(), operation.row.key.end());
    const View value = operation.row.value;
    all.insert(all.end(), value.begin(), value.end());
  }
  return all;
}

bool Holds(View bytes, View part) {
  return std::search(bytes.begin(), bytes.end(), part.begin(), part.end()) != bytes.end();
}

// Reference: the chain of RFC 9420 §9 and §9.1 written down directly, eager and without any deletion.
struct Reference {
  const Suite& suite;
  std::uint32_t width;

  Secret Node(NodeIndex node) const {
    if (node == Root(width)) return EncryptionSecret(suite);
    const NodeIndex parent = Parent(node);
    const std::string_view side = node == Left(parent) ? "left" : "right";
    return std::move(*ExpandWithLabel(suite, Node(parent), "tree", AsView(side), suite.Nh));
  }
  Secret RatchetSecret(RatchetId id, std::uint32_t generation) const {
    const std::string_view label = id.type == RatchetType::handshake ? "handshake" : "application";
    Secret secret = std::move(*ExpandWithLabel(suite, Node(id.leaf), label, {}, suite.Nh));
    for (std::uint32_t g = 0; g < generation; ++g) {
      secret = std::move(*DeriveTreeSecret(suite, secret, "secret", g, suite.Nh));
    }
    return secret;
  }
  KeyAndNonce Key(RatchetId id, std::uint32_t generation) const {
    const Secret secret = RatchetSecret(id, generation);
    return {std::move(*DeriveTreeSecret(suite, secret, "key", generation, suite.Nk)),
            std::move(*DeriveTreeSecret(suite, secret, "nonce", generation, suite.Nn))};
  }
};

bool SameKey(const Result<KeyAndNonce>& a, const KeyAndNonce& b) {
  return a.ok() && a->key == b.key && a->nonce == b.nonce;
}

bool LeafHolds(SecretTree& tree, LeafIndex leaf, const Json& entries) {
  for (const Json& entry : entries) {
    const auto generation = entry["generation"].get<std::uint32_t>();
    for (const RatchetType type : {RatchetType::handshake, RatchetType::application}) {
      const std::string name = type == RatchetType::handshake ? "handshake" : "application";
      const KeyAndNonce expected{Secret::Copy(FromHex(entry[name + "_key"])),
                                 Secret::Copy(FromHex(entry[name + "_nonce"]))};
      if (!SameKey(Open(tree, {leaf, type}, generation), expected)) return false;
    }
  }
  return true;
}

bool SecretTreeHolds(const Json& json) {
  const Suite& suite = *FindSuite(static_cast<CipherSuite>(json["cipher_suite"].get<std::uint16_t>()));
  const Json& sender = json["sender_data"];
  const auto sender_key =
      SenderDataKey(suite, FromHex(sender["sender_data_secret"]), FromHex(sender["ciphertext"]));
  if (!sender_key.ok() || !Equal(sender_key->key, FromHex(sender["key"])) ||
      !Equal(sender_key->nonce, FromHex(sender["nonce"]))) {
    return false;
  }
  const Json& leaves = json["leaves"];
  const auto count = static_cast<std::uint32_t>(leaves.size());
  SecretTree tree =
      SecretTree::Create(suite, 0, FullWidth(count), Secret::Copy(FromHex(json["encryption_secret"])));
  for (std::uint32_t leaf = 0; leaf < count; ++leaf) {
    if (!LeafHolds(tree, {leaf}, leaves[leaf])) return false;
  }
  return true;
}

TEST_CASE("secret tree: official vectors") {
  for (const VectorFile& file : FindVectors("secret-tree")) {
    Tally tally(file.set, "secret-tree");
    for (const Json& json : file.json) CHECK(tally.Count(SecretTreeHolds(json)));
  }
}

TEST_CASE("secret tree: every suite, every leaf, against the RFC's chain") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    for (const std::uint32_t width : {1u, 2u, 8u}) {
      const Reference reference{suite, width};
      SecretTree receiver = Tree(width, suite);
      SecretTree sender = Tree(width, suite);
      // An odd stride visits the leaves of a tree in a mixed order.
      for (std::uint32_t i = 0; i < width; ++i) {
        const RatchetId id{{(i * 5 + 3) % width},
                           i % 2 == 0 ? RatchetType::handshake : RatchetType::application};
        for (std::uint32_t generation = 0; generation < 3; ++generation) {
          CHECK(SameKey(Open(receiver, id, generation), reference.Key(id, generation)));
          auto sent = sender.Send(id, {});
          REQUIRE(sent.ok());
          CHECK(sent->generation == generation);
          CHECK(SameKey(std::move(sent->key_and_nonce), reference.Key(id, generation)));
          sender.Apply(std::move(sent->change));
        }
      }
    }
  }
}

TEST_CASE("secret tree: generations 5,3,4,0,2,1 all open once (R9.2-04, R9.2-02)") {
  const Reference reference{kSuite, 8};
  SecretTree tree = Tree();
  std::size_t left = 5;
  for (const std::uint32_t generation : {5u, 3u, 4u, 0u, 2u, 1u}) {
    CHECK(SameKey(Open(tree, kApplication, generation), reference.Key(kApplication, generation)));
    CHECK(tree.skipped_key_count() == left--);
  }
  for (std::uint32_t generation = 0; generation < 6; ++generation) {
    CHECK(Open(tree, kApplication, generation).error() == Error::KEY_CONSUMED);
  }
  CHECK(SameKey(Open(tree, kApplication, 6), reference.Key(kApplication, 6)));
  CHECK(SameKey(Open(tree, kHandshake, 0), reference.Key(kHandshake, 0)));
}

TEST_CASE("secret tree: a key that is not applied is not consumed (R9.2-03)") {
  const Reference reference{kSuite, 8};
  SecretTree tree = Tree();
  for (const std::uint32_t generation : {4u, 2u, 0u}) {
    const Bytes before = Saved(tree);
    for (int forgery = 0; forgery < 3; ++forgery) CHECK(tree.Receive(kApplication, generation, {}).ok());
    CHECK(Saved(tree) == before);
    CHECK(SameKey(Open(tree, kApplication, generation), reference.Key(kApplication, generation)));
  }
}

TEST_CASE("secret tree: Limits: max_forward_steps: n are taken, n + 1 refused") {
  Limits limits;
  limits.max_forward_steps = 10;
  SecretTree tree = Tree();
  CHECK(tree.Receive(kApplication, 11, limits).error() == Error::LIMIT_EXCEEDED);
  CHECK(Open(tree, kApplication, 10, limits).ok());
  CHECK(tree.Receive(kApplication, 22, limits).error() == Error::LIMIT_EXCEEDED);
  CHECK(Open(tree, kApplication, 21, limits).ok());
  limits.max_forward_steps = 0;
  CHECK(tree.Receive(kApplication, 23, limits).error() == Error::LIMIT_EXCEEDED);
  CHECK(Open(tree, kApplication, 22, limits).ok());
}

TEST_CASE("secret tree: a far generation and an unknown leaf are refused without a derivation") {
  SecretTree tree = Tree();
  for (int round = 0; round < 2; ++round) {
    const auto before = Count().expands;
    for (const std::uint32_t generation : {0xFFFFFFFFu, 0xFFFFFFFEu, 0x80000000u, 5000u}) {
      CHECK(tree.Receive(kApplication, generation, {}).error() == Error::LIMIT_EXCEEDED);
    }
    for (const std::uint32_t leaf : {8u, 9u, 0x7FFFFFFFu, 0xFFFFFFFFu}) {
      CHECK(tree.Receive({{leaf}, RatchetType::application}, 0, {}).error() == Error::UNKNOWN_SENDER);
      CHECK(tree.Send({{leaf}, RatchetType::application}, {}).error() == Error::UNKNOWN_SENDER);
    }
    CHECK(Count().expands == before);
    if (round == 0) REQUIRE(Open(tree, kApplication, 2).ok());  // and once more with the leaf expanded
  }
}

TEST_CASE("secret tree: Limits: max_skipped_keys_per_sender: at n + 1 the oldest goes") {
  Limits limits;
  limits.max_skipped_keys_per_sender = 4;
  SecretTree tree = Tree();
  REQUIRE(Open(tree, kApplication, 4, limits).ok());
  CHECK(tree.skipped_key_count() == 4);
  CHECK(tree.Receive(kApplication, 0, limits).ok());
  REQUIRE(Open(tree, kApplication, 6, limits).ok());  // passes over 5, so 0 goes
  CHECK(tree.skipped_key_count() == 4);
  CHECK(tree.Receive(kApplication, 0, limits).error() == Error::KEY_CONSUMED);
  CHECK(tree.Receive(kApplication, 1, limits).ok());
  REQUIRE(Open(tree, kApplication, 100, limits).ok());  // passes over 93, of which the last four stay
  CHECK(tree.skipped_key_count() == 4);
  for (const std::uint32_t generation : {1u, 5u, 95u}) {
    CHECK(tree.Receive(kApplication, generation, limits).error() == Error::KEY_CONSUMED);
  }
  for (const std::uint32_t generation : {96u, 97u, 98u, 99u})
    CHECK(Open(tree, kApplication, generation).ok());
}

TEST_CASE("secret tree: Limits: max_skipped_keys: at n + 1 one of the same sender goes") {
  Limits limits;
  limits.max_skipped_keys = 10;
  limits.max_skipped_keys_per_sender = 8;
  SecretTree tree = Tree();
  const RatchetId other{{5}, RatchetType::application};
  REQUIRE(Open(tree, kApplication, 7, limits).ok());
  REQUIRE(Open(tree, other, 7, limits).ok());  // room for three: 4, 5, 6
  CHECK(tree.skipped_key_count() == 10);
  CHECK(tree.Receive(kApplication, 0, limits).ok());
  CHECK(tree.Receive(other, 3, limits).error() == Error::KEY_CONSUMED);
  CHECK(tree.Receive(other, 4, limits).ok());
  REQUIRE(Open(tree, other, 9, limits).ok());  // 8 comes, 4 goes
  CHECK(tree.skipped_key_count() == 10);
  CHECK(tree.Receive(other, 4, limits).error() == Error::KEY_CONSUMED);
  CHECK(tree.Receive(other, 8, limits).ok());
  REQUIRE(Open(tree, kHandshake, 5, limits).ok());  // a ratchet without keys finds no room
  CHECK(tree.skipped_key_count() == 10);
  CHECK(tree.Receive(kHandshake, 4, limits).error() == Error::KEY_CONSUMED);
  CHECK(Open(tree, kHandshake, 6, limits).ok());
}

TEST_CASE("secret tree: keys that will not be kept are not derived") {
  Limits limits;
  limits.max_skipped_keys_per_sender = 3;
  SecretTree tree = Tree();
  REQUIRE(Open(tree, kApplication, 0, limits).ok());
  const auto before = Count().expands;
  REQUIRE(Open(tree, kApplication, 1000, limits).ok());
  CHECK(Count().expands - before == 1000 + 3 * 2 + 2);  // secrets, kept keys, the message's key
}

TEST_CASE("secret tree: what a first message costs in a tree of 50,000") {
  const std::uint32_t width = FullWidth(50'000);
  SecretTree tree = Tree(width);
  const RatchetId id{{49'999}, RatchetType::application};

  auto before = Count().expands;
  REQUIRE(Open(tree, id, 0).ok());
  CHECK(Count().expands - before ==
        2 * 16 + 2 + 3);  // the path, two ratchets, key with nonce and next secret
  before = Count().expands;
  REQUIRE(Open(tree, id, 1).ok());
  CHECK(Count().expands - before == 3);
  before = Count().expands;
  REQUIRE(Open(tree, {{49'998}, RatchetType::handshake}, 0).ok());
  CHECK(Count().expands - before == 2 + 3);  // its sibling was left over

  SecretTree own = Tree(width);
  before = Count().expands;
  auto sent = own.Send(id, {});
  REQUIRE(sent.ok());
  CHECK(Count().expands - before == 2 * 16 + 2 + 3 + 31);  // and the head of the reserved range
  Batch batch;
  own.SaveChange(sent->change, batch);
  CHECK(batch.operations().size() <= 4);
  CHECK(batch.bytes() <= 2048);
}

TEST_CASE("secret tree: forward secrecy of a receiver (R9.2-01)") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    const Reference reference{suite, 8};
    SecretTree tree = Tree(8, suite);
    CHECK(Holds(Saved(tree), reference.Node(Root(8))));
    REQUIRE(Open(tree, kApplication, 3).ok());

    const Bytes saved = Saved(tree);
    for (const NodeIndex node : DirectPath(kApplication.leaf, 8))
      CHECK_FALSE(Holds(saved, reference.Node(node)));
    CHECK_FALSE(Holds(saved, reference.Node(kApplication.leaf)));
    for (const NodeIndex node : Copath(kApplication.leaf, 8)) CHECK(Holds(saved, reference.Node(node)));
    for (std::uint32_t g = 0; g <= 3; ++g)
      CHECK_FALSE(Holds(saved, reference.RatchetSecret(kApplication, g)));
    CHECK(Holds(saved, reference.RatchetSecret(kApplication, 4)));
    CHECK(Holds(saved, reference.RatchetSecret(kHandshake, 0)));
    for (std::uint32_t g = 0; g <= 3; ++g) {
      CHECK(Holds(saved, reference.Key(kApplication, g).key) == (g < 3));
      CHECK(Holds(saved, reference.Key(kApplication, g).nonce) == (g < 3));
    }
    REQUIRE(Open(tree, kApplication, 1).ok());
    CHECK_FALSE(Holds(Saved(tree), reference.Key(kApplication, 1).key));
    CHECK_FALSE(Holds(Saved(tree), reference.Key(kApplication, 1).nonce));
    CHECK(Holds(Saved(tree), reference.Key(kApplication, 2).key));
  }
}

TEST_CASE("secret tree: forward secrecy of a sender (R9.2-05)") {
  const Reference reference{kSuite, 8};
  SecretTree tree = Tree();
  for (std::uint32_t sends = 1; sends <= 40; ++sends) {
    auto sent = tree.Send(kApplication, {});
    REQUIRE(sent.ok());
    tree.Apply(std::move(sent->change));
    const Bytes saved = Saved(tree);
    for (std::uint32_t g = 0; g < sends; ++g)
      CHECK_FALSE(Holds(saved, reference.RatchetSecret(kApplication, g)));
    // What is saved is the end of the reserved range.
    CHECK(Holds(saved, reference.RatchetSecret(kApplication, sends <= 32 ? 32 : 64)));
    CHECK_FALSE(Holds(saved, reference.Node(Root(8))));
  }
}

TEST_CASE("secret tree: the ratchets of one leaf are apart") {
  SecretTree tree = Tree();
  REQUIRE(Open(tree, kHandshake, 9).ok());
  CHECK(Open(tree, kApplication, 0).ok());
  CHECK(Open(tree, kHandshake, 0).ok());
  CHECK(Open(tree, kHandshake, 0).error() == Error::KEY_CONSUMED);
}

}  // namespace
}  // namespace mls::test
