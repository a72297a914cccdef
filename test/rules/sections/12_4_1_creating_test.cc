// RFC 9420 §12.4.1: Commits that we make, and their Welcomes.
#include "kit/invitation.h"
#include "kit/lists.h"

namespace mls::test {
namespace {

bool HasPath(View commit) {
  const MLSMessage message = Must(DecodeMessage(commit, {}));
  return std::get<PublicMessage>(message.body).content.commit()->path.has_value();
}

TEST_CASE("R12.4.1-01: a path is there when it is needed, though nobody asked for it") {
  const auto lean = [](std::vector<Proposal> proposals) {
    CommitOptions options;
    options.proposals = std::move(proposals);
    options.path = CommitOptions::Path::when_required;
    return options;
  };
  for (int which = 0; which < 6; ++which) {
    CAPTURE(which);
    Scene scene(AllSuites()[0], 1, WithCustom());
    Capable(scene, 0, [](Capabilities& one) { one.proposals.push_back(kCustom); });
    for (std::size_t i = 1; i < 4; ++i) {
      HireWith(scene, [](Client& client) { client.profile.capabilities.proposals.push_back(kCustom); });
    }
    std::vector<Proposal> proposals;
    if (which == 0) scene.Deliver(3, scene.ProposeUpdate(3));
    if (which == 1) proposals = {{Remove{{3}}}};
    if (which == 2) proposals = {Requiring({})};
    if (which == 3) proposals = {{CustomProposal{kCustom, {}}}};
    if (which == 4) proposals = {AddOf(scene), {Remove{{3}}}};
    const NewCommit commit = scene.Commit(0, lean(proposals));  // 5: an empty list
    CHECK(ListOf(commit.message).size() == (which == 0 ? 1 : proposals.size()));
    CHECK(HasPath(commit.message));
    scene.GoesOn();
    CHECK_FALSE(HasPath(scene.Commit(0, lean({AddOf(scene)})).message));
  }
}

TEST_CASE("R12.4.1-02: the PSKs of a Welcome stand in the order of the proposals") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    std::vector<PreSharedKeyID> expected;
    const auto psk = [&](std::uint8_t id) {
      Proposal proposal = PskOf(scene, id);
      expected.push_back(proposal.As<PreSharedKey>()->psk);
      return proposal;
    };
    for (const std::uint8_t id : {9, 2}) scene.ProposeToAll(0, psk(id));  // by reference, they come first
    CommitOptions options;
    for (const std::uint8_t id : {7, 1, 5}) options.proposals.push_back(psk(id));
    Invitation invitation(scene, std::move(options));
    CHECK(invitation.secrets.psks == expected);
    WelcomeForgery swapped;
    swapped.secrets = [](GroupSecrets& secrets) { std::swap(secrets.psks[0], secrets.psks[4]); };
    invitation.Refuses(swapped, Error::DECRYPT_FAILED);
    invitation.TakesIt();
    scene.GoesOn();
  }
}

TEST_CASE("R12.4.1-03: Welcomes cover every new member") {
  for (const std::size_t count : {1u, 2u, 7u, 100u}) {
    for (const auto welcomes : {CommitOptions::Welcomes::one_for_all, CommitOptions::Welcomes::one_each}) {
      CAPTURE(count);
      Scene scene(AllSuites()[0], 1);
      scene.NotInJournal();
      CommitOptions options;
      options.welcomes = welcomes;
      options.tree = CommitOptions::Tree::apart;
      const std::size_t first = scene.Hire(0, count, std::move(options));  // each of them joins
      CHECK(scene.size() == first + count);
      CHECK(scene.Agree());
      const Bytes message = scene.Send(first, "all are here");
      for (std::size_t i = 0; i < scene.size(); ++i) {
        if (i != first) scene.Accepts(i, message);
      }
    }
  }
}

// The members of a scene with keys for another suite.
struct Emigrants {
  Emigrants(Scene& scene, const Suite& suite) {
    for (std::size_t i = 0; i < scene.size(); ++i) {
      clients.push_back(scene.world.NewClient(suite, scene.client(i).name));
      packages.push_back(scene.world.NewKeyPackageOf(clients.back()));
    }
  }
  // Without: what `creator` makes for all but one.
  SuccessorOptions Options(std::size_t creator, std::optional<std::size_t> without = {}) const {
    SuccessorOptions options;
    options.profile = &clients[creator].profile;
    for (std::size_t i = 0; i < clients.size(); ++i) {
      if (i != creator && i != without) options.key_packages.push_back(packages[i].key_package);
    }
    return options;
  }
  std::vector<Client> clients;
  std::vector<NewKeyPackage> packages;
};

TEST_CASE("R12.4.1-04: a re-initialised group has the same members and the old group's PSK") {
  for (std::size_t i = 0; i < AllSuites().size(); ++i) {
    const Suite& next = AllSuites()[(i + 1) % AllSuites().size()];
    CAPTURE(next.name);
    Scene scene(AllSuites()[i], 3);
    scene.Commit(0, Proposing(ReInitOf(scene, [&](ReInit& one) { one.cipher_suite = next.id; })));
    const Emigrants emigrants(scene, next);
    const Env& env = scene.world.env;
    for (const std::size_t creator : {0u, 2u}) {
      for (std::size_t without = 0; without < 3; ++without) {
        if (without == creator) continue;
        const auto staged = scene[creator].StageReinit(emigrants.Options(creator, without), env);
        CHECK(Scene::Name(staged) == "REINIT_MISMATCH");
      }
      StagedSuccessor staged = Must(scene[creator].StageReinit(emigrants.Options(creator), env));
      const Answers answers = AcceptAll(staged.questions);
      const Successor made = Must(Group::CompleteSuccessor(std::move(staged), answers, env));
      CHECK(made.group->context().epoch == 1);
      CHECK(made.group->tree().member_count() == 3);
      for (std::size_t member = 0; member < 3; ++member) {
        if (member == creator) continue;
        const NewKeyPackage& package = emigrants.packages[member];
        const Bytes& message = made.welcomes.at(0).message;
        const Welcome welcome = std::get<Welcome>(Must(DecodeMessage(message, {})).body);
        const Bytes reference = ToBytes(Must(KeyPackageRef(next, package.key_package)));
        const auto entry = std::find_if(welcome.secrets.begin(), welcome.secrets.end(),
                                        [&](const auto& one) { return one.new_member == reference; });
        REQUIRE(entry != welcome.secrets.end());
        const GroupSecrets secrets =
            Must(OpenGroupSecrets(Must(GroupSecretsInfo(next, welcome)), *entry,
                                  package.keys.init_private_key, package.key_package.init_key));
        REQUIRE(secrets.psks.size() == 1);
        CHECK(std::get<ResumptionPsk>(secrets.psks[0].body) == ResumptionPsk{ResumptionPSKUsage::reinit,
                                                                             scene[0].context().group_id,
                                                                             scene[0].context().epoch});
        const Group joined = Must(scene.DoJoin(message, package, {}, &scene[member]));
        CHECK(World::Agree(joined, *made.group));
      }
    }
  }
}

TEST_CASE("R12.4.1-05: the creator verifies the list before it builds the Commit") {
  for (const WireFormat format : {WireFormat::mls_public_message, WireFormat::mls_private_message}) {
    CompanyOptions options = WithCustom();
    options.policy.handshake_format = format;
    Scene scene(AllSuites()[0], 5, options);
    const Proposal psk = PskOf(scene, 1), extensions = Requiring({});
    const Client twin = scene.world.NewClient(AllSuites()[0], "twin");
    const Proposal one = AddOf(scene, twin), other = AddOf(scene, twin);
    const Proposal same_key =
        AddOf(scene, scene.world.NewClient(AllSuites()[0], "other"), [&](KeyPackage& package) {
          package.leaf_node.encryption_key = one.As<Add>()->key_package.leaf_node.encryption_key;
        });
    const std::vector<std::vector<Proposal>> invalid = {
        {{Remove{{4}}}, {Remove{{4}}}},
        {{Remove{{0}}}},
        {UpdateOf(scene, 0)},
        {one, other},
        {one, one},
        {one, same_key},
        {psk, psk},
        {extensions, extensions},
        {ReInitOf(scene), one},
        {{ExternalInit{Bytes(32, 1)}}},
        {{CustomProposal{kCustom, {}}}},
    };
    for (std::size_t i = 0; i < invalid.size(); ++i) {
      CAPTURE(i);
      RefusesToCommit(scene, invalid[i], Error::INVALID_PROPOSAL_LIST);
    }
    // Of what others proposed, a valid part is taken: all of these are valid alone.
    scene.ProposeToAll(1, {Remove{{4}}});
    scene.ProposeToAll(2, {Remove{{4}}});
    scene.ProposeToAll(1, {Remove{{0}}});
    scene.Deliver(0, scene.ProposeUpdate(0));
    scene.Deliver(3, scene.ProposeUpdate(3));
    scene.Deliver(3, scene.ProposeUpdate(3));
    for (const Proposal& proposal : {one, other, same_key, psk, psk, extensions, extensions}) {
      scene.ProposeToAll(1, proposal);
    }
    scene.ProposeToAll(2, psk);
    scene.ProposeToAll(2, extensions);
    scene.ProposeToAll(2, ReInitOf(scene));
    scene.Commit(0);
    CHECK(scene[4].phase() == Phase::removed);
    CHECK(scene[1].context().extensions == Extensions{MakeExtension(RequiredCapabilities{})});
    scene.GoesOn();
  }
}

}  // namespace
}  // namespace mls::test
