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
// or goes.
Bytes AsSource(const LeafNode& leaf, LeafNodeSource source, std::size_t dropped) {
  const Bytes encoded = Encode(leaf);
  const std::size_t at =
      Encode(leaf.encryption_key, leaf.signature_key, leaf.credential, leaf.capabilities).size();
  Bytes changed(encoded.begin(), encoded.begin() + static_cast<std::ptrdiff_t>(at));
  changed.push_back(static_cast<std::uint8_t>(source));
  changed.insert(changed.end(), encoded.begin() + static_cast<std::ptrdiff_t>(at + 1 + dropped),
                 encoded.end());
  return changed;
}

TEST_CASE("R7.2-11: fields fit the source") {
  const std::vector<Error> either = {Error::MALFORMED, Error::BAD_LEAF_SIGNATURE, Error::BAD_SIGNATURE};
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Recruiting scene(suite);
    const Insider insider(scene, 2);
    LeafNode leaf = scene[2].tree().Leaf(insider.self);
    REQUIRE(leaf.leaf_node_source == LeafNodeSource::key_package);
    const Bytes honest = Encode(leaf);
    const Bytes forged[] = {
        AsSource(leaf, LeafNodeSource::commit, sizeof(Lifetime)),  // no parent_hash
        AsSource(leaf, LeafNodeSource::update, 0),                 // a Lifetime after source update
        AsSource(leaf, LeafNodeSource::commit, 0),                 // and after source commit
        AsSource(scene[2].tree().Leaf(insider.self), LeafNodeSource::key_package, sizeof(Lifetime))};
    for (const Bytes& octets : forged) {
      REQUIRE(octets != honest);
      const Bytes message = RawPublic(insider, insider.Content(Proposal{Update{leaf}}), honest, octets);
      scene.Refuses(1, message, either);
      const KeyPackage package = scene.Forge(PackageForgery{});
      const Bytes whole = EncodeMessage(KeyPackageMessage{package});
      const Bytes inner = Encode(package.leaf_node);
      const Bytes changed = Replaced(whole, inner, octets);
      const auto read = DecodeMessage(changed, {});
      CAPTURE(Scene::Name(read));
      if (read.ok()) {
        const auto& as = std::get<KeyPackageMessage>(read->body).key_package;
        CHECK_FALSE(VerifyKeyPackageSignatures(suite, as).ok());
      } else {
        CHECK(read.error() == Error::MALFORMED);
      }
    }
    scene.GoesOn();
  }
}

}  // namespace
}  // namespace mls::test
