// RFC 9420 §14: one Commit ends an epoch, and what was not taken leaves nothing behind.
#include <algorithm>

#include "kit/forged_commit.h"
#include "kit/needles.h"

namespace mls::test {
namespace {

TEST_CASE("R14-01: of two Commits for an epoch, the first is taken by all") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 4);
    const NewCommit first = scene.MakeCommit(0);
    const NewCommit second = scene.MakeCommit(2, Proposing({Remove{{0}}}));
    const Bytes third = ForgeCommit(Insider(scene, 3), {}).message;
    scene.Accept(0, first.id);
    for (const std::size_t other : {1u, 2u, 3u}) scene.Accepts(other, first.message);
    for (const std::size_t member : {0u, 1u, 3u}) {
      scene.Refuses(member, second.message, Error::WRONG_EPOCH);
      scene.Refuses(member, third, Error::WRONG_EPOCH);
    }
    scene.Refuses(2, second.message, Error::WRONG_EPOCH);  // whose own it was
    CHECK(ErrorOf(scene[2].AcceptCandidate(second.id, scene.world.env)) == Error::STALE_CANDIDATE);
    CHECK(scene[2].candidates().empty());
    scene.GoesOn();
  }
}

// PendingOf counts the Commits of a member that wait, as stored.
std::size_t PendingOf(Scene& scene, std::size_t member) {
  const auto& rows = scene.store(member).rows();
  const std::uint8_t tag = RowKey(RowTag::pending).front();
  return static_cast<std::size_t>(
      std::count_if(rows.begin(), rows.end(), [&](const auto& row) { return row.first.front() == tag; }));
}

// Pending makes a Commit of `member` that waits, and gives the secrets that it is made of.
EpochNeedles Pending(Scene& scene, std::size_t member) {
  const NewKeyPackage package =
      scene.world.NewKeyPackageOf(scene.world.NewClient(scene[0].suite(), "newcomer"));
  const NewCommit commit = scene.MakeCommit(member, Proposing({Add{package.key_package}}));
  EpochNeedles needles = NeedlesOf(scene, commit.welcomes.at(0).message, package);
  CHECK(PendingOf(scene, member) == 1);
  AreGone(scene, needles.consumed);
  IsThere(scene, member, needles.epoch_secret);
  IsThere(scene, member, needles.private_key);
  // The epoch that would begin is in memory; what is stored is what it is derived from.
  for (const Needle& needle : needles.derived) {
    CHECK(CountInRows(scene.store(member), needle) == 0);
    if (kSeesMemory) CHECK(CountInMemory(needle) > 0);
  }
  return needles;
}

// Accepted: everyone takes the Commit of `member` that waits.
void Accepted(Scene& scene, std::size_t member) {
  const Candidate& candidate = *scene[member].candidates().front();
  const Bytes message = candidate.message;
  scene.Accept(member, candidate.id);
  scene.Deliver(member, message);
}

TEST_CASE("R14-02: the states of discarded Commits are deleted") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    // A Commit that is given up, and one that loses.
    const EpochNeedles given_up = Pending(scene, 0);
    const EpochNeedles lost = Pending(scene, 1);
    scene.Apply(0, Must(scene[0].RejectCandidate(scene[0].candidates().front()->id)));
    CHECK(PendingOf(scene, 0) == 0);
    CHECK(scene[0].candidates().empty());
    AreGone(scene, {given_up.epoch_secret, given_up.private_key});
    AreGone(scene, given_up.derived);
    scene.Commit(0);
    CHECK(PendingOf(scene, 1) == 0);
    CHECK(scene[1].candidates().empty());
    AreGone(scene, {lost.epoch_secret, lost.private_key});
    AreGone(scene, lost.derived);
    // One that is accepted leaves nothing of the way behind.
    const EpochNeedles won = Pending(scene, 2);
    Accepted(scene, 2);
    AreGone(scene, won.consumed);
    IsGone(scene, won.epoch_secret);
    for (const Needle& needle : won.derived) IsThere(scene, 1, needle);
    scene.Chat();
  }
}

// The secrets of the epoch in which `member` is: those that go with it, and two that stay for a while.
struct OfEpoch {
  std::vector<Needle> current;
  Needle sender_data_secret, resumption_psk;
};
OfEpoch SecretsNow(Scene& scene, std::size_t member) {
  const Insider now(scene, member);
  return {{{"init_secret", now.init_secret},
           {"confirmation_key", now.confirmation_key},
           {"membership_key", now.membership_key},
           {"external_secret", now.external_secret},
           {"exporter_secret", now.exporter_secret},
           {"epoch_authenticator", now.epoch_authenticator}},
          {"sender_data_secret", now.sender_data_secret},
          {"resumption_psk", now.resumption_psk}};
}

TEST_CASE("R14-02: the states of past epochs are deleted") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    const Limits limits = scene[1].policy().limits;
    // The secrets of an epoch are there as long as it is known, and no longer.
    const OfEpoch then = SecretsNow(scene, 1);
    const std::uint64_t epoch = scene[1].context().epoch;
    for (const Needle& needle : then.current) IsThere(scene, 1, needle);
    IsThere(scene, 1, then.sender_data_secret);
    for (std::size_t i = 0; i < limits.max_resumption_psks; ++i) {
      scene.Commit(0);
      AreGone(scene, then.current);
      if (i + 1 <= limits.max_past_epochs) {
        IsThere(scene, 1, then.sender_data_secret);
      } else {
        IsGone(scene, then.sender_data_secret);
      }
      IsThere(scene, 1, then.resumption_psk);
    }
    scene.Commit(0);
    IsGone(scene, then.resumption_psk);
    CHECK(ErrorOf(scene[1].ResumptionPskOf(epoch)) == Error::MISSING_PSK);
    for (const KnownEpoch& known : scene[1].KnownEpochs()) CHECK(known.epoch > epoch);
    scene.Chat();
  }
}

// Without gives the rows but those of one kind.
std::map<Bytes, Bytes> Without(const MemoryRows& rows, std::initializer_list<RowTag> tags) {
  std::map<Bytes, Bytes> rest;
  for (const auto& [key, value] : rows.rows()) {
    const auto tag = static_cast<RowTag>(key.front());
    if (std::find(tags.begin(), tags.end(), tag) == tags.end()) rest[key] = ToBytes(value.view());
  }
  return rest;
}

TEST_CASE("R14-03: making a Commit does not change the state") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    const MemoryRows before = World::Saved(scene[1]);
    const GroupContext context = scene[1].context();
    const Bytes authenticator = ToBytes(scene[1].epoch_authenticator());
    const NewCommit commit = scene.MakeCommit(1, Proposing({Remove{{2}}}));
    // The slot of the pending Commit apart, and the number of the next one in the header.
    const auto same = [&] {
      return Without(before, {RowTag::context}) ==
             Without(World::Saved(scene[1]), {RowTag::context, RowTag::pending});
    };
    CHECK(same());
    CHECK(World::Saved(scene[1]).size() == before.size() + 1);
    CHECK(scene[1].context() == context);
    CHECK(ToBytes(scene[1].epoch_authenticator()) == authenticator);
    scene.Apply(1, Must(scene[1].RejectCandidate(commit.id)));
    CHECK(same());
    CHECK(World::Saved(scene[1]).size() == before.size());
    const int discarded = suite.id == AllSuites()[0].id ? 1000 : 20;
    for (int i = 0; i < discarded; ++i) {
      scene.Apply(1, Must(scene[1].RejectCandidate(scene.MakeCommit(1).id)));
    }
    CHECK(same());
    scene.GoesOn();  // beginning with a Commit of member 0
  }
}

TEST_CASE("R14-03: nor does an encrypted Commit, but for the key that encrypted it") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3, CompanyOptions{});
    const GroupContext context = scene[1].context();
    const MemoryRows before = World::Saved(scene[1]);
    for (int i = 0; i < 5; ++i) scene.Apply(1, Must(scene[1].RejectCandidate(scene.MakeCommit(1).id)));
    const auto keys = {RowTag::context, RowTag::ratchet, RowTag::secret_tree};
    CHECK(Without(before, keys) == Without(World::Saved(scene[1]), keys));
    CHECK(scene[1].context() == context);
    scene.GoesOn();
  }
}

}  // namespace
}  // namespace mls::test
