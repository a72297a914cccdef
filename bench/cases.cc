#include "cases.h"

#include <malloc.h>

#include <memory>

#include "costs.h"
#include "support/warm_group.h"

namespace mls::bench {

namespace {

using test::Must;

constexpr double kMaxRatio = 2.0;
constexpr double kMaxHeap = 3.0;
constexpr double kMaxCopy = 100;           // us
constexpr std::size_t kBarsFrom = 10'000;  // members; below, fixed costs weigh in
constexpr std::size_t kManyMembers = 50'000;
constexpr std::size_t kContent = 1024;  // bytes of application data
constexpr std::size_t kBatch = 50;      // messages timed at once

const Suite& kSuite = *FindSuite(CipherSuite::MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519);

Policy OpenHandshakes() {
  Policy policy;
  policy.handshake_format = WireFormat::mls_public_message;
  return policy;
}

void Tally(const Batch& batch, Step& step) {
  step.rows += batch.operations().size();
  step.bytes += batch.bytes();
}

// Case runs steps of one group size with every number of threads.
class Case {
 public:
  Case(std::size_t members, const Plan& plan, Random& random, Report& report)
      : members_(members), plan_(plan), random_(random), report_(report) {}

  // Measure times `body(env, step)`, which gives its Lapse and fills in sizes, against `floor`.
  template <class Body>
  void Measure(const std::string& name, const Floor& floor, const Body& body) {
    for (const std::size_t threads : plan_.threads) MeasureOn(threads, name, floor, 1, body);
  }
  // MeasureOne is for steps that use one thread in any case. `body` does `times` of them at once.
  template <class Body>
  void MeasureOne(const std::string& name, const Floor& floor, std::size_t times, const Body& body) {
    MeasureOn(1, name, floor, times, body);
  }

  void Note(const std::string& name, double value, const std::string& unit, double bar) {
    report_.Add(Amount{name, members_, value, unit, bar});
  }
  double bar(double value) const { return members_ >= kBarsFrom ? value : 0; }

 private:
  template <class Body>
  void MeasureOn(std::size_t threads, const std::string& name, const Floor& floor, std::size_t times,
                 const Body& body) {
    std::unique_ptr<Pool> pool = threads > 1 ? std::make_unique<Pool>(threads) : nullptr;
    const Env env{test::kNow, &random_, pool.get()};
    Step step{name, members_, threads, {}, 0, 0, 0, bar(kMaxRatio)};
    floor.Prepare(pool.get());
    const auto timed = [&] {
      step.message = step.rows = step.bytes = 0;
      return body(env, step);
    };
    const auto raw = [&] { return LapseOf([&] { floor.Run(pool.get(), times); }); };
    const std::size_t least = members_ < kManyMembers ? 3 : 1;
    step.figures = Alternate(plan_.budget, least, times, timed, raw);
    report_.Add(step);
  }

  std::size_t members_;
  const Plan& plan_;
  Random& random_;
  Report& report_;
};

// Newcomers have each their own seed, so that several threads can make them.
std::vector<NewKeyPackage> MakeNewcomers(std::size_t count, Pool* pool) {
  std::vector<NewKeyPackage> made(count);
  Must(ParallelFor(pool, count, 16, [&](std::size_t i) -> Status {
    test::SeededRandom random(i + 1);
    const MemberProfile profile = test::MakeProfile(kSuite, "member " + std::to_string(i + 1), random);
    made[i] = test::MakeKeyPackage(kSuite, profile, random);
    return kOk;
  }));
  return made;
}

// Committer makes the same commit over and over; the last one can be accepted.
class Committer {
 public:
  explicit Committer(Group& group) : group_(group) {}

  Lapse Time(std::vector<Proposal> proposals, const Env& env, Step& step) {
    CommitOptions options;
    options.proposals = std::move(proposals);
    if (made_) Must(group_.Apply(Must(group_.RejectCandidate(made_->id))));
    return LapseOf([&] {
      StagedCommit staged = Must(group_.StageCommit(std::move(options), env));
      const Answers answers = AcceptAll(staged.questions);
      Done<NewCommit> done = Must(group_.CompleteCommit(std::move(staged), answers, env));
      Tally(done.change.batch, step);
      made_ = std::move(done.output);
      Must(group_.Apply(std::move(done.change)));
      const Done<ReceivedCommit> accepted = Must(group_.AcceptCandidate(made_->id, env));
      Tally(accepted.change.batch, step);
      step.message = made_->message.size();
    });
  }

  const NewCommit& made() const { return *made_; }
  void Accept(const Env& env) { Must(group_.Apply(Must(group_.AcceptCandidate(made_->id, env)).change)); }

 private:
  Group& group_;
  std::optional<NewCommit> made_;
};

Lapse TimeJoin(View welcome, const NewKeyPackage& package, const Env& env, Step& step,
               std::optional<Group>& joined) {
  JoinInput input{package.key_package, package.keys.Clone(), {}, nullptr, OpenHandshakes()};
  step.message = welcome.size();
  joined.reset();
  return LapseOf([&] {
    MLSMessage message = Must(DecodeMessage(welcome, input.policy.limits));
    StagedJoin staged =
        Must(Group::StageJoin(std::move(std::get<Welcome>(message.body)), std::move(input), env));
    Must(Group::OpenJoin(staged, {}, env));
    const Answers answers = AcceptAll(staged.questions);
    joined.emplace(Must(Group::CompleteJoin(std::move(staged), answers, env)));
    Batch whole;
    joined->Save(whole);
    Tally(whole, step);
  });
}

Lapse TimeProcess(const Group& group, View message, const Env& env, Step& step) {
  step.message = message.size();
  return LapseOf([&] {
    StagedMessage staged = Must(group.Stage(message, env));
    const Answers answers = AcceptAll(staged.questions);
    const Done<Received> done = Must(group.Complete(std::move(staged), answers, env));
    Tally(done.change.batch, step);
  });
}

Lapse TimeFollow(const Tracker& before, View message, const Env& env, Step& step) {
  step.message = message.size();
  Tracker tracker = before;
  return LapseOf([&] {
    StagedHandshake staged = Must(tracker.Stage(message, env));
    const Answers answers = AcceptAll(staged.questions);
    Must(tracker.Complete(std::move(staged), answers));
  });
}

NodeIndex CopathOf(NodeIndex node, LeafIndex leaf) {
  return Contains(Left(node), leaf) ? Right(node) : Left(node);
}

// SealsOf counts the ciphertexts of a path (RFC 9420 §7.6).
std::size_t SealsOf(const RatchetTree& tree, LeafIndex committer) {
  std::size_t seals = 0;
  for (const NodeIndex node : tree.FilteredDirectPath(committer)) {
    seals += tree.Resolution(CopathOf(node, committer)).size();
  }
  return seals;
}

// SecretsOf counts the path nodes whose keys `self` learns from a commit of `committer`.
std::size_t SecretsOf(const RatchetTree& tree, LeafIndex committer, LeafIndex self) {
  std::size_t secrets = 0;
  for (const NodeIndex node : tree.FilteredDirectPath(committer)) secrets += Contains(node, self) ? 1 : 0;
  return secrets;
}

Sizes SizesOf(const RatchetTree& tree, LeafIndex committer, std::size_t commit) {
  Sizes sizes;
  sizes.members = tree.member_count();
  sizes.path = tree.FilteredDirectPath(committer).size();
  sizes.leaf = tree.EncodedLeaf(committer).size();
  sizes.commit = commit;
  return sizes;
}

// An empty commit of `from`, and what it costs its receivers.
struct Receiver {
  std::string name;
  const Group* group;
};

void MeasureCommit(Case& bench, const std::string& where, Group& from, const std::vector<Receiver>& receivers,
                   Tracker& tracker) {
  Committer committer(from);
  const RatchetTree& tree = from.tree();
  Sizes sizes = SizesOf(tree, from.self(), 0);
  const std::size_t seals = SealsOf(tree, from.self());
  sizes.commit = 250 + sizes.leaf + 34 * sizes.path + 83 * seals;  // none is made yet
  bench.Measure("own commit, " + where, CommitFloor(sizes, seals),
                [&](const Env& env, Step& step) { return committer.Time({}, env, step); });
  const Bytes& message = committer.made().message;
  sizes.commit = message.size();
  for (const Receiver& receiver : receivers) {
    const std::size_t secrets = SecretsOf(tree, from.self(), receiver.group->self());
    bench.MeasureOne(
        receiver.name + ", " + where, ProcessFloor(sizes, secrets), 1,
        [&](const Env& env, Step& step) { return TimeProcess(*receiver.group, message, env, step); });
  }
  bench.MeasureOne("tracker follows, " + where, FollowFloor(sizes), 1,
                   [&](const Env& env, Step& step) { return TimeFollow(tracker, message, env, step); });
}

// Messages are applied: each one finds its ratchet a step further. `a` sends into the void, then reads what
// `b` sends.
void MeasureMessages(Case& bench, Group& a, Group& b) {
  const Bytes data(kContent, 'x');
  const auto send = [&](Group& sender, const Env& env, Step& step) {
    Done<Bytes> done = Must(sender.Protect(data, {}, env));
    step.rows = std::max(step.rows, done.change.batch.operations().size());
    step.bytes = std::max(step.bytes, done.change.batch.bytes());
    step.message = done.output.size();
    Must(sender.Apply(std::move(done.change)));
    return std::move(done.output);
  };
  bench.MeasureOne("protect 1 KiB", ProtectFloor(kContent), kBatch, [&](const Env& env, Step& step) {
    return LapseOf([&] {
      for (std::size_t i = 0; i < kBatch; ++i) send(a, env, step);
    });
  });
  bench.MeasureOne("unprotect 1 KiB", UnprotectFloor(kContent), kBatch, [&](const Env& env, Step& step) {
    std::vector<Bytes> wires;
    for (std::size_t i = 0; i < kBatch; ++i) wires.push_back(send(b, env, step));
    step.rows = step.bytes = 0;
    return LapseOf([&] {
      for (const Bytes& wire : wires) {
        StagedMessage staged = Must(a.Stage(wire, env));
        const Answers answers = AcceptAll(staged.questions);
        Done<Received> done = Must(a.Complete(std::move(staged), answers, env));
        step.rows = std::max(step.rows, done.change.batch.operations().size());
        step.bytes = std::max(step.bytes, done.change.batch.bytes());
        Must(a.Apply(std::move(done.change)));
      }
    });
  });
}

std::size_t HeapInUse() {
  const auto info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

void MeasureMemory(Case& bench, const std::string& where, const Group& group) {
  std::vector<double> copies;
  for (int i = 0; i < 50; ++i) {
    copies.push_back(LapseOf([&] { const PublicEpoch copy = group.epoch(); }).wall);
  }
  bench.Note("copy of the public epoch, " + where, Median(copies) * 1e6, "us", kMaxCopy);

  const MemoryRows rows = test::World::Saved(group);
  test::SeededRandom random(1);
  const Env env{test::kNow, &random, nullptr};
  std::optional<Group> loaded;
  const std::size_t before = HeapInUse();
  const Lapse load = LapseOf([&] { loaded.emplace(Must(Group::Load(rows, OpenHandshakes(), env))); });
  const auto heap = static_cast<double>(HeapInUse() - before);
  const auto encoded = static_cast<double>(group.tree().EncodeExtension().size());
  bench.Note("load from rows, " + where, load.wall * 1e3, "ms", 0);
  bench.Note("encoded tree, " + where, encoded / 1e3, "KB", 0);
  bench.Note("heap of a loaded state / encoded tree, " + where, heap / encoded, "times", bench.bar(kMaxHeap));
}

}  // namespace

void MeasureSparse(std::size_t members, const Plan& plan, Report& report) {
  test::World world(0);
  Pool pool(plan.threads.back());
  Case bench(members, plan, world.random, report);
  const std::vector<NewKeyPackage> newcomers = MakeNewcomers(members - 1, &pool);
  std::vector<Proposal> adds;
  for (const NewKeyPackage& one : newcomers) adds.push_back({Add{one.key_package}});

  Group creator = world.NewGroup(world.NewClient(kSuite, "member 0"), OpenHandshakes());
  const NewKeyPackage& last = newcomers.back();
  Sizes sizes;
  sizes.members = members;
  sizes.leaf = Encode(last.key_package.leaf_node).size();
  sizes.key_package = Encode(last.key_package).size();
  sizes.path = static_cast<std::size_t>(std::bit_width(members - 1));
  sizes.commit = members * (sizes.key_package + 3);  // as proposals by value
  sizes.group_info = members * (sizes.leaf + 3);     // as nodes of a tree, with a blank parent each
  Committer committer(creator);
  bench.Measure("bulk add with Welcome", AddFloor(sizes),
                [&](const Env& env, Step& step) { return committer.Time(adds, env, step); });
  committer.Accept(world.env);
  adds = {};

  std::optional<Group> joined;
  const Bytes& welcome = committer.made().welcomes.front().message;
  bench.Measure("join from Welcome", JoinFloor(sizes, 1),
                [&](const Env& env, Step& step) { return TimeJoin(welcome, last, env, step, joined); });
  Tracker tracker(creator.tracker().shared_epoch(), OpenHandshakes());
  MeasureCommit(bench, "sparse", creator, {{"process", &*joined}}, tracker);
  MeasureMessages(bench, *joined, creator);
  MeasureMemory(bench, "sparse", *joined);
}

void MeasureWarm(std::size_t members, const Plan& plan, Report& report) {
  test::SeededRandom random(2);
  Pool pool(plan.threads.back());
  Case bench(members, plan, random, report);
  test::WarmGroup group =
      test::MakeWarmGroup(kSuite, static_cast<std::uint32_t>(members), test::TreeState::warm, random, &pool);
  MeasureCommit(bench, "warm", group.members[0],
                {{"process as neighbour", &group.members[1]}, {"process far away", &group.members[2]}},
                group.tracker);
  MeasureMemory(bench, "warm", group.members[2]);
}

}  // namespace mls::bench
