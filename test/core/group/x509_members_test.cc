// Members with X.509 credentials among members with basic ones (RFC 9420 §5.3, §7.3).
#include "group/certificates.h"
#include "support/company.h"

namespace mls::test {
namespace {

Client Certified(Company& company, const Suite& suite, const std::string& name) {
  Client client = company.world.NewClient(suite, name);
  client.profile.credential = MakeX509(suite, name, client.profile.signature_key);
  return client;
}

// Admit adds a client with a commit of member 0.
std::size_t Admit(Company& company, const Client& client) {
  const NewKeyPackage package = company.world.NewKeyPackageOf(client);
  const NewCommit commit = company.Commit(0, Proposing({Add{package.key_package}}));
  return company.Enter(client, company.JoinByWelcome(commit.welcomes.at(0).message, package));
}

TEST_CASE("members with certificates and members without share a group") {
  ForEverySuite([](const Suite& suite, Restarts restarts) {
    Company company(suite, 2, restarts);
    const Client client = Certified(company, suite, "certified");
    const std::size_t number = Admit(company, client);
    CHECK(company.asked.size() == 3);
    company.Chat();
    company.Commit(number);
    company.Deliver(number, company.ProposeUpdate(number));
    company.Commit(1);
    company.JoinByCommit(Certified(company, suite, "joins from outside"), company.Info(number));
    company.Chat();
    CHECK(company[0].tree().Leaf(company[number].self()).credential == client.profile.credential);
  });
}

TEST_CASE("a group may be founded with a certificate, and require it") {
  ForEverySuite([](const Suite& suite, Restarts) {
    World world(1);
    Client founder = world.NewClient(suite, "founder");
    founder.profile.credential = MakeX509(suite, "founder", founder.profile.signature_key);
    const Extensions extensions = {MakeExtension(RequiredCapabilities{{}, {}, {CredentialType::x509}})};
    Group group = world.NewGroup(founder, {}, extensions);
    Client plain = world.NewClient(suite, "plain");
    Group other = world.AddMember(group, {}, plain);  // it can read certificates, as is required
    CHECK(World::Agree(group, other));
    plain.profile.capabilities.credentials = {CredentialType::basic};
    const NewKeyPackage package = world.NewKeyPackageOf(plain);
    CHECK(ErrorOf(group.StageCommit(Proposing({Add{package.key_package}}), world.env)) ==
          Error::UNSUPPORTED_CAPABILITY);
  });
}

TEST_CASE("a member goes over to a certificate by Update and by commit") {
  ForEverySuite([](const Suite& suite, Restarts restarts) {
    Company company(suite, 3, restarts);
    const auto certified = [&](const std::string& name) {
      LeafChange change;
      change.signature_key = Must(GenerateSignatureKeyPair(suite, company.world.random));
      change.credential = MakeX509(suite, name, change.signature_key->public_key);
      return change;
    };
    company.Deliver(1, company.ProposeUpdate(1, certified("one")));
    REQUIRE(company.asked.size() == 1);
    CHECK(company.asked[0].role == CredentialRole::successor);
    CHECK(company.asked[0].credential.type() == CredentialType::x509);
    CommitOptions options;
    options.leaf = certified("zero");
    company.Commit(0, std::move(options));
    company.Chat();
    company.Commit(1);
    company.Chat();
  });
}

TEST_CASE("a certificate must be for the leaf's signature key") {
  ForEverySuite([](const Suite& suite, Restarts) {
    Company company(suite, 2);
    const Env& env = company.world.env;
    const auto another = Must(GenerateSignatureKeyPair(suite, company.world.random)).public_key;
    Client client = company.world.NewClient(suite, "newcomer");
    client.profile.credential = MakeX509(suite, "newcomer", another);
    const NewKeyPackage package = company.world.NewKeyPackageOf(client);
    CHECK(ErrorOf(company[0].StageCommit(Proposing({Add{package.key_package}}), env)) ==
          Error::INVALID_CREDENTIAL);
    CHECK(ErrorOf(company.TryJoinByCommit(client, company.Info(0))) == Error::INVALID_CREDENTIAL);
    LeafChange change;
    change.credential = client.profile.credential;
    CHECK(ErrorOf(company[0].StageOwnUpdate(std::move(change), {}, env)) == Error::INVALID_CREDENTIAL);
    Client founder = company.world.NewClient(suite, "founder");
    founder.profile.credential = client.profile.credential;
    CHECK(ErrorOf(Group::Create({&suite, {}, {}, {}}, founder.profile, env)) == Error::INVALID_CREDENTIAL);
  });
}

Policy KnowingTheIntermediate() {
  Policy policy;
  policy.known_certificates = Must(KnownCertificates::Make(std::vector<View>{TestIntermediate().der}));
  return policy;
}

TEST_CASE("R5.3-02: a chain may omit what all members know, wherever a credential comes in") {
  ForEverySuite([](const Suite& suite, Restarts restarts) {
    const auto gapped = [&](World& world, const std::string& name) {
      Client client = world.NewClient(suite, name);
      client.profile.credential = MakeX509WithGap(suite, name, client.profile.signature_key);
      return client;
    };
    Company company(suite, 2, {restarts, KnowingTheIntermediate(), {}});
    const Env& env = company.world.env;
    const std::size_t number = Admit(company, gapped(company.world, "by Welcome"));
    company.JoinByCommit(gapped(company.world, "from outside"), company.Info(number));
    LeafChange change;
    change.signature_key = Must(GenerateSignatureKeyPair(suite, company.world.random));
    change.credential = MakeX509WithGap(suite, "one", change.signature_key->public_key);
    company.Deliver(1, company.ProposeUpdate(1, std::move(change)));
    CommitOptions options;
    options.leaf.signature_key = Must(GenerateSignatureKeyPair(suite, company.world.random));
    options.leaf.credential = MakeX509WithGap(suite, "zero", options.leaf.signature_key->public_key);
    company.Commit(0, std::move(options));
    const Client outsider = gapped(company.world, "external sender");
    const ExternalSenders senders{{{outsider.profile.signature_key, outsider.profile.credential}}};
    company.Commit(1, Proposing({GroupContextExtensions{{MakeExtension(senders)}}}));
    company.Hire(number);
    company.Chat();
    CHECK(Tracker::StageSeed(MessageOf(company.Info(0)), {}, KnowingTheIntermediate(), env).ok());

    // Whoever does not know the intermediate refuses the group and its members.
    CHECK(ErrorOf(Tracker::StageSeed(MessageOf(company.Info(0)), {}, {}, env)) == Error::INVALID_TREE);
    Company ignorant(suite, 1);
    const Client client = gapped(company.world, "a stranger");
    const NewKeyPackage package = company.world.NewKeyPackageOf(client);
    CHECK(ErrorOf(ignorant[0].StageCommit(Proposing({Add{package.key_package}}), env)) ==
          Error::INVALID_CREDENTIAL);
    CHECK(ErrorOf(ignorant.TryJoinByCommit(client, ignorant.Info(0))) == Error::INVALID_CREDENTIAL);
    CHECK(ErrorOf(ignorant[0].StageCommit(Proposing({GroupContextExtensions{{MakeExtension(senders)}}}),
                                          env)) == Error::INVALID_CREDENTIAL);
    const GroupOptions founding{&suite, {}, {}, {}};
    CHECK(ErrorOf(Group::Create(founding, client.profile, env)) == Error::INVALID_CREDENTIAL);
    CHECK(Group::Create({&suite, {}, {}, KnowingTheIntermediate()}, client.profile, env).ok());
  });
}

TEST_CASE("a credential type that some member cannot read is refused, whichever way it comes") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Company company(suite, 2);
    Client plain = company.world.NewClient(suite, "plain");
    plain.profile.capabilities.credentials = {CredentialType::basic};
    const std::size_t number = Admit(company, plain);
    const Env& env = company.world.env;
    const Client certified = Certified(company, suite, "certified");
    const NewKeyPackage package = company.world.NewKeyPackageOf(certified);
    const auto adding = [&] { return Proposing({Add{package.key_package}}); };
    CHECK(ErrorOf(company[0].StageCommit(adding(), env)) == Error::UNSUPPORTED_CREDENTIAL);
    CHECK(ErrorOf(company.TryJoinByCommit(certified, company.Info(0))) == Error::UNSUPPORTED_CREDENTIAL);
    LeafChange change;
    change.signature_key = Must(GenerateSignatureKeyPair(suite, company.world.random));
    change.credential = MakeX509(suite, "member 1", change.signature_key->public_key);
    CommitOptions options;
    options.leaf = std::move(change);
    CHECK(ErrorOf(company[1].StageCommit(std::move(options), env)) == Error::UNSUPPORTED_CREDENTIAL);

    // Once the one who cannot is out, the others can; and then it cannot come back.
    CommitOptions swap = adding();
    swap.proposals.push_back({Remove{company[number].self()}});
    const NewCommit commit = company.Commit(0, std::move(swap));
    company.Enter(certified, company.JoinByWelcome(commit.welcomes.at(0).message, package));
    company.Chat();
    const NewKeyPackage again = company.world.NewKeyPackageOf(plain);
    CHECK(ErrorOf(company[0].StageCommit(Proposing({Add{again.key_package}}), env)) ==
          Error::UNSUPPORTED_CREDENTIAL);
  }
}

TEST_CASE("members of a branch are matched by the subject of their certificates") {
  const Suite& suite = AllSuites()[1];
  Company company(suite, 1, Restarts::always);
  const std::size_t number = Admit(company, Certified(company, suite, "certified"));
  const auto branch = [&](const std::string& name) {
    const Client creator = company.world.NewClient(suite, "member 0"),
                 other = Certified(company, suite, name);
    const NewKeyPackage package = company.world.NewKeyPackageOf(other);
    SuccessorOptions options;
    options.profile = &creator.profile;
    options.key_packages = {package.key_package};
    auto staged = company[0].StageBranch(std::move(options), company.world.env);
    if (!staged.ok()) return staged.error();
    const Answers answers = AcceptAll(staged->questions);
    const Successor made = Must(Group::CompleteSuccessor(std::move(*staged), answers, company.world.env));
    return ErrorOf(company.TryJoin(made.welcomes.at(0).message, package, {}, &company[number]));
  };
  CHECK(branch("certified") == Error::INTERNAL);  // none: a new certificate of the same subject
  CHECK(branch("somebody else") == Error::BRANCH_MISMATCH);
}

}  // namespace
}  // namespace mls::test
