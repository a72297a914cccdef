// When memory runs out: each allocation of libcrypto and each draw of random bytes fails in turn, by itself
// or with all that follow, in every operation of a group. The operation then ends with an error and leaves
// nothing behind, or does without; with memory it works.
#include <openssl/crypto.h>

#include <atomic>
#include <cstdlib>
#include <limits>
#include <thread>

#include "crypto/sealed_rows.h"
#include "group/external_proposal.h"
#include "support/company.h"

namespace mls::test {
namespace {

constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

// Of very many allocations some fail, and with NODE_MLS_FULL each one.
const std::int64_t step_after = std::getenv("NODE_MLS_FULL") == nullptr ? 32 : kNever;

enum class Lack : std::uint8_t { of_one, from_then_on };

// What libcrypto and the engine may still have before there is no more.
std::atomic<std::int64_t> left = kNever;
std::atomic<Lack> lack = Lack::of_one;

bool Fails() {
  const std::int64_t before = left.fetch_sub(1);
  return before == 0 || (before < 0 && lack == Lack::from_then_on);
}

void* Allocate(std::size_t size, const char*, int) { return Fails() ? nullptr : std::malloc(size); }
void* Reallocate(void* old, std::size_t size, const char*, int) {
  return Fails() ? nullptr : std::realloc(old, size);
}
void Free(void* memory, const char*, int) { std::free(memory); }

// libcrypto takes them only before it has allocated anything.
const bool are_ours = CRYPTO_set_mem_functions(Allocate, Reallocate, Free) == 1;

class ScarceRandom : public Random {
 public:
  Status Fill(Span out) override { return Fails() ? Status(Error::INTERNAL) : random_.Fill(out); }

 private:
  SeededRandom random_{1};
};

struct Attempt {
  Status status = kOk;
  bool starved = false;
};

template <class Operation>
Attempt Starve(std::int64_t nth, Operation operation) {
  left = nth;
  Attempt attempt;
  attempt.status = operation();
  attempt.starved = left.load() < 0;
  left = kNever;
  return attempt;
}

// StarveEach runs an operation until nothing is left to fail, and gives how often it failed. An operation
// changes nothing but by what it gives, so it may run again.
template <class Operation>
std::size_t StarveEach(Operation operation) {
  std::size_t failures = 0;
  for (const Lack how : {Lack::of_one, Lack::from_then_on}) {
    lack = how;
    bool starved = true;
    for (std::int64_t nth = 0; starved; nth += 1 + nth / step_after) {
      const Attempt attempt = Starve(nth, operation);
      if (!attempt.status.ok()) ++failures;
      starved = attempt.starved;
      if (!starved) REQUIRE(attempt.status.ok());
    }
  }
  return failures;
}

template <class T>
Status StatusOf(const Result<T>& result) {
  return result.ok() ? kOk : Status(result.error());
}

constexpr std::uint8_t kPsk = 7;

// Starving is a company, and what happens to its members up to where it would change them.
struct Starving {
  explicit Starving(const Suite& of) : suite(of), company(of, 3) {
    newcomer = company.world.NewClient(suite, "newcomer");
    package = company.world.NewKeyPackageOf(newcomer);
    colleague = company.world.NewKeyPackageOf(company.client(1)).key_package;
    company.psks[Encode(PreSharedKeyID{ExternalPsk{Bytes{kPsk}}, {}}.body)] = Bytes(32, 1);
    env.random = &random;
  }

  Status Receive(std::size_t i, View message) {
    MLS_TRY(staged, company[i].Stage(message, env));
    const Answers answers = company.Answer(staged.questions);
    return StatusOf(company[i].Complete(std::move(staged), answers, env));
  }
  Result<CommitOptions> Additions(std::size_t i) {
    CommitOptions options = Proposing({Add{package.key_package}});
    MLS_TRY(psk, company[i].MakePsk(ExternalPsk{Bytes{kPsk}}, env));
    options.proposals.push_back(std::move(psk));
    return options;
  }
  Status Commit(std::size_t i) {
    MLS_TRY(options, Additions(i));
    MLS_TRY(staged, company[i].StageCommit(std::move(options), env));
    const Answers answers = company.Answer(staged.questions);
    return StatusOf(company[i].CompleteCommit(std::move(staged), answers, env));
  }
  Status Join(View welcome) {
    MLS_TRY(message, DecodeMessage(welcome, {}));
    JoinInput input{package.key_package, package.keys.Clone(), {}, nullptr, {}};
    MLS_TRY(staged, Group::StageJoin(std::get<Welcome>(message.body), std::move(input), env));
    Answers held = company.Answer(staged.questions);
    MLS_DO(Group::OpenJoin(staged, std::move(held.psks), env));
    const Answers answers = company.Answer(staged.questions);
    return StatusOf(Group::CompleteJoin(std::move(staged), answers, env));
  }
  Result<Bytes> CommitFromOutside() {
    MLS_TRY(info, company[0].MakeGroupInfo({}, env));
    ExternalJoinOptions options;
    options.profile = &newcomer.profile;
    options.psks.push_back({ExternalPsk{Bytes{kPsk}}, Bytes(suite.Nh, 2)});
    MLS_TRY(staged, Group::StageExternalJoin(info, std::move(options), env));
    const Answers answers = company.Answer(staged.questions);
    MLS_TRY(join, Group::CompleteExternalJoin(std::move(staged), answers, env));
    return std::move(join.message);
  }
  Status Branch() {
    SuccessorOptions options;
    options.profile = &company.client(0).profile;
    options.key_packages.push_back(colleague);
    MLS_TRY(staged, company[0].StageBranch(std::move(options), env));
    const Answers answers = company.Answer(staged.questions);
    return StatusOf(Group::CompleteSuccessor(std::move(staged), answers, env));
  }
  Status SendUpdate(std::size_t i) {
    MLS_TRY(staged, company[i].StageOwnUpdate({}, {}, env));
    const Answers answers = company.Answer(staged.questions);
    return StatusOf(company[i].CompleteOwnProposal(std::move(staged), answers, env));
  }
  Status AskToBeAdded() {
    return StatusOf(ProposeOwnAdd(package.key_package, newcomer.profile.signature_private_key, Bytes{1}, 0));
  }
  Status Track(View handshake) {
    MLS_TRY(info, company[0].MakeGroupInfo({}, env));
    MLS_TRY(seed, Tracker::StageSeed(MessageOf(std::move(info)), {}, {}, env));
    const Answers answers = company.Answer(seed.questions);
    MLS_TRY(tracker, Tracker::CompleteSeed(std::move(seed), answers, {}));
    MLS_TRY(staged, tracker.Stage(handshake, env));
    const Answers more = company.Answer(staged.questions);
    return tracker.Complete(std::move(staged), more);
  }
  Status SealAndOpen() {
    MLS_TRY(sealer, Sealer::ForScope(Bytes(Sealer::kKeySize, 7), Bytes(3, 1)));
    SealedRows rows(std::move(sealer));
    Batch batch;
    company[0].Save(batch);
    MLS_TRY(packed, rows.Pack(batch, random));
    std::vector<Bytes> slices;
    slices.push_back(std::move(packed));
    return StatusOf(rows.OpenRows(std::move(slices)));
  }
  Status Load(const MemoryRows& rows) { return StatusOf(Group::Load(rows, {}, env)); }

  const Suite& suite;
  Company company;
  Client newcomer;
  NewKeyPackage package;
  KeyPackage colleague;
  ScarceRandom random;
  Env env{kNow, nullptr, nullptr};
};

// A thread has nothing yet of what it keeps once it has it. The process has: what libcrypto (3.0) cannot
// fetch the first time for want of memory is unsupported for good.
TEST_CASE("the first operation of a thread") {
  REQUIRE(are_ours);
  lack = Lack::of_one;
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    const auto speak = [&]() -> Status {
      World world(1);
      MLS_TRY(keys, GenerateSignatureKeyPair(suite, world.random));
      MLS_TRY(capabilities, DefaultCapabilities(world.random));
      const MemberProfile profile{Credential::Basic(AsView("speaker")),
                                  std::move(keys.private_key),
                                  keys.public_key,
                                  capabilities,
                                  {}};
      MLS_TRY(group, Group::Create({&suite, {}, {}, {}}, profile, world.env));
      return StatusOf(group.Protect(AsView("words"), {}, world.env));
    };
    REQUIRE(speak().ok());
    bool starved = true;
    for (std::int64_t nth = 0; starved; nth += 1 + nth / step_after) {
      CAPTURE(nth);
      bool works = false;
      std::thread([&] {
        starved = Starve(nth, speak).starved;
        works = speak().ok();
      }).join();
      CHECK(works);
    }
  }
}

TEST_CASE("what a member makes") {
  REQUIRE(are_ours);
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Starving starving(suite);
    Group& group = starving.company[0];
    const MemoryRows before = World::Saved(group);
    const MemberProfile& profile = starving.newcomer.profile;
    CHECK(StarveEach([&] {
            return StatusOf(GenerateKeyPackage(suite, profile, kLifetime, {}, starving.random));
          }) > 0);
    CHECK(StarveEach([&] { return StatusOf(Group::Create({&suite, {}, {}, {}}, profile, starving.env)); }) >
          0);
    CHECK(StarveEach([&] { return StatusOf(DefaultCapabilities(starving.random)); }) > 0);
    CHECK(StarveEach([&] { return starving.Commit(0); }) > 0);
    CHECK(StarveEach([&] { return StatusOf(group.Protect(AsView("words"), {}, starving.env)); }) > 0);
    CHECK(StarveEach([&] { return starving.SendUpdate(0); }) > 0);
    CHECK(StarveEach([&] { return StatusOf(starving.CommitFromOutside()); }) > 0);
    CHECK(StarveEach([&] { return starving.Branch(); }) > 0);
    CHECK(StarveEach([&] { return starving.AskToBeAdded(); }) > 0);
    CHECK(StarveEach([&] { return StatusOf(group.Export("label", {}, 32)); }) > 0);
    CHECK(StarveEach([&] { return starving.SealAndOpen(); }) > 0);
    CHECK(StarveEach([&] { return starving.Load(before); }) > 0);
    CHECK(World::Saved(group) == before);
    starving.company.Chat();
  }
}

TEST_CASE("what a member is given") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Starving starving(suite);
    Company& company = starving.company;
    company.Send(1, "words that are lost");
    const Bytes text = company.Send(1, "words");
    const Bytes update = company.ProposeUpdate(1);
    const Bytes joining = Must(starving.CommitFromOutside());
    const MemoryRows before = World::Saved(company[0]);
    for (const Bytes& message : {text, update, joining}) {
      CHECK(StarveEach([&] { return starving.Receive(0, message); }) > 0);
    }
    CHECK(World::Saved(company[0]) == before);
    company.Deliver(1, text);
    company.Deliver(1, update);
    CommitOptions options = Must(starving.Additions(2));
    options.format = WireFormat::mls_public_message;
    options.cached = CommitOptions::Cached::ignore;
    const NewCommit commit = company.MakeCommit(2, std::move(options));
    CHECK(StarveEach([&] { return starving.Receive(0, commit.message); }) > 0);
    CHECK(StarveEach([&] { return starving.Track(commit.message); }) > 0);
    CHECK(StarveEach([&] { return starving.Join(commit.welcomes.at(0).message); }) > 0);
    company.Accept(2, commit.id);
    company.Deliver(2, commit.message);
    company.Chat();
  }
}

}  // namespace
}  // namespace mls::test
