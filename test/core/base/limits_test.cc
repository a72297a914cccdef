// Bounds of the whole engine (core/base/limits): what input may cost before it is refused, in operations,
// memory and time; and those fields of Limits that belong to no unit with a test of its own. Each field is
// tested at n and n + 1 by a case whose name says "Limits: field"; scripts/check-tests.cjs knows if one is
// missing.
#include "base/limits.h"

#include <ctime>

#include "support/allocations.h"
#include "support/company.h"
#include "support/count_of.h"
#include "support/warm_group.h"

namespace mls::test {
namespace {

const Suite& TheSuite() { return AllSuites().front(); }

CompanyOptions Public() {
  CompanyOptions options;
  options.policy.handshake_format = WireFormat::mls_public_message;
  return options;
}

TEST_CASE("Limits: max_own_messages: so many echoes are known, of one more the oldest is not") {
  CompanyOptions options;
  options.policy.limits.max_own_messages = 2;
  Company company(TheSuite(), 2, options);
  std::vector<Bytes> sent = {company.Send(0, "one"), company.Send(0, "two")};
  for (const Bytes& message : sent) CHECK(std::holds_alternative<OwnMessage>(company.Receive(0, message)));
  sent.push_back(company.Send(0, "three"));
  CHECK(ErrorOf(company.TryReceive(0, sent[0])) == Error::OWN_MESSAGE);
  CHECK(std::holds_alternative<OwnMessage>(company.Receive(0, sent[1])));
  CHECK(std::holds_alternative<OwnMessage>(company.Receive(0, sent[2])));
}

TEST_CASE("Bounds: a forged PublicMessage is refused before any signature operation") {
  Company company(TheSuite(), 3, Public());
  const NewCommit commit = company.MakeCommit(0);
  const Bytes proposal = company.Propose(2, {Remove{{0}}});
  for (const Bytes& message : {commit.message, proposal}) {
    for (std::size_t at = 0; at < message.size(); ++at) {
      Bytes forged = message;
      forged[at] ^= 1;
      std::optional<Error> said;
      const Counters cost = CountOf([&] {
        const auto staged = company[1].Stage(forged, company.world.env);
        if (!staged.ok()) said = staged.error();
      });
      REQUIRE(said.has_value());
      REQUIRE(cost.signature_verifications + cost.signatures + cost.hpke_opens == 0);
      REQUIRE(cost.macs <= 1);
    }
  }
  company.Receive(1, proposal);
  company.Receive(1, commit.message);
}

TEST_CASE("Bounds: an unmatched Welcome is refused before any HPKE operation") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Company company(suite, 1);
    CommitOptions options;
    for (int i = 0; i < 20; ++i) {
      const Client client = company.world.NewClient(suite, "newcomer " + std::to_string(i));
      options.proposals.push_back({Add{company.world.NewKeyPackageOf(client).key_package}});
    }
    const NewCommit commit = company.Commit(0, std::move(options));
    const Client other = company.world.NewClient(suite, "other");
    const NewKeyPackage package = company.world.NewKeyPackageOf(other);
    Error said = Error::INTERNAL;
    const Counters cost =
        CountOf([&] { said = ErrorOf(company.TryJoin(commit.welcomes.at(0).message, package)); });
    CHECK(said == Error::NO_MATCHING_KEY_PACKAGE);
    CHECK(cost.hpke_opens + cost.signature_verifications + cost.key_derivations == 0);
    CHECK(cost.hashes <= 1);  // our KeyPackageRef
  }
}

// PeakOf gives how far memory rises while a member looks at a message.
std::ptrdiff_t PeakOf(Company& company, std::size_t member, View message) {
  return AllocationsOf([&] { (void)company[member].Stage(message, company.world.env).ok(); }).peak;
}
std::ptrdiff_t Allowed(const Bytes& input) {
  return static_cast<std::ptrdiff_t>(4 * input.size() + (1u << 20));
}

// Flipped has one bit of its last byte wrong: a tag, or what a tag covers.
Bytes Flipped(Bytes message) {
  message.back() ^= 1;
  return message;
}

TEST_CASE("Bounds: receiving takes at most four times the input and 1 MiB, right or forged") {
  Company company(TheSuite(), 3, Public());
  const std::string large(8u << 20, 'x');
  std::vector<Bytes> messages = {company.Send(0, large), company.Send(0, "", large),
                                 company.Send(0, "small")};
  for (const WireFormat format : {WireFormat::mls_public_message, WireFormat::mls_private_message}) {
    CommitOptions options;
    options.authenticated_data = Bytes(8u << 20, 1);
    options.format = format;
    messages.push_back(company.MakeCommit(0, std::move(options)).message);
  }
  for (const Bytes& message : messages) {
    CAPTURE(message.size());
    CHECK(PeakOf(company, 1, message) <= Allowed(message));
    const Bytes forged = Flipped(message);
    CHECK(PeakOf(company, 1, forged) <= Allowed(forged));
  }
}

// What a newcomer does with a Welcome, whatever is in it.
Status JoinBy(View bytes, const NewKeyPackage& package, const Env& env) {
  MLS_TRY(message, DecodeMessage(bytes, {}));
  JoinInput input{package.key_package, package.keys.Clone(), {}, nullptr, {}};
  MLS_TRY(staged, Group::StageJoin(std::move(std::get<Welcome>(message.body)), std::move(input), env));
  MLS_DO(Group::OpenJoin(staged, {}, env));
  const Answers answers = AcceptAll(staged.questions);
  MLS_TRY(group, Group::CompleteJoin(std::move(staged), answers, env));
  return group.phase() == Phase::active ? kOk : Status(Error::INTERNAL);
}

TEST_CASE("Bounds: joining takes at most four times the Welcome, the group included") {
  SeededRandom random(43);
  for (const TreeState state : {TreeState::warm, TreeState::sparse}) {
    WarmGroup group = MakeWarmGroup(TheSuite(), 2000, state, random, nullptr);
    const MemberProfile profile = MakeProfile(TheSuite(), "newcomer", random);
    const NewKeyPackage package = MakeKeyPackage(TheSuite(), profile, random);
    CommitOptions options;
    options.proposals.push_back({Add{package.key_package}});
    const NewCommit commit = group.Make(0, std::move(options));
    const Bytes& welcome = commit.welcomes.at(0).message;
    bool joined = false;
    const Allocations seen = AllocationsOf([&] { joined = JoinBy(welcome, package, group.env).ok(); });
    CHECK(joined);
    CAPTURE(welcome.size());
    CAPTURE(seen.peak);
    CHECK(seen.peak <= 4 * static_cast<std::ptrdiff_t>(welcome.size()));
    const Bytes forged = Flipped(welcome);
    CHECK(AllocationsOf([&] { joined = JoinBy(forged, package, group.env).ok(); }).peak <= Allowed(forged));
    CHECK_FALSE(joined);
  }
}

TEST_CASE("Bounds: a GroupInfo takes at most four times its size, the tree that is kept included") {
  SeededRandom random(44);
  for (const TreeState state : {TreeState::warm, TreeState::sparse}) {
    const WarmGroup group = MakeWarmGroup(TheSuite(), 2000, state, random, nullptr);
    const GroupInfo made = Must(group.members[0].MakeGroupInfo({}, group.env));
    const Bytes info = EncodeMessage(GroupInfoMessage{made});
    const MemberProfile profile = MakeProfile(TheSuite(), "newcomer", random);
    const auto join = [&] {
      MLSMessage message = Must(DecodeMessage(info, {}));
      ExternalJoinOptions options;
      options.profile = &profile;
      auto& decoded = std::get<GroupInfoMessage>(message.body).group_info;
      return Group::StageExternalJoin(std::move(decoded), std::move(options), group.env).ok();
    };
    const auto seed = [&] {
      StagedSeed staged = Must(Tracker::StageSeed(info, {}, {}, group.env));
      const Answers answers = AcceptAll(staged.questions);
      return Tracker::CompleteSeed(std::move(staged), answers, {}).ok();
    };
    CAPTURE(info.size());
    for (const auto& take : {std::function<bool()>(join), std::function<bool()>(seed)}) {
      bool taken = false;
      const std::ptrdiff_t peak = AllocationsOf([&] { taken = take(); }).peak;
      CAPTURE(peak);
      CHECK(peak <= 4 * static_cast<std::ptrdiff_t>(info.size()));
      CHECK(taken);
    }
  }
}

// SmallParts are PublicMessages of lists of very many very small elements, with tags that are not right.
Bytes SmallParts(std::size_t size, const Bytes& element) {
  Bytes list;
  while (list.size() < size) list.insert(list.end(), element.begin(), element.end());
  return Encode(std::uint16_t{1}, std::uint16_t{1}, Bytes{1}, std::uint64_t{1}, std::uint8_t{1},
                std::uint32_t{0}, Bytes{}, std::uint8_t{3}, list, std::uint8_t{0}, Bytes(64), Bytes(32),
                Bytes(32));
}

TEST_CASE("Bounds: time is linear in the input") {
  Company company(TheSuite(), 2, Public());
  const auto seconds = [&](const Bytes& message) {
    double least = 1e9;
    for (int i = 0; i < 5; ++i) {
      const std::clock_t start = std::clock();
      (void)company[1].Stage(message, company.world.env).ok();
      least = std::min(least, static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC);
    }
    return least;
  };
  const std::vector<std::function<Bytes(std::size_t)>> inputs = {
      [](std::size_t size) { return SmallParts(size, {2, 0}); },
      [](std::size_t size) { return SmallParts(size, {1, 0, 3, 0, 0, 0, 1}); },
      [](std::size_t size) { return SmallParts(size, {1, 0xF0, 0, 0}); },
      [&](std::size_t size) { return Flipped(company.Send(0, std::string(size, 'x'))); },
      [](std::size_t size) { return Bytes(size, 0x01); },
  };
  constexpr std::size_t kSize = 1u << 20;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    CAPTURE(i);
    const double small = seconds(inputs[i](kSize)), large = seconds(inputs[i](8 * kSize));
    CAPTURE(small);
    CAPTURE(large);
    CHECK(large <= 24 * small + 0.005);  // quadratic: 64
  }
}

}  // namespace
}  // namespace mls::test
