// RFC 9420 §10: what a KeyPackage must hold.
#include "kit/bad_leaves.h"
#include "kit/flipped_fields.h"
#include "kit/forged_package.h"

namespace mls::test {
namespace {

// Unfit gives HPKE public keys that are none of this suite's.
std::vector<Bytes> Unfit(const Suite& suite, SeededRandom& random) {
  const Bytes good = Must(GenerateHpkeKeyPair(suite, random)).public_key;
  std::vector<Bytes> keys = {{}, Bytes(good.begin(), good.end() - 1), good};
  keys.back().push_back(0);
  for (const Suite& other : AllSuites()) {
    if (other.Npk != suite.Npk) keys.push_back(Must(GenerateHpkeKeyPair(other, random)).public_key);
  }
  if (IsMontgomery(suite)) return keys;  // small order: 10_small_order_test.cc
  Bytes off_curve = good, compressed = good, infinity(suite.Npk);
  off_curve.back() ^= 1;
  compressed[0] = 0x02;
  keys.insert(keys.end(), {off_curve, compressed, infinity});
  return keys;
}

TEST_CASE("R10-01: init_key is a public key of the KeyPackage's suite") {
  for (const Suite& suite : AllSuites()) {
    Recruiting scene(suite);
    const std::vector<Bytes> keys = Unfit(suite, scene.world.random);
    REQUIRE(keys.size() > 6);
    for (const Bytes& key : keys) {
      PackageForgery forgery;
      forgery.package = [&](KeyPackage& package) { package.init_key = key; };
      scene.Refuses(forgery, Error::INVALID_KEY_PACKAGE);
    }
    scene.GoesOn();
  }
}

TEST_CASE("R10-03: leaf keys are valid for the suite") {
  for (const Suite& suite : AllSuites()) {
    Recruiting scene(suite);
    for (const Bytes& key : Unfit(suite, scene.world.random)) {
      PackageForgery forgery;
      forgery.leaf = [&](LeafNode& leaf) { leaf.encryption_key = key; };
      scene.Refuses(forgery, Error::INVALID_KEY_PACKAGE);
    }
    std::size_t others = 0;
    for (const Suite& other : AllSuites()) {
      if (other.signature == suite.signature) continue;
      ++others;
      PackageForgery forgery;
      forgery.leaf = [&](LeafNode& leaf) {
        leaf.signature_key = Must(GenerateSignatureKeyPair(other, scene.world.random)).public_key;
      };
      scene.Refuses(forgery, Error::INVALID_KEY_PACKAGE);
    }
    CHECK(others > 2);
    scene.GoesOn();
  }
}

// ForEachFlip flips bits of the encoded package from `begin` on: each for the first suite, every 13th for
// others.
template <class Each>
void ForEachFlip(const KeyPackage& package, const Suite& suite, Each each) {
  const Bytes encoded = Encode(package);
  const std::size_t stride = suite.id == AllSuites().front().id ? 1 : 13;
  for (std::size_t bit = 0; bit < 8 * encoded.size(); bit += stride) {
    Bytes flipped = encoded;
    flipped[bit / 8] = static_cast<std::uint8_t>(flipped[bit / 8] ^ (1u << bit % 8));
    CAPTURE(bit);
    each(flipped);
  }
}

// NameOfPackageFlip names what a package comes to of which one bit was flipped, and whose leaf was signed
// again if the bit was in it; none where more than one field is another.
std::optional<Error> NameOfPackageFlip(const Suite& suite, const KeyPackage& honest,
                                       const KeyPackage& flipped) {
  if (IsOnly(&KeyPackage::cipher_suite, honest, flipped)) {
    const bool known = FindSuite(flipped.cipher_suite) != nullptr;
    return known ? Error::INVALID_KEY_PACKAGE : Error::UNSUPPORTED_CIPHERSUITE;
  }
  const bool in_package =
      IsOnly(&KeyPackage::version, honest, flipped) || IsOnly(&KeyPackage::init_key, honest, flipped) ||
      IsOnly(&KeyPackage::extensions, honest, flipped) || IsOnly(&KeyPackage::signature, honest, flipped);
  if (in_package) return Error::INVALID_KEY_PACKAGE;
  if (!IsOnly(&KeyPackage::leaf_node, honest, flipped)) return std::nullopt;
  if (IsOnly(&LeafNode::signature, honest.leaf_node, flipped.leaf_node)) return Error::BAD_LEAF_SIGNATURE;
  return NameOfFlip(suite, honest.leaf_node, flipped.leaf_node,
                    {Error::INVALID_KEY_PACKAGE, Error::BAD_LEAF_SIGNATURE, Error::INVALID_KEY_PACKAGE});
}

// SaidByEngine is for the rest: what it says of the package, and of its signatures.
Error SaidByEngine(const Suite& suite, const KeyPackage& package) {
  const Extensions none;
  const Limits limits;
  const LeafRules rules{&suite, &limits, nullptr, &none, nullptr, LeafNodeSource::key_package, kNow};
  const Status valid = ValidateKeyPackage(package, rules);
  return valid.ok() ? VerifyKeyPackageSignatures(suite, package).error() : valid.error();
}

TEST_CASE("R10-04: bad KeyPackage signature is malformed") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Recruiting scene(suite);
    const Client client = scene.world.NewClient(suite, "newcomer");
    KeyPackage package = scene.Forge(PackageForgery{}, client);
    package.extensions = {{ExtensionType{0x7777}, {1, 2, 3}}};
    package.leaf_node.capabilities.extensions.push_back(ExtensionType{0x7777});
    Sign(suite, package, client.profile.signature_private_key);
    REQUIRE(scene.SaysToAdd(1, package) == "taken");
    std::size_t by_field = 0, by_engine = 0, malformed = 0;
    ForEachFlip(package, suite, [&](const Bytes& flipped) {
      auto changed = Decode<KeyPackage>(flipped);
      if (!changed.ok()) {
        ++malformed;
        const Bytes whole = EncodeMessage(KeyPackageMessage{package});
        Bytes message(whole.begin(), whole.begin() + 4);
        message.insert(message.end(), flipped.begin(), flipped.end());
        return scene.RefusesToDecode(message, Error::MALFORMED);
      }
      const auto named = NameOfPackageFlip(suite, package, *changed);
      ++(named ? by_field : by_engine);
      // The leaf is signed again, so that the package's own signature is what is left to notice it; but where
      // the leaf's signature is what was changed.
      LeafNode unsigned_leaf = changed->leaf_node;
      unsigned_leaf.signature = package.leaf_node.signature;
      if (!(unsigned_leaf == package.leaf_node))
        Must(SignLeafNode(suite, changed->leaf_node, client.profile.signature_private_key, {}, {}));
      scene.RefusesToAdd(1, *changed, named ? *named : SaidByEngine(suite, *changed));
    });
    // Only what says how the rest is read may be judged otherwise than by its field.
    const std::size_t lengths = LengthSize(package.init_key.size()) + 2 /* extensions, data */ +
                                LengthSize(package.leaf_node.signature.size()) +
                                LengthSize(package.signature.size());
    CHECK(by_engine + malformed <= StructuralBits(package.leaf_node) + 8 * lengths);
    CHECK(by_field > 8 * by_engine);
    // Without any, and by the wrong label.
    PackageForgery forgery;
    forgery.signed_package = [](KeyPackage& changed) { changed.signature.clear(); };
    scene.Refuses(forgery, Error::INVALID_KEY_PACKAGE);
    forgery.signed_package = [&](KeyPackage& changed) {
      changed.signature = Must(SignWithLabel(suite, client.profile.signature_private_key, "LeafNodeTBS",
                                             {EncodeUnsigned(changed)}));
    };
    scene.Refuses(scene.Forge(forgery, client), Error::INVALID_KEY_PACKAGE);
    forgery.signed_package = [](KeyPackage& changed) { changed.signature.back() ^= 1; };
    scene.Refuses(forgery, Error::INVALID_KEY_PACKAGE);
    scene.GoesOn();
  }
}

TEST_CASE("R10-05: KeyPackage.version equals MLSMessage.version") {
  for (const Suite& suite : AllSuites()) {
    Recruiting scene(suite);
    PackageForgery forgery;
    forgery.package = [](KeyPackage& package) { package.version = ProtocolVersion{2}; };
    const KeyPackage package = scene.Forge(forgery);
    scene.RefusesToDecode(EncodeMessage(KeyPackageMessage{package}), Error::INVALID_KEY_PACKAGE);
    scene.Refuses(package, Error::INVALID_KEY_PACKAGE);
    scene.GoesOn();
  }
}

TEST_CASE("R10-06: leaf_node_source is key_package") {
  for (const Suite& suite : AllSuites()) {
    Recruiting scene(suite);
    for (const LeafNodeSource source : {LeafNodeSource::update, LeafNodeSource::commit}) {
      PackageForgery forgery;
      forgery.leaf = [&](LeafNode& leaf) { leaf.leaf_node_source = source; };
      scene.Refuses(forgery, Error::INVALID_LEAF_SOURCE);
    }
    scene.GoesOn();
  }
}

TEST_CASE("R10-07: KeyPackage.extensions are listed in capabilities") {
  for (const Suite& suite : AllSuites()) {
    Recruiting scene(suite);
    for (const ExtensionType type : {kUnlistedExtension, ExtensionType{0x1A1A}}) {
      PackageForgery forgery;
      forgery.leaf = [&](LeafNode& leaf) { std::erase(leaf.capabilities.extensions, type); };
      forgery.package = [&](KeyPackage& package) { package.extensions = {{type, {1}}}; };
      scene.Refuses(forgery, Error::INVALID_KEY_PACKAGE);
    }
    scene.GoesOn();
  }
}

TEST_CASE("R10-08: leaf_node.extensions are listed in capabilities") {
  for (const Suite& suite : AllSuites()) {
    Recruiting scene(suite);
    PackageForgery forgery;
    forgery.leaf = ExtensionNotListed(kUnlistedExtension).forgery.leaf;
    scene.Refuses(forgery, Error::INVALID_LEAF_NODE);
    scene.GoesOn();
  }
}

TEST_CASE("R10-09: unknown KeyPackage extensions are ignored") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    for (const std::size_t size : {0u, 1u, 1000u, 65536u}) {
      Recruiting scene(suite);
      Client client = scene.world.NewClient(suite, "newcomer");
      client.profile.capabilities.extensions.push_back(kUnlistedExtension);
      const NewKeyPackage made =
          Must(GenerateKeyPackage(suite, client.profile, kLifetime,
                                  {{kUnlistedExtension, scene.world.random.Some(size)}}, scene.world.random));
      CHECK(scene.SaysToAdd(1, made.key_package) == "taken");
      const NewCommit commit = scene.Commit(0, Proposing({Add{made.key_package}}));
      scene.Enter(client, scene.JoinByWelcome(commit.welcomes.at(0).message, made));
      scene.GoesOn();
    }
  }
}

TEST_CASE("R10-11: suite known to us") {
  const Suite& suite = AllSuites().front();
  Recruiting scene(suite);
  for (const std::uint16_t id : {0x0000, 0x0008, 0x0A0A, 0xF000, 0xFFFF}) {
    CAPTURE(id);
    PackageForgery forgery;
    forgery.leaf = [&](LeafNode& leaf) { leaf.capabilities.cipher_suites.push_back(CipherSuite{id}); };
    forgery.package = [&](KeyPackage& package) { package.cipher_suite = CipherSuite{id}; };
    scene.Refuses(forgery, Error::UNSUPPORTED_CIPHERSUITE);
  }
  scene.GoesOn();
}

}  // namespace
}  // namespace mls::test
