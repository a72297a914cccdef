// RFC 9420 §12.4.3.1: the GroupInfo of a Welcome, the tree's hash, and our own leaf in the tree.
#include "kit/invitation.h"

namespace mls::test {
namespace {

// Lean commits have no path: a tree of leaves alone has no parent hash that the change of a leaf would spoil.
CommitOptions Lean() {
  CommitOptions options;
  options.path = CommitOptions::Path::when_required;
  return options;
}

WelcomeForgery Inside(Hook<GroupInfo> change) {
  WelcomeForgery forgery;
  forgery.info = std::move(change);
  return forgery;
}
WelcomeForgery InTree(Hook<Nodes> change) {
  WelcomeForgery forgery;
  forgery.tree = std::move(change);
  return forgery;
}

Bytes& TreeOf(GroupInfo& info) {
  for (Extension& extension : info.extensions) {
    if (extension.extension_type == ExtensionType::ratchet_tree) return extension.extension_data;
  }
  throw std::runtime_error("no tree");
}

template <class Scenario>
void Invited(Scenario scenario, std::size_t members = 3) {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 1);
    scene.Hire(0, members - 1, Lean());
    Invitation invitation(scene, Lean());
    scenario(suite, invitation);
    invitation.TakesIt();
    scene.GoesOn();
  }
}

TEST_CASE("R12.4.3.1-08: the signature of the GroupInfo") {
  Invited([](const Suite& suite, Invitation& invitation) {
    const auto refused = [&](Hook<GroupInfo> change) {
      WelcomeForgery forgery;
      forgery.signed_info = std::move(change);
      invitation.Refuses(forgery, Error::BAD_SIGNATURE);
    };
    refused([](GroupInfo& info) { info.signature.clear(); });
    refused([](GroupInfo& info) { info.signature.pop_back(); });
    refused([](GroupInfo& info) { info.signature.back() ^= 1; });
    refused([](GroupInfo& info) { info.signature[10] ^= 0x40; });
    const Secret stranger = Must(GenerateSignatureKeyPair(suite, invitation.scene.world.random)).private_key;
    const Secret member = Insider(invitation.scene, 1).signer.Clone();
    for (const Secret* signer : {&stranger, &member}) {
      WelcomeForgery forgery;
      forgery.signer = signer;
      invitation.Refuses(forgery, Error::BAD_SIGNATURE);
    }
  });
}

TEST_CASE("R12.4.3.1-09: the signer's leaf is there") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 5);
    CommitOptions removing = Proposing({Remove{{2}}});
    removing.proposals.push_back({Remove{{3}}});
    scene.Commit(0, std::move(removing));
    Invitation invitation(scene);  // takes the place of 2
    REQUIRE(scene[0].tree().IsBlank(LeafIndex{3}));
    const std::uint32_t width = scene[0].tree().width();
    for (const std::uint32_t signer : {3u, 5u, width - 1, width, width + 1, 0x7FFFFFFFu, 0x80000000u, ~0u}) {
      CAPTURE(signer);
      invitation.Refuses(Inside([&](GroupInfo& info) { info.signer = LeafIndex{signer}; }),
                         Error::UNKNOWN_SENDER);
    }
    invitation.TakesIt();
    scene.GoesOn();
  }
}

TEST_CASE("R12.4.3.1-11: the GroupInfo's suite is the key package's") {
  Invited([](const Suite& suite, Invitation& invitation) {
    std::vector<CipherSuite> others = {CipherSuite{0}, CipherSuite{0x7777}};
    for (const Suite& other : AllSuites()) {
      if (other.id != suite.id) others.push_back(other.id);
    }
    for (const CipherSuite other : others) {
      invitation.Refuses(Inside([&](GroupInfo& info) { info.group_context.cipher_suite = other; }),
                         Error::CIPHERSUITE_MISMATCH);
    }
  });
}

TEST_CASE("R12.4.3.1-12: the tree has the hash that the group agreed on") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 1);
    scene.Hire(0, 2, Lean());
    const Bytes former = scene[0].tracker().EncodeTree();
    Invitation invitation(scene, Lean());
    const auto changed = [&](View tree) {
      Nodes nodes = DecodeNodes(tree);
      LeafAt(nodes, 1).capabilities.extensions.push_back(ExtensionType{0xF001});
      SignLeafAt(scene, nodes, 1, 1);
      return EncodeNodes(nodes);
    };
    // In the extension.
    invitation.Refuses(Inside([&](GroupInfo& info) { TreeOf(info) = changed(TreeOf(info)); }),
                       Error::TREE_HASH_MISMATCH);
    invitation.Refuses(Inside([&](GroupInfo& info) { TreeOf(info) = former; }), Error::TREE_HASH_MISMATCH);
    invitation.Refuses(Inside([](GroupInfo& info) { info.group_context.tree_hash.back() ^= 1; }),
                       Error::TREE_HASH_MISMATCH);
    invitation.Refuses(Inside([](GroupInfo& info) { info.group_context.tree_hash.clear(); }),
                       Error::TREE_HASH_MISMATCH);
    // Out of band.
    const Bytes bare = invitation.Forge(Inside([](GroupInfo& info) { info.extensions.clear(); }));
    const Bytes tree = scene[0].tracker().EncodeTree();
    scene.RefusesJoin(bare, invitation.package, Error::TREE_HASH_MISMATCH, former);
    scene.RefusesJoin(bare, invitation.package, Error::TREE_HASH_MISMATCH, changed(tree));
    scene.Enter(invitation.client, scene.JoinByWelcome(bare, invitation.package, tree));
    scene.GoesOn();
  }
}

TEST_CASE("R12.4.3.1-19: our leaf is in the tree") {
  Invited([](const Suite&, Invitation& invitation) {
    invitation.Refuses(InTree([](Nodes& nodes) {
                         REQUIRE(nodes.size() == 7);
                         nodes.resize(5);  // the last leaf is the newcomer's
                       }),
                       Error::OWN_LEAF_NOT_FOUND);
  });
}

TEST_CASE("R12.4.3.1-20: our leaf is that of the key package, byte by byte") {
  Invited([](const Suite& suite, Invitation& invitation) {
    const auto changed = [&](Hook<LeafNode> change, bool signed_again) {
      return InTree([&invitation, &suite, change, signed_again](Nodes& nodes) {
        LeafNode& leaf = LeafAt(nodes, 3);
        change(leaf);
        if (!signed_again) return;
        Must(SignLeafNode(suite, leaf, invitation.client.profile.signature_private_key, {}, {}));
      });
    };
    const std::vector<Hook<LeafNode>> changes = {
        [](LeafNode& leaf) { leaf.capabilities.extensions.push_back(ExtensionType{0xF001}); },
        [](LeafNode& leaf) { leaf.capabilities.proposals.clear(); },
        [](LeafNode& leaf) { leaf.extensions.push_back({ExtensionType::application_id, {1}}); },
        [](LeafNode& leaf) { leaf.credential = Credential::Basic(AsView("somebody else")); },
        [](LeafNode& leaf) { leaf.lifetime.not_after -= 1; },
    };
    for (std::size_t i = 0; i < changes.size(); ++i) {
      CAPTURE(i);
      invitation.Refuses(changed(changes[i], true), Error::OWN_LEAF_NOT_FOUND);
      invitation.Refuses(changed(changes[i], false), Error::INVALID_TREE);  // as the leaf of anybody else
    }
    // The keys, too, with a leaf that the newcomer never signed.
    const Client other = invitation.scene.world.NewClient(suite, invitation.client.name);
    const NewKeyPackage package = invitation.scene.world.NewKeyPackageOf(other);
    invitation.Refuses(InTree([&](Nodes& nodes) { LeafAt(nodes, 3) = package.key_package.leaf_node; }),
                       Error::OWN_LEAF_NOT_FOUND);
  });
}

TEST_CASE("R12.4.3.1-24: the confirmation tag of the GroupInfo") {
  Invited([](const Suite& suite, Invitation& invitation) {
    const auto wrong = [&](Hook<Bytes> change) {
      WelcomeForgery forgery;  // signed again
      forgery.tag = std::move(change);
      invitation.Refuses(forgery, Error::BAD_CONFIRMATION_TAG);
    };
    for (std::size_t bit = 0; bit < 8u * suite.Nh; bit += 37) {
      wrong([&](Bytes& tag) { tag[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8); });
    }
    wrong([](Bytes& tag) { tag.clear(); });
    wrong([](Bytes& tag) { tag.pop_back(); });
    wrong([](Bytes& tag) { tag.push_back(0); });
    wrong([](Bytes& tag) { std::fill(tag.begin(), tag.end(), std::uint8_t{0}); });
  });
}

}  // namespace
}  // namespace mls::test
