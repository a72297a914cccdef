// Commits that a member forges: signed and tagged as they should be, and breaking one rule each
// (RFC 9420 §12.2, §12.4.2, §7.3).
#include <functional>

#include "support/change_list.h"
#include "support/company.h"

namespace mls::test {
namespace {

// Traitor is member 0 of a company, who changes its genuine Commits and signs them again. Their confirmation
// tags are no longer right, but every other rule is judged before.
class Traitor {
 public:
  Traitor(const Suite& suite, std::size_t count) : company(suite, count, {Restarts::never, Public(), {}}) {}

  static Policy Public() {
    Policy policy;
    policy.handshake_format = WireFormat::mls_public_message;
    return policy;
  }

  const Suite& suite() { return company[0].suite(); }
  View signer() { return company.client(0).profile.signature_private_key; }

  PublicMessage Genuine(CommitOptions options = {}) {
    const NewCommit commit = company.MakeCommit(0, std::move(options));
    MLSMessage message = Must(DecodeMessage(commit.message, {}));
    company.Apply(0, Must(company[0].RejectCandidate(commit.id)));
    return std::get<PublicMessage>(std::move(message.body));
  }

  static Commit& CommitOf(PublicMessage& message) {
    return std::get<CommitContent>(message.content.body).commit;
  }

  Bytes Sign(PublicMessage message) {
    const Bytes context = Encode(company[0].context());
    AuthenticatedContent content =
        Must(SignContent(suite(), WireFormat::mls_public_message, message.content, signer(), context)).Take();
    content.auth.confirmation_tag = message.auth.confirmation_tag;
    const MemoryRows rows = World::Saved(company[0]);
    Secret membership_key;
    Reader in(*rows.Get(RowKey(RowTag::epoch_secrets, company[0].context().epoch)));
    for (int i = 0; i < 4; ++i) wire::Read(in, membership_key);
    return EncodeMessage(Must(ProtectPublic(suite(), content, membership_key, context)));
  }

  // What member 1 says to a commit that was changed and signed again; it stays as it was.
  Error Refused(PublicMessage message, const std::function<void(Commit&)>& change) {
    change(CommitOf(message));
    const MemoryRows before = World::Saved(company[1]);
    const auto received = company.TryReceive(1, Sign(std::move(message)));
    if (!received.ok()) CHECK(before == World::Saved(company[1]));
    return ErrorOf(received);
  }
  Error RefusedPath(const std::function<void(UpdatePath&)>& change) {
    return Refused(Genuine(), [&](Commit& commit) { change(*commit.path); });
  }
  // The same with the leaf signed again.
  Error RefusedLeaf(const std::function<void(LeafNode&)>& change) {
    return RefusedPath([&](UpdatePath& path) {
      change(path.leaf_node);
      Must(SignLeafNode(suite(), path.leaf_node, signer(), company[0].context().group_id, {0}));
    });
  }
  Error RefusedList(std::vector<ProposalOrRef> list) {
    return Refused(Genuine(), [&](Commit& commit) { commit.proposals = EncodedList<ProposalOrRef>(list); });
  }

  Company company;
};

ProposalOrRef Value(Proposal proposal) { return {ProposalByValue{std::move(proposal)}}; }
ProposalOrRef Reference(const CachedProposalPtr& cached) { return {ProposalByReference{cached->reference}}; }

TEST_CASE("the list of a received commit is judged by every rule") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Traitor traitor(suite, 4);
    Company& company = traitor.company;
    company.Deliver(0, company.ProposeUpdate(0));
    company.Deliver(2, company.ProposeUpdate(2));
    company.ProposeToAll(2, {Remove{{2}}});
    company.ProposeToAll(3, {Remove{{0}}});
    const auto cached = company[1].proposals().in_order();
    const Proposal psk = Must(company[0].MakePsk(ExternalPsk{Bytes{1}}, company.world.env));
    const Proposal extensions{GroupContextExtensions{}};
    const Proposal reinit{ReInit{Bytes(4, 1), ProtocolVersion::mls10, traitor.suite().id, {}}};
    const std::vector<std::vector<ProposalOrRef>> invalid = {
        {Reference(cached[0])},                          // the committer's own Update
        {Value({Update{company[0].tree().Leaf({0})}})},  // the same by value
        {Reference(cached[1]), Reference(cached[1])},    // one proposal twice
        {Reference(cached[1]), Reference(cached[2])},    // Update and Remove of a leaf
        {Reference(cached[1]), Value({Remove{{2}}})},    // the same, one by value
        {Reference(cached[3])},                          // the committer is removed
        {Value({Remove{{0}}})},                          // the same by value
        {Value({Remove{{3}}}), Value({Remove{{3}}})},    // a leaf twice
        {Value(psk), Value(psk)},                        // a PSK twice
        {Value(extensions), Value(extensions)},          // two changes of the extensions
        {Value(reinit), Value({Remove{{3}}})},           // ReInit is alone
        {Value(reinit), Value(reinit)},                  // even from itself
        {Value({ExternalInit{Bytes(32, 1)}})},           // for joiners only
    };
    for (std::size_t i = 0; i < invalid.size(); ++i) {
      CAPTURE(i);
      CHECK(traitor.RefusedList(invalid[i]) == Error::INVALID_PROPOSAL_LIST);
    }
    CHECK(traitor.RefusedList({ProposalOrRef{ProposalByReference{Bytes(32, 1)}}}) == Error::UNKNOWN_PROPOSAL);
    CHECK(traitor.RefusedList({Value({CustomProposal{ProposalType{0xF001}, {}}})}) ==
          Error::UNSUPPORTED_PROPOSAL);
    CHECK(traitor.RefusedList({Value({Remove{{4}}})}) == Error::INVALID_REMOVE);
    company.Commit(1);
    CHECK(company.Agree());
  }
}

TEST_CASE("a path is there when it has to be") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Traitor traitor(suite, 3);
    Company& company = traitor.company;
    company.Deliver(2, company.ProposeUpdate(2));
    const ProposalOrRef update = Reference(company[1].proposals().in_order().at(0));
    const auto without_path = [&](std::vector<ProposalOrRef> list) {
      return traitor.Refused(traitor.Genuine(), [&](Commit& commit) {
        commit.path.reset();
        commit.proposals = EncodedList<ProposalOrRef>(list);
      });
    };
    CHECK(without_path({}) == Error::MISSING_PATH);
    CHECK(without_path({update}) == Error::MISSING_PATH);
    CHECK(without_path({Value({Remove{{2}}})}) == Error::MISSING_PATH);
    CHECK(without_path({Value({GroupContextExtensions{}})}) == Error::MISSING_PATH);
    const NewKeyPackage package =
        company.world.NewKeyPackageOf(company.world.NewClient(traitor.suite(), "newcomer"));
    // An Add alone needs none; the tag is then what is wrong.
    CHECK(without_path({Value({Add{package.key_package}})}) == Error::BAD_CONFIRMATION_TAG);
  }
}

TEST_CASE("the path's leaf is judged by every rule") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Traitor traitor(suite, 3);
    Company& company = traitor.company;
    const auto key_of = [&](std::uint32_t leaf) {
      return ToBytes(company[0].tree().PublicKey(LeafIndex{leaf}));
    };
    CHECK(traitor.RefusedPath([](UpdatePath& path) { path.leaf_node.signature[9] ^= 1; }) ==
          Error::BAD_LEAF_SIGNATURE);
    CHECK(traitor.RefusedLeaf([](LeafNode& leaf) { leaf.leaf_node_source = LeafNodeSource::update; }) ==
          Error::INVALID_LEAF_SOURCE);
    CHECK(traitor.RefusedLeaf([](LeafNode& leaf) { leaf.leaf_node_source = LeafNodeSource::key_package; }) ==
          Error::INVALID_LEAF_SOURCE);
    CHECK(traitor.RefusedLeaf([&](LeafNode& leaf) { leaf.encryption_key = key_of(0); }) ==
          Error::ENCRYPTION_KEY_REUSED);
    CHECK(traitor.RefusedLeaf([&](LeafNode& leaf) { leaf.encryption_key = key_of(2); }) ==
          Error::DUPLICATE_ENCRYPTION_KEY);
    CHECK(traitor.RefusedLeaf([](LeafNode& leaf) { leaf.encryption_key.pop_back(); }) == Error::INVALID_KEY);
    CHECK(traitor.RefusedLeaf([](LeafNode& leaf) { leaf.parent_hash.at(0) ^= 1; }) ==
          Error::PARENT_HASH_MISMATCH);
    CHECK(traitor.RefusedLeaf([](LeafNode& leaf) { leaf.capabilities.cipher_suites.clear(); }) ==
          Error::UNSUPPORTED_CAPABILITY);
    CHECK(traitor.RefusedLeaf([](LeafNode& leaf) { leaf.capabilities.versions.clear(); }) ==
          Error::UNSUPPORTED_CAPABILITY);
    CHECK(traitor.RefusedLeaf([](LeafNode& leaf) {
      leaf.capabilities.credentials = {CredentialType::x509};
    }) == Error::INVALID_LEAF_NODE);
    CHECK(traitor.RefusedLeaf([](LeafNode& leaf) { leaf.extensions = {{ExtensionType{0xF777}, {}}}; }) ==
          Error::INVALID_LEAF_NODE);
    CHECK(traitor.RefusedLeaf([](LeafNode& leaf) {
      leaf.extensions = {{ExtensionType::application_id, {}}, {ExtensionType::application_id, {}}};
    }) == Error::DUPLICATE_EXTENSION);
    CHECK(traitor.RefusedLeaf([](LeafNode& leaf) {
      leaf.extensions = {{ExtensionType::external_pub, {}}};
    }) == Error::INVALID_EXTENSION);
    CHECK(traitor.RefusedLeaf([](LeafNode& leaf) {
      leaf.credential = {OpaqueCredential{CredentialType{99}, {}}};
    }) != Error::INTERNAL);
    // A signature key of another member: the leaf verifies under it, so that member would have to help.
    CHECK(traitor.RefusedPath([&](UpdatePath& path) {
      path.leaf_node.signature_key = company.client(2).profile.signature_key;
      Must(SignLeafNode(suite, path.leaf_node, company.client(2).profile.signature_private_key,
                        company[0].context().group_id, {0}));
    }) == Error::DUPLICATE_SIGNATURE_KEY);
    company.Commit(0);
    CHECK(company.Agree());
  }
}

TEST_CASE("the path's nodes fit the tree, node by node") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Traitor traitor(suite, 4);
    Company& company = traitor.company;
    const auto refused = [&](const std::function<void(UpdatePath&)>& change) {
      return traitor.RefusedPath(change);
    };
    const auto refused_list = [&](std::size_t node,
                                  const std::function<void(std::vector<HPKECiphertext>&)>& change) {
      return refused([&](UpdatePath& path) { ChangeList(path.nodes[node].encrypted_path_secret, change); });
    };
    CHECK(refused([](UpdatePath& path) { path.nodes.pop_back(); }) == Error::INVALID_UPDATE_PATH);
    CHECK(refused([](UpdatePath& path) { path.nodes.push_back(path.nodes.back()); }) ==
          Error::INVALID_UPDATE_PATH);
    CHECK(refused([](UpdatePath& path) { path.nodes.clear(); }) == Error::INVALID_UPDATE_PATH);
    CHECK(refused_list(1, [](auto& list) { list.pop_back(); }) == Error::INVALID_UPDATE_PATH);
    CHECK(refused_list(0, [](auto& list) { list.push_back(list[0]); }) == Error::INVALID_UPDATE_PATH);
    CHECK(refused([](UpdatePath& path) {
            std::swap(path.nodes[0].encryption_key, path.nodes[1].encryption_key);
          }) == Error::PARENT_HASH_MISMATCH);
    CHECK(refused([](UpdatePath& path) { path.nodes[0].encryption_key.pop_back(); }) == Error::INVALID_KEY);
    CHECK(refused([](UpdatePath& path) { path.nodes[1].encryption_key = path.nodes[0].encryption_key; }) ==
          Error::DUPLICATE_ENCRYPTION_KEY);
    CHECK(refused_list(0, [](auto& list) { list[0].ciphertext[3] ^= 1; }) == Error::DECRYPT_FAILED);
    CHECK(refused_list(0, [](auto& list) { list[0].kem_output.pop_back(); }) == Error::DECRYPT_FAILED);
    company.Commit(0);
    CHECK(company.Agree());
  }
}

TEST_CASE("tags of the group: membership and confirmation") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Traitor traitor(suite, 2);
    Company& company = traitor.company;
    const NewCommit commit = company.MakeCommit(0);
    MLSMessage message = Must(DecodeMessage(commit.message, {}));
    auto& framed = std::get<PublicMessage>(message.body);
    const MemoryRows before = World::Saved(company[1]);
    framed.membership_tag[0] ^= 1;
    CHECK(ErrorOf(company.TryReceive(1, Encode(message))) == Error::BAD_MEMBERSHIP_TAG);
    framed.membership_tag.clear();
    CHECK(ErrorOf(company.TryReceive(1, Encode(message))) == Error::BAD_MEMBERSHIP_TAG);
    framed.auth.confirmation_tag[0] ^= 1;
    CHECK(ErrorOf(company.TryReceive(1, traitor.Sign(framed))) == Error::BAD_CONFIRMATION_TAG);
    framed.auth.confirmation_tag.clear();
    CHECK(ErrorOf(company.TryReceive(1, traitor.Sign(framed))) == Error::BAD_CONFIRMATION_TAG);
    CHECK(before == World::Saved(company[1]));
    company.Receive(1, commit.message);
  }
}

TEST_CASE("lifetimes of Adds are judged on receipt, unless the application says otherwise") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Traitor traitor(suite, 2);
    Company& company = traitor.company;
    const NewKeyPackage package =
        company.world.NewKeyPackageOf(company.world.NewClient(traitor.suite(), "newcomer"));
    const NewCommit commit = company.MakeCommit(0, Proposing({Add{package.key_package}}));
    const std::uint64_t now = company.world.env.now;
    company.world.env.now = kLifetime.not_after + 1;
    CHECK(ErrorOf(company.TryReceive(1, commit.message)) == Error::EXPIRED);
    company.world.env.now = kLifetime.not_before - 1;
    CHECK(ErrorOf(company.TryReceive(1, commit.message)) == Error::NOT_YET_VALID);
    Policy tolerant = Traitor::Public();
    tolerant.lifetimes = Policy::Lifetimes::ignore;
    company[1].SetPolicy(tolerant);
    company.Receive(1, commit.message);
    company.world.env.now = now;
    company.Accept(0, commit.id);
    CHECK(company.Agree());
  }
}

}  // namespace
}  // namespace mls::test
