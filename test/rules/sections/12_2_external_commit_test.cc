// RFC 9420 §12.2: what an external Commit may and must list.
#include "kit/lists.h"
#include "support/change_list.h"

namespace mls::test {
namespace {

// ExternalScene: a stranger who would join, and member 1 who is to judge the Commit.
struct ExternalScene : Scene {
  explicit ExternalScene(const Suite& suite, CompanyOptions options = Open())
      : Scene(suite, 4, std::move(options)), stranger(world.NewClient(suite, "stranger")) {}

  Bytes Commit(CommitForgery forgery, Init init = Init::first) {
    return ForgeExternalCommit(Insider(*this, 0), stranger, std::move(forgery), init).message;
  }
  void RefusesCommit(CommitForgery forgery, Error expected, Init init = Init::first) {
    Refuses(kReceiver, Commit(std::move(forgery), init), expected);
  }
  void RefusesWith(std::vector<Proposal> proposals, Error expected) {
    CommitForgery forgery;
    for (Proposal& proposal : proposals) forgery.proposals.push_back(Value(std::move(proposal)));
    RefusesCommit(std::move(forgery), expected);
  }
  // HonestJoin: the stranger comes in as it should, and everyone goes on.
  void HonestJoin() {
    JoinByCommit(stranger, Info(0));
    GoesOn();
  }

  Client stranger;
};

TEST_CASE("R12.2-20: an external Commit without ExternalInit") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    ExternalScene scene(suite);
    scene.RefusesCommit({}, kInvalidList, Init::left_out);
    CommitForgery with_psk;
    with_psk.proposals = {Value(PskOf(scene, 1))};
    scene.RefusesCommit(with_psk, kInvalidList, Init::left_out);
    scene.HonestJoin();
  }
}

TEST_CASE("R12.2-21: an external Commit with two ExternalInit") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    ExternalScene scene(suite);
    CommitForgery forgery;
    forgery.content = [](FramedContent& content) {
      ChangeList<ProposalOrRef>(std::get<CommitContent>(content.body).commit.proposals,
                                [](auto& list) { list.push_back(list.front()); });
    };
    scene.RefusesCommit(forgery, kInvalidList);
    const HpkeKeyPair external = Must(ExternalKeyPair(suite, Insider(scene, 0).external_secret));
    const auto another = Must(SendExternalInit(suite, external.public_key, scene.world.random));
    scene.RefusesWith({{ExternalInit{another.kem_output}}}, kInvalidList);
    scene.HonestJoin();
  }
}

TEST_CASE("R12.2-22: an external Commit with two Removes") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    ExternalScene scene(suite);
    scene.RefusesWith({{Remove{{2}}}, {Remove{{3}}}}, kInvalidList);
    scene.RefusesWith({{Remove{{3}}}, {Remove{{3}}}}, kInvalidList);
    scene.HonestJoin();
  }
}

TEST_CASE("R12.2-23: an external Commit with a Remove brings a leaf that would do for an Update") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    ExternalScene scene(suite);
    const LeafNode former = scene[0].tree().Leaf({3});
    CommitForgery forgery;
    forgery.proposals = {Value({Remove{{3}}})};
    forgery.leaf = [&](LeafNode& leaf) { leaf.encryption_key = former.encryption_key; };
    scene.RefusesCommit(forgery, Error::ENCRYPTION_KEY_REUSED);
    forgery.leaf = {};
    scene.Accepts(kReceiver, scene.Commit(forgery));
    CHECK_FALSE(scene[kReceiver].tree().Leaf({3}).encryption_key == former.encryption_key);
  }
}

// What a member says whose application lets nobody be replaced but by the same name.
std::string SameNameOnly(Scene& scene, std::size_t member, View message) {
  const MemoryRows before = World::Saved(scene[member]);
  StagedMessage staged = Must(scene[member].Stage(message, scene.world.env));
  Answers answers;
  for (const CredentialQuestion& one : staged.questions.credentials) {
    const bool successor = one.role == CredentialRole::successor;
    REQUIRE(successor == one.former.has_value());
    answers.credentials.push_back(successor && !(one.former == one.credential) ? Verdict::reject_succession
                                                                               : Verdict::accept);
  }
  const auto done = scene[member].Complete(std::move(staged), answers, scene.world.env);
  CHECK(before == World::Saved(scene[member]));
  return std::string(Scene::Name(done));
}

TEST_CASE("R12.2-24: an external Commit with a Remove is acceptable for the removed participant") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    ExternalScene scene(suite);
    CommitForgery forgery;
    forgery.proposals = {Value({Remove{{3}}})};
    CHECK(SameNameOnly(scene, kReceiver, scene.Commit(forgery)) == "CREDENTIAL_SUCCESSION");
    // Another key under the same name; and joining without a Remove replaces nobody.
    const Client again = scene.world.NewClient(suite, "member 3");
    const Bytes same_name = ForgeExternalCommit(Insider(scene, 0), again, forgery).message;
    CHECK(SameNameOnly(scene, kReceiver, same_name) == "taken");
    CHECK(SameNameOnly(scene, kReceiver, scene.Commit({})) == "taken");
    scene.HonestJoin();
  }
}

TEST_CASE("R12.2-25: an external Commit with any other proposal") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    // All list kCustom, so that nothing speaks against it but the kind of Commit.
    CompanyOptions options = WithCustom();
    options.dress = [](Client& client) { client.profile.capabilities.proposals.push_back(kCustom); };
    ExternalScene scene(suite, std::move(options));
    const std::vector<Proposal> others = {
        AddOf(scene), UpdateOf(scene, 3), ReInitOf(scene), Requiring({}), {CustomProposal{kCustom, {}}},
    };
    for (std::size_t i = 0; i < others.size(); ++i) {
      CAPTURE(i);
      scene.RefusesWith({others[i]}, kInvalidList);
      scene.RefusesWith({{Remove{{3}}}, PskOf(scene, 1), others[i]}, kInvalidList);
    }
    scene.Scene::Commit(0, Proposing({CustomProposal{kCustom, {}}}));  // a member's may hold it
    scene.HonestJoin();
  }
}

TEST_CASE("R12.2-26: an external Commit with PSKs") {
  for (const Suite& suite : AllSuites()) {
    for (const std::uint8_t count : {0, 1, 3}) {
      CAPTURE(suite.name);
      CAPTURE(int{count});
      ExternalScene scene(suite);
      CommitForgery forgery;
      ExternalJoinOptions options;
      for (std::uint8_t i = 0; i < count; ++i) {
        const Proposal psk = PskOf(scene, i);
        options.psks.push_back(psk.As<PreSharedKey>()->psk);
        forgery.proposals.push_back(Value(psk));
      }
      const ForgedCommit built = ForgeExternalCommit(Insider(scene, 0), scene.stranger, forgery);
      CHECK(built.psks.size() == count);
      scene.Accepts(kReceiver, built.message);
      CHECK(scene[kReceiver].context() == built.next);

      ExternalScene ours(suite);
      ours.psks = scene.psks;
      ours.JoinByCommit(ours.stranger, ours.Info(0), std::move(options));
      ours.GoesOn();
    }
  }
}

}  // namespace
}  // namespace mls::test
