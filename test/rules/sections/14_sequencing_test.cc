// RFC 9420 §14: one Commit ends an epoch, and what was not taken leaves nothing behind.
#include "kit/forged_commit.h"
#include "kit/scene.h"

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

// Holds says whether a secret is in any row.
bool Holds(const MemoryRows& rows, View secret) {
  return std::any_of(rows.rows().begin(), rows.rows().end(), [&](const auto& row) {
    const View value = row.second;
    return std::search(value.begin(), value.end(), secret.begin(), secret.end()) != value.end();
  });
}

TEST_CASE("R14-02: the states of discarded Commits and of past epochs are deleted") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    const Limits limits = scene[1].policy().limits;
    // A Commit that is given up, and one that loses.
    const Bytes pending = RowKey(RowTag::pending);
    const auto is_pending = [&](const auto& row) { return row.first.front() == pending.front(); };
    const auto count = [&](std::size_t member) {
      const auto& rows = scene.store(member).rows();
      return std::count_if(rows.begin(), rows.end(), is_pending);
    };
    const NewCommit given_up = scene.MakeCommit(0);
    scene.MakeCommit(1);
    CHECK(count(0) == 1);
    CHECK(count(1) == 1);
    scene.Apply(0, Must(scene[0].RejectCandidate(given_up.id)));
    CHECK(count(0) == 0);
    CHECK(scene[0].candidates().empty());
    scene.Commit(0);
    CHECK(count(1) == 0);
    CHECK(scene[1].candidates().empty());

    // The secrets of an epoch, as long as it is known and no longer.
    const Insider then(scene, 1);
    const std::uint64_t epoch = scene[1].context().epoch;
    CHECK(Holds(scene.store(1), then.sender_data_secret));
    CHECK(Holds(scene.store(1), then.init_secret));
    for (std::size_t i = 0; i < limits.max_resumption_psks; ++i) {
      scene.Commit(0);
      CHECK_FALSE(Holds(scene.store(1), then.init_secret));
      CHECK_FALSE(Holds(scene.store(1), then.confirmation_key));
      CHECK_FALSE(Holds(scene.store(1), then.membership_key));
      CHECK_FALSE(Holds(scene.store(1), then.external_secret));
      CHECK_FALSE(Holds(scene.store(1), then.exporter_secret));
      CHECK(Holds(scene.store(1), then.sender_data_secret) == (i + 1 <= limits.max_past_epochs));
      CHECK(Holds(scene.store(1), then.resumption_psk));
    }
    scene.Commit(0);
    CHECK_FALSE(Holds(scene.store(1), then.resumption_psk));
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
