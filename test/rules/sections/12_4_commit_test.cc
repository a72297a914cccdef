// RFC 9420 §12.4: what a Commit has, and when it has a path.
#include "kit/lists.h"

namespace mls::test {
namespace {

bool HasPath(View commit) {
  const MLSMessage message = Must(DecodeMessage(commit, {}));
  return std::get<PublicMessage>(message.body).content.commit()->path.has_value();
}

TEST_CASE("R12.4-01: ProposalOrRefType is 1 or 2") {
  Scene scene(AllSuites()[0], 4);
  scene.ProposeToAll(0, {Remove{{3}}});
  const ProposalOrRef entry = ReferenceToNewest(scene, kForger);
  const Bytes& reference = std::get<ProposalByReference>(entry.body).reference;
  CommitForgery forgery;
  forgery.proposals = {entry};
  const Bytes commit = ForgeCommit(Insider(scene, kForger), forgery).message;
  const auto at = std::search(commit.begin(), commit.end(), reference.begin(), reference.end());
  REQUIRE(at != commit.end());
  const std::size_t type = static_cast<std::size_t>(at - commit.begin()) - 2;  // before the length
  REQUIRE(commit[type] == 2);
  REQUIRE(commit[type + 1] == reference.size());
  for (const std::uint8_t bad : {0, 3, 255}) {
    CAPTURE(int{bad});
    Bytes forged = commit;
    forged[type] = bad;
    scene.Refuses(kReceiver, forged, Error::MALFORMED);
    scene.RefusesToDecode(forged, Error::MALFORMED);
  }
  scene.Accepts(kReceiver, commit);
}

TEST_CASE("R12.4-02: who has seen proposals commits before sending data") {
  Scene scene(AllSuites()[0], 4);
  scene.ProposeToAll(kForger, {Remove{{3}}});
  const MemoryRows before = World::Saved(scene[kReceiver]);
  const Env& env = scene.world.env;
  CHECK(ErrorOf(scene[kReceiver].Protect(AsView("early"), {}, env)) == Error::PENDING_PROPOSALS);
  CHECK(before == World::Saved(scene[kReceiver]));
  scene.Commit(kReceiver);
  CHECK(scene[3].phase() == Phase::removed);
  scene.GoesOn();
  // The application may say otherwise.
  CompanyOptions lax = Scene::Open();
  lax.policy.send_with_uncommitted_proposals = Policy::Uncommitted::allow;
  Scene other(AllSuites()[0], 4, lax);
  other.ProposeToAll(kForger, {Remove{{3}}});
  other.Accepts(0, other.Send(kReceiver, "early"));
}

TEST_CASE("R12.4-03: the application's permission is asked by sender and receiver") {
  Scene scene(AllSuites()[0], 4);
  const Env& env = scene.world.env;
  const Proposal add = AddOf(scene, "not here");
  const auto judge = [](const Questions& questions) {
    Answers answers;
    for (const CredentialQuestion& one : questions.credentials) {
      const bool known = !(one.credential == Credential::Basic(AsView("not here")));
      answers.credentials.push_back(known ? Verdict::accept : Verdict::reject_policy);
    }
    return answers;
  };
  const auto receiver_says = [&](const Bytes& message) {
    const MemoryRows before = World::Saved(scene[kReceiver]);
    StagedMessage staged = Must(scene[kReceiver].Stage(message, env));
    CHECK(staged.questions.credentials.size() == 1);
    const Answers answers = judge(staged.questions);
    const auto done = scene[kReceiver].Complete(std::move(staged), answers, env);
    CHECK(before == World::Saved(scene[kReceiver]));
    return std::string(Scene::Name(done));
  };
  CommitForgery forgery;
  forgery.proposals = {Value(add)};
  CHECK(receiver_says(ForgeCommit(Insider(scene, kForger), forgery).message) == "POLICY");
  CHECK(receiver_says(Insider(scene, kForger).Public(add)) == "POLICY");

  const MemoryRows before = World::Saved(scene[0]);
  StagedCommit staged = Must(scene[0].StageCommit(Proposing(add), env));
  const Answers answers = judge(staged.questions);
  CHECK(ErrorOf(scene[0].CompleteCommit(std::move(staged), answers, env)) == Error::POLICY);
  StagedOwnProposal proposed = Must(scene[0].StageOwnProposal(add, {}, env));
  const Answers of_proposal = judge(proposed.questions);
  CHECK(ErrorOf(scene[0].CompleteOwnProposal(std::move(proposed), of_proposal, env)) == Error::POLICY);
  CHECK(before == World::Saved(scene[0]));
  scene.GoesOn();
}

// NeedsPath: member 2's Commit with this list is refused without a path, and taken with one.
void NeedsPath(Scene& scene, const std::vector<ProposalOrRef>& list) {
  CommitForgery forgery;
  forgery.proposals = list;
  forgery.path_is = CommitForgery::Path::without;
  scene.Refuses(kReceiver, ForgeCommit(Insider(scene, kForger), forgery).message, Error::MISSING_PATH);
  TakesList(scene, list);
}

TEST_CASE("R12.4-04: an empty list needs a path") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 4);
    NeedsPath(scene, {});
  }
}

TEST_CASE("R12.4-05: an Update needs a path") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 4);
    scene.Deliver(3, scene.ProposeUpdate(3));
    NeedsPath(scene, {ReferenceToNewest(scene, kForger)});
    Scene together(suite, 4);
    together.Deliver(3, together.ProposeUpdate(3));
    NeedsPath(together, {Value(AddOf(together)), ReferenceToNewest(together, kForger)});
  }
}

TEST_CASE("R12.4-06: a Remove needs a path") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 4);
    NeedsPath(scene, {Value({Remove{{3}}})});
    Scene together(suite, 4);
    NeedsPath(together, {Value(AddOf(together)), Value({Remove{{3}}}), Value(PskOf(together, 1))});
  }
}

TEST_CASE("R12.4-07: an external Commit needs a path") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 4);
    const Client stranger = scene.world.NewClient(suite, "stranger");
    CommitForgery forgery;
    forgery.path_is = CommitForgery::Path::without;
    scene.Refuses(kReceiver, ForgeExternalCommit(Insider(scene, 0), stranger, forgery).message,
                  Error::MISSING_PATH);
    scene.JoinByCommit(stranger, scene.Info(0));
    scene.GoesOn();
  }
}

TEST_CASE("R12.4-08: GroupContextExtensions need a path") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 4);
    NeedsPath(scene, {Value(Requiring({}))});
  }
}

// A scene in which all know kCustom.
void Equip(Scene& scene, std::size_t count) {
  Capable(scene, 0, [](Capabilities& one) { one.proposals.push_back(kCustom); });
  while (scene.size() < count) {
    HireWith(scene, [](Client& client) { client.profile.capabilities.proposals.push_back(kCustom); });
  }
}

TEST_CASE("R12.4-09: a custom type that is marked so needs a path") {
  const Proposal custom{CustomProposal{kCustom, Bytes(3, 1)}};
  Scene scene(AllSuites()[0], 1, WithCustom(CustomProposalType::Path::required));
  Equip(scene, 4);
  NeedsPath(scene, {Value(custom)});
  Scene optional(AllSuites()[0], 1, WithCustom(CustomProposalType::Path::optional));
  Equip(optional, 4);
  TakesList(optional, {Value(custom)}, CommitForgery::Path::without);
}

TEST_CASE("R12.4-10: Add, PreSharedKey and ReInit need no path") {
  for (const Suite& suite : AllSuites()) {
    for (int which = 0; which < 4; ++which) {
      CAPTURE(suite.name);
      CAPTURE(which);
      const auto list = [&](Scene& scene) {
        std::vector<Proposal> proposals;
        if (which == 0 || which == 3) proposals.push_back(AddOf(scene));
        if (which == 1 || which == 3) proposals.push_back(PskOf(scene, 1));
        if (which == 2) proposals.push_back(ReInitOf(scene));
        return proposals;
      };
      Scene scene(suite, 4);
      std::vector<ProposalOrRef> entries;
      for (const Proposal& proposal : list(scene)) entries.push_back(Value(proposal));
      TakesList(scene, std::move(entries), CommitForgery::Path::without);
      Scene ours(suite, 4);
      CommitOptions options;
      options.proposals = list(ours);
      options.path = CommitOptions::Path::when_required;
      CHECK_FALSE(HasPath(ours.Commit(0, std::move(options)).message));
      CHECK(ours.Agree());
    }
  }
}

TEST_CASE("R12.4-11: a receiver does not demand that all pending proposals are in the Commit") {
  Scene scene(AllSuites()[0], 5);
  scene.ProposeToAll(0, {Remove{{3}}});
  const ProposalOrRef one = ReferenceToNewest(scene, kForger);
  scene.ProposeToAll(0, PskOf(scene, 1));
  TakesList(scene, {one});
  Scene none(AllSuites()[0], 4);
  none.ProposeToAll(0, {Remove{{3}}});
  CommitOptions options;
  options.cached = CommitOptions::Cached::ignore;
  CHECK(ListOf(none.Commit(kForger, std::move(options)).message).empty());
  none.GoesOn();
}

TEST_CASE("R12.4-12: a referenced proposal must be known") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 4);
    scene.ProposeToAll(0, {Remove{{3}}});
    const ProposalOrRef known = ReferenceToNewest(scene, kForger);
    Bytes reference = std::get<ProposalByReference>(known.body).reference;
    REQUIRE(reference.size() == suite.Nh);
    Bytes longer = reference, shorter = reference, other = reference;
    longer.push_back(0);
    shorter.pop_back();
    other[0] ^= 1;
    for (const Bytes& unknown : {Bytes{}, shorter, longer, other, Bytes(suite.Nh, 0)}) {
      RefusesList(scene, {Reference(unknown)}, Error::UNKNOWN_PROPOSAL);
      RefusesList(scene, {known, Reference(unknown)}, Error::UNKNOWN_PROPOSAL);
    }
    TakesList(scene, {known});
  }
}

TEST_CASE("R12.4-13: the same reference twice") {
  // Nothing else is wrong with two custom proposals.
  Scene scene(AllSuites()[0], 1, WithCustom());
  Equip(scene, 4);
  const Proposal custom{CustomProposal{kCustom, Bytes(3, 1)}};
  scene.ProposeToAll(0, custom);
  const ProposalOrRef one = ReferenceToNewest(scene, kForger);
  RefusesList(scene, {one, one}, Error::INVALID_PROPOSAL_LIST);
  RefusesList(scene, {one, Value(AddOf(scene)), one}, Error::INVALID_PROPOSAL_LIST);
  scene.ProposeToAll(3, custom);
  const ProposalOrRef other = ReferenceToNewest(scene, kForger);
  REQUIRE_FALSE(one == other);
  TakesList(scene, {one, other, Value(custom)});
}

}  // namespace
}  // namespace mls::test
