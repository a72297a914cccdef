// Trackers: a group followed without secrets, in step with its members (RFC 9420 §12.4.2, §12.4.3).
#include "support/company.h"

namespace mls::test {
namespace {

// Followed is a company whose handshakes a tracker sees; with restarts the tracker, too, is loaded again
// after each step.
struct Followed {
  Followed(const Suite& suite, std::size_t count, Restarts mode)
      : restarts(mode), company(suite, count, {mode, Public(), {}}), tracker(Seed(company.Info(0))) {}

  static Policy Public() {
    Policy policy;
    policy.handshake_format = WireFormat::mls_public_message;
    return policy;
  }
  static MemoryRows Saved(const Tracker& one) {
    Batch batch;
    one.Save(batch);
    MemoryRows rows;
    rows.Apply(batch);
    return rows;
  }
  Tracker Seed(const GroupInfo& info, View tree = {}) {
    StagedSeed seed = Must(Tracker::StageSeed(MessageOf(info), tree, Public(), company.world.env));
    const Answers answers = company.Answer(seed.questions);
    return Must(Tracker::CompleteSeed(std::move(seed), answers, Public()));
  }
  Status Try(View message) {
    auto staged = tracker.Stage(message, company.world.env);
    if (!staged.ok()) return staged.error();
    const Answers answers = AcceptAll(staged->questions);
    if (Status done = tracker.Complete(std::move(*staged), answers); !done.ok()) return done;
    if (restarts == Restarts::always) {
      const MemoryRows rows = Saved(tracker);
      tracker = Must(Tracker::Load(rows, Public(), company.world.env));
      CHECK(Saved(tracker) == rows);
    }
    return kOk;
  }
  // Follow takes a message and compares with what the members have.
  void Follow(View message) {
    Must(Try(message));
    InStep();
  }
  void InStep() {
    const PublicEpoch& theirs = company[0].epoch();
    CHECK(tracker.epoch().context == theirs.context);
    CHECK(tracker.epoch().interim_transcript_hash == theirs.interim_transcript_hash);
    CHECK(tracker.EncodeTree() == company[0].tracker().EncodeTree());
    CHECK(tracker.proposals().in_order().size() == company[0].proposals().in_order().size());
  }
  void ExpectRefused(View message, Error error) {
    const MemoryRows before = Saved(tracker);
    const Status status = Try(message);
    REQUIRE_FALSE(status.ok());
    CHECK(status.error() == error);
    CHECK(before == Saved(tracker));
  }

  // Open is content of member 0, signed and framed; a tracker cannot tell its membership tag from a right
  // one.
  Bytes Open(ContentBody body) {
    const GroupContext& context = company[0].context();
    FramedContent content{
        context.group_id, context.epoch, Sender::Member(company[0].self()), {}, std::move(body)};
    AuthenticatedContent made =
        Must(SignContent(company[0].suite(), WireFormat::mls_public_message, std::move(content),
                         company.client(0).profile.signature_private_key, company[0].epoch().encoded_context))
            .Take();
    return EncodeMessage(PublicMessage{std::move(made.content), std::move(made.auth), Bytes(32, 1)});
  }

  Restarts restarts;
  Company company;
  Tracker tracker;
};

TEST_CASE("a tracker follows proposals and commits in step with the members") {
  ForEverySuite([](const Suite& suite, Restarts restarts) {
    Followed followed(suite, 4, restarts);
    Company& company = followed.company;
    CHECK(company.asked.size() == 4);
    followed.InStep();
    for (const std::size_t sender : {1u, 2u}) {
      const Bytes proposal = company.ProposeUpdate(sender);
      company.Deliver(sender, proposal);
      followed.Follow(proposal);
    }
    followed.Follow(company.Commit(0).message);
    followed.Follow(company.Commit(1, Proposing({Remove{{3}}})).message);
    const NewKeyPackage package = company.world.NewKeyPackageOf(company.world.NewClient(suite, "newcomer"));
    CommitOptions lean = Proposing({Add{package.key_package}});
    lean.path = CommitOptions::Path::when_required;
    followed.Follow(company.Commit(2, std::move(lean)).message);
    const GroupContext& context = company[0].context();
    const Client asking = company.world.NewClient(suite, "asking");
    const Bytes ask =
        Must(ProposeOwnAdd(company.world.NewKeyPackageOf(asking).key_package,
                           asking.profile.signature_private_key, context.group_id, context.epoch));
    for (std::size_t i = 0; i < 3; ++i) company.Receive(i, ask);
    followed.Follow(ask);
    followed.Follow(company.Commit(0).message);
  });
}

TEST_CASE("a tracker lets joiners in, and follows their external Commits") {
  ForEverySuite([](const Suite& suite, Restarts restarts) {
    Followed followed(suite, 2, restarts);
    Company& company = followed.company;
    GroupInfoOptions apart;
    apart.tree = CommitOptions::Tree::apart;
    for (int i = 0; i < 2; ++i) {
      Must(followed.tracker.OfferGroupInfo(MessageOf(company.Info(1, apart))));
      const MLSMessage kept = Must(DecodeMessage(followed.tracker.group_info(), {}));
      ExternalJoinOptions options;
      options.ratchet_tree = followed.tracker.EncodeTree();
      const Client client = company.world.NewClient(suite, "joiner " + std::to_string(i));
      ExternalJoin join = Must(company.TryJoinByCommit(
          client, std::get<GroupInfoMessage>(kept.body).group_info, std::move(options)));
      const std::size_t joiner = company.Enter(client, std::move(*join.group));
      company.Deliver(joiner, join.message);
      company.Apply(joiner, Must(company[joiner].Confirm()));
      followed.Follow(join.message);
      CHECK(followed.tracker.group_info().empty());  // it was of the epoch before
      company.Chat();
    }
  });
}

TEST_CASE("a tracker keeps only the latest epoch's GroupInfo, signed by a member") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Followed followed(suite, 3, Restarts::never);
    Company& company = followed.company;
    const GroupInfo old = company.Info(0);
    followed.Follow(company.Commit(1).message);
    const auto refused = [&](const GroupInfo& info) {
      const Status status = followed.tracker.OfferGroupInfo(MessageOf(info));
      return status.ok() ? Error::INTERNAL : status.error();
    };
    CHECK(refused(old) == Error::WRONG_EPOCH);
    const Bytes whole = MessageOf(company.Info(1));
    CHECK(followed.tracker.OfferGroupInfo(View(whole).first(whole.size() - 1)).error() == Error::MALFORMED);
    GroupInfo spoilt = company.Info(1);
    spoilt.extensions.push_back({ExtensionType{0xF001}, {}});
    CHECK(refused(spoilt) == Error::BAD_SIGNATURE);
    spoilt = company.Info(1);
    spoilt.signer = LeafIndex{9};
    CHECK(refused(spoilt) == Error::UNKNOWN_SENDER);
    spoilt = company.Info(1);
    spoilt.confirmation_tag[0] ^= 1;
    CHECK(refused(spoilt) == Error::BAD_CONFIRMATION_TAG);
    CHECK(followed.tracker.group_info().empty());
    CHECK(followed.tracker.OfferGroupInfo(MessageOf(company.Info(1))).ok());
    CHECK_FALSE(followed.tracker.group_info().empty());
  }
}

TEST_CASE("after a commit that it cannot read a tracker is seeded again") {
  ForEverySuite([](const Suite& suite, Restarts restarts) {
    Followed followed(suite, 3, restarts);
    Company& company = followed.company;
    CommitOptions closed;
    closed.format = WireFormat::mls_private_message;
    const NewCommit commit = company.Commit(0, std::move(closed));
    followed.ExpectRefused(commit.message, Error::WRONG_WIRE_FORMAT);
    const Bytes next = company.Commit(1).message;
    followed.ExpectRefused(next, Error::FUTURE_EPOCH);

    const auto reseed = [&](const GroupInfo& info) {
      StagedSeed seed = Must(Tracker::StageSeed(MessageOf(info), {}, Followed::Public(), company.world.env));
      const Answers answers = AcceptAll(seed.questions);
      return followed.tracker.Reseed(std::move(seed), answers);
    };
    const GroupInfo now = company.Info(2);
    CHECK(reseed(now).ok());
    followed.InStep();
    CHECK_FALSE(followed.tracker.group_info().empty());
    CHECK(reseed(now).error() == Error::WRONG_EPOCH);
    Company other(AllSuites()[suite.id == AllSuites()[0].id ? 1 : 0], 5);
    CHECK(reseed(other.Info(0)).error() == Error::WRONG_GROUP);
    followed.InStep();
    followed.Follow(company.Commit(2).message);
  });
}

TEST_CASE("a tracker refuses what is tampered with or out of turn, and stays as it was") {
  ForEverySuite([](const Suite& suite, Restarts) {
    Followed followed(suite, 3, Restarts::never);
    Company& company = followed.company;
    const Bytes proposal = company.ProposeUpdate(1);
    company.Deliver(1, proposal);
    const NewCommit commit = company.MakeCommit(0);
    followed.ExpectRefused(commit.message, Error::UNKNOWN_PROPOSAL);
    for (const Bytes* genuine : {&proposal, &commit.message}) {
      const MemoryRows before = Followed::Saved(followed.tracker);
      // The two tags at the end need the group's secrets; all before them is signed.
      const std::size_t judged = genuine->size() - 2 * (suite.Nh + 2u);
      for (std::size_t at = 0; at < judged; at += judged / 30 + 1) {
        CAPTURE(at);
        Bytes spoilt = *genuine;
        spoilt[at] ^= static_cast<std::uint8_t>(1u << (at % 8));
        CHECK_FALSE(followed.Try(spoilt).ok());
      }
      CHECK(before == Followed::Saved(followed.tracker));
      Must(followed.Try(*genuine));
    }
    company.Accept(0, commit.id);
    followed.InStep();
    followed.ExpectRefused(commit.message, Error::WRONG_EPOCH);
    followed.ExpectRefused(proposal, Error::WRONG_EPOCH);
    followed.ExpectRefused(company.Send(0, "data"), Error::WRONG_WIRE_FORMAT);
  });
}

TEST_CASE("a tracker's verdicts, versions, policies and the end of its group") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Followed followed(suite, 2, Restarts::never);
    Company& company = followed.company;
    const Env& env = company.world.env;
    const NewKeyPackage package = company.world.NewKeyPackageOf(company.world.NewClient(suite, "new"));
    const NewCommit commit = company.MakeCommit(0, Proposing({Add{package.key_package}}));
    StagedHandshake first = Must(followed.tracker.Stage(commit.message, env));
    StagedHandshake second = Must(followed.tracker.Stage(commit.message, env));
    StagedHandshake third = Must(followed.tracker.Stage(commit.message, env));
    REQUIRE(first.questions.credentials.size() == 1);
    CHECK(followed.tracker.Complete(std::move(first), {{Verdict::reject}, {}}).error() ==
          Error::CREDENTIAL_REJECTED);
    CHECK(followed.tracker.Complete(std::move(second), {{Verdict::accept}, {}}).ok());
    CHECK(followed.tracker.Complete(std::move(third), {{Verdict::accept}, {}}).error() ==
          Error::STALE_VERSION);
    company.Accept(0, commit.id);
    company.Receive(1, commit.message);
    followed.InStep();
    const auto seed = [&] { return Must(Tracker::StageSeed(MessageOf(company.Info(0)), {}, {}, env)); };
    Answers answers = AcceptAll(seed().questions);
    answers.credentials.back() = Verdict::reject;
    CHECK(ErrorOf(Tracker::CompleteSeed(seed(), answers, {})) == Error::CREDENTIAL_REJECTED);
    CHECK(followed.tracker.Reseed(seed(), answers).error() == Error::CREDENTIAL_REJECTED);
    followed.ExpectRefused(followed.Open(ProposalContent{{Remove{{9}}}}), Error::INVALID_REMOVE);

    Policy closed = Followed::Public();
    closed.external_commits = Policy::ExternalCommits::refuse;
    followed.tracker.SetPolicy(closed);
    const Client client = company.world.NewClient(suite, "joiner");
    const ExternalJoin join = Must(company.TryJoinByCommit(client, company.Info(0)));
    followed.ExpectRefused(join.message, Error::POLICY);

    const Bytes end =
        company.Commit(0, Proposing({ReInit{Bytes(4, 1), ProtocolVersion::mls10, suite.id, {}}})).message;
    followed.Follow(end);
    CHECK(followed.tracker.reinit().has_value());
    const Tracker loaded = Must(Tracker::Load(Followed::Saved(followed.tracker), {}, env));
    CHECK(loaded.reinit() == followed.tracker.reinit());
    const Bytes late = followed.Open(ProposalContent{{Remove{{1}}}});
    followed.ExpectRefused(late, Error::GROUP_SUSPENDED);
  }
}

TEST_CASE("R6-01: a tracker takes no application data in the open, though it is signed") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Followed followed(suite, 2, Restarts::never);
    followed.ExpectRefused(followed.Open(ApplicationContent{{1, 2, 3}}), Error::UNEXPECTED_PLAINTEXT);
    followed.Follow(followed.company.Commit(1).message);
  }
}

TEST_CASE("seeding needs the tree, and everything in it genuine") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Company company(suite, 3);
    const Env& env = company.world.env;
    GroupInfoOptions apart;
    apart.tree = CommitOptions::Tree::apart;
    const Bytes bare = MessageOf(company.Info(0, apart));
    CHECK(ErrorOf(Tracker::StageSeed(bare, {}, {}, env)) == Error::MISSING_TREE);
    Bytes tree = company[0].tracker().EncodeTree();
    CHECK(Tracker::StageSeed(bare, tree, {}, env).ok());
    CHECK(ErrorOf(Tracker::StageSeed(company.Send(1, "no GroupInfo"), tree, {}, env)) ==
          Error::WRONG_WIRE_FORMAT);
    for (std::size_t at = 0; at < tree.size(); at += 11) {
      tree[at] ^= 4;
      CHECK_FALSE(Tracker::StageSeed(bare, tree, {}, env).ok());
      tree[at] ^= 4;
    }
    // A member signs a context that no group has.
    GroupInfo forged = company.Info(0);
    const ExternalSender keyless{Bytes(3), Credential::Basic(AsView("sender"))};
    forged.group_context.extensions.push_back(MakeExtension(ExternalSenders{{keyless}}));
    Must(SignGroupInfo(suite, forged, company.client(0).profile.signature_private_key));
    CHECK(ErrorOf(Tracker::StageSeed(MessageOf(forged), {}, {}, env)) == Error::INVALID_KEY);
  }
}

TEST_CASE("a tracker's rows, damaged or of a newer format") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Followed followed(suite, 3, Restarts::never);
    Company& company = followed.company;
    const Env& env = company.world.env;
    followed.Follow(company.ProposeUpdate(0));
    const MemoryRows rows = Followed::Saved(followed.tracker);
    for (const auto& [key, value] : rows.rows()) {
      for (std::size_t at = 0; at < value.size(); at += value.size() / 20 + 1) {
        MemoryRows damaged;
        for (const auto& [one, kept] : rows.rows()) damaged.Put(one, kept);
        Bytes spoilt = ToBytes(value.view());
        spoilt[at] ^= 1;
        damaged.Put(key, spoilt);
        const auto loaded = Tracker::Load(damaged, {}, env);
        const bool said = !loaded.ok() && (loaded.error() == Error::STORAGE_DAMAGED ||
                                           loaded.error() == Error::STORAGE_VERSION);
        CHECK((loaded.ok() || said));
      }
    }
    const Bytes context = ToBytes(*rows.Get(RowKey(RowTag::context)));
    for (std::size_t size = 0; size < context.size(); ++size) {
      MemoryRows cut;
      for (const auto& [one, kept] : rows.rows()) cut.Put(one, kept);
      cut.Put(RowKey(RowTag::context), View(context).first(size));
      CHECK(ErrorOf(Tracker::Load(cut, {}, env)) == Error::STORAGE_DAMAGED);
    }
    MemoryRows newer;
    newer.Put(RowKey(RowTag::context), Bytes{0xFF, 0xFF});
    CHECK(ErrorOf(Tracker::Load(newer, {}, env)) == Error::STORAGE_VERSION);
    CHECK(ErrorOf(Tracker::Load(MemoryRows(), {}, env)) == Error::STORAGE_DAMAGED);
  }
}

}  // namespace
}  // namespace mls::test
