// Proposals that crowd out others. A member who proposed very many PSKs kept the Remove of itself out of
// every Commit; some hundreds of proposals that did not fit together made one Commit cost minutes; and a
// member whose cache was full lacked what a Commit referred to.
#include <ctime>

#include "support/company.h"

namespace mls::test {
namespace {

constexpr ProposalType kCustom{0xF123};

const Suite& TheSuite() { return AllSuites().front(); }

void ProposePsks(Company& company, std::size_t by, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    company.ProposeToAll(by, Must(company[by].MakePsk(ExternalPsk{Bytes{7}}, company.world.env)));
  }
}

TEST_CASE(
    "a Remove is committed, however many PSKs the removed member has proposed, and whoever holds them") {
  for (const bool held : {false, true}) {
    CAPTURE(held);
    Company company(TheSuite(), 3);
    if (held) company.psks[Encode(PreSharedKeyID{ExternalPsk{Bytes{7}}, {}}.body)] = Bytes(32, 9);
    ProposePsks(company, 2, 1100);
    company.ProposeToAll(1, {Remove{{2}}});
    company.Commit(0);
    CHECK(company[2].phase() == Phase::removed);
    CHECK(company[0].tree().member_count() == 2);
  }
}

TEST_CASE("what was left out beside proposals that are turned down is in the list without them") {
  CompanyOptions options;
  options.policy.limits.max_psks_per_commit = 4;
  Company company(TheSuite(), 2, options);
  ProposePsks(company, 1, 6);  // nobody holds them
  const Bytes id = {8};
  company.psks[Encode(PreSharedKeyID{ExternalPsk{id}, {}}.body)] = Bytes(32, 9);
  company.ProposeToAll(1, Must(company[1].MakePsk(ExternalPsk{id}, company.world.env)));
  StagedCommit staged = Must(company[0].StageCommit({}, company.world.env));
  std::size_t rounds = 0;
  while (auto again =
             Must(company[0].RestageCommit(staged, company.Answer(staged.questions), company.world.env))) {
    staged = std::move(*again);
    ++rounds;
  }
  CHECK(rounds == 2);
  CHECK(staged.referenced.size() == 1);
  company.Commit(0);
}

TEST_CASE("Bounds: choosing among proposals that do not fit together takes linear time") {
  const auto seconds = [&](std::size_t count) {
    CompanyOptions options;
    options.policy.custom_proposals.push_back({kCustom, CustomProposalType::Path::optional, {}});
    options.dress = [](Client& client) { client.profile.capabilities.proposals.push_back(kCustom); };
    Company company(TheSuite(), 2, options);
    for (std::size_t i = 0; i < count; ++i) {
      company.ProposeToAll(1, {CustomProposal{kCustom, Encode(static_cast<std::uint64_t>(i))}});
    }
    LeafChange change;  // to one who supports them no longer: none of them can be beside it
    change.capabilities = company[1].tree().Leaf({1}).capabilities;
    std::erase(change.capabilities->proposals, kCustom);
    company.Deliver(1, company.ProposeUpdate(1, std::move(change)));
    double least = 1e9;
    for (int i = 0; i < 3; ++i) {
      const std::clock_t start = std::clock();
      const StagedCommit staged = Must(company[0].StageCommit({}, company.world.env));
      least = std::min(least, static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC);
      REQUIRE(staged.referenced.size() == 1);
      CHECK(staged.referenced[0]->proposal().type() == ProposalType::update);
    }
    return least;
  };
  const double few = seconds(200), many = seconds(1600);
  CAPTURE(few);
  CAPTURE(many);
  CHECK(many <= 24 * few + 0.05);  // eight times as many; quadratic: 64
}

TEST_CASE("of newcomers with one key, proposed apart, one is taken") {
  Company company(TheSuite(), 2);
  const HpkeKeyPair shared = Must(GenerateHpkeKeyPair(TheSuite(), company.world.random));
  for (int i = 0; i < 20; ++i) {
    const Client client = company.world.NewClient(TheSuite(), "rival " + std::to_string(i));
    KeyPackage package = company.world.NewKeyPackageOf(client).key_package;
    package.leaf_node.encryption_key = shared.public_key;
    const Secret& key = client.profile.signature_private_key;
    Sign(TheSuite(), package, key);
    company.ProposeToAll(1, {Add{std::move(package)}});
  }
  company.Commit(0);
  CHECK(company[0].tree().member_count() == 3);
}

TEST_CASE("our own proposals are committed by value: others may have had no room for them") {
  CompanyOptions options;
  options.policy.limits.max_cached_proposals = 3;
  Company company(TheSuite(), 3, options);
  company.Deliver(0, company.Propose(0, {Remove{{2}}}));
  company.Commit(1);
  // Two are on their way when we propose, and are delivered before what we propose.
  std::vector<Bytes> others;
  Company crowd(TheSuite(), 3, options);
  const Bytes ours = crowd.Propose(0, Must(crowd[0].MakePsk(ExternalPsk{Bytes{1}}, crowd.world.env)));
  for (std::uint8_t i = 2; i < 5; ++i) {
    others.push_back(crowd.Propose(2, Must(crowd[2].MakePsk(ExternalPsk{Bytes{i}}, crowd.world.env))));
  }
  for (const Bytes& message : others) crowd.Receive(1, message);
  CHECK(ErrorOf(crowd.TryReceive(1, ours)) == Error::LIMIT_EXCEEDED);
  for (std::size_t i = 0; i < 2; ++i) crowd.Receive(0, others[i]);
  CHECK(ErrorOf(crowd.TryReceive(0, others[2])) == Error::LIMIT_EXCEEDED);
  for (std::uint8_t i = 1; i < 5; ++i) {
    crowd.psks[Encode(PreSharedKeyID{ExternalPsk{Bytes{i}}, {}}.body)] = Bytes(32, i);
  }
  const NewCommit commit = crowd.MakeCommit(0);
  crowd.Receive(1, commit.message);
  crowd.Accept(0, commit.id);
  CHECK(World::Agree(crowd[0], crowd[1]));
}

TEST_CASE(
    "what others proposed does not stand in the way of a change of our leaf, or of a tree in each Welcome") {
  CompanyOptions options;
  options.policy.limits.max_joiners_with_tree = 2;
  Company company(TheSuite(), 3, options);
  for (int i = 0; i < 3; ++i) {
    const Client client = company.world.NewClient(TheSuite(), "new " + std::to_string(i));
    company.ProposeToAll(1, {Add{company.world.NewKeyPackageOf(client).key_package}});
  }
  CommitOptions one_each;
  one_each.welcomes = CommitOptions::Welcomes::one_each;
  const StagedCommit staged = Must(company[0].StageCommit(std::move(one_each), company.world.env));
  CHECK(staged.plan->added.size() == 2);
  // A type that the newcomers do not know and we now list as required of ourselves.
  CommitOptions narrow;
  narrow.leaf.capabilities = company[0].tree().Leaf({0}).capabilities;
  narrow.leaf.capabilities->credentials = {CredentialType::x509};
  CHECK(ErrorOf(company[0].StageCommit(std::move(narrow), company.world.env)) == Error::INVALID_LEAF_NODE);
}

TEST_CASE("who is removed needs neither the PSKs of that Commit nor to accept its newcomers") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Company company(suite, 3, Restarts::always);
    company.psks[Encode(PreSharedKeyID{ExternalPsk{Bytes{1}}, {}}.body)] = Bytes(32, 9);
    const Client client = company.world.NewClient(suite, "new");
    CommitOptions options = Proposing(Must(company[0].MakePsk(ExternalPsk{Bytes{1}}, company.world.env)));
    options.proposals.push_back({Add{company.world.NewKeyPackageOf(client).key_package}});
    options.proposals.push_back({Remove{{2}}});
    const NewCommit commit = company.MakeCommit(0, std::move(options));
    const StagedMessage staged = Must(company[2].Stage(commit.message, company.world.env));
    CHECK(staged.questions.empty());
    CHECK_FALSE(Must(company[1].Stage(commit.message, company.world.env)).questions.empty());
    company.Accept(0, commit.id);
    company.Deliver(0, commit.message);
    CHECK(company[2].phase() == Phase::removed);
    CHECK(company.Agree());
  }
}

TEST_CASE("the echo of a proposal that was made twice is known both times") {
  for (const WireFormat format : {WireFormat::mls_private_message, WireFormat::mls_public_message}) {
    CompanyOptions options;
    options.policy.handshake_format = format;
    Company company(TheSuite(), 3, options);
    const std::vector<Bytes> made = {company.Propose(0, {Remove{{2}}}), company.Propose(0, {Remove{{2}}})};
    for (const Bytes& message : made) {
      const auto own = std::get<OwnMessage>(company.Receive(0, message));
      CHECK(own.content_type == ContentType::proposal);
    }
    CHECK(company[0].proposals().in_order().size() == 1);
  }
}

}  // namespace
}  // namespace mls::test
