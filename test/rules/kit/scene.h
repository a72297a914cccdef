// Scene: a Company in which forgeries are tried, and whose members' lives are written down, so that the same
// bytes can be given to the JavaScript API (journal.h).
#pragma once

#include <exception>
#include <set>

#include "kit/scene_journal.h"

namespace mls::test {

class Scene : public SceneJournal, public Company {
 public:
  // Handshakes are public unless the options say otherwise: what is forged is then easily seen.
  Scene(const Suite& suite, std::size_t count, CompanyOptions options = Open())
      : SceneJournal(suite, options), Company(suite, count, WithJournal(std::move(options), journal())) {
    SceneJournal::company = this;
  }
  ~Scene() override {
    if (std::uncaught_exceptions() == 0) GoOn();
    SceneJournal::Write();
  }

  static CompanyOptions Open() {
    CompanyOptions options;
    options.policy.handshake_format = WireFormat::mls_public_message;
    return options;
  }

  // Refuses: a member says `expected` to a message, and is afterwards what it was, row by row.
  void Refuses(std::size_t member, View message, Error expected) {
    const MemoryRows before = World::Saved((*this)[member]);
    const auto received = TryReceive(member, message);
    CHECK(Name(received) == Describe(expected).name);
    CHECK((received.ok() || before == World::Saved((*this)[member])));
  }
  // One of several errors, where what is broken can be seen in more than one place.
  void Refuses(std::size_t member, View message, const std::vector<Error>& expected) {
    const MemoryRows before = World::Saved((*this)[member]);
    const auto received = TryReceive(member, message);
    CAPTURE(Name(received));
    CHECK(
        (!received.ok() && std::find(expected.begin(), expected.end(), received.error()) != expected.end()));
    CHECK((received.ok() || before == World::Saved((*this)[member])));
  }
  void Accepts(std::size_t member, View message) {
    const auto received = TryReceive(member, message);
    CHECK(Name(received) == "taken");
  }
  // RefusesJoin: a newcomer says `expected` to a Welcome.
  void RefusesJoin(View welcome, const NewKeyPackage& package, Error expected, View ratchet_tree = {},
                   const Group* origin = nullptr) {
    CHECK(Name(TryJoin(welcome, package, ratchet_tree, origin)) == Describe(expected).name);
  }
  void RefusesJoinByCommit(const Client& client, const GroupInfo& info, Error expected,
                           ExternalJoinOptions options = {}) {
    CHECK(SaysToJoinByCommit(client, info, std::move(options)) == Describe(expected).name);
  }
  // SaysToJoinByCommit gives the name of the error, or "taken".
  std::string SaysToJoinByCommit(const Client& client, const GroupInfo& info,
                                 ExternalJoinOptions options = {}) {
    const Bytes tree = options.ratchet_tree;
    const auto joined = TryJoinByCommit(client, info, std::move(options));
    NoteJoinByCommit(client, info, tree, joined.ok() ? Outcome() : Outcome(joined.error()));
    return std::string(Name(joined));
  }
  // RefusesToAdd: a member says `expected` when it is asked to add the owner of a key package, and has then
  // no commit in hand and used no generation.
  void RefusesToAdd(std::size_t member, const KeyPackage& package, Error expected) {
    CHECK(SaysToAdd(member, package) == Describe(expected).name);
  }
  std::string SaysToAdd(std::size_t member, const KeyPackage& package) {
    const MemoryRows before = World::Saved((*this)[member]);
    const auto staged = (*this)[member].StageCommit(Proposing({Add{package}}), world.env);
    CHECK(before == World::Saved((*this)[member]));
    if (!staged.ok()) NoteRefusedAdd(member, package, staged.error());
    return std::string(Name(staged));
  }
  // RefusesToDecode: the bytes are no MLSMessage.
  void RefusesToDecode(View bytes, Error expected) {
    const auto message = DecodeMessage(bytes, {});
    CHECK(Name(message) == Describe(expected).name);
    NoteDecode(bytes, message.ok() ? Outcome() : Outcome(message.error()));
  }

  // NothingFollows: there is nobody from whom an honest message could follow what was refused.
  void NothingFollows() { nothing_follows_ = true; }

  // GoesOn: honest traffic is taken as if nothing had happened.
  void GoesOn() {
    Chat();
    Commit(0);
    Chat();
  }

  template <class T>
  static std::string_view Name(const Result<T>& result) {
    return result.ok() ? "taken" : Describe(result.error()).name;
  }

 private:
  void Receives(std::size_t member, View message, Outcome outcome) override {
    SceneJournal::Receives(member, message, outcome);
    if (outcome) {
      refusing_.insert(member);
    } else {
      refusing_.erase(member);
    }
  }
  // GoOn: whoever has last refused something takes an honest message.
  void GoOn() {
    while (!refusing_.empty() && !nothing_follows_) {
      const std::size_t member = *refusing_.begin();
      refusing_.erase(refusing_.begin());
      if ((*this)[member].phase() == Phase::removed) continue;
      const auto honest = HonestFor(member);
      CHECK_MESSAGE(honest.has_value(), "nobody could send member ", member, " an honest message");
      if (honest) Accepts(member, *honest);
    }
  }
  // HonestFor gives a message of somebody in the same epoch, a Commit where nothing else may be sent.
  std::optional<Bytes> HonestFor(std::size_t member) {
    for (std::size_t other = 0; other < size(); ++other) {
      const bool there = other != member && (*this)[other].phase() == Phase::active;
      if (!there || !World::Agree((*this)[other], (*this)[member])) continue;
      if ((*this)[other].Protect(AsView("honest"), {}, world.env).ok()) return Send(other, "honest");
      if ((*this)[other].StageCommit({}, world.env).ok()) return MakeCommit(other).message;
    }
    return std::nullopt;
  }

  static CompanyOptions WithJournal(CompanyOptions options, Journal& journal) {
    options.journal = &journal;
    return options;
  }

  std::set<std::size_t> refusing_;  // who has refused something and taken nothing since
  bool nothing_follows_ = false;
};

}  // namespace mls::test
