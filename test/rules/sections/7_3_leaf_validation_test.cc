// RFC 9420 §7.3: leaf node validation.
#include "kit/leaf_routes.h"

namespace mls::test {
namespace {

constexpr ExtensionType kUnlisted{0xF001};

TEST_CASE("R7.3-02: leaf signature valid with signature_key") {
  for (const Suite& suite : AllSuites()) {
    World world(7);
    const Secret other = Must(GenerateSignatureKeyPair(suite, world.random)).private_key;
    LeafForgery by_another;
    by_another.signer = &other;
    CheckRoutes(suite, kAllRoutes, by_another, Error::BAD_LEAF_SIGNATURE);
    LeafForgery empty;
    empty.signed_leaf = [](LeafNode& leaf) { leaf.signature.clear(); };
    CheckRoutes(suite, kAllRoutes, empty, Error::BAD_LEAF_SIGNATURE);
    LeafForgery flipped;
    flipped.signed_leaf = [](LeafNode& leaf) { leaf.signature.back() ^= 1; };
    CheckRoutes(suite, kAllRoutes, flipped, Error::BAD_LEAF_SIGNATURE);
  }
}

TEST_CASE("R7.3-12: each leaf extension id is in the leaf's own capabilities") {
  for (const Suite& suite : AllSuites()) {
    for (const ExtensionType type : {kUnlisted, ExtensionType{0x1A1A}}) {
      LeafForgery forgery;
      forgery.leaf = [&](LeafNode& leaf) {
        std::erase(leaf.capabilities.extensions, type);
        leaf.extensions.push_back({type, {}});
      };
      CheckRoutes(suite, kAllRoutes, forgery, Error::INVALID_LEAF_NODE);
    }
  }
}

}  // namespace
}  // namespace mls::test
