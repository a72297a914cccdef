// Proposals from outside the group (RFC 9420 §12.1.8): made, received, cached, committed, refused.
#include "support/company.h"
#include "support/custom_types.h"

namespace mls::test {
namespace {

// Watched is a company with two external senders.
struct Watched {
  explicit Watched(const Suite& cipher_suite, Restarts restarts = Restarts::never, Policy policy = {})
      : suite(cipher_suite), company(suite, 3, {restarts, std::move(policy), {}}) {
    ExternalSenders senders;
    for (SignatureKeyPair& key_pair : keys) {
      key_pair = Must(GenerateSignatureKeyPair(suite, company.world.random));
      senders.senders.push_back({key_pair.public_key, Credential::Basic(AsView("server"))});
    }
    company.Commit(0, Proposing({GroupContextExtensions{{MakeExtension(senders)}}}));
  }

  Bytes Propose(std::uint32_t index, Proposal proposal) {
    const GroupContext& context = company[0].context();
    return Must(ProposeAsExternal(suite, context.group_id, context.epoch, index, keys[index].private_key,
                                  std::move(proposal)));
  }
  void ToAll(View message) {
    for (std::size_t i = 0; i < company.size(); ++i) company.Receive(i, message);
  }

  const Suite& suite;
  Company company;
  SignatureKeyPair keys[2];
};

// ExpectRefused: the error, and nothing changed.
void ExpectRefused(Company& company, View message, Error error) {
  const MemoryRows before = World::Saved(company[0]);
  CHECK(ErrorOf(company.TryReceive(0, message)) == error);
  CHECK(before == World::Saved(company[0]));
}

TEST_CASE("an external sender's proposals of every permitted type are cached and committed") {
  ForEverySuite([](const Suite& suite, Restarts restarts) {
    Watched watched(suite, restarts);
    Company& company = watched.company;
    const Client newcomer = company.world.NewClient(suite, "newcomer");
    const NewKeyPackage package = company.world.NewKeyPackageOf(newcomer);
    company.psks[Encode(PreSharedKeyID{ExternalPsk{Bytes{1}}, {}}.body)] = Bytes(16, 3);

    watched.ToAll(watched.Propose(0, {Add{package.key_package}}));
    CHECK(company.asked.size() == 1);
    watched.ToAll(watched.Propose(1, {Remove{{2}}}));
    watched.ToAll(watched.Propose(1, Must(company[0].MakePsk(ExternalPsk{Bytes{1}}, company.world.env))));
    CHECK(company[1].proposals().in_order().size() == 3);
    CHECK(company[1].proposals().in_order()[1]->sender() == Sender::External(1));
    const NewCommit commit = company.Commit(1);
    CHECK(company[2].phase() == Phase::removed);
    company.Enter(newcomer, company.JoinByWelcome(commit.welcomes.at(0).message, package));
    company.Chat();

    watched.company.Deliver(2, watched.Propose(0, {GroupContextExtensions{company[0].context().extensions}}));
    company.Commit(3);
    company.Chat();
    company.Deliver(2, watched.Propose(0, {ReInit{Bytes(4, 1), ProtocolVersion::mls10, suite.id, {}}}));
    company.Commit(0);
    CHECK(company[1].phase() == Phase::suspended);
  });
}

TEST_CASE("a client asks to be added") {
  ForEverySuite([](const Suite& suite, Restarts restarts) {
    Company company(suite, 2, restarts);
    const Client newcomer = company.world.NewClient(suite, "newcomer");
    const NewKeyPackage package = company.world.NewKeyPackageOf(newcomer);
    const GroupContext& context = company[0].context();
    const Bytes message = Must(ProposeOwnAdd(package.key_package, newcomer.profile.signature_private_key,
                                             context.group_id, context.epoch));
    for (const std::size_t i : {0u, 1u}) company.Receive(i, message);
    CHECK(company[1].proposals().in_order().at(0)->sender() == Sender::NewMemberProposal());
    const NewCommit commit = company.Commit(1);
    company.Enter(newcomer, company.JoinByWelcome(commit.welcomes.at(0).message, package));
    company.Chat();
    ExpectRefused(company, message, Error::WRONG_EPOCH);
  });
}

TEST_CASE("ProposeOwnAdd takes the key of the leaf and a suite we speak") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Company company(suite, 1);
    const Client client = company.world.NewClient(suite, "newcomer");
    KeyPackage package = company.world.NewKeyPackageOf(client).key_package;
    const Bytes id = {1};
    CHECK(ErrorOf(ProposeOwnAdd(package, company.client(0).profile.signature_private_key, id, 0)) ==
          Error::INVALID_KEY);
    package.cipher_suite = CipherSuite{0x7777};
    CHECK(ErrorOf(ProposeOwnAdd(package, client.profile.signature_private_key, id, 0)) ==
          Error::UNSUPPORTED_CIPHERSUITE);
  }
}

TEST_CASE("what an external sender may not send is neither made nor taken") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Policy policy;
    policy.custom_proposals.push_back(
        {kCustom, CustomProposalType::Path::required, CustomProposalType::External::refused});
    Watched watched(suite, Restarts::never, policy);
    Company& company = watched.company;
    const GroupContext& context = company[0].context();
    const auto make = [&](std::uint32_t index, Sender sender, Proposal proposal) {
      FramedContent content{
          context.group_id, context.epoch, sender, {}, ProposalContent{std::move(proposal)}};
      const auto signed_content = Must(SignContent(watched.suite, WireFormat::mls_public_message,
                                                   std::move(content), watched.keys[index].private_key, {}));
      return EncodeMessage(Must(ProtectPublic(watched.suite, *signed_content, {}, {})));
    };
    const Proposal update{Update{company[0].tree().Leaf({0})}};
    const Proposal init{ExternalInit{Bytes(32, 1)}};
    for (const Proposal& proposal : {update, init}) {
      CHECK(ErrorOf(ProposeAsExternal(watched.suite, context.group_id, 2, 0, watched.keys[0].private_key,
                                      proposal)) == Error::INVALID_SENDER_TYPE);
      ExpectRefused(company, make(0, Sender::External(0), proposal), Error::INVALID_SENDER_TYPE);
    }
    ExpectRefused(company, watched.Propose(0, {CustomProposal{kCustom, {}}}), Error::INVALID_SENDER_TYPE);
    const Proposal remove{Remove{{1}}};
    ExpectRefused(company, make(0, Sender::External(2), remove), Error::UNKNOWN_SENDER);
    ExpectRefused(company, make(1, Sender::External(0), remove), Error::BAD_SIGNATURE);
    ExpectRefused(company, make(0, Sender::NewMemberProposal(), remove), Error::INVALID_SENDER_TYPE);
    ExpectRefused(company, watched.Propose(0, {Remove{{9}}}), Error::INVALID_REMOVE);
    const Client stranger = company.world.NewClient(watched.suite, "stranger");
    const Proposal add{Add{company.world.NewKeyPackageOf(stranger).key_package}};
    ExpectRefused(company, make(0, Sender::NewMemberProposal(), add), Error::BAD_SIGNATURE);
    ExpectRefused(company, make(0, Sender::NewMemberCommit(), add), Error::INVALID_SENDER_TYPE);
    company.Receive(0, watched.Propose(0, remove));
  }
}

TEST_CASE("a custom type may be opened to external senders") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Policy policy;
    policy.custom_proposals.push_back(
        {kCustom, CustomProposalType::Path::optional, CustomProposalType::External::allowed});
    Watched watched(suite, Restarts::always, policy);
    watched.ToAll(watched.Propose(1, {CustomProposal{kCustom, Bytes{1}}}));
    CHECK(watched.company[0].proposals().in_order().size() == 1);
  }
}

TEST_CASE("a group may refuse to be asked by newcomers") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Policy policy;
    policy.new_member_proposals = Policy::NewMemberProposals::refuse;
    Company company(suite, 2, {Restarts::never, policy, {}});
    const Client newcomer = company.world.NewClient(suite, "newcomer");
    const GroupContext& context = company[0].context();
    const Bytes message =
        Must(ProposeOwnAdd(company.world.NewKeyPackageOf(newcomer).key_package,
                           newcomer.profile.signature_private_key, context.group_id, context.epoch));
    ExpectRefused(company, message, Error::NOT_AUTHORIZED);
  }
}

TEST_CASE("the sender list of the current epoch decides") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Watched watched(suite);
    Company& company = watched.company;
    const Bytes late = watched.Propose(0, {Remove{{1}}});
    company.Commit(0, Proposing({GroupContextExtensions{}}));
    ExpectRefused(company, late, Error::WRONG_EPOCH);
    ExpectRefused(company, watched.Propose(0, {Remove{{1}}}), Error::UNKNOWN_SENDER);
  }
}

}  // namespace
}  // namespace mls::test
