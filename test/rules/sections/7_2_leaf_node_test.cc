// RFC 9420 §7.2: what a leaf node may hold.
#include "kit/bad_leaves.h"
#include "kit/forged_package.h"
#include "kit/raw_message.h"

namespace mls::test {
namespace {

// Routes by which leaves with a lifetime come: those of source key_package.
constexpr Route kWithLifetime[] = {Route::own_add, Route::proposed_add, Route::committed_add,
                                   Route::welcome_tree, Route::info_tree};

TEST_CASE("R7.2-03: non-default extension in LeafNode.extensions is listed in capabilities.extensions") {
  for (const Suite& suite : AllSuites()) Check(suite, ExtensionNotListed(kUnlistedExtension));
  // Listed it is fine, and so is application_id, a default type.
  LeafForgery listed;
  listed.leaf = [](LeafNode& leaf) {
    leaf.capabilities.extensions.push_back(kUnlistedExtension);
    leaf.extensions.push_back({kUnlistedExtension, {1, 2, 3}});
    leaf.extensions.push_back({ExtensionType::application_id, {4, 5}});
  };
  TakesRoutes(AllSuites().front(), kAllRoutes, listed);
}

TEST_CASE("R7.2-04: credential type is listed in capabilities.credentials") {
  for (const Suite& suite : AllSuites()) Check(suite, CredentialNotListed({CredentialType::x509}));
  Check(AllSuites().front(), CredentialNotListed({}));
}

TEST_CASE("R7.2-05: unknown values in capabilities are ignored") {
  SeededRandom random(5);
  LeafForgery forgery;
  forgery.leaf = [&](LeafNode& leaf) {
    const auto some = [&] { return static_cast<std::uint16_t>(0x100 + random.Below(0xF000)); };
    for (int i = 0; i < 40; ++i) {
      leaf.capabilities.versions.push_back(ProtocolVersion{some()});
      leaf.capabilities.cipher_suites.push_back(CipherSuite{some()});
      leaf.capabilities.extensions.push_back(ExtensionType{some()});
      leaf.capabilities.proposals.push_back(ProposalType{some()});
      leaf.capabilities.credentials.push_back(CredentialType{some()});
    }
    leaf.capabilities.versions.insert(leaf.capabilities.versions.begin(), ProtocolVersion{0xFFFF});
  };
  for (const Suite& suite : AllSuites()) TakesRoutes(suite, kAllRoutes, forgery);
}

LeafForgery Lasting(Lifetime lifetime) {
  LeafForgery forgery;
  forgery.leaf = [lifetime](LeafNode& leaf) { leaf.lifetime = lifetime; };
  return forgery;
}

TEST_CASE("R7.2-08: total lifetime not above the application's maximum") {
  const Limits limits;
  const std::uint64_t begin = kNow - 3600;
  for (const Suite& suite : AllSuites()) {
    CheckRoutes(suite, kWithLifetime, Lasting({begin, begin + limits.max_lifetime + 1}),
                Error::INVALID_LIFETIME);
  }
  TakesRoutes(AllSuites().front(), kWithLifetime, Lasting({begin, begin + limits.max_lifetime}));
}

TEST_CASE("R7.2-09: lifetime arithmetic is safe") {
  constexpr std::uint64_t kMost = ~std::uint64_t{0};
  const Lifetime ranges[] = {{kNow + 10, kNow - 10},
                             {0, kMost},
                             {kMost, 0},
                             {kMost - 1, 5},
                             {std::uint64_t{1} << 53, (std::uint64_t{1} << 53) - 1},
                             {1, std::uint64_t{1} << 63}};
  for (const Lifetime& range : ranges) {
    CAPTURE(range.not_before);
    CheckRoutes(AllSuites().front(), kWithLifetime, Lasting(range), Error::INVALID_LIFETIME);
  }
  // Beyond 2^53, and at the end of the numbers, a short range is a range: it has not begun.
  for (const std::uint64_t begin : {(std::uint64_t{1} << 53) + 1, kMost - 1}) {
    constexpr Route kInAdds[] = {Route::own_add, Route::proposed_add, Route::committed_add};
    CheckRoutes(AllSuites().front(), kInAdds, Lasting({begin, begin + 1}), Error::NOT_YET_VALID);
  }
}

TEST_CASE("R7.2-10: LeafNodeSource is 1..3") {
  constexpr Route kRead[] = {Route::proposed_add, Route::committed_add, Route::update,   Route::path,
                             Route::joining_path, Route::welcome_tree,  Route::info_tree};
  for (const std::uint8_t source : {0, 4, 255}) {
    CAPTURE(source);
    LeafForgery forgery;
    forgery.leaf = [=](LeafNode& leaf) { leaf.leaf_node_source = LeafNodeSource{source}; };
    CheckRoutes(AllSuites().front(), kRead, forgery, Error::MALFORMED, Error::MALFORMED);
    Recruiting scene(AllSuites().front());
    const KeyPackage package = scene.Forge({forgery.leaf, nullptr, {}, {}, nullptr, {}});
    scene.RefusesToDecode(EncodeMessage(KeyPackageMessage{package}), Error::MALFORMED);
    scene.GoesOn();
  }
}

// AsSource gives the octets of a leaf with another source: what belongs to the former one stays where it is,
// but for the first `dropped` octets. `tail` is what the signature of the new source covers besides; it is
// made again.
Bytes AsSource(const Suite& suite, const LeafNode& leaf, LeafNodeSource source, std::size_t dropped,
               const Secret& signer, const Bytes& tail) {
  const Bytes encoded = EncodeUnsigned(leaf);
  const std::size_t at =
      EncodedSize(leaf.encryption_key, leaf.signature_key, leaf.credential, leaf.capabilities);
  Bytes changed(encoded.begin(), encoded.begin() + static_cast<std::ptrdiff_t>(at));
  changed.push_back(static_cast<std::uint8_t>(source));
  changed.insert(changed.end(), encoded.begin() + static_cast<std::ptrdiff_t>(at + 1 + dropped),
                 encoded.end());
  Bytes content = changed;
  if (source != LeafNodeSource::key_package) content.insert(content.end(), tail.begin(), tail.end());
  const Bytes signature = Encode(Must(SignWithLabel(suite, signer, "LeafNodeTBS", {content})));
  changed.insert(changed.end(), signature.begin(), signature.end());
  return changed;
}

// WithLeaf gives the octets of a key package with these for its leaf, signed again.
Bytes WithLeaf(const Suite& suite, const KeyPackage& package, const Bytes& leaf, const Secret& signer) {
  const Bytes content = Replaced(EncodeUnsigned(package), Encode(package.leaf_node), leaf);
  const Bytes signature = Must(SignWithLabel(suite, signer, "KeyPackageTBS", {content}));
  return Encode(Encoded{content}, signature);
}

TEST_CASE("R7.2-11: fields fit the source") {
  const std::vector<Error> either = {Error::MALFORMED, Error::BAD_LEAF_SIGNATURE};
  constexpr LeafNodeSource kHonest = LeafNodeSource::key_package;
  struct Misfit {
    LeafNodeSource source;
    std::size_t dropped;
  };
  constexpr Misfit kMisfits[] = {{LeafNodeSource::commit, sizeof(Lifetime)},        // no parent_hash
                                 {LeafNodeSource::update, 0},                       // followed by a Lifetime
                                 {LeafNodeSource::commit, 0},                       // and so
                                 {LeafNodeSource::key_package, sizeof(Lifetime)}};  // by none
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Recruiting scene(suite);
    const Insider insider(scene, 2);
    LeafNode leaf = scene[2].tree().Leaf(insider.self);
    REQUIRE(leaf.leaf_node_source == kHonest);
    leaf.encryption_key = Must(GenerateHpkeKeyPair(suite, scene.world.random)).public_key;
    const Client client = scene.world.NewClient(suite, "newcomer");
    const Secret& signer = client.profile.signature_private_key;
    const KeyPackage package = scene.Forge(PackageForgery{}, client);
    const auto updated = [&](LeafNodeSource source, std::size_t dropped) {
      const Bytes octets = AsSource(suite, leaf, source, dropped, insider.signer,
                                    Encode(scene[0].context().group_id, insider.self));
      return RawPublic(insider, insider.Content(Proposal{Update{leaf}}), Encode(leaf), octets);
    };
    const auto packaged = [&](LeafNodeSource source, std::size_t dropped) {
      const Bytes octets =
          AsSource(suite, package.leaf_node, source, dropped, signer, Encode(Bytes(), LeafIndex{}));
      return WithLeaf(suite, package, octets, signer);
    };
    const auto added = [&](const Bytes& octets) {
      return RawPublic(insider, insider.Content(Proposal{Add{package}}), Encode(package), octets);
    };
    for (const auto& [source, dropped] : kMisfits) {
      scene.Refuses(1, updated(source, dropped), either);
      scene.Refuses(1, added(packaged(source, dropped)), either);
      const auto read = DecodeMessage(
          Encode(ProtocolVersion::mls10, WireFormat::mls_key_package, Encoded{packaged(source, dropped)}),
          {});
      if (read.ok()) continue;  // its signature is refused, as above
      CHECK(read.error() == Error::MALFORMED);
    }
    // With the source that fits, what was made the same way is right.
    scene.Accepts(1, added(packaged(kHonest, 0)));
    scene.Accepts(1, updated(LeafNodeSource::update, sizeof(Lifetime)));
    scene.Commit(0);
    scene.GoesOn();
  }
}

}  // namespace
}  // namespace mls::test
