// RFC 9420 §7.2: what the signature of a leaf covers.
#include "kit/bad_leaves.h"
#include "kit/flipped_fields.h"
#include "kit/forged_package.h"
#include "kit/raw_message.h"

namespace mls::test {
namespace {

// Routes by which leaves come that name the group and their place.
constexpr Route kInGroup[] = {Route::update, Route::path, Route::joining_path, Route::welcome_tree,
                              Route::info_tree};

// In a tree the forger's leaf is from an Update.
Hook<LeafNode> Updated() {
  return [](LeafNode& leaf) {
    if (leaf.leaf_node_source == LeafNodeSource::key_package) leaf.leaf_node_source = LeafNodeSource::update;
  };
}

TEST_CASE("R7.2-12: update/commit leaf signature binds group_id") {
  for (const Suite& suite : AllSuites()) {
    LeafForgery honest;
    honest.leaf = Updated();
    TakesRoutes(suite, kInGroup, honest);
    LeafForgery other = honest;
    other.group_id = ToBytes(AsView("group A"));
    CheckRoutes(suite, kInGroup, other, Error::BAD_LEAF_SIGNATURE);
    other.group_id = Bytes();
    CheckRoutes(suite, kInGroup, other, Error::BAD_LEAF_SIGNATURE);
  }
}

TEST_CASE("R7.2-13: update/commit leaf signature binds leaf_index") {
  for (const Suite& suite : AllSuites()) {
    LeafForgery moved;
    moved.leaf = Updated();
    for (const std::uint32_t index : {1u, 0u}) {  // the forger stands at 2, a stranger at 3
      moved.index = LeafIndex{index};
      CheckRoutes(suite, kInGroup, moved, Error::BAD_LEAF_SIGNATURE);
    }
  }
}

// What the engine says to a leaf whose signature it does not get to, or that it finds wrong: for changes of
// more than one field.
Error ExpectedOf(const Suite& suite, const LeafNode& leaf, LeafNodeSource source) {
  const Limits limits;
  const Extensions none;
  const LeafRules rules{&suite, &limits, nullptr, &none, nullptr, source, kNow};
  const Status valid = ValidateLeafNode(leaf, rules);
  return valid.ok() ? Error::BAD_LEAF_SIGNATURE : valid.error();
}

std::size_t SignedSize(const LeafNode& leaf) { return Encode(leaf).size() - Encode(leaf.signature).size(); }

// ForEachFlip gives the leaf with one bit of its signed part flipped: each bit for the first suite, every
// 13th for the rest, which comes to several in every field.
template <class Each>
void ForEachFlip(const Suite& suite, const LeafNode& leaf, Each each) {
  const Bytes encoded = Encode(leaf);
  const std::size_t bits = 8 * SignedSize(leaf);
  const std::size_t stride = suite.id == AllSuites().front().id ? 1 : 13;
  REQUIRE(bits > 50 * stride);
  for (std::size_t bit = 0; bit < bits; bit += stride) {
    Bytes flipped = encoded;
    flipped[bit / 8] = static_cast<std::uint8_t>(flipped[bit / 8] ^ (1u << bit % 8));
    CAPTURE(bit);
    each(flipped);
  }
}

// Names counts how flips were judged: by the field they are in, by the engine where several fields changed,
// or not at all since what is left is no leaf.
struct Names {
  std::size_t by_field = 0, by_engine = 0, malformed = 0;

  Error Of(const Suite& suite, const LeafNode& honest, const LeafNode& flipped, const FlipErrors& errors) {
    const auto named = NameOfFlip(suite, honest, flipped, errors);
    ++(named ? by_field : by_engine);
    if (named) return *named;
    const Error said = ExpectedOf(suite, flipped, honest.leaf_node_source);
    return said == Error::INVALID_KEY ? errors.no_key : said;
  }
  // Only what says how the rest is read may be judged otherwise than by its field.
  void Check(const LeafNode& honest) const {
    CHECK(by_engine + malformed <= StructuralBits(honest));
    CHECK(by_field > 4 * by_engine);
  }
};

TEST_CASE("R7.2-14: every change to a leaf is reflected in its signature") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Recruiting scene(suite);
    const Insider insider(scene, 2);
    // Update: the leaf as it was signed, one bit changed, and all around it signed and tagged again.
    LeafNode update = scene[2].tree().Leaf(insider.self);
    update.encryption_key = Must(GenerateHpkeKeyPair(suite, scene.world.random)).public_key;
    update.leaf_node_source = LeafNodeSource::update;
    update.lifetime = {};
    Must(SignLeafNode(suite, update, insider.signer, scene[0].context().group_id, insider.self));
    Names updates;
    ForEachFlip(suite, update, [&](const Bytes& flipped) {
      const auto leaf = Decode<LeafNode>(flipped);
      if (!leaf.ok()) {
        ++updates.malformed;
        const Bytes message =
            RawPublic(insider, insider.Content(Proposal{Update{update}}), Encode(update), flipped);
        return scene.Refuses(1, message, Error::MALFORMED);
      }
      scene.Refuses(1, insider.Public(Proposal{Update{*leaf}}), updates.Of(suite, update, *leaf, {}));
    });
    updates.Check(update);
    scene.GoesOn();

    // KeyPackage: the package is signed again.
    const Client client = scene.world.NewClient(suite, "newcomer");
    const KeyPackage package = scene.Forge(PackageForgery{}, client);
    FlipErrors errors;
    errors.no_key = Error::INVALID_KEY_PACKAGE;
    Names packages;
    ForEachFlip(suite, package.leaf_node, [&](const Bytes& flipped) {
      KeyPackage changed = package;
      auto leaf = Decode<LeafNode>(flipped);
      if (!leaf.ok()) {
        ++packages.malformed;
        const Bytes whole = EncodeMessage(KeyPackageMessage{package});
        return scene.RefusesToDecode(Replaced(whole, Encode(package.leaf_node), flipped), Error::MALFORMED);
      }
      changed.leaf_node = std::move(*leaf);
      changed.signature = Must(SignWithLabel(suite, client.profile.signature_private_key, "KeyPackageTBS",
                                             {EncodeUnsigned(changed)}));
      scene.RefusesToAdd(1, changed, packages.Of(suite, package.leaf_node, changed.leaf_node, errors));
    });
    packages.Check(package.leaf_node);
    scene.GoesOn();
  }
}

TEST_CASE("R7.2-14: each field of a leaf in a path and in a tree") {
  // Changes that leave the leaf valid but for its signature.
  const Hook<LeafNode> changes[] = {
      [](LeafNode& leaf) { leaf.credential = Credential::Basic(AsView("another name")); },
      [](LeafNode& leaf) { leaf.capabilities.versions.push_back(ProtocolVersion{0x7777}); },
      [](LeafNode& leaf) { leaf.capabilities.cipher_suites.push_back(CipherSuite{0x7777}); },
      [](LeafNode& leaf) { leaf.capabilities.extensions.push_back(ExtensionType{0x7777}); },
      [](LeafNode& leaf) { leaf.capabilities.proposals.push_back(ProposalType{0x7777}); },
      [](LeafNode& leaf) { leaf.capabilities.credentials.push_back(CredentialType{0x7777}); },
      [](LeafNode& leaf) { leaf.extensions.push_back({ExtensionType::application_id, {1}}); },
      [](LeafNode& leaf) {
        if (leaf.leaf_node_source == LeafNodeSource::key_package) leaf.lifetime.not_after -= 1;
        leaf.signature.back() ^= leaf.leaf_node_source == LeafNodeSource::commit ? 1 : 0;
      }};
  constexpr Route kRoutes[] = {Route::path, Route::joining_path, Route::welcome_tree, Route::info_tree};
  for (const Suite& suite : AllSuites()) {
    for (const auto& change : changes) {
      LeafForgery forgery;
      forgery.signed_leaf = change;
      CheckRoutes(suite, kRoutes, forgery, Error::BAD_LEAF_SIGNATURE);
    }
    // Its keys: in the path a key of the committer's own choice, in the tree one that is nobody's.
    World world(14);
    LeafForgery encryption;
    encryption.signed_leaf = [&](LeafNode& leaf) {
      leaf.encryption_key = Must(GenerateHpkeKeyPair(suite, world.random)).public_key;
    };
    CheckRoutes(suite, kRoutes, encryption, Error::BAD_LEAF_SIGNATURE);
    LeafForgery signature;
    signature.signed_leaf = [&](LeafNode& leaf) {
      leaf.signature_key = Must(GenerateSignatureKeyPair(suite, world.random)).public_key;
    };
    constexpr Route kTrees[] = {Route::welcome_tree, Route::info_tree};
    CheckRoutes(suite, kTrees, signature, Error::BAD_LEAF_SIGNATURE);
  }
}

}  // namespace
}  // namespace mls::test
