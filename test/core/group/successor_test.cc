// Re-initialised groups and branches, to their end (RFC 9420 §11.2, §11.3).
#include "support/company.h"
#include "support/row_delta.h"

namespace mls::test {
namespace {

constexpr std::uint8_t kNewId[] = {'n', 'e', 'w'};

ReInit ToSuite(const Suite& suite) { return {ToBytes(kNewId), ProtocolVersion::mls10, suite.id, {}}; }

// Emigrants: the members of a group with fresh profiles and key packages under the same names.
struct Emigrants {
  Emigrants(Company& company, const Suite& suite, std::vector<std::size_t> numbers, std::size_t committer)
      : from(company) {
    for (const std::size_t i : numbers) {
      clients.push_back(company.world.NewClient(suite, company.client(i).name));
      packages.push_back(company.world.NewKeyPackageOf(clients.back()));
      if (i == committer) own = clients.size() - 1;
    }
  }
  SuccessorOptions Options() const {
    SuccessorOptions options;
    options.profile = &clients[own].profile;
    for (std::size_t i = 0; i < clients.size(); ++i) {
      if (i != own) options.key_packages.push_back(packages[i].key_package);
    }
    return options;
  }
  // Finish completes a successor and lets everyone else join it, each with its own old group.
  std::vector<Group> Finish(StagedSuccessor staged, std::vector<std::size_t> numbers) {
    const Answers answers = AcceptAll(staged.questions);
    Successor made = Must(Group::CompleteSuccessor(std::move(staged), answers, from.world.env));
    std::vector<Group> groups;
    for (std::size_t i = 0; i < clients.size(); ++i) {
      if (i == own) continue;
      const std::size_t which = made.welcomes.size() == 1 ? 0 : groups.size();
      groups.push_back(from.JoinByWelcome(made.welcomes.at(which).message, packages[i], made.ratchet_tree,
                                          &from[numbers[i]]));
    }
    groups.push_back(std::move(*made.group));
    return groups;
  }

  Company& from;
  std::vector<Client> clients;
  std::vector<NewKeyPackage> packages;
  std::size_t own = 0;
};

void ExpectTalking(World& world, std::vector<Group>& groups) {
  for (Group& group : groups) {
    CHECK(World::Agree(group, groups.front()));
    CHECK(group.context().epoch == 1);
  }
  for (Group& sender : groups) {
    const Bytes message = world.Send(sender, "hello");
    for (Group& receiver : groups) {
      if (&receiver != &sender)
        CHECK(std::holds_alternative<ApplicationMessage>(world.Receive(receiver, message)));
    }
  }
}

TEST_CASE("after a ReInit everyone is suspended, and any member re-creates the group with a new suite") {
  ForEverySuite([](const Suite& suite, Restarts restarts) {
    const Suite& next = AllSuites()[(static_cast<std::size_t>(suite.id) + 1) % AllSuites().size()];
    for (const std::size_t creator : {0u, 2u}) {
      Company company(suite, 3, restarts);
      ReInit reinit = ToSuite(next);
      reinit.extensions = {MakeExtension(RequiredCapabilities{{}, {}, {CredentialType::basic}})};
      const Bytes in_flight = company.Send(1, "sent before the commit was seen");
      company.Commit(0, Proposing({reinit}));
      for (std::size_t i = 0; i < 3; ++i) {
        CHECK(company[i].phase() == Phase::suspended);
        CHECK(company[i].reinit() == reinit);
        const Env& env = company.world.env;
        CHECK(ErrorOf(company[i].Protect({}, {}, env)) == Error::GROUP_SUSPENDED);
        CHECK(ErrorOf(company[i].StageCommit({}, env)) == Error::GROUP_SUSPENDED);
        CHECK(ErrorOf(company[i].StageOwnUpdate({}, {}, env)) == Error::GROUP_SUSPENDED);
        CHECK(ErrorOf(company[i].StageOwnProposal({Remove{{1}}}, {}, env)) == Error::GROUP_SUSPENDED);
        CHECK(ErrorOf(company[i].MakeGroupInfo({}, env)) == Error::GROUP_SUSPENDED);
        CHECK(ErrorOf(company[i].StageBranch({}, env)) == Error::GROUP_SUSPENDED);
      }
      CHECK(std::holds_alternative<ApplicationMessage>(company.Receive(2, in_flight)));
      Emigrants emigrants(company, next, {0, 1, 2}, creator);
      StagedSuccessor staged = Must(company[creator].StageReinit(emigrants.Options(), company.world.env));
      CHECK(staged.questions.credentials.size() == 2);
      std::vector<Group> groups = emigrants.Finish(std::move(staged), {0, 1, 2});
      ExpectTalking(company.world, groups);
      CHECK(groups[0].suite().id == next.id);
      CHECK(groups[0].context().group_id == ToBytes(kNewId));
      CHECK(groups[0].context().extensions == reinit.extensions);
    }
  });
}

TEST_CASE("a ReInit by reference suspends as well") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Company company(suite, 3, Restarts::always);
    company.ProposeToAll(1, {ToSuite(suite)});
    company.Commit(2);
    for (std::size_t i = 0; i < 3; ++i) CHECK(company[i].phase() == Phase::suspended);
    CHECK(company.Agree());
  }
}

TEST_CASE("a branch takes some of the members along") {
  ForEverySuite([](const Suite& suite, Restarts restarts) {
    Company company(suite, 4, restarts);
    Emigrants emigrants(company, suite, {1, 3, 0}, 1);
    SuccessorOptions options = emigrants.Options();
    options.welcomes = CommitOptions::Welcomes::one_each;
    options.tree = CommitOptions::Tree::apart;
    options.group_id = ToBytes(kNewId);
    std::vector<Group> groups =
        emigrants.Finish(Must(company[1].StageBranch(std::move(options), company.world.env)), {1, 3, 0});
    ExpectTalking(company.world, groups);
    CHECK(groups[0].context().group_id == ToBytes(kNewId));
    CHECK(groups[0].tree().member_count() == 3);
    company.Chat();  // the old group lives on
  });
}

TEST_CASE("joiners of a successor need the old group, at the epoch that it names") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Company company(suite, 3);
    Emigrants emigrants(company, suite, {0, 1, 2}, 0);
    StagedSuccessor staged = Must(company[0].StageBranch(emigrants.Options(), company.world.env));
    const Answers answers = AcceptAll(staged.questions);
    const Successor made = Must(Group::CompleteSuccessor(std::move(staged), answers, company.world.env));
    const Bytes& welcome = made.welcomes.at(0).message;
    const NewKeyPackage& package = emigrants.packages[1];
    CHECK(ErrorOf(company.TryJoin(welcome, package)) == Error::MISSING_PSK);
    Company stranger(suite, 2);  // the same group id, other secrets
    stranger.Commit(0);
    CHECK(ErrorOf(stranger.TryJoin(welcome, package, {}, &stranger[0])) == Error::DECRYPT_FAILED);
    // Holding the PSK is not enough: the old group itself is compared with the new one.
    const ResumptionPsk link{ResumptionPSKUsage::branch, company[0].context().group_id, 1};
    company.psks[Encode(PreSharedKeyID{link, {}}.body)] = ToBytes(Must(company[0].ResumptionPskOf(1)).view());
    CHECK(ErrorOf(company.TryJoin(welcome, package)) == Error::MISSING_PSK);
    const Group elsewhere = company.world.NewGroup(company.world.NewClient(suite, "member 1"));
    CHECK(ErrorOf(company.TryJoin(welcome, package, {}, &elsewhere)) == Error::MISSING_PSK);
    company.Commit(0);  // the old epoch is past, but still remembered
    CHECK(company.TryJoin(welcome, package, {}, &company[1]).ok());
  }
}

TEST_CASE("a branch brings nobody who was not in the group") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Company company(suite, 2);
    Emigrants emigrants(company, suite, {0, 1}, 0);
    SuccessorOptions options = emigrants.Options();
    const Client stranger = company.world.NewClient(suite, "stranger");
    options.key_packages.push_back(company.world.NewKeyPackageOf(stranger).key_package);
    CHECK(ErrorOf(company[0].StageBranch(std::move(options), company.world.env)) == Error::BRANCH_MISMATCH);
  }
}

TEST_CASE("a re-initialised group leaves nobody behind") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Company company(suite, 3);
    company.Commit(0, Proposing({ToSuite(suite)}));
    Emigrants emigrants(company, suite, {0, 1}, 0);
    CHECK(ErrorOf(company[0].StageReinit(emigrants.Options(), company.world.env)) == Error::REINIT_MISMATCH);
  }
}

TEST_CASE("a ReInit that nobody can follow, or none at all, is refused") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Company company(suite, 2);
    Emigrants emigrants(company, suite, {0, 1}, 0);
    const Env& env = company.world.env;
    CHECK(ErrorOf(company[0].StageReinit(emigrants.Options(), env)) == Error::MISUSE);
    ReInit unknown = ToSuite(suite);
    unknown.cipher_suite = CipherSuite{0x7777};
    company.Commit(0, Proposing({unknown}));
    CHECK(ErrorOf(company[0].StageReinit(emigrants.Options(), env)) == Error::UNSUPPORTED_CIPHERSUITE);
  }
}

// Impostor makes a group by hand as the first member of a successor would, with every choice left open.
struct Impostor {
  Bytes group_id = ToBytes(kNewId);
  const Suite* suite = &AllSuites()[0];
  Extensions extensions;
  std::optional<ResumptionPSKUsage> usage;
  std::uint64_t psk_epoch_offset = 0;
  int commits_before = 0;

  // Join gives what member 1 says to the Welcome.
  Result<Group> Join(Company& company) const {
    World& world = company.world;
    const Client creator = world.NewClient(*suite, "member 0"), joiner = world.NewClient(*suite, "member 1");
    const NewKeyPackage package = world.NewKeyPackageOf(joiner);
    Group group = Must(Group::Create({suite, group_id, extensions, {}}, creator.profile, world.env));
    for (int i = 0; i < commits_before; ++i) world.CommitNow(group, {});
    CommitOptions options = Proposing({Add{package.key_package}});
    const std::uint64_t epoch = company[0].context().epoch - psk_epoch_offset;
    if (usage) {
      options.proposals.push_back(
          Must(group.MakePsk(ResumptionPsk{*usage, company[0].context().group_id, epoch}, world.env)));
    }
    options.successor = usage;
    StagedCommit staged = Must(group.StageCommit(std::move(options), world.env));
    Answers answers = AcceptAll(staged.questions);
    if (usage) answers.psks.at(0) = Must(company[0].ResumptionPskOf(epoch));
    Done<NewCommit> done = Must(group.CompleteCommit(std::move(staged), answers, world.env));
    return company.TryJoin(done.output.welcomes.at(0).message, package, {}, &company[1]);
  }
};

TEST_CASE("joiners compare a re-initialised group with what was committed") {
  Company company(AllSuites()[0], 2);
  Impostor good;
  good.usage = ResumptionPSKUsage::reinit;
  CHECK(ErrorOf(good.Join(company)) == Error::REINIT_MISMATCH);  // nobody committed a ReInit
  company.Commit(0, Proposing({ToSuite(AllSuites()[0])}));
  CHECK(good.Join(company).ok());
  const auto refused = [&](auto&& change) {
    Impostor bad = good;
    change(bad);
    return ErrorOf(bad.Join(company)) == Error::REINIT_MISMATCH;
  };
  CHECK(refused([](Impostor& one) { one.group_id = {1}; }));
  CHECK(refused([](Impostor& one) { one.suite = &AllSuites()[2]; }));
  CHECK(refused([](Impostor& one) { one.extensions = {MakeExtension(RequiredCapabilities{})}; }));
  CHECK(refused([](Impostor& one) { one.commits_before = 1; }));
  CHECK(refused([](Impostor& one) { one.psk_epoch_offset = 1; }));
  CHECK(refused([](Impostor& one) { one.usage.reset(); }));
  CHECK(refused([](Impostor& one) { one.usage = ResumptionPSKUsage::application; }));
  CHECK(refused([](Impostor& one) { one.usage = ResumptionPSKUsage::branch; }));
}

TEST_CASE("members of a past epoch whose stored credentials say nothing have no branch") {
  Company company(AllSuites()[0], 2), branch(AllSuites()[0], 2);
  const ResumptionPsk link{ResumptionPSKUsage::branch, company[0].context().group_id, 1};
  company.Commit(0);
  CHECK(ValidateSuccession(company[1], link, branch[0].epoch()).ok());
  MemoryRows rows = CopyOf(company.store(1));
  const PastLeaf unknown{{0}, {}, {OpaqueCredential{CredentialType{0xF123}, {}}}};
  rows.Put(RowKey(RowTag::undo, std::uint64_t{1}), Encode(std::vector{unknown}, std::vector<LeafRange>()));
  const Group damaged = Must(Group::Load(rows, {}, company.world.env));
  CHECK(ValidateSuccession(damaged, link, branch[0].epoch()).error() == Error::UNSUPPORTED_CREDENTIAL);
}

TEST_CASE("joiners compare a branch with the group that it left") {
  Company company(AllSuites()[0], 2);
  Impostor good;
  good.usage = ResumptionPSKUsage::branch;
  CHECK(good.Join(company).ok());
  Impostor bad = good;
  bad.suite = &AllSuites()[2];
  CHECK(ErrorOf(bad.Join(company)) == Error::BRANCH_MISMATCH);
  bad = good;
  bad.commits_before = 1;
  CHECK(ErrorOf(bad.Join(company)) == Error::BRANCH_MISMATCH);
  for (const auto usage :
       {std::optional<ResumptionPSKUsage>(), std::optional(ResumptionPSKUsage::application)}) {
    bad = good;
    bad.usage = usage;
    CHECK(ErrorOf(bad.Join(company)) == Error::BRANCH_MISMATCH);
  }
}

// A successor's first epoch, as it would come out of a Welcome that somebody made by hand.
Error SuccessionOf(const Group& origin, ResumptionPSKUsage usage, const PublicEpoch& epoch,
                   GroupContext context, std::uint64_t psk_epoch) {
  PublicEpoch joined = epoch;
  joined.context = std::move(context);
  const ResumptionPsk psk{usage, origin.context().group_id, psk_epoch};
  const Status status = ValidateSuccession(origin, psk, joined);
  return status.ok() ? Error::INTERNAL : status.error();
}

TEST_CASE(
    "R12.4.3.1-29, R12.4.3.1-30: a branch has its old group's version, suite and members, and is in its "
    "first epoch") {
  Company company(AllSuites().front(), 2), larger(AllSuites().front(), 3);
  const auto error = [&](const Group& joined, auto change) {
    GroupContext context = joined.context();
    context.epoch = 1;
    change(context);
    return SuccessionOf(company[0], ResumptionPSKUsage::branch, joined.epoch(), std::move(context), 1);
  };
  CHECK(error(company[0], [](GroupContext&) {}) == Error::INTERNAL);
  CHECK(error(company[0], [](GroupContext& c) { c.epoch = 2; }) == Error::BRANCH_MISMATCH);
  CHECK(error(company[0], [](GroupContext& c) { c.version = ProtocolVersion{2}; }) == Error::BRANCH_MISMATCH);
  CHECK(error(company[0], [](GroupContext& c) { c.cipher_suite = AllSuites().back().id; }) ==
        Error::BRANCH_MISMATCH);
  CHECK(error(larger[0], [](GroupContext&) {}) == Error::BRANCH_MISMATCH);
}

TEST_CASE(
    "R12.4.3.1-27: a re-initialised group is what its ReInit said, with all old members, in its first "
    "epoch") {
  const Suite& suite = AllSuites().front();
  Company company(suite, 2), smaller(suite, 1);
  company.Commit(0, Proposing({ToSuite(suite)}));
  const auto error = [&](const Group& joined, auto change, std::uint64_t psk_epoch = 2) {
    GroupContext context = joined.context();
    context.epoch = 1;
    context.group_id = ToBytes(kNewId);
    change(context);
    return SuccessionOf(company[0], ResumptionPSKUsage::reinit, joined.epoch(), std::move(context),
                        psk_epoch);
  };
  const auto nothing = [](GroupContext&) {};
  REQUIRE(company[0].context().epoch == 2);
  CHECK(error(company[0], nothing) == Error::INTERNAL);
  CHECK(error(company[0], nothing, 1) == Error::REINIT_MISMATCH);
  CHECK(error(company[0], [](GroupContext& c) { c.epoch = 2; }) == Error::REINIT_MISMATCH);
  CHECK(error(company[0], [](GroupContext& c) { c.group_id.push_back(0); }) == Error::REINIT_MISMATCH);
  CHECK(error(company[0], [](GroupContext& c) { c.version = ProtocolVersion{2}; }) == Error::REINIT_MISMATCH);
  CHECK(error(company[0], [](GroupContext& c) { c.cipher_suite = AllSuites().back().id; }) ==
        Error::REINIT_MISMATCH);
  CHECK(error(smaller[0], nothing) == Error::REINIT_MISMATCH);
}

}  // namespace
}  // namespace mls::test
