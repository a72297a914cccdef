// A group with a pending commit that the policy of today would not permit could not be loaded: a lower limit,
// a custom proposal that is no longer known, certificates that are no longer filled in. The delivery service
// may have that commit already.
#include "support/company.h"

namespace mls::test {
namespace {

constexpr ProposalType kCustom{0xF123};

CompanyOptions WithCustom(CustomProposalType::Path path) {
  CompanyOptions options;
  options.policy.custom_proposals.push_back({kCustom, path, {}});
  options.dress = [](Client& client) { client.profile.capabilities.proposals.push_back(kCustom); };
  return options;
}

// Reopens checks that `group` is the same under any policy, and that its pending commit is taken.
void Reopens(Company& company, const Policy& policy) {
  const Group& group = company[0];
  REQUIRE(group.candidates().size() == 1);
  Group loaded = Must(Group::Load(company.store(0), policy, company.world.env));
  CHECK(World::Saved(loaded) == World::Saved(group));
  const std::uint64_t id = group.candidates().front()->id;
  Done<ReceivedCommit> accepted = Must(loaded.AcceptCandidate(id, company.world.env));
  Must(loaded.Apply(std::move(accepted.change)));
  const Bytes message = group.candidates().front()->message;
  company.Receive(1, message);
  CHECK(World::Agree(loaded, company[1]));
}

TEST_CASE("a pending commit is loaded whatever the limits have become") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Company company(suite, 2);
    CommitOptions options;
    for (int i = 0; i < 2; ++i) {
      const Client client = company.world.NewClient(suite, "new " + std::to_string(i));
      options.proposals.push_back({Add{company.world.NewKeyPackageOf(client).key_package}});
      options.proposals.push_back(Must(company[0].MakePsk(ExternalPsk{Bytes(1, 7)}, company.world.env)));
    }
    company.psks[Encode(PreSharedKeyID{ExternalPsk{Bytes(1, 7)}, {}}.body)] = Bytes(32, 9);
    company.MakeCommit(0, std::move(options));
    Policy narrow;
    narrow.limits.max_leaves = 2;
    narrow.limits.max_proposals_per_commit = 1;
    narrow.limits.max_psks_per_commit = 1;
    narrow.limits.max_leaf_node_size = 1;
    narrow.limits.max_extensions = 0;
    narrow.limits.max_lifetime = 1;
    Reopens(company, narrow);
  }
}

TEST_CASE("a pending commit of a custom proposal that is no longer known is loaded") {
  Company company(AllSuites().front(), 2, WithCustom(CustomProposalType::Path::optional));
  company.MakeCommit(0, Proposing({CustomProposal{kCustom, {1}}}));
  Reopens(company, Policy());
}

TEST_CASE("a pending commit without a path is loaded when its custom proposal has come to require one") {
  Company company(AllSuites().front(), 2, WithCustom(CustomProposalType::Path::optional));
  CommitOptions options = Proposing({CustomProposal{kCustom, {1}}});
  options.path = CommitOptions::Path::when_required;
  company.MakeCommit(0, std::move(options));
  Reopens(company, WithCustom(CustomProposalType::Path::required).policy);
}

TEST_CASE("a pending commit outlives the lifetime of those whom it adds") {
  Company company(AllSuites().front(), 2);
  const Client client = company.world.NewClient(AllSuites().front(), "new");
  const NewKeyPackage package = company.world.NewKeyPackageOf(client);
  company.MakeCommit(0, Proposing({Add{package.key_package}}));
  company.world.env.now = package.key_package.leaf_node.lifetime.not_after + 1;
  const Group loaded = Must(Group::Load(company.store(0), {}, company.world.env));
  CHECK(loaded.candidates().size() == 1);
}

}  // namespace
}  // namespace mls::test
