// The passive-client kinds: what a member that only listens receives, and the epoch it is in afterwards.
#include <utility>
#include <vector>

#include "generate.h"

namespace mls::test {

namespace {

constexpr std::string_view kPskId = "external psk", kPsk = "secret psk key";

// Scene: a group of active members, and the listener whose view of it becomes a case.
class Scene {
 public:
  Scene(const Suite& suite, std::uint64_t seed, WireFormat handshakes) : suite_(suite), world_(seed) {
    policy_.handshake_format = handshakes;
    policy_.send_with_uncommitted_proposals = Policy::Uncommitted::allow;
    members_.push_back(world_.NewGroup(world_.NewClient(suite, "member 0"), policy_));
    made_ = {{"cipher_suite", Number(suite)}, {"external_psks", Json::array()}, {"epochs", Json::array()}};
  }

  SeededRandom& random() { return world_.random; }
  std::size_t members() const { return members_.size(); }
  Json Take() { return std::move(made_); }

  // Join adds another active member, by a commit of `committer`.
  void Join(std::size_t committer) {
    const NewKeyPackage package = NewClient();
    Add(committer, package);
    members_.push_back(world_.Join(last_.welcomes.at(0).message, package, policy_, last_.ratchet_tree));
  }

  // AddListener adds the listener; with a PSK in that commit if wanted.
  void AddListener(CommitOptions options, bool with_psk) {
    const NewKeyPackage package = NewClient();
    options.proposals.push_back({mls::Add{package.key_package}});
    if (with_psk) options.proposals.push_back(ExternalPskProposal(0));
    Commit(0, std::move(options));
    made_["key_package"] = ToHex(EncodeMessage(KeyPackageMessage{package.key_package}));
    made_["signature_priv"] = ToHex(package.keys.signature_private_key);
    made_["encryption_priv"] = ToHex(package.keys.encryption_private_key);
    made_["init_priv"] = ToHex(package.keys.init_private_key);
    made_["welcome"] = ToHex(last_.welcomes.at(0).message);
    made_["ratchet_tree"] = last_.ratchet_tree.empty() ? Json() : Json(ToHex(last_.ratchet_tree));
    made_["initial_epoch_authenticator"] = ToHex(members_[0].epoch_authenticator());
    made_["epochs"] = Json::array();
  }

  Proposal ExternalPskProposal(std::size_t member) {
    made_["external_psks"] = {{{"psk_id", ToHex(AsView(kPskId))}, {"psk", ToHex(AsView(kPsk))}}};
    return Must(members_[member].MakePsk(ExternalPsk{ToBytes(AsView(kPskId))}, world_.env));
  }
  Proposal AddProposal() { return {mls::Add{NewClient().key_package}}; }
  Proposal ResumptionProposal(std::size_t member) {
    const GroupContext& context = members_[member].context();
    return Must(members_[member].MakePsk(
        ResumptionPsk{ResumptionPSKUsage::application, context.group_id, context.epoch}, world_.env));
  }
  Proposal RemoveProposal(std::size_t member) { return {Remove{members_[member].self()}}; }

  // Propose sends a proposal to everyone; the listener gets it with the next commit.
  void Propose(std::size_t member, Proposal proposal) {
    Proposed(member, world_.Propose(members_[member], std::move(proposal)));
  }
  void ProposeUpdate(std::size_t member) { Proposed(member, world_.ProposeUpdate(members_[member])); }

  // Commit makes an epoch of the case; members whom it removes leave the scene.
  void Commit(std::size_t committer, CommitOptions options) {
    Group& group = members_[committer];
    StagedCommit staged = Must(group.StageCommit(std::move(options), world_.env));
    const Answers answers = Answer(staged.questions);
    Done<NewCommit> done = Must(group.CompleteCommit(std::move(staged), answers, world_.env));
    Must(group.Apply(std::move(done.change)));
    Must(group.Apply(Must(group.AcceptCandidate(done.output.id, world_.env)).change));
    last_ = std::move(done.output);
    for (std::size_t i = 0; i < members_.size(); ++i) {
      if (i != committer) Receive(members_[i], last_.message);
    }
    made_["epochs"].push_back({{"proposals", std::exchange(proposals_, Json::array())},
                               {"commit", ToHex(last_.message)},
                               {"epoch_authenticator", ToHex(members_[committer].epoch_authenticator())}});
    std::erase_if(members_, [](const Group& member) { return member.phase() == Phase::removed; });
  }

 private:
  NewKeyPackage NewClient() {
    return world_.NewKeyPackageOf(world_.NewClient(suite_, "client " + std::to_string(++clients_)));
  }

  void Add(std::size_t committer, const NewKeyPackage& package) {
    CommitOptions options;
    options.proposals.push_back({mls::Add{package.key_package}});
    Commit(committer, std::move(options));
  }

  void Proposed(std::size_t member, const Bytes& message) {
    for (std::size_t i = 0; i < members_.size(); ++i) {
      if (i != member) Receive(members_[i], message);
    }
    proposals_.push_back(ToHex(message));
  }

  void Receive(Group& group, View message) {
    StagedMessage staged = Must(group.Stage(message, world_.env));
    const Answers answers = Answer(staged.questions);
    Must(group.Apply(Must(group.Complete(std::move(staged), answers, world_.env)).change));
  }

  static Answers Answer(const Questions& questions) {
    Answers answers = AcceptAll(questions);
    answers.psks.clear();
    for (std::size_t i = 0; i < questions.psks.size(); ++i)
      answers.psks.emplace_back(Secret::Copy(AsView(kPsk)));
    return answers;
  }

  const Suite& suite_;
  World world_;
  Policy policy_;
  std::vector<Group> members_;
  NewCommit last_;
  Json made_, proposals_ = Json::array();
  int clients_ = 0;
};

CommitOptions With(std::vector<Proposal> proposals) {
  CommitOptions options;
  options.proposals = std::move(proposals);
  return options;
}

void WelcomeCases(const Suite& suite, std::uint64_t seed, Json& cases) {
  Scene inside(suite, seed, WireFormat::mls_private_message);
  inside.Join(0);
  inside.AddListener({}, false);
  cases.push_back(inside.Take());

  Scene apart(suite, ~seed, WireFormat::mls_private_message);
  CommitOptions options;
  options.tree = CommitOptions::Tree::apart;
  options.path = CommitOptions::Path::when_required;
  apart.AddListener(std::move(options), true);
  cases.push_back(apart.Take());
}

// EveryCommit: one commit of each sort that a member may have to follow.
Json EveryCommit(const Suite& suite, std::uint64_t seed, WireFormat handshakes) {
  Scene scene(suite, seed, handshakes);
  scene.Join(0);
  scene.AddListener({}, false);
  scene.Commit(1, {});
  scene.Commit(0, With({scene.AddProposal()}));
  scene.Commit(1, With({scene.ExternalPskProposal(1), scene.ResumptionProposal(1)}));
  scene.Commit(0, With({{GroupContextExtensions{
                      {MakeExtension(RequiredCapabilities{{}, {}, {CredentialType::basic}})}}}}));
  scene.ProposeUpdate(1);
  scene.Propose(0, scene.AddProposal());
  scene.Commit(0, {});
  CommitOptions short_one = With({scene.AddProposal()});
  short_one.path = CommitOptions::Path::when_required;
  scene.Commit(1, std::move(short_one));
  scene.Commit(0, With({scene.RemoveProposal(1)}));
  return scene.Take();
}

// RandomStep does one thing that the seed chooses, then commits.
void RandomStep(Scene& scene) {
  SeededRandom& random = scene.random();
  const std::size_t committer = random.Below(scene.members());
  const std::size_t other = (committer + 1) % scene.members();
  switch (random.Below(5)) {
    case 0:
      return scene.Join(committer);
    case 1:
      if (other != committer) scene.ProposeUpdate(other);
      return scene.Commit(committer, {});
    case 2:
      if (scene.members() < 3) return scene.Join(committer);
      return scene.Commit(committer, With({scene.RemoveProposal(other)}));
    case 3:
      return scene.Commit(committer, With({scene.ExternalPskProposal(committer)}));
    default:
      return scene.Commit(committer, With({scene.AddProposal()}));
  }
}

}  // namespace

Json PassiveClientWelcome() {
  Json cases = Json::array();
  for (const Suite& suite : AllSuites()) WelcomeCases(suite, 12u << 16 | Number(suite), cases);
  return cases;
}

Json PassiveClientHandlingCommit() {
  Json cases = Json::array();
  for (const Suite& suite : AllSuites()) {
    const bool odd = Number(suite) % 2 == 1;  // one format a suite: the file stays small
    cases.push_back(EveryCommit(suite, 13u << 16 | Number(suite),
                                odd ? WireFormat::mls_public_message : WireFormat::mls_private_message));
  }
  return cases;
}

Json PassiveClientRandom() {
  Json cases = Json::array();
  for (const Suite& suite : AllSuites()) {
    Scene scene(suite, 14u << 16 | Number(suite), WireFormat::mls_private_message);
    scene.Join(0);
    scene.AddListener({}, false);
    for (int step = 0; step < 8; ++step) RandomStep(scene);
    cases.push_back(scene.Take());
  }
  return cases;
}

}  // namespace mls::test
