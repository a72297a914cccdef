// When libcrypto has no memory: each of its allocations fails in turn, in every operation of a group. The
// operation then ends with an error and leaves nothing behind, or does without; with memory it works.
#include <openssl/crypto.h>

#include <atomic>
#include <cstdlib>
#include <thread>

#include "crypto/sealed_rows.h"
#include "group/certificates.h"
#include "group/company.h"

namespace mls::test {
namespace {

// Allocations of libcrypto until the one that fails; negative: none does.
std::atomic<std::int64_t> until_failure = -1;

bool Fails() { return until_failure.load() >= 0 && until_failure.fetch_sub(1) == 0; }

void* Allocate(std::size_t size, const char*, int) { return Fails() ? nullptr : std::malloc(size); }
void* Reallocate(void* old, std::size_t size, const char*, int) {
  return Fails() ? nullptr : std::realloc(old, size);
}
void Free(void* memory, const char*, int) { std::free(memory); }

// libcrypto takes them only before it has allocated anything.
const bool are_ours = CRYPTO_set_mem_functions(Allocate, Reallocate, Free) == 1;

struct Attempt {
  Status status = kOk;
  bool starved = false;
};

template <class Operation>
Attempt Starve(std::int64_t nth, Operation operation) {
  until_failure = nth;
  Attempt attempt;
  attempt.status = operation();
  attempt.starved = until_failure.load() < 0;
  until_failure = -1;
  return attempt;
}

// StarveEach runs an operation until none of its allocations is left to fail, and gives how often it failed.
// An operation changes nothing but by what it gives, so it may run again. Of very many allocations some fail.
template <class Operation>
std::size_t StarveEach(Operation operation) {
  std::size_t failures = 0;
  for (std::int64_t nth = 0;; nth += 1 + nth / 64) {
    const Attempt attempt = Starve(nth, operation);
    if (!attempt.status.ok()) ++failures;
    if (attempt.starved) continue;
    REQUIRE(attempt.status.ok());
    return failures;
  }
}

template <class T>
Status StatusOf(const Result<T>& result) {
  return result.ok() ? kOk : Status(result.error());
}

struct Starving {
  explicit Starving(const Suite& of) : suite(of), company(of, 3) {
    newcomer = company.world.NewClient(suite, "newcomer");
    package = company.world.NewKeyPackageOf(newcomer);
  }
  Env& env() { return company.world.env; }

  Status Receive(std::size_t i, View message) {
    MLS_TRY(staged, company[i].Stage(message, env()));
    const Answers answers = AcceptAll(staged.questions);
    return StatusOf(company[i].Complete(std::move(staged), answers, env()));
  }
  Status Commit(std::size_t i) {
    MLS_TRY(staged, company[i].StageCommit(Proposing({Add{package.key_package}}), env()));
    const Answers answers = AcceptAll(staged.questions);
    return StatusOf(company[i].CompleteCommit(std::move(staged), answers, env()));
  }
  Status Join(View welcome) {
    MLS_TRY(message, DecodeMessage(welcome, {}));
    JoinInput input{package.key_package, package.keys.Clone(), {}, nullptr, {}};
    MLS_TRY(staged, Group::StageJoin(std::get<Welcome>(message.body), std::move(input), env()));
    MLS_DO(Group::OpenJoin(staged, {}, env()));
    const Answers answers = AcceptAll(staged.questions);
    return StatusOf(Group::CompleteJoin(std::move(staged), answers, env()));
  }
  Status JoinFromOutside() {
    MLS_TRY(info, company[0].MakeGroupInfo({}, env()));
    ExternalJoinOptions options;
    options.profile = &newcomer.profile;
    MLS_TRY(staged, Group::StageExternalJoin(info, std::move(options), env()));
    const Answers answers = AcceptAll(staged.questions);
    return StatusOf(Group::CompleteExternalJoin(std::move(staged), answers, env()));
  }
  Status SendUpdate(std::size_t i) {
    MLS_TRY(staged, company[i].StageOwnUpdate({}, {}, env()));
    const Answers answers = AcceptAll(staged.questions);
    return StatusOf(company[i].CompleteOwnProposal(std::move(staged), answers, env()));
  }
  Status SealAndOpen() {
    MLS_TRY(sealer, Sealer::ForScope(Bytes(Sealer::kKeySize, 7), Bytes(3, 1)));
    SealedRows rows(std::move(sealer));
    Batch batch;
    company[0].Save(batch);
    MLS_TRY(packed, rows.Pack(batch, company.world.random));
    std::vector<Bytes> slices;
    slices.push_back(std::move(packed));
    return StatusOf(rows.OpenRows(std::move(slices)));
  }

  const Suite& suite;
  Company company;
  Client newcomer;
  NewKeyPackage package;
};

// A thread has nothing yet of what it keeps once it has it. The process has: what libcrypto (3.0) cannot
// fetch the first time for want of memory is unsupported for good.
TEST_CASE("the first operation of a thread") {
  REQUIRE(are_ours);
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
    for (std::int64_t nth = 0; starved; nth += 1 + nth / 64) {
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
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Starving starving(suite);
    Group& group = starving.company[0];
    const MemoryRows before = World::Saved(group);
    CHECK(StarveEach([&] {
            return StatusOf(GenerateKeyPackage(suite, starving.newcomer.profile, kLifetime, {},
                                               starving.company.world.random));
          }) > 0);
    CHECK(StarveEach([&] {
            return StatusOf(Group::Create({&suite, {}, {}, {}}, starving.newcomer.profile, starving.env()));
          }) > 0);
    CHECK(StarveEach([&] { return starving.Commit(0); }) > 0);
    CHECK(StarveEach([&] { return StatusOf(group.Protect(AsView("words"), {}, starving.env())); }) > 0);
    CHECK(StarveEach([&] { return starving.SendUpdate(0); }) > 0);
    CHECK(StarveEach([&] { return starving.JoinFromOutside(); }) > 0);
    StarveEach([&] { return StatusOf(group.Export("label", {}, 32)); });
    StarveEach([&] { return starving.SealAndOpen(); });
    StarveEach([&] { return StatusOf(Group::Load(before, {}, starving.env())); });
    CHECK(World::Saved(group) == before);
    starving.company.Chat();
  }
}

TEST_CASE("what a member is given") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Starving starving(suite);
    Company& company = starving.company;
    const Bytes text = company.Send(1, "words");
    const Bytes update = company.ProposeUpdate(1);
    const MemoryRows before = World::Saved(company[0]);
    for (const Bytes& message : {text, update}) {
      CHECK(StarveEach([&] { return starving.Receive(0, message); }) > 0);
    }
    CHECK(World::Saved(company[0]) == before);
    company.Deliver(1, text);
    company.Deliver(1, update);
    const NewCommit commit = company.MakeCommit(2, Proposing({Add{starving.package.key_package}}));
    CHECK(StarveEach([&] { return starving.Receive(0, commit.message); }) > 0);
    CHECK(StarveEach([&] { return starving.Join(commit.welcomes.at(0).message); }) > 0);
    company.Accept(2, commit.id);
    company.Deliver(2, commit.message);
    company.Chat();
  }
}

}  // namespace
}  // namespace mls::test
