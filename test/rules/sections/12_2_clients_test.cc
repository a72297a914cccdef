// RFC 9420 §12.2: lists of Adds, what the members must support, and the tree that a list leads to.
#include "kit/lists.h"

namespace mls::test {
namespace {

const KeyPackage& PackageOf(const Proposal& add) { return add.As<Add>()->key_package; }

// A list of which the application says no: by each new credential whose name is taken. Gives what the
// receiver and the creator say.
std::pair<std::string, std::string> OneNameEach(Scene& scene, const std::vector<Proposal>& list) {
  const auto judge = [&](const Questions& questions) {
    Answers answers;
    std::vector<Credential> names;
    for (LeafIndex leaf{0}; leaf.value < scene[0].tree().width(); ++leaf.value) {
      if (!scene[0].tree().IsBlank(leaf)) names.push_back(scene[0].tree().Leaf(leaf).credential);
    }
    for (const CredentialQuestion& one : questions.credentials) {
      const bool taken = std::find(names.begin(), names.end(), one.credential) != names.end();
      const bool stays = one.role == CredentialRole::successor && one.former == one.credential;
      answers.credentials.push_back(taken && !stays ? Verdict::reject_policy : Verdict::accept);
      names.push_back(one.credential);
    }
    return answers;
  };
  std::vector<ProposalOrRef> entries;
  CommitOptions options;
  for (const Proposal& proposal : list) {
    entries.push_back(Value(proposal));
    options.proposals.push_back(proposal);
  }
  CommitForgery forgery;
  forgery.proposals = std::move(entries);
  const Bytes message = ForgeCommit(Insider(scene, kForger), forgery).message;
  StagedMessage received = Must(scene[kReceiver].Stage(message, scene.world.env));
  const Answers by_receiver = judge(received.questions);
  const auto followed = scene[kReceiver].Complete(std::move(received), by_receiver, scene.world.env);
  StagedCommit staged = Must(scene[0].StageCommit(std::move(options), scene.world.env));
  const Answers by_creator = judge(staged.questions);
  const auto made = scene[0].CompleteCommit(std::move(staged), by_creator, scene.world.env);
  return {std::string(Scene::Name(followed)), std::string(Scene::Name(made))};
}

TEST_CASE("R12.2-09: two Adds for the same client") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 4);
    const Client twin = scene.world.NewClient(suite, "twin");
    const Proposal one = AddOf(scene, twin), other = AddOf(scene, twin);
    REQUIRE_FALSE(PackageOf(one).init_key == PackageOf(other).init_key);
    BothRefuse(scene, {one, other}, kInvalidList);
    BothRefuse(scene, {one, one}, kInvalidList);
    Client renamed = scene.world.NewClient(suite, "renamed");
    renamed.profile.signature_key = twin.profile.signature_key;
    renamed.profile.signature_private_key = twin.profile.signature_private_key.Clone();
    BothRefuse(scene, {one, AddOf(scene, renamed)}, kInvalidList);
    // Two key pairs under one name: one client, if the application says so.
    const std::vector<Proposal> same_name = {one, AddOf(scene, "twin")};
    CHECK(OneNameEach(scene, same_name) == std::pair<std::string, std::string>("POLICY", "POLICY"));
    CHECK(OneNameEach(scene, {one}) == std::pair<std::string, std::string>("taken", "taken"));
    scene.GoesOn();
  }
}

TEST_CASE("R12.2-10: an Add of a client already in the group") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 4);
    BothRefuse(scene, {AddOf(scene, scene.client(3))}, Error::DUPLICATE_SIGNATURE_KEY);
    const std::vector<Proposal> same_name = {AddOf(scene, "member 3")};
    CHECK(OneNameEach(scene, same_name) == std::pair<std::string, std::string>("POLICY", "POLICY"));
    // A Remove of another member makes no room for it.
    BothRefuse(scene, {{Remove{{1}}}, AddOf(scene, scene.client(3))}, Error::DUPLICATE_SIGNATURE_KEY);
    scene.GoesOn();
  }
}

TEST_CASE("R12.2-11: an Add with a matching Remove") {
  for (const bool add_first : {false, true}) {
    for (const Suite& suite : AllSuites()) {
      CAPTURE(suite.name);
      CAPTURE(add_first);
      Scene scene(suite, 4);
      const NewKeyPackage package = scene.world.NewKeyPackageOf(scene.client(3));
      std::vector<Proposal> list = {{Remove{{3}}}, {Add{package.key_package}}};
      if (add_first) std::swap(list[0], list[1]);
      CommitOptions options;
      options.proposals = list;
      const NewCommit commit = scene.Commit(0, std::move(options));
      CHECK(ListOf(commit.message).size() == 2);
      const Client again{scene.client(3).name,
                         &suite,
                         {scene.client(3).profile.credential,
                          scene.client(3).profile.signature_private_key.Clone(),
                          scene.client(3).profile.signature_key,
                          scene.client(3).profile.capabilities,
                          {}}};
      scene.Enter(again, scene.JoinByWelcome(commit.welcomes.at(0).message, package));
      scene.GoesOn();

      Scene forged(suite, 4);
      list = {{Remove{{3}}}, AddOf(forged, forged.client(3))};
      if (add_first) std::swap(list[0], list[1]);
      TakesList(forged, {Value(list[0]), Value(list[1])});
    }
  }
}

TEST_CASE("R12.2-17: a custom type that some member does not support") {
  const Proposal custom{CustomProposal{kCustom, Bytes(3, 1)}};
  const auto knows = [](Client& client) { client.profile.capabilities.proposals.push_back(kCustom); };
  for (const bool receiver_lacks : {true, false}) {
    CAPTURE(receiver_lacks);
    Scene scene(AllSuites()[0], 1, WithCustom());
    Capable(scene, 0, [](Capabilities& one) { one.proposals.push_back(kCustom); });
    for (std::size_t i = 1; i < 4; ++i) {
      HireWith(scene, i == (receiver_lacks ? kReceiver : 3) ? Hook<Client>() : Hook<Client>(knows));
    }
    BothRefuse(scene, {custom}, kInvalidList);
    scene.Deliver(0, scene.Propose(0, custom));
    RefusesList(scene, {ReferenceToNewest(scene, kForger)}, kInvalidList);
    BothRefuse(scene, {{Remove{{receiver_lacks ? 3u : 1u}}}, custom}, kInvalidList);
    scene.Commit(3);
    scene.GoesOn();
  }
}

TEST_CASE("R12.2-18: who is added or removed by the Commit need not support a custom type") {
  const ProposalOrRef custom = Value({CustomProposal{kCustom, Bytes(3, 1)}});
  for (const bool removed_lacks : {true, false}) {
    CAPTURE(removed_lacks);
    Scene scene(AllSuites()[0], 1, WithCustom());
    Capable(scene, 0, [](Capabilities& one) { one.proposals.push_back(kCustom); });
    for (std::size_t i = 1; i < 4; ++i) {
      HireWith(scene, [&](Client& client) {
        if (i < 3 || !removed_lacks) client.profile.capabilities.proposals.push_back(kCustom);
      });
    }
    const Proposal change = removed_lacks ? Proposal{Remove{{3}}} : AddOf(scene);
    // Ours first, then one that was built apart.
    CommitOptions options = Proposing(change);
    options.proposals.push_back(std::get<ProposalByValue>(custom.body).proposal);
    const NewCommit commit = scene.MakeCommit(0, std::move(options));
    CHECK(ListOf(commit.message).size() == 2);
    scene.Apply(0, Must(scene[0].RejectCandidate(commit.id)));
    TakesList(scene, {custom, Value(change)});
  }
}

TEST_CASE("R12.2-19: two new leaves that share a key") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 4);
    const Proposal one = AddOf(scene, "one");
    const auto with_its_key = [&](KeyPackage& package) {
      package.leaf_node.encryption_key = PackageOf(one).leaf_node.encryption_key;
    };
    const Client other = scene.world.NewClient(suite, "other");
    BothRefuse(scene, {one, AddOf(scene, other, with_its_key)}, kInvalidList);

    const Bytes update = Insider(scene, 3).Public(UpdateOf(
        scene, 3, [&](LeafNode& leaf) { leaf.encryption_key = PackageOf(one).leaf_node.encryption_key; }));
    for (const std::size_t i : {0u, 1u, 2u}) scene.Accepts(i, update);
    RefusesList(scene, {ReferenceToNewest(scene, kForger), Value(one)}, kInvalidList);
    RefusesList(scene, {Value(one), ReferenceToNewest(scene, kForger)}, kInvalidList);

    // An Update that takes the signature key of the newcomer.
    const Client newcomer = scene.world.NewClient(suite, "newcomer");
    const Insider forger(scene, 3);
    LeafNode leaf = UpdateOf(scene, 3).As<Update>()->leaf_node;
    leaf.signature_key = newcomer.profile.signature_key;
    Must(SignLeafNode(suite, leaf, newcomer.profile.signature_private_key, scene[0].context().group_id,
                      forger.self));
    const Bytes taking = forger.Public(Proposal{Update{leaf}});
    for (const std::size_t i : {0u, 1u, 2u}) scene.Accepts(i, taking);
    RefusesList(scene, {ReferenceToNewest(scene, kForger), Value(AddOf(scene, newcomer))}, kInvalidList);
    CommitOptions without_updates = Proposing(one);
    without_updates.cached = CommitOptions::Cached::ignore;
    scene.Commit(0, std::move(without_updates));
    scene.GoesOn();
  }
}

TEST_CASE("R12.2-19: an Update that gives up what the list's GroupContextExtensions need") {
  Scene scene(AllSuites()[0], 1);
  Capable(scene, 0, [](Capabilities& one) { one.extensions.push_back(kCustomExtension); });
  for (std::size_t i = 1; i < 4; ++i) {
    HireWith(scene,
             [](Client& client) { client.profile.capabilities.extensions.push_back(kCustomExtension); });
  }
  const Bytes update = Insider(scene, 3).Public(
      UpdateOf(scene, 3, [](LeafNode& leaf) { std::erase(leaf.capabilities.extensions, kCustomExtension); }));
  for (const std::size_t i : {0u, 1u, 2u}) scene.Accepts(i, update);
  const ProposalOrRef reference = ReferenceToNewest(scene, kForger);
  const ProposalOrRef required = Value(Requiring({{kCustomExtension}, {}, {}}));
  const ProposalOrRef used = Value({GroupContextExtensions{{{kCustomExtension, {}}}}});
  for (const ProposalOrRef& extensions : {required, used}) {
    RefusesList(scene, {reference, extensions}, Error::UNSUPPORTED_CAPABILITY);
    RefusesList(scene, {extensions, reference}, Error::UNSUPPORTED_CAPABILITY);
  }
  TakesList(scene, {required});
}

}  // namespace
}  // namespace mls::test
