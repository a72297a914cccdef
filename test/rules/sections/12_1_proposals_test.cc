// RFC 9420 §12.1: proposals as they are received, and how long they are kept.
#include "kit/lists.h"

namespace mls::test {
namespace {

TEST_CASE("R12.1-01: the signature of a received Proposal is verified") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 4);
    const Insider insider(scene, kForger);
    for (const WireFormat format : {WireFormat::mls_public_message, WireFormat::mls_private_message}) {
      const AuthenticatedContent good = insider.Sign(insider.Content(Proposal{Remove{{3}}}), format);
      const bool open = format == WireFormat::mls_public_message;
      const auto refuses = [&](const AuthenticatedContent& content, Error expected = Error::BAD_SIGNATURE) {
        scene.Refuses(kReceiver, open ? insider.Public(content) : insider.Private(content), expected);
      };
      for (std::size_t i = 0; i < good.auth.signature.size(); ++i) {  // one bit of each byte
        AuthenticatedContent bad = good;
        bad.auth.signature[i] ^= static_cast<std::uint8_t>(1u << (i % 8));
        refuses(bad);
      }
      AuthenticatedContent bad = good;
      bad.auth.signature.clear();
      refuses(bad, open ? Error::BAD_SIGNATURE : Error::MALFORMED);
      bad = good;
      std::get<Remove>(std::get<ProposalContent>(bad.content.body).proposal.body).removed = {0};
      refuses(bad);
      bad = good;
      bad.content.authenticated_data = {1};
      refuses(bad);
    }
    CHECK(scene[kReceiver].proposals().empty());
    scene.GoesOn();
    scene.Accepts(kReceiver, Insider(scene, kForger).Public(Proposal{Remove{{3}}}));
  }
}

TEST_CASE("R12.1-02: a Proposal of an older epoch") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 4);
    const Insider before(scene, kForger);
    const Bytes replayed = before.Public(Proposal{Remove{{3}}});
    const Bytes replayed_private =
        before.Private(before.Sign(before.Content(Proposal{Remove{{3}}}), WireFormat::mls_private_message));
    scene.Commit(0);
    scene.Refuses(kReceiver, replayed, Error::WRONG_EPOCH);
    scene.Refuses(kReceiver, replayed_private, Error::WRONG_EPOCH);
    // Signed and tagged today, for an epoch that is over.
    const Insider insider(scene, kForger);
    for (const std::uint64_t epoch : {std::uint64_t{0}, insider.epoch->context.epoch - 1}) {
      FramedContent content = insider.Content(Proposal{Remove{{3}}});
      content.epoch = epoch;
      scene.Refuses(kReceiver, insider.Public(insider.Sign(content)), Error::WRONG_EPOCH);
      scene.Refuses(kReceiver, insider.Private(insider.Sign(content, WireFormat::mls_private_message)),
                    Error::WRONG_EPOCH);
    }
    CHECK(scene[kReceiver].proposals().empty());
    scene.GoesOn();
  }
}

TEST_CASE("R12.1-03: a Proposal of a newer epoch") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 4);
    const Insider insider(scene, kForger);
    for (const std::uint64_t epoch : {insider.epoch->context.epoch + 1, ~std::uint64_t{0}}) {
      FramedContent content = insider.Content(Proposal{Remove{{3}}});
      content.epoch = epoch;
      scene.Refuses(kReceiver, insider.Public(insider.Sign(content)), Error::FUTURE_EPOCH);
      scene.Refuses(kReceiver, insider.Private(insider.Sign(content, WireFormat::mls_private_message)),
                    Error::FUTURE_EPOCH);
    }
    CHECK(scene[kReceiver].proposals().empty());
    scene.GoesOn();
  }
}

TEST_CASE("R12.1-04: a proposal type that nobody knows") {
  Scene scene(AllSuites()[0], 4, WithCustom());
  for (const std::uint16_t type : {0x0000, 0x0008, 0xF001, 0x0A0A, 0xEAEA}) {
    CAPTURE(type);
    const Proposal unknown{CustomProposal{ProposalType{type}, Bytes(3, 1)}};
    scene.Refuses(kReceiver, Insider(scene, kForger).Public(unknown), Error::UNSUPPORTED_PROPOSAL);
    BothRefuse(scene, {unknown}, Error::UNSUPPORTED_PROPOSAL);
  }
  CHECK(scene[kReceiver].proposals().empty());
  scene.GoesOn();
}

TEST_CASE("R12.1-05: cached proposals end with the epoch") {
  Scene scene(AllSuites()[0], 4);
  scene.ProposeToAll(0, AddOf(scene));
  const ProposalOrRef reference = ReferenceToNewest(scene, kReceiver);
  CommitOptions ignoring;
  ignoring.cached = CommitOptions::Cached::ignore;
  scene.Commit(0, std::move(ignoring));
  CHECK(scene[kReceiver].proposals().empty());
  RefusesList(scene, {reference}, Error::UNKNOWN_PROPOSAL);
  scene.GoesOn();
}

// Fill gives `message(i)` to member 1 until it says no. Gives how many it took.
std::size_t Fill(Scene& scene, std::size_t most, const std::function<Bytes(std::size_t)>& message) {
  Group& group = scene[kReceiver];
  for (std::size_t i = 0; i < most; ++i) {
    auto staged = group.Stage(message(i), scene.world.env);
    if (!staged.ok()) {
      CHECK(staged.error() == Error::LIMIT_EXCEEDED);
      return i;
    }
    Must(group.Apply(Must(group.Complete(std::move(*staged), {}, scene.world.env)).change));
  }
  return most;
}

TEST_CASE("R12.1-06: cached proposals are bounded in number and size") {
  const Limits limits;
  for (const bool large : {false, true}) {
    CAPTURE(large);
    Scene scene(AllSuites()[0], 3);
    scene.NotInJournal();  // what a member has cached by itself the replay does not know
    const Insider insider(scene, kForger);
    const std::size_t size = large ? limits.max_cached_proposal_bytes / 8 : 0;
    const auto message = [&](std::size_t i) {
      FramedContent content = insider.Content(PskOf(scene, static_cast<std::uint8_t>(i)));
      content.authenticated_data = Bytes(size, 1);
      return insider.Public(insider.Sign(std::move(content)));
    };
    const std::size_t taken = Fill(scene, limits.max_cached_proposals + 1, message);
    CHECK(taken == (large ? 7 : limits.max_cached_proposals));
    const MemoryRows before = World::Saved(scene[kReceiver]);
    for (std::size_t i = 0; i < 100; ++i) CHECK(Fill(scene, 1, message) == 0);
    CHECK(before == World::Saved(scene[kReceiver]));
    CHECK(scene[kReceiver].proposals().in_order().size() == taken);
    // A Commit that needs none of them is taken, and there is room again.
    const NewCommit commit = scene.MakeCommit(0);
    Must(scene[kReceiver].Apply(
        Must(scene[kReceiver].Complete(Must(scene[kReceiver].Stage(commit.message, scene.world.env)),
                                       AcceptAll({}), scene.world.env))
            .change));
    CHECK(scene[kReceiver].proposals().empty());
  }
}

// RefusesEverywhere: standing alone, in a Commit by value (also of our own), and by the reference that it
// would have had.
void RefusesEverywhere(Scene& scene, const Proposal& proposal, Error expected) {
  const Insider insider(scene, kForger);
  const AuthenticatedContent alone = insider.Sign(insider.Content(proposal));
  scene.Refuses(kReceiver, insider.Public(alone), expected);
  CHECK(scene[kReceiver].proposals().empty());
  RefusesList(scene, {Reference(ToBytes(Must(ProposalRef(scene[0].suite(), alone))))},
              Error::UNKNOWN_PROPOSAL);
  if (proposal.type() == ProposalType::update) return;  // by value it would be the committer's own
  BothRefuse(scene, {proposal}, expected);
  const auto own = scene[0].StageOwnProposal(proposal, {}, scene.world.env);
  CHECK(Scene::Name(own) == Describe(expected).name);
}

TEST_CASE("R12.1.1-01: an Add with an invalid KeyPackage") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 4);
    const Client client = scene.world.NewClient(suite, "newcomer");
    const Suite& other = suite.id == AllSuites()[0].id ? AllSuites()[1] : AllSuites()[0];
    const std::vector<std::pair<Hook<KeyPackage>, Error>> invalid = {
        {[&](KeyPackage& one) { one.version = ProtocolVersion{2}; }, Error::INVALID_KEY_PACKAGE},
        {[&](KeyPackage& one) { one.cipher_suite = other.id; }, Error::INVALID_KEY_PACKAGE},
        {[](KeyPackage& one) { one.cipher_suite = CipherSuite{0x7777}; }, Error::UNSUPPORTED_CIPHERSUITE},
        {[](KeyPackage& one) { one.init_key = one.leaf_node.encryption_key; }, Error::INVALID_KEY_PACKAGE},
        {[](KeyPackage& one) { one.init_key.pop_back(); }, Error::INVALID_KEY_PACKAGE},
        {[](KeyPackage& one) { one.leaf_node.encryption_key.pop_back(); }, Error::INVALID_KEY_PACKAGE},
        {[](KeyPackage& one) { one.leaf_node.leaf_node_source = LeafNodeSource::commit; },
         Error::INVALID_LEAF_SOURCE},
        {[](KeyPackage& one) { one.leaf_node.extensions = {{kCustomExtension, {}}}; },
         Error::INVALID_LEAF_NODE},
        {[](KeyPackage& one) { one.extensions = {{kCustomExtension, {}}}; }, Error::INVALID_KEY_PACKAGE},
        {[](KeyPackage& one) { one.leaf_node.lifetime = {kNow - 7200, kNow - 1}; }, Error::EXPIRED},
    };
    for (std::size_t i = 0; i < invalid.size(); ++i) {
      CAPTURE(i);
      RefusesEverywhere(scene, AddOf(scene, client, invalid[i].first), invalid[i].second);
    }
    Proposal add = AddOf(scene, client);
    std::get<Add>(add.body).key_package.signature[4] ^= 1;
    RefusesEverywhere(scene, add, Error::INVALID_KEY_PACKAGE);
    add = AddOf(scene, client);
    KeyPackage& package = std::get<Add>(add.body).key_package;
    package.leaf_node.signature[4] ^= 1;
    package.signature = Must(SignWithLabel(suite, client.profile.signature_private_key, "KeyPackageTBS",
                                           {EncodeUnsigned(package)}));
    RefusesEverywhere(scene, add, Error::BAD_LEAF_SIGNATURE);
    scene.GoesOn();
  }
}

TEST_CASE("R12.1.2-01: an Update with an invalid leaf") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 4);
    const Bytes former = ToBytes(scene[0].tree().PublicKey(scene[kForger].self()));
    const std::vector<std::pair<Hook<LeafNode>, Error>> invalid = {
        {[](LeafNode& leaf) { leaf.leaf_node_source = LeafNodeSource::commit; }, Error::INVALID_LEAF_SOURCE},
        {[](LeafNode& leaf) {
           leaf.leaf_node_source = LeafNodeSource::key_package;
           leaf.lifetime = kLifetime;
         },
         Error::INVALID_LEAF_SOURCE},
        {[&](LeafNode& leaf) { leaf.encryption_key = former; }, Error::ENCRYPTION_KEY_REUSED},
        {[](LeafNode& leaf) { leaf.encryption_key.pop_back(); }, Error::INVALID_KEY},
        {[](LeafNode& leaf) { leaf.extensions = {{kCustomExtension, {}}}; }, Error::INVALID_LEAF_NODE},
        {[](LeafNode& leaf) { leaf.capabilities.versions.clear(); }, Error::UNSUPPORTED_CAPABILITY},
        {[](LeafNode& leaf) { leaf.capabilities.cipher_suites.clear(); }, Error::UNSUPPORTED_CAPABILITY},
        {[](LeafNode& leaf) { leaf.capabilities.credentials.clear(); }, Error::INVALID_LEAF_NODE},
    };
    for (std::size_t i = 0; i < invalid.size(); ++i) {
      CAPTURE(i);
      RefusesEverywhere(scene, UpdateOf(scene, kForger, invalid[i].first), invalid[i].second);
    }
    Proposal update = UpdateOf(scene, kForger);
    std::get<Update>(update.body).leaf_node.signature[4] ^= 1;
    RefusesEverywhere(scene, update, Error::BAD_LEAF_SIGNATURE);
    scene.GoesOn();
  }
}

TEST_CASE("R12.1.3-01: a Remove of a blank leaf") {
  Scene scene(AllSuites()[0], 5);
  scene.Commit(0, Proposing({Remove{{3}}}));
  REQUIRE(scene[0].tree().IsBlank(LeafIndex{3}));
  RefusesEverywhere(scene, {Remove{{3}}}, Error::INVALID_REMOVE);
  scene.GoesOn();
}

TEST_CASE("R12.1.3-02: a Remove beyond the tree") {
  Scene scene(AllSuites()[0], 4);
  REQUIRE(scene[0].tree().width() == 4);
  for (const std::uint32_t leaf : {4u, 1u << 31, ~0u}) {
    CAPTURE(leaf);
    RefusesEverywhere(scene, {Remove{{leaf}}}, Error::INVALID_REMOVE);
  }
  scene.GoesOn();
}

}  // namespace
}  // namespace mls::test
