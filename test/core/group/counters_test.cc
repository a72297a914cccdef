// The operations that cost time, counted and compared with the formula: in a warm tree every step is O(log
// N).
#include "base/counters.h"

#include <doctest/doctest.h>

#include "support/count_of.h"
#include "support/warm_group.h"

using namespace mls;
using namespace mls::test;

namespace {

const Suite& TheSuite() { return *FindSuite(CipherSuite::MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519); }

constexpr std::uint32_t kSizes[] = {10, 100, 500, 1000, 2000};

// A path as its sender sees it before the commit: its length, and the ciphertexts that it takes.
struct Path {
  std::uint64_t length = 0;
  std::uint64_t recipients = 0;
};

Path PathOf(const RatchetTree& tree, LeafIndex sender) {
  Path path;
  for (const NodeIndex node : tree.FilteredDirectPath(sender)) {
    const NodeIndex copath = Contains(Left(node), sender) ? Right(node) : Left(node);
    ++path.length;
    path.recipients += tree.Resolution(copath).size();
  }
  return path;
}

WarmGroup GroupOf(std::uint32_t n, TreeState state) {
  static SeededRandom random(41);
  return MakeWarmGroup(TheSuite(), n, state, random, nullptr);
}

// Pages that a commit may copy: the leaf's, one of each band, for every key of the path and the leaf the
// buckets of the old and the new one, and the counts; each with the chunk that points to it.
std::uint64_t MostPages(const RatchetTree& tree, std::uint64_t path_length) {
  const std::uint64_t buckets = 2 * (path_length + 1) + 2;
  return 2 * (1 + BandCount(tree.width()) + buckets) + 1;
}

Counters Process(Group& group, const Env& env, View message) {
  return CountOf([&] {
    StagedMessage staged = Must(group.Stage(message, env));
    const Answers answers = AcceptAll(staged.questions);
    Must(group.Apply(Must(group.Complete(std::move(staged), answers, env)).change));
  });
}

Counters Follow(Tracker& tracker, const Env& env, View message) {
  return CountOf([&] {
    StagedHandshake staged = Must(tracker.Stage(message, env));
    const Answers answers = AcceptAll(staged.questions);
    Must(tracker.Complete(std::move(staged), answers));
  });
}

std::vector<Proposal> Adds(std::size_t count, Random& random) {
  std::vector<Proposal> adds;
  for (std::size_t i = 0; i < count; ++i) {
    const MemberProfile profile = MakeProfile(TheSuite(), "new " + std::to_string(i), random);
    adds.push_back({Add{MakeKeyPackage(TheSuite(), profile, random).key_package}});
  }
  return adds;
}

// What one commit of the member at leaf 0 costs everybody.
struct CommitCost {
  Counters committer, near, far, tracker;
};

CommitCost CostOfCommit(WarmGroup& group, CommitOptions options, NewCommit& commit) {
  CommitCost cost;
  cost.committer = CountOf([&] { commit = group.Make(0, std::move(options)); });
  cost.near = Process(group.members[1], group.env, commit.message);
  cost.far = Process(group.members[2], group.env, commit.message);
  cost.tracker = Follow(group.tracker, group.env, commit.message);
  return cost;
}

void CheckCommitter(const Counters& cost, const RatchetTree& tree, const Path& path) {
  CHECK(cost.signatures == 2);  // the leaf and the content
  CHECK(cost.signature_verifications == 0);
  CHECK(cost.hpke_seals == path.recipients);
  CHECK(cost.hpke_opens == 0);
  CHECK(cost.key_derivations == path.length + 1);
  // For each path node a parent hash and a tree hash; the leaf; two of the transcript; the context.
  CHECK(cost.hashes == 2 * path.length + 4);
  CHECK(cost.macs == 2);  // membership and confirmation
  CHECK(cost.pages_copied <= MostPages(tree, path.length));
}

void CheckReceiver(const Counters& cost, const RatchetTree& tree, const Path& path, std::uint64_t above) {
  CHECK(cost.signatures == 0);
  CHECK(cost.signature_verifications == 2);  // the content and the leaf
  CHECK(cost.hpke_seals == 0);
  CHECK(cost.hpke_opens == 1);
  CHECK(cost.key_derivations == above);  // the nodes from the common ancestor up
  // As the committer's; at most one more, of the message, where it may be an echo.
  CHECK(cost.hashes >= 2 * path.length + 4);
  CHECK(cost.hashes <= 2 * path.length + 5);
  CHECK(cost.macs == 2);
  CHECK(cost.pages_copied <= MostPages(tree, path.length));
}

void CheckTracker(const Counters& cost, const RatchetTree& tree, const Path& path) {
  CHECK(cost.signatures == 0);
  CHECK(cost.signature_verifications == 2);
  CHECK(cost.hpke_seals + cost.hpke_opens + cost.key_derivations + cost.macs + cost.expands == 0);
  CHECK(cost.hashes == 2 * path.length + 4);
  CHECK(cost.pages_copied <= MostPages(tree, path.length));
  CHECK(cost.rows_written == 0);
}

}  // namespace

TEST_CASE("Counters: a commit in a warm tree is O(log N) for the committer, receivers and tracker") {
  Counters smallest;
  for (const std::uint32_t n : kSizes) {
    CAPTURE(n);
    WarmGroup group = GroupOf(n, TreeState::warm);
    const RatchetTree tree = group.members[0].tree();
    const Path path = PathOf(tree, {0});
    CHECK(path.recipients == path.length);  // warm: one node stands for each copath subtree
    CHECK(path.length == Level(Root(tree.width())));
    NewCommit commit;
    const CommitCost cost = CostOfCommit(group, {}, commit);
    CheckCommitter(cost.committer, tree, path);
    CheckReceiver(cost.near, tree, path, path.length);
    CheckReceiver(cost.far, tree, path, 1);
    CheckTracker(cost.tracker, tree, path);
    // Of the tree a page of leaves and one of each band; of the epoch that is too old, among others its key;
    // with a candidate, its row, that it is gone, and the next number.
    CHECK(cost.near.rows_written == 14 + BandCount(tree.width()));
    CHECK(cost.far.rows_written == cost.near.rows_written);
    CHECK(cost.committer.rows_written == cost.near.rows_written + 3);
    if (n == kSizes[0]) smallest = cost.committer;
    const std::uint64_t levels = Level(Root(tree.width())) - Level(Root(FullWidth(kSizes[0])));
    CHECK(cost.committer.expands <= smallest.expands + 2 * levels);
    CHECK(cost.committer.pages_copied <= smallest.pages_copied + 6 * levels);
  }
}

TEST_CASE("Counters: a commit in a sparse tree seals to each member and does nothing else for each") {
  for (const std::uint32_t n : kSizes) {
    CAPTURE(n);
    WarmGroup group = GroupOf(n, TreeState::sparse);
    const RatchetTree tree = group.members[0].tree();
    const Path path = PathOf(tree, {0});
    CHECK(path.recipients == n - 1);
    NewCommit commit;
    const CommitCost cost = CostOfCommit(group, {}, commit);
    CheckCommitter(cost.committer, tree, path);
    CheckReceiver(cost.near, tree, path, path.length);
    CheckReceiver(cost.far, tree, path, 1);
    CheckTracker(cost.tracker, tree, path);
  }
}

TEST_CASE("Counters: adding k members is two verifications each, and for the committer a seal each") {
  for (const std::uint32_t n : {10u, 500u}) {
    WarmGroup group = GroupOf(n, TreeState::warm);
    for (const std::size_t k : {1, 7, 30}) {
      CAPTURE(n);
      CAPTURE(k);
      CommitOptions options;
      options.proposals = Adds(k, *group.env.random);
      NewCommit commit;
      const CommitCost cost = CostOfCommit(group, std::move(options), commit);
      const RatchetTree& tree = group.members[0].tree();
      // Seals of the path go to those who were there: a commit of the same member next finds the newcomers in
      // the resolutions too.
      const Path next = PathOf(tree, {0});
      const std::uint64_t path_seals = cost.committer.hpke_seals - k;
      CHECK(path_seals <= next.recipients);
      CHECK(path_seals >= next.length - 1);
      CHECK(cost.committer.signatures == 3);  // the GroupInfo too
      CHECK(cost.committer.signature_verifications == 2 * k);
      CHECK(cost.committer.key_derivations == next.length + 1);
      CHECK(cost.far.signature_verifications == 2 + 2 * k);
      CHECK(cost.far.hpke_opens == 1);
      CHECK(cost.tracker.signature_verifications == 2 + 2 * k);
      CHECK(cost.tracker.hpke_opens + cost.tracker.key_derivations == 0);
    }
  }
}

TEST_CASE("Counters: protecting and opening cost the same in every group") {
  Counters first_send, first_open;
  for (const std::uint32_t n : {10u, 2000u}) {
    CAPTURE(n);
    WarmGroup group = GroupOf(n, TreeState::sparse);
    const auto send = [&] {
      Done<Bytes> done = Must(group.members[0].Protect(AsView("data"), {}, group.env));
      Must(group.members[0].Apply(std::move(done.change)));
      return std::move(done.output);
    };
    // The first message of a sender in an epoch walks down the secret tree.
    Process(group.members[2], group.env, send());
    Bytes message;
    const Counters sent = CountOf([&] { message = send(); });
    const Counters opened = Process(group.members[2], group.env, message);
    CHECK(sent.signatures == 1);
    CHECK(sent.rows_written == 0);  // inside a reserved range
    CHECK(opened.signature_verifications == 1);
    CHECK(opened.rows_written == 1);  // the ratchet's head
    for (const Counters& cost : {sent, opened}) {
      CHECK(cost.hpke_seals + cost.hpke_opens + cost.key_derivations + cost.pages_copied == 0);
      CHECK(cost.hashes <= 1);  // of the message, to know its echo
    }
    if (n == 10) {
      first_send = sent;
      first_open = opened;
    }
    CHECK(sent.expands == first_send.expands);
    CHECK(opened.expands == first_open.expands);
    CHECK(sent.macs + opened.macs == first_send.macs + first_open.macs);
  }
}
