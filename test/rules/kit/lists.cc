#include "kit/lists.h"

#include "group/external_proposal.h"

namespace mls::test {

namespace {

std::vector<ProposalOrRef> Values(const std::vector<Proposal>& proposals) {
  std::vector<ProposalOrRef> list;
  for (const Proposal& proposal : proposals) list.push_back(Value(proposal));
  return list;
}

}  // namespace

CompanyOptions WithCustom(CustomProposalType::Path path, CustomProposalType::External external) {
  CompanyOptions options = Scene::Open();
  options.policy.custom_proposals.push_back({kCustom, path, external});
  return options;
}

void Capable(Scene& scene, std::size_t member, const Hook<Capabilities>& change) {
  CommitOptions options;
  options.leaf.capabilities = scene[member].tree().Leaf(scene[member].self()).capabilities;
  change(*options.leaf.capabilities);
  scene.Commit(member, std::move(options));
}

std::size_t HireWith(Scene& scene, const Hook<Client>& change, std::string_view name) {
  const std::string called = name.empty() ? "member " + std::to_string(scene.size()) : std::string(name);
  Client client = scene.world.NewClient(scene[0].suite(), called);
  Run(change, client);
  const NewKeyPackage package = scene.world.NewKeyPackageOf(client);
  const NewCommit commit = scene.Commit(0, Proposing({Add{package.key_package}}));
  return scene.Enter(client, scene.JoinByWelcome(commit.welcomes.at(0).message, package));
}

void RefusesList(Scene& scene, std::vector<ProposalOrRef> list, Error expected) {
  CommitForgery forgery;
  forgery.proposals = std::move(list);
  scene.Refuses(kReceiver, ForgeCommit(Insider(scene, kForger), std::move(forgery)).message, expected);
}

void RefusesList(Scene& scene, const std::vector<Proposal>& by_value, Error expected) {
  RefusesList(scene, Values(by_value), expected);
}

void RefusesToCommit(Scene& scene, std::vector<Proposal> by_value, Error expected) {
  CommitOptions options;
  options.proposals = std::move(by_value);
  const MemoryRows before = World::Saved(scene[0]);
  CHECK(Scene::Name(scene[0].StageCommit(std::move(options), scene.world.env)) == Describe(expected).name);
  CHECK(before == World::Saved(scene[0]));
  CHECK(scene[0].candidates().empty());
}

void BothRefuse(Scene& scene, const std::vector<Proposal>& by_value, Error expected) {
  RefusesList(scene, by_value, expected);
  RefusesToCommit(scene, by_value, expected);
}

void TakesList(Scene& scene, std::vector<ProposalOrRef> list, CommitForgery::Path path) {
  CommitForgery forgery;
  forgery.proposals = std::move(list);
  forgery.path_is = path;
  const ForgedCommit commit = ForgeCommit(Insider(scene, kForger), std::move(forgery));
  std::vector<std::size_t> staying;
  for (std::size_t i = 0; i < scene.size(); ++i) {
    if (i == kForger || scene[i].phase() == Phase::removed) continue;
    scene.Accepts(i, commit.message);
    if (scene[i].phase() == Phase::removed) continue;
    CHECK(scene[i].context() == commit.next);
    staying.push_back(i);
  }
  REQUIRE(staying.size() > 1);
  if (scene[staying[0]].phase() != Phase::active) return;
  const Bytes message = scene.Send(staying[0], "on we go");
  scene.Accepts(staying[1], message);
}

Proposal UpdateOf(Scene& scene, std::size_t member, const Hook<LeafNode>& change) {
  const Insider insider(scene, member);
  LeafNode leaf = scene[member].tree().Leaf(insider.self);
  leaf.encryption_key = Must(GenerateHpkeKeyPair(insider.suite(), scene.world.random)).public_key;
  leaf.leaf_node_source = LeafNodeSource::update;
  leaf.parent_hash.clear();
  Run(change, leaf);
  Must(SignLeafNode(insider.suite(), leaf, insider.signer, scene[0].context().group_id, insider.self));
  return {Update{std::move(leaf)}};
}

Proposal AddOf(Scene& scene, const Client& client, const Hook<KeyPackage>& change) {
  KeyPackage package = scene.world.NewKeyPackageOf(client).key_package;
  Run(change, package);
  Sign(*client.suite, package, client.profile.signature_private_key);
  return {Add{std::move(package)}};
}

Proposal AddOf(Scene& scene, std::string_view name) {
  return AddOf(scene, scene.world.NewClient(scene[0].suite(), std::string(name)));
}

Proposal PskOf(Scene& scene, std::uint8_t id, const Hook<PreSharedKeyID>& change) {
  Proposal proposal = Must(scene[0].MakePsk(ExternalPsk{Bytes{id}}, scene.world.env));
  PreSharedKeyID& psk = std::get<PreSharedKey>(proposal.body).psk;
  scene.psks[Encode(psk.body)] = Bytes(20, id);
  Run(change, psk);
  return proposal;
}

Proposal ReInitOf(Scene& scene, const Hook<ReInit>& change) {
  ReInit reinit{Bytes{'n', 'e', 'w'}, ProtocolVersion::mls10, scene[0].suite().id, {}};
  Run(change, reinit);
  return {std::move(reinit)};
}

std::vector<ProposalOrRef> ListOf(View commit) {
  const MLSMessage message = Must(DecodeMessage(commit, {}));
  return std::get<PublicMessage>(message.body).content.commit()->proposals.Decode();
}

Watcher::Watcher(Scene& of) : scene(of) {
  keys = Must(GenerateSignatureKeyPair(scene[0].suite(), scene.world.random));
  sender = {keys.public_key, Credential::Basic(AsView("watcher"))};
  scene.Commit(0, Proposing({GroupContextExtensions{{MakeExtension(ExternalSenders{{sender}})}}}));
}

Bytes Watcher::Propose(Proposal proposal, std::uint32_t as_index) const {
  const Insider insider(scene, 0);
  FramedContent content = insider.Content(std::move(proposal));
  content.sender = Sender::External(as_index);
  return insider.Public(insider.SignWith(keys.private_key, insider.context(), std::move(content)));
}

}  // namespace mls::test
