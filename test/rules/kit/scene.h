// Scene: a Company in which forgeries are tried, and whose members' lives are written down, so that the same
// bytes can be given to the JavaScript API (journal.h).
#pragma once

#include "kit/scene_journal.h"

namespace mls::test {

class Scene : public SceneJournal, public Company {
 public:
  // Handshakes are public unless the options say otherwise: what is forged is then easily seen.
  Scene(const Suite& suite, std::size_t count, CompanyOptions options = Open())
      : SceneJournal(suite, options), Company(suite, count, WithJournal(std::move(options), journal())) {
    SceneJournal::company = this;
  }
  ~Scene() override { SceneJournal::Write(); }

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
  static CompanyOptions WithJournal(CompanyOptions options, Journal& journal) {
    options.journal = &journal;
    return options;
  }
};

}  // namespace mls::test
