// RFC 9420 §9.2: keys are used once, by whoever proved to have sent a message, and are gone afterwards.
#include <algorithm>

#include "kit/forged_commit.h"
#include "kit/raw_public.h"
#include "kit/scene.h"

namespace mls::test {
namespace {

// Chain is the secret tree of RFC 9420 §9 and §9.1 written down directly, with nothing ever deleted.
struct Chain {
  const Suite& suite;
  std::uint32_t width;
  Secret encryption_secret;

  Secret Node(NodeIndex node) const {
    if (node == Root(width)) return encryption_secret.Clone();
    const NodeIndex parent = Parent(node);
    const std::string_view side = node == Left(parent) ? "left" : "right";
    return Must(ExpandWithLabel(suite, Node(parent), "tree", AsView(side), suite.Nh));
  }
  Secret RatchetSecret(LeafIndex leaf, std::uint32_t generation) const {
    Secret secret = Must(ExpandWithLabel(suite, Node(leaf), "application", {}, suite.Nh));
    for (std::uint32_t g = 0; g < generation; ++g) {
      secret = Must(DeriveTreeSecret(suite, secret, "secret", g, suite.Nh));
    }
    return secret;
  }
  Secret Key(LeafIndex leaf, std::uint32_t generation) const {
    return Must(DeriveTreeSecret(suite, RatchetSecret(leaf, generation), "key", generation, suite.Nk));
  }
  Secret Nonce(LeafIndex leaf, std::uint32_t generation) const {
    return Must(DeriveTreeSecret(suite, RatchetSecret(leaf, generation), "nonce", generation, suite.Nn));
  }
};

bool Holds(const MemoryRows& rows, View secret) {
  REQUIRE(secret.size() >= 12);
  return std::any_of(rows.rows().begin(), rows.rows().end(), [&](const auto& row) {
    const View value = row.second;
    return std::search(value.begin(), value.end(), secret.begin(), secret.end()) != value.end();
  });
}

// NewEpoch lets everyone but member 2 into an epoch whose secrets the test knows.
Chain NewEpoch(Scene& scene, std::vector<Secret>& used) {
  const Insider insider(scene, 2);
  used.push_back(insider.init_secret.Clone());
  CommitForgery forgery;
  forgery.path_secrets = [&](std::vector<Secret>& secrets) {
    used.push_back(Must(DeriveSecret(insider.suite(), secrets.back(), "path")));  // the commit secret
    for (const Secret& secret : secrets) used.push_back(secret.Clone());
  };
  const ForgedCommit commit = ForgeCommit(insider, forgery);
  for (const std::size_t member : {0u, 1u}) scene.Receive(member, commit.message);
  used.push_back(commit.joiner_secret.Clone());
  used.push_back(commit.epoch_secret.Clone());
  Chain chain{insider.suite(), commit.tree.width(),
              Must(DeriveSecret(insider.suite(), commit.epoch_secret, "encryption"))};
  return chain;
}

TEST_CASE("R9.2-01: consumed values are deleted at once") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    std::vector<Secret> used;
    const Chain chain = NewEpoch(scene, used);
    CHECK(
        Holds(World::Saved(scene[1]), chain.encryption_secret));  // until the tree is used, its root is kept
    std::vector<Bytes> messages;
    for (int i = 0; i < 4; ++i) messages.push_back(scene.Send(0, "message"));
    scene.Receive(1, messages[3]);

    const LeafIndex sender{0};
    for (NodeIndex node = sender; node != Root(chain.width); node = Parent(node)) {
      used.push_back(chain.Node(node));
    }
    used.push_back(chain.encryption_secret.Clone());
    for (std::uint32_t g = 0; g <= 3; ++g) used.push_back(chain.RatchetSecret(sender, g));
    used.push_back(chain.Key(sender, 3));
    used.push_back(chain.Nonce(sender, 3));
    REQUIRE(used.size() > 10);
    for (const Secret& secret : used) CHECK_FALSE(Holds(World::Saved(scene[1]), secret));
    // What was not used is there, and goes with its use.
    for (std::uint32_t g = 0; g < 3; ++g) {
      CHECK(Holds(World::Saved(scene[1]), chain.Key(sender, g)));
      CHECK(Holds(World::Saved(scene[1]), chain.Nonce(sender, g)));
    }
    CHECK(Holds(World::Saved(scene[1]), chain.RatchetSecret(sender, 4)));
    scene.Receive(1, messages[1]);
    CHECK_FALSE(Holds(World::Saved(scene[1]), chain.Key(sender, 1)));
    CHECK_FALSE(Holds(World::Saved(scene[1]), chain.Nonce(sender, 1)));
    CHECK(Holds(World::Saved(scene[1]), chain.Key(sender, 0)));
    CHECK(World::Saved(scene[1]) == scene.store(1));
  }
}

TEST_CASE("R9.2-05: deletion also for the sender's own keys") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    std::vector<Secret> used;
    const Chain chain = NewEpoch(scene, used);
    const LeafIndex self{1};
    const std::uint32_t reserved = Limits{}.reserved_generations;
    for (std::uint32_t generation = 0; generation < reserved + 2; ++generation) {
      scene.Send(1, "mine");
      const MemoryRows& rows = scene.store(1);
      CHECK_FALSE(Holds(rows, chain.Key(self, generation)));
      CHECK_FALSE(Holds(rows, chain.Nonce(self, generation)));
      CHECK_FALSE(Holds(rows, chain.RatchetSecret(self, generation)));
    }
    for (NodeIndex node = self; node != Root(chain.width); node = Parent(node)) {
      CHECK_FALSE(Holds(scene.store(1), chain.Node(node)));
    }
    CHECK(Holds(scene.store(1), chain.RatchetSecret(self, 2 * reserved)));  // from where it would go on
  }
}

TEST_CASE("R9.2-02: replay of a consumed generation fails") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    const MemoryRows before = World::Saved(scene[1]);
    const Bytes skipped = scene.Send(2, "0");
    const Bytes message = scene.Send(2, "1");
    const Bytes proposal = [&] {
      Policy policy = scene[2].policy();
      policy.handshake_format = WireFormat::mls_private_message;
      scene[2].SetPolicy(std::move(policy));
      return scene.ProposeUpdate(2);
    }();
    const auto replay = [&] {
      scene.Refuses(1, message, Error::KEY_CONSUMED);
      scene.Refuses(1, proposal, Error::KEY_CONSUMED);
    };
    scene.Accepts(1, message);
    scene.Accepts(1, proposal);
    replay();
    scene[1] = Must(Group::Load(scene.store(1), scene[1].policy(), scene.world.env));  // a restart
    replay();
    // Another process, which had loaded the state before, reads what this one wrote.
    const Group other = Must(Group::Load(before, scene[1].policy(), scene.world.env));
    RowDelta delta;
    for (const auto& [key, value] : scene.store(1).rows()) delta.Put(key, value);
    for (const auto& [key, value] : before.rows()) {
      if (!scene.store(1).Get(key)) delta.Delete(key);
    }
    scene[1] = Must(other.Refresh(delta, scene.world.env));
    replay();
    scene.Accepts(1, skipped);
    scene.Refuses(1, skipped, Error::KEY_CONSUMED);
    // So does a replay in the next epoch.
    scene.Receive(0, proposal);
    scene.Commit(0);
    scene.Refuses(1, message, Error::KEY_CONSUMED);
    scene.GoesOn();
  }
}

TEST_CASE("R9.2-03: only a successful decryption consumes") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    const Insider insider(scene, 2);
    std::vector<Bytes> genuine;
    for (int i = 0; i < 3; ++i) genuine.push_back(scene.Send(2, "genuine"));
    const AuthenticatedContent data = insider.Data();
    AuthenticatedContent unsigned_data = data;
    unsigned_data.auth.signature.at(5) ^= 1;
    PrivateForgery spoilt;
    spoilt.ciphertext = [](Bytes& ciphertext) { ciphertext.back() ^= 1; };
    for (const std::uint32_t generation : {2u, 0u, 1u}) {
      PrivateForgery decrypts;
      spoilt.key_generation = decrypts.key_generation = generation;
      scene.Refuses(1, insider.Private(data, spoilt), Error::DECRYPT_FAILED);
      // Nor does one that decrypts, and whose signature is wrong.
      scene.Refuses(1, insider.Private(unsigned_data, decrypts), Error::BAD_SIGNATURE);
      scene.Accepts(1, genuine[generation]);
    }
    scene.GoesOn();
  }
}

TEST_CASE("R9.2-04: unconsumed skipped keys still work") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    std::vector<Bytes> messages;
    for (int i = 0; i < 6; ++i) messages.push_back(scene.Send(2, "message"));
    for (const std::size_t i : {5u, 3u, 4u, 0u, 2u, 1u}) scene.Accepts(1, messages[i]);
    for (const Bytes& message : messages) scene.Refuses(1, message, Error::KEY_CONSUMED);
    scene.GoesOn();
  }
}

}  // namespace
}  // namespace mls::test
