#include "kit/scene.h"

#include <algorithm>
#include <exception>

namespace mls::test {
namespace {

CompanyOptions WithJournal(CompanyOptions options, Journal& journal) {
  options.journal = &journal;
  return options;
}

}  // namespace

Scene::Scene(const Suite& suite, std::size_t count, CompanyOptions options)
    : SceneJournal(suite, options), Company(suite, count, WithJournal(std::move(options), journal())) {
  SceneJournal::company = this;
}

Scene::~Scene() {
  if (std::uncaught_exceptions() == 0) GoOn();
  SceneJournal::Write();
}

CompanyOptions Scene::Open() {
  CompanyOptions options;
  options.policy.handshake_format = WireFormat::mls_public_message;
  return options;
}

void Scene::Refuses(std::size_t member, View message, Error expected) {
  const MemoryRows before = World::Saved((*this)[member]);
  const auto received = TryReceive(member, message);
  CHECK(Name(received) == Describe(expected).name);
  CHECK((received.ok() || before == World::Saved((*this)[member])));
}

void Scene::Refuses(std::size_t member, View message, const std::vector<Error>& expected) {
  const MemoryRows before = World::Saved((*this)[member]);
  const auto received = TryReceive(member, message);
  CAPTURE(Name(received));
  CHECK((!received.ok() && std::find(expected.begin(), expected.end(), received.error()) != expected.end()));
  CHECK((received.ok() || before == World::Saved((*this)[member])));
}

void Scene::Accepts(std::size_t member, View message) {
  const auto received = TryReceive(member, message);
  CHECK(Name(received) == "taken");
}

void Scene::RefusesJoin(View welcome, const NewKeyPackage& package, Error expected, View ratchet_tree,
                        const Group* origin) {
  CHECK(Name(TryJoin(welcome, package, ratchet_tree, origin)) == Describe(expected).name);
}

void Scene::RefusesJoinByCommit(const Client& client, const GroupInfo& info, Error expected,
                                ExternalJoinOptions options) {
  CHECK(SaysToJoinByCommit(client, info, std::move(options)) == Describe(expected).name);
}

std::string Scene::SaysToJoinByCommit(const Client& client, const GroupInfo& info,
                                      ExternalJoinOptions options) {
  const Bytes tree = options.ratchet_tree;
  const auto joined = TryJoinByCommit(client, info, std::move(options));
  NoteJoinByCommit(client, info, tree, joined.ok() ? Outcome() : Outcome(joined.error()));
  return std::string(Name(joined));
}

void Scene::RefusesToAdd(std::size_t member, const KeyPackage& package, Error expected) {
  CHECK(SaysToAdd(member, package) == Describe(expected).name);
}

std::string Scene::SaysToAdd(std::size_t member, const KeyPackage& package) {
  const MemoryRows before = World::Saved((*this)[member]);
  const auto staged = (*this)[member].StageCommit(Proposing({Add{package}}), world.env);
  CHECK(before == World::Saved((*this)[member]));
  if (!staged.ok()) NoteRefusedAdd(member, package, staged.error());
  return std::string(Name(staged));
}

void Scene::RefusesToDecode(View bytes, Error expected) {
  const auto message = DecodeMessage(bytes, {});
  CHECK(Name(message) == Describe(expected).name);
  NoteDecode(bytes, message.ok() ? Outcome() : Outcome(message.error()));
}

void Scene::GoesOn() {
  Chat();
  Commit(0);
  Chat();
}

void Scene::Receives(std::size_t member, View message, Outcome outcome) {
  SceneJournal::Receives(member, message, outcome);
  if (outcome) {
    refusing_.insert(member);
  } else {
    refusing_.erase(member);
  }
}

void Scene::GoOn() {
  while (!refusing_.empty() && !nothing_follows_) {
    const std::size_t member = *refusing_.begin();
    refusing_.erase(refusing_.begin());
    if ((*this)[member].phase() == Phase::removed) continue;
    const auto honest = HonestFor(member);
    CHECK_MESSAGE(honest.has_value(), "nobody could send member ", member, " an honest message");
    if (honest) Accepts(member, *honest);
  }
}

std::optional<Bytes> Scene::HonestFor(std::size_t member) {
  for (std::size_t other = 0; other < size(); ++other) {
    const bool there = other != member && (*this)[other].phase() == Phase::active;
    if (!there || !World::Agree((*this)[other], (*this)[member])) continue;
    if ((*this)[other].Protect(AsView("honest"), {}, world.env).ok()) return Send(other, "honest");
    if ((*this)[other].StageCommit({}, world.env).ok()) return MakeCommit(other).message;
  }
  return std::nullopt;
}

}  // namespace mls::test
