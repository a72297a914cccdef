// RFC 9420 §7.3: a leaf says how it came, and brings a new key.
#include "kit/bad_leaves.h"

namespace mls::test {
namespace {

constexpr Route kPackages[] = {Route::own_add, Route::proposed_add, Route::committed_add};
constexpr Route kUpdates[] = {Route::update};
constexpr Route kPaths[] = {Route::path, Route::joining_path};

// Claiming another source, with what belongs to that source.
LeafForgery Claiming(LeafNodeSource source) {
  LeafForgery forgery;
  forgery.leaf = [source](LeafNode& leaf) {
    leaf.leaf_node_source = source;
    if (source == LeafNodeSource::key_package) leaf.lifetime = kLifetime;
  };
  return forgery;
}

TEST_CASE("R7.3-13: leaf in KeyPackage has source key_package") {
  for (const Suite& suite : AllSuites()) {
    for (const LeafNodeSource source : {LeafNodeSource::update, LeafNodeSource::commit}) {
      CheckRoutes(suite, kPackages, Claiming(source), Error::INVALID_LEAF_SOURCE);
    }
  }
}

TEST_CASE("R7.3-14: leaf in Update has source update") {
  for (const Suite& suite : AllSuites()) {
    for (const LeafNodeSource source : {LeafNodeSource::key_package, LeafNodeSource::commit}) {
      CheckRoutes(suite, kUpdates, Claiming(source), Error::INVALID_LEAF_SOURCE);
    }
  }
}

TEST_CASE("R7.3-16: leaf in UpdatePath has source commit") {
  for (const Suite& suite : AllSuites()) {
    for (const LeafNodeSource source : {LeafNodeSource::key_package, LeafNodeSource::update}) {
      CheckRoutes(suite, kPaths, Claiming(source), Error::INVALID_LEAF_SOURCE);
    }
  }
}

TEST_CASE("R7.3-15: Update has a new encryption_key") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    const Insider insider(scene, 2);
    LeafNode leaf = scene[2].tree().Leaf(insider.self);
    leaf.leaf_node_source = LeafNodeSource::update;
    Must(SignLeafNode(suite, leaf, insider.signer, scene[0].context().group_id, insider.self));
    scene.Refuses(1, insider.Public(Proposal{Update{leaf}}), Error::ENCRYPTION_KEY_REUSED);
    leaf.capabilities.proposals.push_back(ProposalType{0x7777});  // other news is not enough
    Must(SignLeafNode(suite, leaf, insider.signer, scene[0].context().group_id, insider.self));
    scene.Refuses(1, insider.Public(Proposal{Update{leaf}}), Error::ENCRYPTION_KEY_REUSED);
    scene.GoesOn();
  }
}

}  // namespace
}  // namespace mls::test
