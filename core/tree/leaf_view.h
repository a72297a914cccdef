// LeafNodeView: a LeafNode read in place (RFC 9420 §7.2), for what looks at every member and should not copy.
//
// The fields are those of LeafNode; lists stay encoded. It does not look inside lists, credentials and
// extensions: only bytes that once decoded as a LeafNode are a LeafNode.
#pragma once

#include "tree/leaf_node.h"

namespace mls {

struct LeafNodeView {
  View encryption_key;
  View signature_key;
  CredentialType credential_type = CredentialType::reserved;
  View credential;  // content of the credential's one vector
  View versions;    // this and the next four: 16-bit values
  View cipher_suites;
  View extension_types;
  View proposal_types;
  View credential_types;
  LeafNodeSource leaf_node_source = LeafNodeSource::key_package;
  Lifetime lifetime;
  View parent_hash;  // empty unless the source is commit
  View extensions;
  View signature;
  static constexpr auto kWire =
      Fields(&LeafNodeView::encryption_key, &LeafNodeView::signature_key, &LeafNodeView::credential_type,
             &LeafNodeView::credential, &LeafNodeView::versions, &LeafNodeView::cipher_suites,
             &LeafNodeView::extension_types, &LeafNodeView::proposal_types, &LeafNodeView::credential_types,
             &LeafNodeView::leaf_node_source,
             When(&LeafNodeView::leaf_node_source, LeafNodeSource::key_package, &LeafNodeView::lifetime),
             When(&LeafNodeView::leaf_node_source, LeafNodeSource::commit, &LeafNodeView::parent_hash),
             &LeafNodeView::extensions, &LeafNodeView::signature);
};

// ViewLeafNode reads an encoded LeafNode that is known to be one.
inline LeafNodeView ViewLeafNode(View encoded) {
  Reader in(encoded);
  LeafNodeView leaf;
  wire::Read(in, leaf);
  return leaf;
}

}  // namespace mls
