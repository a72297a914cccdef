// The messages that members of a LiveGroup and others could send now. Nobody sends them: each is the output
// of a step that is not applied.
#include "group/external_proposal.h"
#include "support/live_group.h"

namespace mls::fuzz {

namespace {

Bytes Proposed(Company& company, std::size_t by, StagedOwnProposal staged) {
  const Answers answers = company.Answer(staged.questions);
  return Must(company[by].CompleteOwnProposal(std::move(staged), answers, company.world.env)).output;
}

Bytes Committed(Company& company, std::size_t by, CommitOptions options) {
  StagedCommit staged = Must(company[by].StageCommit(std::move(options), company.world.env));
  const Answers answers = company.Answer(staged.questions);
  return Must(company[by].CompleteCommit(std::move(staged), answers, company.world.env)).output.message;
}

std::vector<std::pair<std::string, Proposal>> SomeProposals(const LiveGroup& group) {
  return {
      {"add", {Add{group.strangers_package.key_package}}},
      {"remove", {Remove{LeafIndex{5}}}},
      {"psk", {PreSharedKey{PreSharedKeyID{ExternalPsk{ToBytes(AsView("psk"))}, Bytes(32, 8)}}}},
      {"extensions", {GroupContextExtensions{{MakeExtension(group.senders)}}}},
      {"reinit", {ReInit{Bytes(4, 1), ProtocolVersion::mls10, group.suite().id, {}}}},
  };
}

void AddHandshakes(LiveGroup& group, WireFormat format, const std::string& ending, std::vector<Seed>& seeds) {
  Company& company = group.company;
  const Policy policy = company[kIdle].policy();
  for (const std::size_t i : {kFounder, kIdle}) {
    Policy other = policy;
    other.handshake_format = format;
    company[i].SetPolicy(std::move(other));
  }
  for (const auto& [name, proposal] : SomeProposals(group)) {
    seeds.push_back(
        {name + ending,
         Proposed(company, kIdle, Must(company[kIdle].StageOwnProposal(proposal, {}, company.world.env)))});
    CommitOptions options = Proposing(proposal);
    options.cached = CommitOptions::Cached::ignore;
    seeds.push_back({"commit-" + name + ending, Committed(company, kFounder, std::move(options))});
  }
  seeds.push_back({"update" + ending,
                   Proposed(company, kIdle, Must(company[kIdle].StageOwnUpdate({}, {}, company.world.env)))});
  seeds.push_back({"commit-cached" + ending, Committed(company, kFounder, {})});
  for (const std::size_t i : {kFounder, kIdle}) company[i].SetPolicy(policy);
}

}  // namespace

std::vector<Seed> LiveGroup::Genuine() {
  std::vector<Seed> seeds = {{"honest", honest}, {"late", late}, {"passed-over", passed_over}};
  AddHandshakes(*this, WireFormat::mls_public_message, "-public", seeds);
  AddHandshakes(*this, WireFormat::mls_private_message, "-private", seeds);
  const GroupContext& context = receiver.context();
  seeds.push_back({"from-sender", Must(ProposeAsExternal(suite(), context.group_id, context.epoch, 0,
                                                         keys[0].private_key, {Remove{LeafIndex{4}}}))});
  seeds.push_back({"from-stranger",
                   Must(ProposeOwnAdd(strangers_package.key_package, stranger.profile.signature_private_key,
                                      context.group_id, context.epoch))});
  const GroupInfo info = company.Info(kFounder);
  seeds.push_back({"external-commit", Must(company.TryJoinByCommit(stranger, info)).message});
  seeds.push_back({"own-candidate", company[kReceiver].candidates().at(0)->message});
  return seeds;
}

}  // namespace mls::fuzz
