// What an insider's Commit may cost those who process it, from its bytes to the next epoch: time linear in
// its proposals, and memory in the Commit and in what of the group it changes.
#include <ctime>

#include "support/allocations.h"
#include "support/company.h"
#include "support/custom_types.h"
#include "support/warm_group.h"

namespace mls::test {
namespace {

struct Cost {
  std::size_t input = 0;    // bytes of the message
  std::ptrdiff_t peak = 0;  // bytes that memory rises by
  double seconds = 1e9;     // of this process
};

// CostOf gives what `member` spends on a Commit that it does not enter; of three times the least.
Cost CostOf(const Group& member, View message, const Answers& answers, const Env& env) {
  Cost cost;
  cost.input = message.size();
  for (int i = 0; i < 3; ++i) {
    const std::clock_t start = std::clock();
    const Allocations seen = AllocationsOf([&] {
      StagedMessage staged = Must(member.Stage(message, env));
      Answers given;
      given.credentials.assign(staged.questions.credentials.size(), Verdict::accept);
      for (const auto& psk : answers.psks) given.psks.emplace_back(psk->Clone());
      (void)Must(member.Complete(std::move(staged), given, env));
    });
    cost.seconds = std::min(cost.seconds, static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC);
    cost.peak = seen.peak;
  }
  return cost;
}

void IsLinear(const Cost& few, const Cost& many) {
  CAPTURE(few.seconds);
  CAPTURE(many.seconds);
  CHECK(many.seconds <= 24 * few.seconds + 0.005);  // eight times as much; quadratic: 64
}

CommitOptions Adding(std::size_t count, Random& random) {
  CommitOptions options;
  for (std::size_t i = 0; i < count; ++i) {
    const MemberProfile profile = MakeProfile(AllSuites().front(), "newcomer " + std::to_string(i), random);
    options.proposals.push_back({Add{MakeKeyPackage(AllSuites().front(), profile, random).key_package}});
  }
  return options;
}

CommitOptions Removing(std::uint32_t count) {
  CommitOptions options;
  for (std::uint32_t i = 0; i < count; ++i) options.proposals.push_back({Remove{{i + 3}}});
  return options;
}

TEST_CASE(
    "Bounds: a Commit of many Adds takes linear time, and four times its memory, the newcomers included") {
  for (const WireFormat format : {WireFormat::mls_public_message, WireFormat::mls_private_message}) {
    CAPTURE(static_cast<int>(format));
    SeededRandom random(51);
    CompanyOptions options;
    options.policy.handshake_format = format;
    Company company(AllSuites().front(), 4, options);
    const auto cost = [&](std::size_t count) {
      const NewCommit commit = company.MakeCommit(0, Adding(count, random));
      return CostOf(company[1], commit.message, {}, company.world.env);
    };
    const Cost few = cost(250), many = cost(2000);
    IsLinear(few, many);
    // So little over four times that the largest message does not use up the mebibyte, either.
    CHECK(many.peak - few.peak <= static_cast<std::ptrdiff_t>(4 * (many.input - few.input) + 4096));
    CHECK(few.peak <= static_cast<std::ptrdiff_t>(4 * few.input + (1u << 20)));
  }
}

TEST_CASE("Bounds: a Commit of many Removes takes linear time, and memory for the tree they change") {
  SeededRandom random(52);
  const auto cost = [&](std::uint32_t members) {
    WarmGroup group = MakeWarmGroup(AllSuites().front(), members, TreeState::warm, random, nullptr);
    const auto tree = static_cast<std::ptrdiff_t>(group.members[1].tree().EncodeExtension().size());
    const NewCommit commit = group.Make(0, Removing(members / 2));
    const Cost one = CostOf(group.members[1], commit.message, {}, group.env);
    CAPTURE(one.input);
    CAPTURE(tree);
    CAPTURE(one.peak);
    CHECK(one.peak <= 4 * (static_cast<std::ptrdiff_t>(one.input) + tree) + (1 << 20));
    return one;
  };
  const Cost few = cost(500);
  IsLinear(few, cost(4000));
}

TEST_CASE("Bounds: a Commit of many custom proposals or PSKs takes linear time") {
  CompanyOptions options;
  options.policy.custom_proposals.push_back({kCustom, CustomProposalType::Path::optional, {}});
  options.policy.handshake_format = WireFormat::mls_public_message;
  options.dress = [](Client& client) { client.profile.capabilities.proposals.push_back(kCustom); };
  Company company(AllSuites().front(), 2, options);
  const Bytes id = {7}, psk(32, 9);
  company.psks[Encode(PreSharedKeyID{ExternalPsk{id}, {}}.body)] = psk;
  const auto cost = [&](std::size_t count, auto&& proposal) {
    CommitOptions many;
    for (std::size_t i = 0; i < count; ++i) many.proposals.push_back(proposal());
    const NewCommit commit = company.MakeCommit(0, std::move(many));
    Answers answers;
    if (proposal().type() == ProposalType::psk) {
      for (std::size_t i = 0; i < count; ++i) answers.psks.emplace_back(Secret::Copy(psk));
    }
    const Cost one = CostOf(company[1], commit.message, answers, company.world.env);
    CAPTURE(one.input);
    CHECK(one.peak <= static_cast<std::ptrdiff_t>(4 * one.input + (1u << 20)));
    return one;
  };
  const auto custom = [] { return Proposal{CustomProposal{kCustom, {1}}}; };
  IsLinear(cost(200, custom), cost(1600, custom));
  CommitOptions many;
  for (int i = 0; i < 4096; ++i) many.proposals.push_back(custom());
  CHECK(ErrorOf(company[0].StageCommit(std::move(many), company.world.env)) == Error::LIMIT_EXCEEDED);
  const auto external = [&] { return Must(company[0].MakePsk(ExternalPsk{id}, company.world.env)); };
  IsLinear(cost(128, external), cost(1024, external));
}

// SecondsToRefuse says how long a member takes over a Commit with this list, rightly signed by another.
double SecondsToRefuse(Company& company, const std::vector<ProposalOrRef>& list, Error expected) {
  const Group& group = company[1];
  FramedContent content{group.context().group_id, group.context().epoch, Sender::Member({0}), {}, {}};
  content.body = CommitContent{{EncodedList<ProposalOrRef>(list), std::nullopt}};
  const PlanRules rules{&group.policy(), company.world.env.now, nullptr, {}, PlanRules::Judged::nothing};
  double least = 1e9;
  for (int i = 0; i < 3; ++i) {
    auto commit = Must(SignContent(group.suite(), WireFormat::mls_public_message, content,
                                   company.client(0).profile.signature_private_key, Encode(group.context())));
    const std::clock_t start = std::clock();
    CHECK(ErrorOf(StageCommit(group.epoch(), group.proposals(), std::move(commit), rules)) == expected);
    least = std::min(least, static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC);
  }
  return least;
}

TEST_CASE("Bounds: a Commit of very many proposals is refused in linear time, whatever is wrong with it") {
  Company company(AllSuites().front(), 2);
  const auto psk = [](std::uint64_t i) {
    return Proposal{PreSharedKey{{ExternalPsk{Encode(i)}, Bytes(AllSuites().front().Nh)}}};
  };
  struct Case {
    Error expected;
    std::function<ProposalOrRef(std::uint64_t)> entry;
  };
  const std::vector<Case> cases = {
      {Error::UNKNOWN_PROPOSAL,
       [](std::uint64_t i) { return ProposalOrRef{ProposalByReference{Encode(i)}}; }},
      {Error::INVALID_PROPOSAL_LIST,
       [](std::uint64_t) { return ProposalOrRef{ProposalByValue{{Remove{{1}}}}}; }},
      {Error::LIMIT_EXCEEDED, [&](std::uint64_t i) { return ProposalOrRef{ProposalByValue{psk(i)}}; }},
      {Error::LIMIT_EXCEEDED,
       [](std::uint64_t) { return ProposalOrRef{ProposalByValue{{CustomProposal{kCustom, {1}}}}}; }},
      {Error::INVALID_PROPOSAL_LIST,
       [](std::uint64_t i) {
         return ProposalOrRef{ProposalByValue{{Remove{{static_cast<std::uint32_t>(i + 1)}}}}};
       }},
  };
  for (std::size_t i = 0; i < cases.size(); ++i) {
    CAPTURE(i);
    const auto seconds = [&](std::uint64_t count) {
      std::vector<ProposalOrRef> list;
      for (std::uint64_t k = 0; k < count; ++k) list.push_back(cases[i].entry(k));
      return SecondsToRefuse(company, list, cases[i].expected);
    };
    const double few = seconds(10'000), many = seconds(80'000);
    CAPTURE(few);
    CAPTURE(many);
    CHECK(many <= 24 * few + 0.005);  // quadratic: 64
  }
}

}  // namespace
}  // namespace mls::test
