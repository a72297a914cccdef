// RFC 9420 §12.4.2: the list of a Commit, its PSKs and its path.
#include "kit/forged_commit.h"
#include "kit/leaf_routes.h"

namespace mls::test {
namespace {

CommitForgery Listing(std::vector<ProposalOrRef> list) {
  CommitForgery forgery;
  forgery.proposals = std::move(list);
  return forgery;
}

TEST_CASE("R12.4.2-06: the list of proposals is valid") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 4);
    scene.Deliver(2, scene.ProposeUpdate(2));
    const ProposalOrRef own_update = ReferenceToNewest(scene, 1);
    scene.Deliver(3, scene.ProposeUpdate(3));
    const ProposalOrRef update = ReferenceToNewest(scene, 1);
    scene.ProposeToAll(3, {Remove{{2}}});
    const ProposalOrRef removes_committer = ReferenceToNewest(scene, 1);
    const Insider insider(scene, 2);
    const Proposal psk = Must(scene[2].MakePsk(ExternalPsk{Bytes{1}}, scene.world.env));
    scene.psks[Encode(psk.As<PreSharedKey>()->psk.body)] = Bytes(16, 1);
    const Proposal extensions{GroupContextExtensions{}};
    const Proposal reinit{ReInit{Bytes(4, 1), ProtocolVersion::mls10, suite.id, {}}};
    const NewKeyPackage package = scene.world.NewKeyPackageOf(scene.world.NewClient(suite, "newcomer"));
    const Proposal add{Add{package.key_package}};
    const std::vector<std::vector<ProposalOrRef>> invalid = {
        {own_update},
        {update, update},
        {update, Value({Remove{{3}}})},
        {removes_committer},
        {Value({Remove{{2}}})},
        {Value({Remove{{3}}}), Value({Remove{{3}}})},
        {Value(add), Value(add)},
        {Value(psk), Value(psk)},
        {Value(extensions), Value(extensions)},
        {Value(reinit), Value({Remove{{3}}})},
        {Value(reinit), Value(reinit)},
        {Value({ExternalInit{Bytes(suite.Npk, 1)}})},
    };
    for (std::size_t i = 0; i < invalid.size(); ++i) {
      CAPTURE(i);
      scene.Refuses(1, ForgeCommit(insider, Listing(invalid[i])).message, Error::INVALID_PROPOSAL_LIST);
    }
    scene.Refuses(1, ForgeCommit(insider, Listing({Reference(Bytes(suite.Nh, 1))})).message,
                  Error::UNKNOWN_PROPOSAL);
    scene.Refuses(1, ForgeCommit(insider, Listing({Value({Remove{{4}}})})).message, Error::INVALID_REMOVE);
    const Bytes honest = ForgeCommit(insider, Listing({update, Value(psk), Value(extensions)})).message;
    scene.Accepts(1, honest);
    scene.Accepts(0, honest);
    CHECK(World::Agree(scene[0], scene[1]));
  }
}

TEST_CASE("R12.4.2-07: all PSKs are available") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    const Insider insider(scene, 2);
    const Bytes nonce = scene.world.random.Some(suite.Nh);
    const Bytes group_id = scene[0].context().group_id;
    const PreSharedKeyID held{ExternalPsk{{1}}, nonce};
    scene.psks[Encode(held.body)] = Bytes(16, 1);
    const auto resumption = [&](Bytes id, std::uint64_t epoch) {
      return PreSharedKeyID{ResumptionPsk{ResumptionPSKUsage::application, std::move(id), epoch}, nonce};
    };
    const std::vector<PreSharedKeyID> unknown = {
        {ExternalPsk{{2}}, nonce},
        {ExternalPsk{{}}, nonce},
        resumption(group_id, scene[0].context().epoch + 1),
        resumption(group_id, 0),  // before the receiver joined
        resumption({9, 9}, 1),
    };
    for (const PreSharedKeyID& id : unknown) {
      for (const auto& list : {std::vector<ProposalOrRef>{Value({PreSharedKey{id}})},
                               {Value({PreSharedKey{held}}), Value({PreSharedKey{id}})}}) {
        scene.Refuses(1, ForgeCommit(insider, Listing(list)).message, Error::MISSING_PSK);
      }
    }
    const Bytes honest = ForgeCommit(insider, Listing({Value({PreSharedKey{held}})})).message;
    scene.Accepts(1, honest);
    scene.Accepts(0, honest);
    CHECK(World::Agree(scene[0], scene[1]));
  }
}

TEST_CASE("R12.4.2-08: a path is there when it has to be") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 4);
    scene.Deliver(3, scene.ProposeUpdate(3));
    const ProposalOrRef update = ReferenceToNewest(scene, 1);
    const NewKeyPackage package = scene.world.NewKeyPackageOf(scene.world.NewClient(suite, "newcomer"));
    const ProposalOrRef add = Value({Add{package.key_package}});
    const Insider insider(scene, 2);
    const auto without_path = [&](std::vector<ProposalOrRef> list) {
      CommitForgery forgery = Listing(std::move(list));
      forgery.path_is = CommitForgery::Path::without;
      return ForgeCommit(insider, forgery).message;
    };
    const std::vector<std::vector<ProposalOrRef>> lists = {
        {},
        {update},
        {Value({Remove{{3}}})},
        {Value({GroupContextExtensions{}})},
        {add, update},
        {add, Value({Remove{{3}}})},
    };
    for (std::size_t i = 0; i < lists.size(); ++i) {
      CAPTURE(i);
      scene.Refuses(1, without_path(lists[i]), Error::MISSING_PATH);
    }
    const Bytes honest = without_path({add});
    scene.Accepts(1, honest);
    scene.Accepts(0, honest);
    CHECK(World::Agree(scene[0], scene[1]));
  }
}

TEST_CASE("R12.4.2-09: the path's leaf is valid, and says that it came by a Commit") {
  struct Case {
    std::function<void(LeafNode&)> change;
    Error expected;
  };
  constexpr ExtensionType kUnlisted{0xF001};
  const std::vector<Case> cases = {
      {[](LeafNode& leaf) { leaf.leaf_node_source = LeafNodeSource::update; }, Error::INVALID_LEAF_SOURCE},
      {[](LeafNode& leaf) {
         leaf.leaf_node_source = LeafNodeSource::key_package;
         leaf.lifetime = kLifetime;
       },
       Error::INVALID_LEAF_SOURCE},
      {[](LeafNode& leaf) { leaf.capabilities.versions = {ProtocolVersion{2}}; },
       Error::UNSUPPORTED_CAPABILITY},
      {[](LeafNode& leaf) { leaf.capabilities.cipher_suites.clear(); }, Error::UNSUPPORTED_CAPABILITY},
      {[](LeafNode& leaf) { leaf.capabilities.credentials = {CredentialType::x509}; },
       Error::INVALID_LEAF_NODE},
      {[](LeafNode& leaf) { leaf.extensions = {{kUnlisted, {}}}; }, Error::INVALID_LEAF_NODE},
      {[](LeafNode& leaf) {
         leaf.extensions = {{ExtensionType::application_id, {}}, {ExtensionType::application_id, {1}}};
       },
       Error::DUPLICATE_EXTENSION},
      {[](LeafNode& leaf) { leaf.encryption_key.pop_back(); }, Error::INVALID_KEY},
  };
  constexpr Route kPaths[] = {Route::path, Route::joining_path};
  for (const Suite& suite : AllSuites()) {
    for (std::size_t i = 0; i < cases.size(); ++i) {
      CAPTURE(i);
      LeafForgery forgery;
      forgery.leaf = cases[i].change;
      CheckRoutes(suite, kPaths, forgery, cases[i].expected);
    }
    LeafForgery signature;
    signature.signed_leaf = [](LeafNode& leaf) { leaf.signature.back() ^= 1; };
    CheckRoutes(suite, kPaths, signature, Error::BAD_LEAF_SIGNATURE);
  }
}

TEST_CASE("R12.4.2-10: the path's leaf has a new encryption key") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    const Insider insider(scene, 2);
    CommitForgery forgery;
    forgery.leaf = [&](LeafNode& leaf) {
      leaf.encryption_key = ToBytes(scene[0].tree().PublicKey(insider.self));
    };
    scene.Refuses(1, ForgeCommit(insider, forgery).message, Error::ENCRYPTION_KEY_REUSED);
    // A member that comes back from outside.
    const Client& lost = scene.client(2);
    forgery.proposals = {Value({Remove{insider.self}})};
    scene.Refuses(1, ForgeExternalCommit(Insider(scene, 0), lost, forgery).message,
                  Error::ENCRYPTION_KEY_REUSED);
    scene.GoesOn();
  }
}

TEST_CASE("R12.4.2-11: no key of the path is in the new tree") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 4);
    for (const std::size_t committer : {2u, 0u, 3u}) scene.Commit(committer);
    const Insider insider(scene, 2);
    const RatchetTree& tree = scene[0].tree();
    const NewKeyPackage package = scene.world.NewKeyPackageOf(scene.world.NewClient(suite, "newcomer"));
    const auto key_of = [&](NodeIndex node) {
      REQUIRE(!tree.IsBlank(node));
      return ToBytes(tree.PublicKey(node));
    };
    const std::vector<Bytes> taken = {
        key_of(LeafIndex{0}), key_of(LeafIndex{1}),
        key_of(LeafIndex{3}),
        key_of(NodeIndex(1)),  // a parent of others
        key_of(NodeIndex(5)),  // the committer's own parents, which the path is about to replace
        key_of(NodeIndex(3)), package.key_package.leaf_node.encryption_key};
    for (std::size_t i = 0; i < taken.size(); ++i) {
      CAPTURE(i);
      CommitForgery forgery = Listing({Value({Add{package.key_package}})});
      // Of the lowest node, whose secret the receiver never sees.
      forgery.public_keys = [&](std::vector<Bytes>& keys) { keys.at(0) = taken[i]; };
      scene.Refuses(1, ForgeCommit(insider, forgery).message, Error::DUPLICATE_ENCRYPTION_KEY);
      forgery.public_keys = {};
      forgery.leaf = [&](LeafNode& leaf) { leaf.encryption_key = taken[i]; };
      scene.Refuses(1, ForgeCommit(insider, forgery).message, Error::DUPLICATE_ENCRYPTION_KEY);
    }
    scene.GoesOn();
  }
}

TEST_CASE("R12.4.2-12: the keys of a path differ from each other") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 4);
    const Insider insider(scene, 2);
    for (const std::size_t node : {0u, 1u}) {
      std::vector<Bytes> path;
      CommitForgery forgery;
      forgery.public_keys = [&](std::vector<Bytes>& keys) { path = keys; };
      forgery.leaf = [&](LeafNode& leaf) { leaf.encryption_key = path.at(node); };
      scene.Refuses(1, ForgeCommit(insider, forgery).message, Error::DUPLICATE_ENCRYPTION_KEY);
      CHECK(path.size() == 2);
    }
    CommitForgery twice;
    twice.public_keys = [](std::vector<Bytes>& keys) { keys.at(0) = keys.at(1); };
    scene.Refuses(1, ForgeCommit(insider, twice).message, Error::DUPLICATE_ENCRYPTION_KEY);
    scene.GoesOn();
  }
}

}  // namespace
}  // namespace mls::test
