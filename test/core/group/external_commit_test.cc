// Joining by external Commit (RFC 9420 §12.4.3.2), seen from the joiner and from the members.
#include "support/change_list.h"
#include "support/company.h"

namespace mls::test {
namespace {

TEST_CASE("a client joins by external Commit") {
  ForEverySuite([](const Suite& suite, Restarts restarts) {
    Company company(suite, 3, restarts);
    const Client client = company.world.NewClient(suite, "joiner");
    ExternalJoinOptions options;
    options.authenticated_data = {1, 2};
    ExternalJoin join = Must(company.TryJoinByCommit(client, company.Info(1), std::move(options)));
    CHECK(company.asked.size() == 3);
    const std::size_t joiner = company.Enter(client, std::move(*join.group));
    const Env& env = company.world.env;

    // Until the Commit is accepted, nothing can be done with the group.
    Group& joining = company[joiner];
    CHECK(joining.phase() == Phase::joining);
    CHECK(ErrorOf(joining.Protect({}, {}, env)) == Error::MISUSE);
    CHECK(ErrorOf(joining.StageCommit({}, env)) == Error::MISUSE);
    CHECK(ErrorOf(joining.Stage(join.message, env)) == Error::MISUSE);
    CHECK(ErrorOf(joining.MakeGroupInfo({}, env)) == Error::MISUSE);

    for (std::size_t i = 0; i < 3; ++i) {
      const auto received = std::get<ReceivedCommit>(company.Receive(i, join.message));
      CHECK(received.sender_type == SenderType::new_member_commit);
      CHECK(received.committer == LeafIndex{3});
      CHECK(received.authenticated_data == Bytes{1, 2});
      CHECK(received.added.empty());
      REQUIRE(company.asked.size() == 1);
      CHECK(company.asked[0].role == CredentialRole::member);
      CHECK(company.asked[0].credential == client.profile.credential);
    }
    company.Apply(joiner, Must(joining.Confirm()));
    CHECK(ErrorOf(company[joiner].Confirm()) == Error::MISUSE);
    company.Chat();
    for (std::size_t i = 0; i < 4; ++i) company.Commit(i);
    company.Chat();
  });
}

TEST_CASE("the tree may come apart, and other members may let the next one in") {
  ForEverySuite([](const Suite& suite, Restarts restarts) {
    Company company(suite, 2, restarts);
    GroupInfoOptions apart;
    apart.tree = CommitOptions::Tree::apart;
    for (std::size_t i = 0; i < 3; ++i) {
      const Client client = company.world.NewClient(suite, "joiner " + std::to_string(i));
      ExternalJoinOptions options;
      options.ratchet_tree = company[i].tracker().EncodeTree();
      const GroupInfo info = company.Info(i, apart);
      CHECK(ErrorOf(company.TryJoinByCommit(client, info)) == Error::MISSING_TREE);
      company.JoinByCommit(client, info, std::move(options));
      company.Chat();
    }
    CHECK(company[0].tree().member_count() == 5);
  });
}

TEST_CASE("a member that lost its state replaces its former leaf") {
  ForEverySuite([](const Suite& suite, Restarts restarts) {
    Company company(suite, 4, restarts);
    const Client& lost = company.client(1);
    ExternalJoinOptions options;
    options.resync = LeafIndex{1};
    const GroupInfo info = company.Info(2);
    CHECK(ErrorOf(company.TryJoinByCommit(lost, info)) == Error::DUPLICATE_SIGNATURE_KEY);
    const std::size_t back = company.JoinByCommit(lost, info, std::move(options));
    CHECK(company[1].phase() == Phase::removed);  // the handle that knew the old epoch
    CHECK(company[back].self() == LeafIndex{1});
    CHECK(company.asked.empty());  // the same credential and key as before
    company.Chat();

    // With a new key and credential the application is asked about the succession.
    const Client renewed = company.world.NewClient(suite, "member 3, renewed");
    ExternalJoinOptions again;
    again.resync = LeafIndex{3};
    ExternalJoin join = Must(company.TryJoinByCommit(renewed, company.Info(0), std::move(again)));
    const auto received = std::get<ReceivedCommit>(company.Receive(0, join.message));
    CHECK(received.removed == std::vector<LeafIndex>{{3}});
    REQUIRE(company.asked.size() == 1);
    CHECK(company.asked[0].role == CredentialRole::successor);
    CHECK(company.asked[0].former == Credential::Basic(AsView("member 3")));
    StagedMessage staged = Must(company[2].Stage(join.message, company.world.env));
    CHECK(ErrorOf(company[2].Complete(std::move(staged), {{Verdict::reject_succession}, {}},
                                      company.world.env)) == Error::CREDENTIAL_SUCCESSION);
  });
}

TEST_CASE("PSKs are injected by a joiner: external ones and one of the group's own epochs") {
  ForEverySuite([](const Suite& suite, Restarts restarts) {
    Company company(suite, 3, restarts);
    company.Commit(0);
    const Client client = company.world.NewClient(suite, "joiner");
    const PreSharedKeyID external{ExternalPsk{Bytes{1}}, company.world.random.Some(suite.Nh)};
    const PreSharedKeyID resumption{
        ResumptionPsk{ResumptionPSKUsage::application, company[0].context().group_id, 1},
        company.world.random.Some(suite.Nh)};
    company.psks[Encode(external.body)] = Bytes(16, 3);
    const auto options = [&] {
      ExternalJoinOptions one;
      one.psks = {external, resumption};
      return one;
    };
    const GroupInfo info = company.Info(0);
    CHECK(ErrorOf(company.TryJoinByCommit(client, info, options())) == Error::MISSING_PSK);
    company.psks[Encode(resumption.body)] = ToBytes(Must(company[0].ResumptionPskOf(1)).view());
    company.JoinByCommit(client, info, options());
    company.Chat();
  });
}

TEST_CASE("a group decides whether it can be joined from outside") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    using Choice = Policy::ExternalCommits;
    for (const Choice choice : {Choice::refuse, Choice::join, Choice::resync}) {
      for (const bool resync : {false, true}) {
        Company company(suite, 3);
        const Client client = company.world.NewClient(suite, "joiner");
        ExternalJoinOptions options;
        if (resync) options.resync = LeafIndex{1};
        const ExternalJoin join = Must(company.TryJoinByCommit(client, company.Info(0), std::move(options)));
        Policy policy;
        policy.external_commits = choice;
        company[2].SetPolicy(policy);
        const MemoryRows before = World::Saved(company[2]);
        const auto received = company.TryReceive(2, join.message);
        const bool allowed = choice == Choice::resync || (choice == Choice::join && !resync);
        CHECK(received.ok() == allowed);
        if (!allowed) CHECK(ErrorOf(received) == Error::POLICY);
        if (!allowed) CHECK(before == World::Saved(company[2]));
      }
    }
  }
}

TEST_CASE("what a joiner is given must be whole and genuine") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Company company(suite, 3);
    const Client client = company.world.NewClient(suite, "joiner");
    const auto refused = [&](const GroupInfo& info, Bytes tree = {}) {
      ExternalJoinOptions options;
      options.ratchet_tree = std::move(tree);
      return ErrorOf(company.TryJoinByCommit(client, info, std::move(options)));
    };
    GroupInfoOptions closed;
    closed.external_pub = CommitOptions::ExternalPub::leave_out;
    CHECK(refused(company.Info(0, closed)) == Error::MISSING_EXTERNAL_PUB);
    GroupInfoOptions apart;
    apart.tree = CommitOptions::Tree::apart;
    const GroupInfo bare = company.Info(0, apart);
    const Bytes old_tree = company[0].tracker().EncodeTree();
    company.Commit(0);
    CHECK(refused(company.Info(0, apart), old_tree) == Error::TREE_HASH_MISMATCH);
    CHECK(refused(company.Info(0), old_tree) == Error::TREE_HASH_MISMATCH);
    CHECK(refused(company.Info(0, apart), Bytes{1, 2, 3}) == Error::MALFORMED);
    GroupInfo spoilt = company.Info(0);
    spoilt.group_context.epoch += 1;
    CHECK(refused(spoilt) == Error::BAD_SIGNATURE);
    spoilt = company.Info(0);
    spoilt.signer = LeafIndex{7};
    CHECK(refused(spoilt) == Error::UNKNOWN_SENDER);
    spoilt = company.Info(0);
    spoilt.group_context.cipher_suite = CipherSuite{0x7777};
    CHECK(refused(spoilt) == Error::UNSUPPORTED_CIPHERSUITE);
    spoilt = company.Info(0);
    for (Extension& extension : spoilt.extensions) {
      if (extension.extension_type == ExtensionType::external_pub)
        extension = MakeExtension(ExternalPub{{1}});
    }
    Must(SignGroupInfo(suite, spoilt, company.client(0).profile.signature_private_key));
    CHECK(refused(spoilt) == Error::INVALID_KEY);
    // An old GroupInfo leads to a Commit that comes too late.
    ExternalJoinOptions old;
    old.ratchet_tree = old_tree;
    const ExternalJoin late = Must(company.TryJoinByCommit(client, bare, std::move(old)));
    CHECK(ErrorOf(company.TryReceive(1, late.message)) == Error::WRONG_EPOCH);
  }
}

TEST_CASE("an external Commit ends the epoch for candidates and cached proposals") {
  ForEverySuite([](const Suite& suite, Restarts restarts) {
    Company company(suite, 3, restarts);
    company.Deliver(1, company.ProposeUpdate(1));
    const NewCommit lost = company.MakeCommit(0);
    const Client client = company.world.NewClient(suite, "joiner");
    company.JoinByCommit(client, company.Info(0));
    CHECK(ErrorOf(company[0].AcceptCandidate(lost.id, company.world.env)) == Error::STALE_CANDIDATE);
    CHECK(company[2].proposals().empty());
    company.Chat();
  });
}

// Forge changes an external Commit and signs it again with the joiner's key; its confirmation tag is no
// longer right, but all else is judged before.
template <class Change>
Bytes Forge(Company& company, const Client& client, View genuine, Change change) {
  const Suite& suite = *client.suite;
  const MLSMessage message = Must(DecodeMessage(genuine, {}));
  const auto& framed = std::get<PublicMessage>(message.body);
  FramedContent content = framed.content;
  change(std::get<CommitContent>(content.body).commit);
  AuthenticatedContent signed_content =
      Must(SignContent(suite, WireFormat::mls_public_message, std::move(content),
                       client.profile.signature_private_key, Encode(company[0].context())))
          .Take();
  signed_content.auth.confirmation_tag = framed.auth.confirmation_tag;
  return EncodeMessage(Must(ProtectPublic(suite, signed_content, {}, {})));
}
// SetInit replaces the kem_output of the ExternalInit, which comes first.
void SetInit(Commit& commit, Bytes kem_output) {
  ChangeList<ProposalOrRef>(commit.proposals, [&](std::vector<ProposalOrRef>& list) {
    std::get<ProposalByValue>(list.at(0).body).proposal = {ExternalInit{std::move(kem_output)}};
  });
}
Bytes ForgeList(Company& company, const Client& client, View genuine, std::vector<ProposalOrRef> list) {
  return Forge(company, client, genuine,
               [&](Commit& commit) { commit.proposals = EncodedList<ProposalOrRef>(list); });
}

TEST_CASE("an external Commit's path, signature and init secret are the joiner's own") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Company company(suite, 3);
    const Client client = company.world.NewClient(suite, "joiner");
    ExternalJoinOptions options;
    options.resync = LeafIndex{1};
    const ExternalJoin join = Must(company.TryJoinByCommit(client, company.Info(0), std::move(options)));
    const MemoryRows before = World::Saved(company[0]);
    const auto refused = [&](const Client& by, auto change) {
      return ErrorOf(company.TryReceive(0, Forge(company, by, join.message, change)));
    };
    CHECK(refused(client, [](Commit& commit) { commit.path.reset(); }) == Error::MISSING_PATH);
    CHECK(refused(company.client(1), [](Commit&) {}) == Error::BAD_SIGNATURE);
    CHECK(refused(client, [&](Commit& commit) {
            LeafNode& leaf = commit.path->leaf_node;
            leaf.encryption_key = ToBytes(company[0].tree().PublicKey(LeafIndex{1}));
            Must(SignLeafNode(suite, leaf, client.profile.signature_private_key,
                              company[0].context().group_id, {1}));
          }) == Error::ENCRYPTION_KEY_REUSED);
    CHECK(refused(client, [&](Commit& commit) {  // signed for another place in the tree
            Must(SignLeafNode(suite, commit.path->leaf_node, client.profile.signature_private_key,
                              company[0].context().group_id, {3}));
          }) == Error::BAD_LEAF_SIGNATURE);
    CHECK(refused(client, [&](Commit& commit) {
            const Secret any(suite.Nh);
            const HpkeKeyPair external = Must(ExternalKeyPair(suite, any));
            SetInit(commit,
                    Must(SendExternalInit(suite, external.public_key, company.world.random)).kem_output);
          }) == Error::BAD_CONFIRMATION_TAG);
    CHECK(refused(client, [&](Commit& commit) { SetInit(commit, Bytes(3, 1)); }) ==
          Error::INVALID_EXTERNAL_INIT);
    CHECK(before == World::Saved(company[0]));
    company.Receive(0, join.message);
  }
}

TEST_CASE("an external Commit holds one ExternalInit, at most one Remove, PSKs, and nothing else") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Company company(suite, 4);
    const Client client = company.world.NewClient(suite, "joiner");
    const ExternalJoin join = Must(company.TryJoinByCommit(client, company.Info(0)));
    const MLSMessage message = Must(DecodeMessage(join.message, {}));
    const ProposalOrRef init = std::get<PublicMessage>(message.body).content.commit()->proposals[0];
    const auto by_value = [](Proposal proposal) {
      return ProposalOrRef{ProposalByValue{std::move(proposal)}};
    };
    company.Deliver(2, company.Propose(2, {Remove{{1}}}));
    const Bytes reference = company[0].proposals().in_order().at(0)->reference;
    const Client other = company.world.NewClient(suite, "other");
    const std::vector<std::vector<ProposalOrRef>> lists = {
        {},
        {init, init},
        {by_value({Remove{{1}}})},
        {init, by_value({Remove{{1}}}), by_value({Remove{{2}}})},
        {init, by_value({Add{company.world.NewKeyPackageOf(other).key_package}})},
        {init, by_value({GroupContextExtensions{}})},
        {init, ProposalOrRef{ProposalByReference{reference}}},
    };
    const MemoryRows before = World::Saved(company[0]);
    for (const auto& list : lists) {
      const Bytes forged = ForgeList(company, client, join.message, list);
      CHECK(ErrorOf(company.TryReceive(0, forged)) == Error::INVALID_PROPOSAL_LIST);
    }
    CHECK(ErrorOf(company.TryReceive(
              0, ForgeList(company, client, join.message, {init, by_value({Remove{{9}}})}))) ==
          Error::INVALID_REMOVE);
    CHECK(before == World::Saved(company[0]));
    company.Receive(0, join.message);
  }
}

TEST_CASE("a joiner must support what the group uses") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    constexpr ExtensionType kExtension{0xF456};
    Company company(suite, 1);
    CommitOptions options = Proposing({GroupContextExtensions{{{kExtension, {}}}}});
    options.leaf.capabilities = company.client(0).profile.capabilities;
    options.leaf.capabilities->extensions.push_back(kExtension);
    CommitOptions able;
    able.leaf.capabilities = options.leaf.capabilities;
    company.Commit(0, std::move(able));
    company.Commit(0, std::move(options));
    Client client = company.world.NewClient(suite, "joiner");
    CHECK(ErrorOf(company.TryJoinByCommit(client, company.Info(0))) == Error::UNSUPPORTED_EXTENSION);
    client.profile.capabilities.extensions.push_back(kExtension);
    company.JoinByCommit(client, company.Info(0));
    company.Chat();
  }
}

}  // namespace
}  // namespace mls::test
