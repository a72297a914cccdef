// RFC 9420 §11.2, §11.3: what a member asks of a Welcome to the group that follows its own, or branches off.
#include <set>

#include "kit/invitation.h"
#include "kit/lists.h"

namespace mls::test {
namespace {

constexpr std::size_t kJoiner = 1;  // in the old group
const Bytes kNewId = {'n', 'e', 'w'};

// Old: a group of the people that a Sequel has, too.
struct Old : Scene {
  explicit Old(const Suite& suite) : Scene(suite, 1) { HireWith(*this, {}, "newcomer 1"); }
  // Its group's resumption PSK, of an epoch near the present one.
  ResumptionPsk Link(ResumptionPSKUsage usage, std::int64_t offset = 0) {
    const GroupContext& context = (*this)[kJoiner].context();
    return {usage, context.group_id, context.epoch + static_cast<std::uint64_t>(offset)};
  }
};

// Sequel: another group, to which "newcomer 1" is invited. Its one Commit has no path, so the GroupInfo alone
// speaks of the group's id and epoch, and a test can change them.
struct Sequel : Scene {
  Sequel(Old& old, const Suite& suite, std::optional<ResumptionPsk> link, Extensions extensions = {})
      : Scene(suite, 1, Having(std::move(extensions))), origin(old) {
    CommitOptions options;
    options.path = CommitOptions::Path::when_required;
    if (link) {
      const auto known = old[kJoiner].ResumptionPskOf(link->psk_epoch);
      const bool is_old = link->psk_group_id == old[kJoiner].context().group_id && known.ok();
      psks[Encode(PreSharedKeyID{*link, {}}.body)] = is_old ? ToBytes(known->view()) : Bytes(20, 3);
      options.proposals.push_back(Must((*this)[0].MakePsk(*link, world.env)));
      if (link->usage != ResumptionPSKUsage::application) options.successor = link->usage;
    }
    invitation.emplace(*this, std::move(options));
  }
  static CompanyOptions Having(Extensions extensions) {
    CompanyOptions options = Open();
    options.extensions = std::move(extensions);
    return options;
  }

  // Joining gives what the old group's member says to the Welcome.
  std::string Joining(const Hook<GroupContext>& change = {}, const Hook<GroupSecrets>& secrets = {}) {
    WelcomeForgery forgery;
    forgery.info = [&](GroupInfo& info) {
      info.group_context.group_id = kNewId;
      Run(change, info.group_context);
    };
    forgery.secrets = secrets;
    const MemoryRows before = World::Saved(origin[kJoiner]);
    const Bytes welcome = invitation->Forge(forgery);
    const auto joined = DoJoin(welcome, invitation->package, {}, &origin[kJoiner]);
    CHECK(before == World::Saved(origin[kJoiner]));
    // A step in the life of the old group's member.
    origin.NoteSuccessor(kJoiner, welcome, invitation->package,
                         joined.ok() ? Outcome() : Outcome(joined.error()));
    return std::string(Name(joined));
  }

  Old& origin;
  std::optional<Invitation> invitation;
};

// Closed: an old group that has committed a ReInit to `suite`.
struct Closed : Old {
  explicit Closed(const Suite& suite, const Hook<ReInit>& change = {}) : Old(suite) {
    Commit(0);
    Commit(0, Proposing(ReInitOf(*this, change)));
    REQUIRE((*this)[kJoiner].phase() == Phase::suspended);
  }
  ResumptionPsk Good() { return Link(ResumptionPSKUsage::reinit); }
};

template <class Test>
void OverAllSuites(Test test) {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    test(suite);
  }
}

const Suite& Another(const Suite& suite) { return AllSuites()[suite.id == AllSuites()[0].id ? 2 : 0]; }

TEST_CASE("R11.2-01: the Welcome of a re-initialised group has the version of the ReInit") {
  OverAllSuites([](const Suite& suite) {
    Closed other(suite, [](ReInit& one) { one.version = ProtocolVersion{2}; });
    CHECK(Sequel(other, suite, other.Good()).Joining() == "REINIT_MISMATCH");
    Closed old(suite);
    Sequel sequel(old, suite, old.Good());
    const auto version = [](GroupContext& one) { one.version = ProtocolVersion{2}; };
    CHECK(sequel.Joining(version) == "UNSUPPORTED_VERSION");  // before anything is compared
    CHECK(sequel.Joining() == "taken");
  });
}

TEST_CASE("R11.2-02: the Welcome of a re-initialised group has the suite of the ReInit") {
  OverAllSuites([](const Suite& suite) {
    Closed old(suite);
    CHECK(Sequel(old, Another(suite), old.Good()).Joining() == "REINIT_MISMATCH");
    CHECK(Sequel(old, suite, old.Good()).Joining() == "taken");
    Closed moving(suite, [&](ReInit& one) { one.cipher_suite = Another(suite).id; });
    CHECK(Sequel(moving, suite, moving.Good()).Joining() == "REINIT_MISMATCH");
    CHECK(Sequel(moving, Another(suite), moving.Good()).Joining() == "taken");
  });
}

TEST_CASE("R11.2-03: the Welcome of a re-initialised group has the group_id of the ReInit") {
  OverAllSuites([](const Suite& suite) {
    Closed old(suite);
    Sequel sequel(old, suite, old.Good());
    for (const Bytes& id : {Bytes{}, Bytes{'n', 'e'}, Bytes{'n', 'e', 'w', 0}, old[0].context().group_id}) {
      CHECK(sequel.Joining([&](GroupContext& one) { one.group_id = id; }) == "REINIT_MISMATCH");
    }
    CHECK(sequel.Joining() == "taken");
  });
}

TEST_CASE("R11.2-04: the Welcome of a re-initialised group has the extensions of the ReInit") {
  OverAllSuites([](const Suite& suite) {
    const Extension required = MakeExtension(RequiredCapabilities{});
    const Extension senders = MakeExtension(ExternalSenders{});
    const Extensions both = {required, senders};
    const auto with = [](Extensions extensions) {
      return [extensions](ReInit& one) { one.extensions = extensions; };
    };
    Closed old(suite, with(both));
    CHECK(Sequel(old, suite, old.Good(), {required}).Joining() == "REINIT_MISMATCH");
    CHECK(Sequel(old, suite, old.Good(), {senders, required}).Joining() == "REINIT_MISMATCH");
    CHECK(Sequel(old, suite, old.Good(), {}).Joining() == "REINIT_MISMATCH");
    CHECK(Sequel(old, suite, old.Good(), both).Joining() == "taken");
    Closed one(suite, with({required}));
    CHECK(Sequel(one, suite, one.Good(), both).Joining() == "REINIT_MISMATCH");
    Closed none(suite);
    CHECK(Sequel(none, suite, none.Good(), {required}).Joining() == "REINIT_MISMATCH");
  });
}

TEST_CASE("R11.2-05: the Welcome of a re-initialised group has epoch 1") {
  OverAllSuites([](const Suite& suite) {
    Closed old(suite);
    Sequel sequel(old, suite, old.Good());
    for (const std::uint64_t epoch : {std::uint64_t{0}, std::uint64_t{2}, ~std::uint64_t{0}}) {
      CHECK(sequel.Joining([&](GroupContext& one) { one.epoch = epoch; }) == "REINIT_MISMATCH");
    }
    CHECK(sequel.Joining() == "taken");
  });
}

TEST_CASE("R11.2-06: the Welcome of a re-initialised group has a PSK with usage reinit") {
  OverAllSuites([](const Suite& suite) {
    // To another suite: groups of one suite draw the same random ids, and a PSK of its own is no old group's.
    const Suite& next = Another(suite);
    Closed old(suite, [&](ReInit& one) { one.cipher_suite = next.id; });
    CHECK(Sequel(old, next, std::nullopt).Joining() == "REINIT_MISMATCH");
    CHECK(Sequel(old, next, old.Link(ResumptionPSKUsage::application)).Joining() == "REINIT_MISMATCH");
    CHECK(Sequel(old, next, old.Link(ResumptionPSKUsage::branch)).Joining() == "REINIT_MISMATCH");
    CHECK(Sequel(old, next, old.Good()).Joining() == "taken");
  });
}

TEST_CASE("R11.2-07: that PSK names the old group") {
  OverAllSuites([](const Suite& suite) {
    Closed old(suite);
    ResumptionPsk elsewhere = old.Good();
    elsewhere.psk_group_id = {9};
    CHECK(Sequel(old, suite, elsewhere).Joining() == "MISSING_PSK");
    elsewhere.psk_group_id = kNewId;
    CHECK(Sequel(old, suite, elsewhere).Joining() == "MISSING_PSK");
    CHECK(Sequel(old, suite, old.Good()).Joining() == "taken");
  });
}

TEST_CASE("R11.2-08: that PSK names the epoch after the Commit of the ReInit") {
  OverAllSuites([](const Suite& suite) {
    Closed old(suite);
    CHECK(Sequel(old, suite, old.Link(ResumptionPSKUsage::reinit, -1)).Joining() == "REINIT_MISMATCH");
    CHECK(Sequel(old, suite, old.Link(ResumptionPSKUsage::reinit, 1)).Joining() == "MISSING_PSK");
    CHECK(Sequel(old, suite, old.Good()).Joining() == "taken");
  });
}

TEST_CASE("R11.3-01: the Welcome of a branch has the version of the old group") {
  OverAllSuites([](const Suite& suite) {
    Old old(suite);
    Sequel sequel(old, suite, old.Link(ResumptionPSKUsage::branch));
    for (const std::uint16_t version : {0, 2, 0xFFFF}) {
      // There is one version so far: another is refused before it is compared.
      CHECK(sequel.Joining([&](GroupContext& one) { one.version = ProtocolVersion{version}; }) ==
            "UNSUPPORTED_VERSION");
    }
    CHECK(sequel.Joining() == "taken");
  });
}

TEST_CASE("R11.3-02: the Welcome of a branch has the suite of the old group") {
  OverAllSuites([](const Suite& suite) {
    Old old(suite);
    const ResumptionPsk link = old.Link(ResumptionPSKUsage::branch);
    CHECK(Sequel(old, Another(suite), link).Joining() == "BRANCH_MISMATCH");
    CHECK(Sequel(old, suite, link).Joining() == "taken");
    old.GoesOn();
  });
}

TEST_CASE("R11.3-03: the Welcome of a branch has epoch 1") {
  OverAllSuites([](const Suite& suite) {
    Old old(suite);
    Sequel sequel(old, suite, old.Link(ResumptionPSKUsage::branch));
    for (const std::uint64_t epoch : {std::uint64_t{0}, std::uint64_t{2}, ~std::uint64_t{0}}) {
      CHECK(sequel.Joining([&](GroupContext& one) { one.epoch = epoch; }) == "BRANCH_MISMATCH");
    }
    CHECK(sequel.Joining() == "taken");
    old.GoesOn();
  });
}

TEST_CASE("R11.3-04: every member of a branch was one of the old group") {
  OverAllSuites([](const Suite& suite) {
    Old old(suite);
    HireWith(old, {}, "somebody");
    CHECK(Sequel(old, suite, old.Link(ResumptionPSKUsage::branch)).Joining() == "taken");
    // We do not make one with a stranger either.
    const Client own = old.world.NewClient(suite, "somebody");
    const Client stranger = old.world.NewClient(suite, "stranger");
    SuccessorOptions options;
    options.profile = &own.profile;
    options.key_packages = {old.world.NewKeyPackageOf(stranger).key_package};
    CHECK(Scene::Name(old[2].StageBranch(std::move(options), old.world.env)) == "BRANCH_MISMATCH");
    // When member 0 has left, it is a stranger, and the group with it no branch.
    old.Commit(2, Proposing({Remove{{0}}}));
    CHECK(Sequel(old, suite, old.Link(ResumptionPSKUsage::branch)).Joining() == "BRANCH_MISMATCH");
  });
}

TEST_CASE("R11.3-05: the psk_nonce of a branch is random and has Nh bytes") {
  OverAllSuites([](const Suite& suite) {
    Old old(suite);
    Sequel sequel(old, suite, old.Link(ResumptionPSKUsage::branch));
    for (const std::size_t size : {std::size_t{0}, std::size_t{suite.Nh} - 1, std::size_t{suite.Nh} + 1}) {
      CHECK(sequel.Joining({}, [&](GroupSecrets& one) { one.psks.at(0).psk_nonce.resize(size); }) ==
            "INVALID_PSK");
    }
    CHECK(sequel.Joining() == "taken");
    SystemRandom random;
    const Env env{kNow, &random, nullptr};
    std::set<Bytes> nonces;
    const Client own = old.world.NewClient(suite, "newcomer 1");
    for (int i = 0; i < 100; ++i) {
      SuccessorOptions options;
      options.profile = &own.profile;
      options.key_packages = {old.world.NewKeyPackageOf(old.world.NewClient(suite, "member 0")).key_package};
      const StagedSuccessor staged = Must(old[kJoiner].StageBranch(std::move(options), env));
      REQUIRE(staged.commit.plan->psks.size() == 1);
      CHECK(staged.commit.plan->psks[0].psk_nonce.size() == suite.Nh);
      nonces.insert(staged.commit.plan->psks[0].psk_nonce);
    }
    CHECK(nonces.size() == 100);
    old.GoesOn();
  });
}

TEST_CASE("R11.3-07: the group that a branch names is known to us, and the epoch, too") {
  OverAllSuites([](const Suite& suite) {
    Old old(suite);
    Sequel sequel(old, suite, old.Link(ResumptionPSKUsage::branch));
    CHECK(sequel.Joining() == "taken");
    // Nobody says which group is meant: the PSK alone does not do.
    sequel.RefusesJoin(sequel.invitation->genuine, sequel.invitation->package, Error::MISSING_PSK);
    // Nor does a Welcome that has no PSK of the group that we named.
    CHECK(Sequel(old, suite, std::nullopt).Joining() == "BRANCH_MISMATCH");
    ResumptionPsk unknown = old.Link(ResumptionPSKUsage::branch);
    unknown.psk_group_id = {9};
    CHECK(Sequel(old, suite, unknown).Joining() == "MISSING_PSK");
    const Limits limits;
    for (std::size_t i = 0; i < limits.max_resumption_psks + 1; ++i) old.Commit(0);
    CHECK(sequel.Joining() == "MISSING_PSK");  // it is so long ago that the PSK is deleted
    old.GoesOn();
  });
}

}  // namespace
}  // namespace mls::test
