#include "support/live_group.h"

namespace mls::fuzz {

MemoryRows CopyOf(const MemoryRows& rows) {
  MemoryRows copy;
  for (const auto& [key, value] : rows.rows()) copy.Put(key, value);
  return copy;
}

namespace {

CompanyOptions Options() {
  CompanyOptions options;
  options.policy.handshake_format = WireFormat::mls_public_message;
  options.policy.send_with_uncommitted_proposals = Policy::Uncommitted::allow;
  return options;
}

Env EnvOf(Random& random) { return {kNow, &random, nullptr}; }

Proposal Psk(const char* id) {
  return {PreSharedKey{PreSharedKeyID{ExternalPsk{ToBytes(AsView(id))}, Bytes(32, 7)}}};
}

}  // namespace

LiveGroup& LiveGroup::Of(std::size_t suite) {
  static std::map<std::size_t, std::unique_ptr<LiveGroup>> made;
  std::unique_ptr<LiveGroup>& one = made[suite % 2];
  if (one == nullptr) one.reset(new LiveGroup(AllSuites()[suite % 2]));
  return *one;
}

LiveGroup::LiveGroup(const Suite& suite)
    : ExternalKeys(suite),
      company(suite, 6, In(Options())),
      stranger(company.world.NewClient(suite, "stranger")),
      strangers_package(company.world.NewKeyPackageOf(stranger)),
      rows((MakeHistory(), World::Saved(company[kReceiver]))),
      receiver(Load(rows)),
      insider(company, kInsider) {
  ExpectUntouched(Error::BAD_SIGNATURE, {});
}

void LiveGroup::MakeHistory() {
  company.psks[Encode(std::variant<ExternalPsk, ResumptionPsk>(ExternalPsk{ToBytes(AsView("psk"))}))] =
      Bytes(32, 9);
  for (const std::size_t committer : {kFounder, kReceiver, kInsider, kHonest}) company.Commit(committer);
  company.Commit(kFounder, Proposing({Remove{company[kLeaves].self()}}));
  late = company.Send(kHonest, "late");
  company.Receive(kReceiver, company.Send(kHonest, "in time"));
  company.Commit(kInsider);
  passed_over = company.Send(kHonest, "passed over");
  company.Receive(kReceiver, company.Send(kHonest, "in time"));

  const auto all_receive = [&](std::size_t from, Bytes message) {
    company.Deliver(from, message);
    proposed.push_back(std::move(message));
  };
  all_receive(kHonest, company.ProposeUpdate(kHonest));
  all_receive(kFounder, company.Propose(kFounder, {Remove{company[kIdle].self()}}));
  all_receive(kInsider, company.Propose(kInsider, Psk("psk")));
  all_receive(kReceiver, company.ProposeUpdate(kReceiver));
  honest = Must(company[kHonest].Protect(AsView("honest"), {}, company.world.env)).output;
  CommitOptions leaving_out;
  leaving_out.cached = CommitOptions::Cached::ignore;
  company.MakeCommit(kReceiver, std::move(leaving_out));
}

Bytes LiveGroup::Framing() const { return Encode(receiver.context().group_id, receiver.context().epoch); }

std::vector<Bytes> LiveGroup::References() const {
  std::vector<Bytes> references;
  for (const CachedProposalPtr& proposal : receiver.proposals().in_order())
    references.push_back(proposal->reference);
  return references;
}

Group LiveGroup::Load(const MemoryRows& from) const {
  SeededRandom random(2);
  return Must(Group::Load(from, Options().policy, EnvOf(random)));
}

Answers LiveGroup::Answer(const Questions& questions) const {
  Answers answers = AcceptAll(questions);
  answers.psks.clear();
  for (const PreSharedKeyID& id : questions.psks) {
    const auto known = company.psks.find(Encode(id.body));
    answers.psks.push_back(known == company.psks.end() ? std::nullopt
                                                       : std::optional(Secret::Copy(known->second)));
  }
  return answers;
}

Result<Done<Received>> LiveGroup::Step(const Group& group, View message) const {
  SeededRandom random(3);
  const Env env = EnvOf(random);
  auto staged = group.Stage(message, env);
  if (!staged.ok()) return staged.error();
  const Answers answers = Answer(staged->questions);
  return group.Complete(std::move(*staged), answers, env);
}

std::optional<Error> LiveGroup::Refusal(View message, const std::function<void(const Group&)>& after) {
  const auto tried = Step(receiver, message);
  ExpectSound(tried);
  if (!tried.ok()) {
    ExpectUntouched(tried.error(), message);
    return tried.error();
  }
  NoteTaken();
  Group copy = Load(rows);
  auto done = Step(copy, message);
  Expect(done.ok(), "what one member takes, its copy takes");
  MemoryRows saved = CopyOf(rows);
  saved.Apply(done->change.batch);
  Expect(copy.Apply(std::move(done->change)).ok(), "a change fits the state that it was made from");
  Expect(saved == World::Saved(copy), "what a step saves is what it changed");
  if (copy.phase() == Phase::removed) {
    Expect(saved.size() == 1 && saved.Get(RowKey(RowTag::removed)),
           "nothing is left of a group that one was removed from");
    return std::nullopt;
  }
  Expect(saved == World::Saved(Load(saved)), "what is saved loads as what it was");
  if (!Equal(message, honest)) ExpectReadable(copy, "a message of before is read after what was taken");
  if (after) after(copy);
  return std::nullopt;
}

void LiveGroup::ExpectUntouched(Error error, View message) const {
  // What does not get past the decoder is tried now and then only, for speed.
  const bool at_the_door = Describe(error).fault == Fault::malformed || error == Error::WRONG_GROUP;
  if (at_the_door && message.size() % 16 != 0) return;
  Expect(World::Saved(receiver) == rows, "a refused message changes nothing");
  ExpectReadable(receiver, "an honest message is taken after one that was refused");
}

void LiveGroup::ExpectReadable(const Group& group, const char* what) const {
  const auto done = Step(group, honest);
  Expect(done.ok() && std::holds_alternative<ApplicationMessage>(done->output), what);
}

}  // namespace mls::fuzz
