// RFC 9420 §9.2: keys are used once, by whoever proved to have sent a message, and are gone afterwards.
#include "kit/forged_commit.h"
#include "kit/needles.h"
#include "kit/raw_public.h"

namespace mls::test {
namespace {

// Chain is the secret tree of RFC 9420 §9 and §9.1 written down directly, with nothing ever deleted.
struct Chain {
  const Suite& suite;
  std::uint32_t width;
  Needle encryption_secret;

  Secret NodeSecret(NodeIndex node) const {
    if (node == Root(width)) return encryption_secret.Unmasked();
    const NodeIndex parent = Parent(node);
    const std::string_view side = node == Left(parent) ? "left" : "right";
    return Must(ExpandWithLabel(suite, NodeSecret(parent), "tree", AsView(side), suite.Nh));
  }
  Secret NextSecret(LeafIndex leaf, std::uint32_t generation) const {
    Secret secret = Must(ExpandWithLabel(suite, NodeSecret(leaf), "application", {}, suite.Nh));
    for (std::uint32_t g = 0; g < generation; ++g) {
      secret = Must(DeriveTreeSecret(suite, secret, "secret", g, suite.Nh));
    }
    return secret;
  }

  Needle RatchetSecret(LeafIndex leaf, std::uint32_t generation) const {
    return {"ratchet secret " + std::to_string(generation), NextSecret(leaf, generation)};
  }
  Needle Key(LeafIndex leaf, std::uint32_t generation) const {
    return {"key " + std::to_string(generation),
            Must(DeriveTreeSecret(suite, NextSecret(leaf, generation), "key", generation, suite.Nk))};
  }
  Needle Nonce(LeafIndex leaf, std::uint32_t generation) const {
    return {"nonce " + std::to_string(generation),
            Must(DeriveTreeSecret(suite, NextSecret(leaf, generation), "nonce", generation, suite.Nn))};
  }
  // PathOf gives the nodes of the tree from a leaf up to the root.
  std::vector<Needle> PathOf(LeafIndex leaf) const {
    std::vector<Needle> path;
    for (NodeIndex node = leaf; node != Root(width); node = Parent(node)) {
      path.emplace_back("node " + std::to_string(node.value), NodeSecret(node));
    }
    path.push_back(encryption_secret);
    return path;
  }
};

// NewEpoch: everyone but member 2 is in an epoch whose secrets the test knows.
struct NewEpoch {
  explicit NewEpoch(Scene& scene) : chain(Enter(scene)) {}

  std::vector<Needle> used;  // on the way to it
  std::vector<Needle> left;  // of the former epoch, where member 2 stays behind
  Chain chain;

 private:
  Chain Enter(Scene& scene) {
    const Insider insider(scene, 2);
    left.emplace_back("init_secret", insider.init_secret);
    CommitForgery forgery;
    forgery.path_secrets = [&](std::vector<Secret>& secrets) {
      used.emplace_back("commit_secret", Must(DeriveSecret(insider.suite(), secrets.back(), "path")));
      for (const Secret& secret : secrets) used.emplace_back("path_secret", secret);
    };
    const ForgedCommit commit = ForgeCommit(insider, forgery);
    for (const std::size_t member : {0u, 1u}) scene.Receive(member, commit.message);
    used.emplace_back("joiner_secret", commit.joiner_secret);
    used.emplace_back("epoch_secret", commit.epoch_secret);
    return {
        insider.suite(), commit.tree.width(),
        Needle("encryption_secret", Must(DeriveSecret(insider.suite(), commit.epoch_secret, "encryption")))};
  }
};

void Append(std::vector<Needle>& to, const std::vector<Needle>& more) {
  to.insert(to.end(), more.begin(), more.end());
}

TEST_CASE("R9.2-01: consumed values are deleted at once") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    NewEpoch epoch(scene);
    const Chain& chain = epoch.chain;
    AreGone(scene, epoch.used);
    for (const std::size_t member : {0u, 1u}) {
      CHECK(CountInRows(World::Saved(scene[member]), epoch.left.at(0)) == 0);
      IsThere(scene, member, chain.encryption_secret);  // until the tree is used, its root is kept
    }
    std::vector<Bytes> messages;
    for (int i = 0; i < 4; ++i) messages.push_back(scene.Send(0, "message"));
    scene.Receive(1, messages[3]);

    const LeafIndex sender{0};
    std::vector<Needle> used = chain.PathOf(sender);
    REQUIRE(used.size() == 3);
    for (std::uint32_t g = 0; g <= 3; ++g) used.push_back(chain.RatchetSecret(sender, g));
    Append(used, {chain.Key(sender, 3), chain.Nonce(sender, 3)});
    AreGone(scene, used);
    // What was not used is there, and goes with its use.
    for (std::uint32_t g = 0; g < 3; ++g) {
      IsThere(scene, 1, chain.Key(sender, g));
      IsThere(scene, 1, chain.Nonce(sender, g));
    }
    IsThere(scene, 1, chain.RatchetSecret(sender, 4));
    scene.Receive(1, messages[1]);
    AreGone(scene, {chain.Key(sender, 1), chain.Nonce(sender, 1)});
    IsThere(scene, 1, chain.Key(sender, 0));
    CHECK(World::Saved(scene[1]) == scene.store(1));
  }
}

TEST_CASE("R9.2-05: deletion also for the sender's own keys") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    const NewEpoch epoch(scene);
    const Chain& chain = epoch.chain;
    const LeafIndex self{1};
    const std::uint32_t reserved = Limits{}.reserved_generations;
    for (std::uint32_t generation = 0; generation < reserved + 2; ++generation) {
      const Bytes message = scene.Send(1, "mine");
      AreGone(scene, {chain.Key(self, generation), chain.Nonce(self, generation),
                      chain.RatchetSecret(self, generation)});
    }
    CHECK(CountInRows(scene.store(1), chain.RatchetSecret(self, 2 * reserved)) > 0);  // where it would go on
    for (const Needle& node : chain.PathOf(self)) CHECK(CountInRows(scene.store(1), node) == 0);
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
