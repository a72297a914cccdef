// Joining by Welcome (RFC 9420 §12.4.3.1): which Welcomes open, which do not, and what is asked on the way.
#include "support/company.h"

namespace mls::test {
namespace {

// Invited is a company that has just added two clients, who have not joined yet.
struct Invited {
  explicit Invited(const Suite& suite, CommitOptions options = {}) : company(suite, 2) {
    for (const char* name : {"first", "second"}) {
      clients.push_back(company.world.NewClient(suite, name));
      packages.push_back(company.world.NewKeyPackageOf(clients.back()));
      options.proposals.push_back({Add{packages.back().key_package}});
    }
    commit = company.Commit(0, std::move(options));
  }
  Welcome WelcomeOf(std::size_t i) const {
    return std::get<Welcome>(Must(DecodeMessage(commit.welcomes.at(i).message, {})).body);
  }
  Error Refused(const Welcome& welcome, std::size_t who = 0) {
    return ErrorOf(company.TryJoin(EncodeMessage(welcome), packages[who], commit.ratchet_tree));
  }
  void EveryoneJoins(std::size_t second_welcome) {
    for (const std::size_t i : {0u, 1u}) {
      company.Enter(clients[i], company.JoinByWelcome(commit.welcomes.at(i == 0 ? 0 : second_welcome).message,
                                                      packages[i], commit.ratchet_tree));
    }
    company.Chat();
  }

  Company company;
  std::vector<Client> clients;
  std::vector<NewKeyPackage> packages;
  NewCommit commit;
};

TEST_CASE("one Welcome for all or one each, with the tree inside or apart") {
  ForEverySuite([](const Suite& suite, Restarts) {
    for (const auto tree : {CommitOptions::Tree::inside, CommitOptions::Tree::apart}) {
      for (const auto each : {CommitOptions::Welcomes::one_for_all, CommitOptions::Welcomes::one_each}) {
        CommitOptions options;
        options.tree = tree;
        options.welcomes = each;
        options.path = CommitOptions::Path::when_required;
        Invited invited(suite, std::move(options));
        const bool separate = each == CommitOptions::Welcomes::one_each;
        REQUIRE(invited.commit.welcomes.size() == (separate ? 2 : 1));
        CHECK(invited.commit.ratchet_tree.empty() == (tree == CommitOptions::Tree::inside));
        const Bytes reference = ToBytes(Must(KeyPackageRef(suite, invited.packages[1].key_package)));
        CHECK(invited.commit.welcomes.back().key_packages.back() == reference);
        if (separate) CHECK(invited.Refused(invited.WelcomeOf(0), 1) == Error::NO_MATCHING_KEY_PACKAGE);
        invited.EveryoneJoins(separate ? 1 : 0);
      }
    }
  });
}

TEST_CASE("a joiner needs the right tree") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    CommitOptions options;
    options.tree = CommitOptions::Tree::apart;
    Invited invited(suite, std::move(options));
    const Bytes tree = invited.commit.ratchet_tree;
    const auto refused = [&](Bytes given) {
      invited.commit.ratchet_tree = std::move(given);
      return invited.Refused(invited.WelcomeOf(0));
    };
    CHECK(refused({}) == Error::MISSING_TREE);
    CHECK(refused({1, 2, 3}) == Error::MALFORMED);
    Company other(suite, 3);
    CHECK_FALSE(
        other
            .TryJoin(invited.commit.welcomes[0].message, invited.packages[0], other[0].tracker().EncodeTree())
            .ok());
    invited.commit.ratchet_tree = tree;
    invited.EveryoneJoins(0);
  }
}

TEST_CASE("a Welcome for another client, of another suite, or with a strange entry before ours") {
  Invited invited(AllSuites()[0]);
  const Welcome genuine = invited.WelcomeOf(0);
  Welcome welcome = genuine;
  welcome.secrets.clear();
  CHECK(invited.Refused(welcome) == Error::NO_MATCHING_KEY_PACKAGE);
  welcome = genuine;
  welcome.cipher_suite = AllSuites()[2].id;
  CHECK(invited.Refused(welcome) == Error::CIPHERSUITE_MISMATCH);
  welcome.cipher_suite = CipherSuite{0x7777};
  CHECK(invited.Refused(welcome) == Error::UNSUPPORTED_CIPHERSUITE);
  welcome = genuine;
  std::swap(welcome.secrets[0].new_member, welcome.secrets[1].new_member);
  CHECK(invited.Refused(welcome) == Error::DECRYPT_FAILED);
  // Anyone on the way can add an entry under our reference; ours still opens.
  welcome = genuine;
  EncryptedGroupSecrets garbage = welcome.secrets[0];
  garbage.encrypted_group_secrets.ciphertext[0] ^= 1;
  welcome.secrets.insert(welcome.secrets.begin(), garbage);
  CHECK(invited.company.TryJoin(EncodeMessage(welcome), invited.packages[0]).ok());
}

TEST_CASE("joining goes step by step, and every step can be refused") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Invited invited(suite);
    Company& company = invited.company;
    const Env& env = company.world.env;
    const auto stage = [&] {
      JoinInput input{invited.packages[0].key_package, invited.packages[0].keys.Clone(), {}, nullptr, {}};
      return Must(Group::StageJoin(invited.WelcomeOf(0), std::move(input), env));
    };
    CHECK(ErrorOf(Group::CompleteJoin(stage(), {}, env)) == Error::MISUSE);  // not opened
    StagedJoin staged = stage();
    std::vector<std::optional<Secret>> psks;
    psks.emplace_back();
    CHECK(Group::OpenJoin(staged, std::move(psks), env).error() == Error::MISUSE);  // nobody asked for one
    staged = stage();
    Must(Group::OpenJoin(staged, {}, env));
    REQUIRE(staged.questions.credentials.size() == 4);
    CHECK(staged.epoch->context.group_id == company[0].context().group_id);
    for (std::uint32_t i = 0; i < 4; ++i) {
      CHECK(staged.questions.credentials[i].role == CredentialRole::member);
      CHECK(staged.questions.credentials[i].index == i);
    }
    Answers answers = AcceptAll(staged.questions);
    answers.credentials[2] = Verdict::reject;
    CHECK(ErrorOf(Group::CompleteJoin(std::move(staged), answers, env)) == Error::CREDENTIAL_REJECTED);
    invited.EveryoneJoins(0);
  }
}

TEST_CASE("the keys must be those of the package") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Invited invited(suite);
    Company& company = invited.company;
    NewKeyPackage mixed = {invited.packages[0].key_package, invited.packages[1].keys.Clone()};
    CHECK(ErrorOf(company.TryJoin(invited.commit.welcomes[0].message, mixed)) == Error::DECRYPT_FAILED);
    mixed.keys.init_private_key = invited.packages[0].keys.init_private_key.Clone();
    CHECK(ErrorOf(company.TryJoin(invited.commit.welcomes[0].message, mixed)) == Error::INVALID_KEY);
    mixed.keys.signature_private_key = invited.packages[0].keys.signature_private_key.Clone();
    CHECK(ErrorOf(company.TryJoin(invited.commit.welcomes[0].message, mixed)) == Error::INVALID_KEY);
    mixed.keys.encryption_private_key = invited.packages[0].keys.encryption_private_key.Clone();
    CHECK(company.TryJoin(invited.commit.welcomes[0].message, mixed).ok());
    mixed.keys.signature_private_key = invited.packages[1].keys.signature_private_key.Clone();
    CHECK(ErrorOf(company.TryJoin(invited.commit.welcomes[0].message, mixed)) == Error::INVALID_KEY);
  }
}

TEST_CASE("a joiner that does not support the group's extensions stays out") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    constexpr ExtensionType kExtension{0xF456};
    Company company(suite, 1);
    CommitOptions able;
    able.leaf.capabilities = company.client(0).profile.capabilities;
    able.leaf.capabilities->extensions.push_back(kExtension);
    company.Commit(0, std::move(able));
    company.Commit(0, Proposing({GroupContextExtensions{{{kExtension, {}}}}}));
    const Client client = company.world.NewClient(suite, "newcomer");
    const NewKeyPackage package = company.world.NewKeyPackageOf(client);
    CHECK(ErrorOf(company[0].StageCommit(Proposing({Add{package.key_package}}), company.world.env)) ==
          Error::UNSUPPORTED_CAPABILITY);
  }
}

TEST_CASE("Limits: max_joiners_with_tree: trees inside of many Welcomes, at n and n + 1") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Policy policy;
    policy.limits.max_joiners_with_tree = 2;
    policy.limits.max_leaves = 5;
    policy.limits.max_proposals_per_commit = 4;
    Company company(suite, 1, {Restarts::never, policy, {}});
    const Env& env = company.world.env;
    const auto adding = [&](std::size_t count, CommitOptions::Tree tree) {
      CommitOptions options;
      options.tree = tree;
      options.welcomes = CommitOptions::Welcomes::one_each;
      for (std::size_t i = 0; i < count; ++i) {
        const Client client = company.world.NewClient(suite, "c" + std::to_string(i));
        options.proposals.push_back({Add{company.world.NewKeyPackageOf(client).key_package}});
      }
      return options;
    };
    const auto made = [&](CommitOptions options) {
      auto staged = company[0].StageCommit(std::move(options), env);
      if (!staged.ok()) return staged.error();
      const Answers answers = AcceptAll(staged->questions);
      return ErrorOf(company[0].CompleteCommit(std::move(*staged), answers, env));
    };
    CHECK(made(adding(2, CommitOptions::Tree::inside)) == Error::INTERNAL);  // no error
    CHECK(made(adding(3, CommitOptions::Tree::inside)) == Error::LIMIT_EXCEEDED);
    CHECK(made(adding(4, CommitOptions::Tree::apart)) == Error::INTERNAL);
    CHECK(made(adding(5, CommitOptions::Tree::apart)) == Error::LIMIT_EXCEEDED);
    policy.limits.max_proposals_per_commit = 5;
    company[0].SetPolicy(policy);
    CHECK(made(adding(5, CommitOptions::Tree::apart)) == Error::LIMIT_EXCEEDED);
  }
}

TEST_CASE("a key package of last resort serves several groups") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    World world(5);
    const Client client = world.NewClient(suite, "often invited");
    const NewKeyPackage package = world.NewKeyPackageOf(client);
    for (int i = 0; i < 2; ++i) {
      Group group = world.NewGroup(world.NewClient(suite, "host " + std::to_string(i)));
      const NewCommit commit = world.CommitNow(group, Proposing({Add{package.key_package}}));
      const Group joined = world.Join(commit.welcomes.at(0).message, package);
      CHECK(World::Agree(group, joined));
    }
  }
}

}  // namespace
}  // namespace mls::test
