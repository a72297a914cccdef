#include "tree/leaf_view.h"

#include <doctest/doctest.h>

#include "support/random_value.h"

using namespace mls;
using mls::test::SeededRandom;

TEST_CASE("a view of a leaf has the leaf's fields, for every source") {
  SeededRandom random(81);
  for (const LeafNodeSource source :
       {LeafNodeSource::key_package, LeafNodeSource::update, LeafNodeSource::commit}) {
    for (int i = 0; i < 50; ++i) {
      LeafNode leaf = test::RandomValue<LeafNode>(random);
      leaf.leaf_node_source = source;
      if (source != LeafNodeSource::key_package) leaf.lifetime = {};
      if (source != LeafNodeSource::commit) leaf.parent_hash.clear();
      const Bytes encoded = Encode(leaf);
      const LeafNodeView view = ViewLeafNode(encoded);
      CHECK(Equal(view.encryption_key, leaf.encryption_key));
      CHECK(Equal(view.signature_key, leaf.signature_key));
      CHECK(view.credential_type == leaf.credential.type());
      CHECK(view.leaf_node_source == source);
      CHECK(view.lifetime == leaf.lifetime);
      CHECK(Equal(view.parent_hash, leaf.parent_hash));
      CHECK(Equal(view.signature, leaf.signature));
      CHECK(view.versions.size() == 2 * leaf.capabilities.versions.size());
      CHECK(view.cipher_suites.size() == 2 * leaf.capabilities.cipher_suites.size());
      CHECK(view.extension_types.size() == 2 * leaf.capabilities.extensions.size());
      CHECK(view.proposal_types.size() == 2 * leaf.capabilities.proposals.size());
      CHECK(view.credential_types.size() == 2 * leaf.capabilities.credentials.size());
      Reader types(view.extension_types);
      for (const ExtensionType type : leaf.capabilities.extensions) {
        CHECK(types.Uint<std::uint16_t>() == static_cast<std::uint16_t>(type));
      }
      CHECK(Encode(view) == encoded);  // nothing is lost on the way
    }
  }
}

TEST_CASE("a view points into the bytes that it was given") {
  SeededRandom random(82);
  const LeafNode leaf = test::RandomValue<LeafNode>(random);
  const Bytes encoded = Encode(leaf);
  const LeafNodeView view = ViewLeafNode(encoded);
  CHECK(view.signature.data() >= encoded.data());
  CHECK(view.signature.data() + view.signature.size() == encoded.data() + encoded.size());
}
