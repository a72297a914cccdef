// Proposals of every type, by value and by reference, and what each does to the group (RFC 9420 §12.1,
// §12.3).
#include "support/company.h"
#include "support/custom_types.h"

namespace mls::test {
namespace {

LeafChange NewIdentity(World& world, const Suite& suite, std::string_view name) {
  LeafChange change;
  change.credential = Credential::Basic(AsView(name));
  change.signature_key = Must(GenerateSignatureKeyPair(suite, world.random));
  return change;
}

// AllowCustom lets everyone of the company support kCustom and kCustomExtension.
void AllowCustom(Company& company) {
  for (std::size_t i = 0; i < company.size(); ++i) {
    CommitOptions options;
    options.leaf.capabilities = company.client(i).profile.capabilities;
    options.leaf.capabilities->proposals.push_back(kCustom);
    options.leaf.capabilities->extensions.push_back(kCustomExtension);
    company.Commit(i, std::move(options));
  }
}

Policy CustomPolicy(CustomProposalType::Path path) {
  Policy policy;
  policy.custom_proposals.push_back({kCustom, path, CustomProposalType::External::refused});
  return policy;
}

TEST_CASE("each type of proposal by reference, committed by another, and by value") {
  ForEverySuite([](const Suite& suite, Restarts restarts) {
    Company company(suite, 4, {restarts, CustomPolicy(CustomProposalType::Path::required), {}});
    AllowCustom(company);
    const PreSharedKeyID psk{ExternalPsk{Bytes{7}}, {}};
    company.psks[Encode(psk.body)] = Bytes(20, 9);
    const auto make = [&](int which) -> Proposal {
      const Client client =
          company.world.NewClient(suite, "new " + std::to_string(company.world.random.Next()));
      switch (which) {
        case 0:
          return {Add{company.world.NewKeyPackageOf(client).key_package}};
        case 1:
          return {Remove{{3}}};
        case 2:
          return Must(company[0].MakePsk(ExternalPsk{Bytes{7}}, company.world.env));
        case 3:
          return {GroupContextExtensions{{{kCustomExtension, Bytes(3, 1)}}}};
        default:
          return {CustomProposal{kCustom, Bytes(5, 2)}};
      }
    };
    for (int which = 0; which < 5; ++which) {
      if (which == 1) continue;
      company.ProposeToAll(1, make(which));
      CHECK(company[2].proposals().in_order().size() == 1);
      company.Commit(2);
      CHECK(company[1].proposals().empty());
      company.Chat();
      if (which == 0) company.Commit(0, Proposing({Remove{{4}}}));  // nobody has its keys
      company.Commit(0, Proposing(make(which)));
      company.Chat();
      if (which == 0) company.Commit(0, Proposing({Remove{{4}}}));
    }
    company.ProposeToAll(1, make(1));
    company.Commit(2);
    CHECK(company[3].phase() == Phase::removed);
    company.Chat();
  });
}

TEST_CASE("an Update is committed by another; the proposer finds its new key") {
  ForEverySuite([](const Suite& suite, Restarts restarts) {
    Company company(suite, 4, restarts);
    const Bytes before = ToBytes(company[0].tree().PublicKey(LeafIndex{1}));
    company.Deliver(1, company.ProposeUpdate(1));
    company.Deliver(3, company.ProposeUpdate(3));
    CHECK(company.asked.empty());  // the credential stays
    company.Commit(2);
    CHECK_FALSE(Equal(company[0].tree().PublicKey(LeafIndex{1}), before));
    company.Chat();
    for (std::size_t i = 0; i < 4; ++i) company.Commit(i);
    company.Chat();
  });
}

TEST_CASE("an Update may change credential and signature key; everyone is asked about the successor") {
  ForEverySuite([](const Suite& suite, Restarts restarts) {
    Company company(suite, 3, restarts);
    LeafChange change = NewIdentity(company.world, suite, "renamed");
    const Bytes new_key = change.signature_key->public_key;
    const Bytes early = company.Send(1, "signed with the old key");
    const Bytes message = company.ProposeUpdate(1, std::move(change));
    for (const std::size_t receiver : {0u, 2u}) {
      company.Receive(receiver, message);
      REQUIRE(company.asked.size() == 1);
      const CredentialQuestion& question = company.asked[0];
      CHECK(question.role == CredentialRole::successor);
      CHECK(question.index == 1);
      CHECK(question.credential == Credential::Basic(AsView("renamed")));
      CHECK(question.former == Credential::Basic(AsView("member 1")));
      CHECK(question.signature_key == new_key);
    }
    const Bytes old_key = ToBytes(company[0].tree().SignatureKey({1}));
    company.Receive(0, early);
    company.Commit(0);
    CHECK(Equal(company[2].tree().SignatureKey({1}), new_key));
    CHECK_FALSE(Equal(old_key, new_key));
    company.Chat();
    company.Commit(1);
    company.Chat();
  });
}

TEST_CASE("a commit's path may change credential, key, capabilities and extensions of its leaf") {
  ForEverySuite([](const Suite& suite, Restarts restarts) {
    Company company(suite, 3, restarts);
    CommitOptions options;
    options.leaf = NewIdentity(company.world, suite, "renamed");
    options.leaf.extensions = Extensions{{ExtensionType::application_id, Bytes{1, 2}}};
    const Client newcomer = company.world.NewClient(suite, "newcomer");
    const NewKeyPackage package = company.world.NewKeyPackageOf(newcomer);
    options.proposals.push_back({Add{package.key_package}});
    const NewCommit commit = company.Commit(1, std::move(options));
    CHECK(company[0].tree().Leaf({1}).extensions.size() == 1);
    const auto successor =
        std::find_if(company.asked.begin(), company.asked.end(), [](const CredentialQuestion& one) {
          return one.role == CredentialRole::successor && one.former == Credential::Basic(AsView("member 1"));
        });
    CHECK(successor != company.asked.end());
    // The GroupInfo in the Welcome is signed with the key of the new epoch.
    company.Enter(newcomer, company.JoinByWelcome(commit.welcomes.at(0).message, package));
    company.Chat();
    company.Commit(1);
    company.Chat();
  });
}

TEST_CASE("an Update of ours that nobody committed is forgotten with its epoch") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Company company(suite, 3, Restarts::always);
    company.ProposeUpdate(1);  // lost on its way
    company.Commit(0);
    CHECK(company[1].proposals().empty());
    company.Chat();
    company.Commit(1);
    company.Chat();
  }
}

TEST_CASE("GroupContextExtensions replace all extensions, and hold for the same commit's Adds") {
  ForEverySuite([](const Suite& suite, Restarts restarts) {
    Company company(suite, 2, {restarts, CustomPolicy(CustomProposalType::Path::required), {}});
    AllowCustom(company);
    const RequiredCapabilities required{{kCustomExtension}, {kCustom}, {CredentialType::basic}};
    const Extensions wanted = {MakeExtension(required), {kCustomExtension, Bytes{1}}};

    Client able = company.world.NewClient(suite, "able");
    able.profile.capabilities.extensions.push_back(kCustomExtension);
    able.profile.capabilities.proposals.push_back(kCustom);
    const NewKeyPackage package = company.world.NewKeyPackageOf(able);
    const NewKeyPackage unable = company.world.NewKeyPackageOf(company.world.NewClient(suite, "unable"));
    const auto adding = [&](const NewKeyPackage& added) {
      CommitOptions options = Proposing({Add{added.key_package}});
      options.proposals.push_back({GroupContextExtensions{wanted}});
      return options;
    };
    const Env& env = company.world.env;
    CHECK(ErrorOf(company[0].StageCommit(adding(unable), env)) == Error::UNSUPPORTED_CAPABILITY);
    const NewCommit commit = company.Commit(0, adding(package));
    company.Enter(able, company.JoinByWelcome(commit.welcomes.at(0).message, package));
    CHECK(company[1].context().extensions == wanted);
    CHECK(company[1].epoch().required == required);
    company.Chat();
    CHECK(ErrorOf(company[0].StageCommit(Proposing({Add{unable.key_package}}), env)) ==
          Error::UNSUPPORTED_CAPABILITY);
    company.Commit(2, Proposing({GroupContextExtensions{}}));
    CHECK(company[1].context().extensions.empty());
    CHECK_FALSE(company[1].epoch().required.has_value());
    company.Chat();
  });
}

TEST_CASE("extensions that a member does not support cannot be set") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Company company(suite, 2);
    const Env& env = company.world.env;
    const auto refused = [&](Extensions extensions) {
      return ErrorOf(company[0].StageCommit(Proposing({GroupContextExtensions{std::move(extensions)}}), env));
    };
    CHECK(refused({{kCustomExtension, {}}}) == Error::UNSUPPORTED_CAPABILITY);
    CHECK(refused({MakeExtension(RequiredCapabilities{{kCustomExtension}, {}, {}})}) ==
          Error::UNSUPPORTED_CAPABILITY);
    CHECK(refused({MakeExtension(RequiredCapabilities{{}, {kCustom}, {}})}) == Error::UNSUPPORTED_CAPABILITY);
    CHECK(refused({MakeExtension(RequiredCapabilities{{}, {}, {CredentialType{77}}})}) ==
          Error::UNSUPPORTED_CAPABILITY);
    CHECK(refused({{ExtensionType::required_capabilities, {1}}}) == Error::MALFORMED);
    CHECK(refused({{ExtensionType::ratchet_tree, {}}}) == Error::INVALID_EXTENSION);
    const Extension twice = MakeExtension(RequiredCapabilities{});
    CHECK(refused({twice, twice}) == Error::DUPLICATE_EXTENSION);
    // Default types are supported by all.
    company.Commit(
        0, Proposing({GroupContextExtensions{{MakeExtension(RequiredCapabilities{
               {ExtensionType::external_senders}, {ProposalType::reinit}, {CredentialType::x509}})}}}));
    company.Chat();
  }
}

TEST_CASE("a group is not founded with extensions that nobody could set") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    World world(1);
    const Client founder = world.NewClient(suite, "founder");
    const auto refused = [&](Extensions extensions) {
      return ErrorOf(Group::Create({&suite, {}, std::move(extensions), {}}, founder.profile, world.env));
    };
    const Extension twice = MakeExtension(RequiredCapabilities{});
    CHECK(refused({twice, twice}) == Error::DUPLICATE_EXTENSION);
    CHECK(refused({{ExtensionType::ratchet_tree, {}}}) == Error::INVALID_EXTENSION);
    CHECK(refused({{ExtensionType::required_capabilities, {1}}}) == Error::MALFORMED);
    CHECK(refused({{ExtensionType::external_senders, {1}}}) == Error::MALFORMED);
    CHECK(refused({MakeExtension(RequiredCapabilities{{kCustomExtension}, {}, {}})}) ==
          Error::UNSUPPORTED_CAPABILITY);
    const ExtensionType grease{
        0x3A3A};  // RFC 9420 §13.5: our capabilities may list it, and we do not have it
    Client client = world.NewClient(suite, "greased");
    client.profile.capabilities.extensions.push_back(grease);
    for (const Extension& one :
         {Extension{grease, {}}, MakeExtension(RequiredCapabilities{{grease}, {}, {}})}) {
      CHECK(ErrorOf(Group::Create({&suite, {}, {one}, {}}, client.profile, world.env)) ==
            Error::UNSUPPORTED_CAPABILITY);
    }
  }
}

TEST_CASE("new external_senders are asked about, known ones are not") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Company company(suite, 2);
    const auto sender = [&](std::string_view name) {
      return ExternalSender{Must(GenerateSignatureKeyPair(suite, company.world.random)).public_key,
                            Credential::Basic(AsView(name))};
    };
    ExternalSenders senders{{sender("one")}};
    company.Commit(0, Proposing({GroupContextExtensions{{MakeExtension(senders)}}}));
    REQUIRE(company.asked.size() == 1);
    CHECK(company.asked[0].role == CredentialRole::external_sender);
    CHECK(company.asked[0].credential == senders.senders[0].credential);
    senders.senders.push_back(sender("two"));
    company.Commit(1, Proposing({GroupContextExtensions{{MakeExtension(senders)}}}));
    REQUIRE(company.asked.size() == 1);
    CHECK(company.asked[0].index == 1);
    company.Hire(0);
    CHECK(company.asked.size() == 5);  // a joiner is asked about three members and two senders
  }
}

TEST_CASE("a custom proposal needs a policy here and support by everyone") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Company company(suite, 2, {Restarts::never, CustomPolicy(CustomProposalType::Path::optional), {}});
    const Env& env = company.world.env;
    const Proposal custom{CustomProposal{kCustom, Bytes(5, 2)}};
    const Proposal unknown{CustomProposal{ProposalType{0xF999}, {}}};
    CHECK(ErrorOf(company[0].StageCommit(Proposing(custom), env)) == Error::INVALID_PROPOSAL_LIST);
    CHECK(ErrorOf(company[0].StageCommit(Proposing(unknown), env)) == Error::UNSUPPORTED_PROPOSAL);
    CHECK(ErrorOf(company[0].StageOwnProposal(unknown, {}, env)) == Error::UNSUPPORTED_PROPOSAL);
    AllowCustom(company);
    CommitOptions lean = Proposing(custom);
    lean.path = CommitOptions::Path::when_required;
    lean.format = WireFormat::mls_public_message;
    const NewCommit commit = company.Commit(0, std::move(lean));
    const MLSMessage message = Must(DecodeMessage(commit.message, {}));
    CHECK_FALSE(std::get<PublicMessage>(message.body).content.commit()->path.has_value());
    company.Chat();
  }
}

}  // namespace
}  // namespace mls::test
