// Scene: a Company in which forgeries are tried, and whose members' lives are written down, so that the same
// bytes can be given to the JavaScript API (support/journal.h).
#pragma once

#include <set>

#include "kit/scene_journal.h"

namespace mls::test {

// AnySuite is for rules that touch no cryptography.
inline const Suite& AnySuite() { return AllSuites().front(); }

class Scene : public SceneJournal, public Company {
 public:
  // Handshakes are public unless the options say otherwise: what is forged is then easily seen.
  Scene(const Suite& suite, std::size_t count, CompanyOptions options = Open());
  ~Scene() override;

  static CompanyOptions Open();

  // Refuses: a member says `expected` to a message, and is afterwards what it was, row by row.
  void Refuses(std::size_t member, View message, Error expected);
  // One of several errors, where what is broken can be seen in more than one place.
  void Refuses(std::size_t member, View message, const std::vector<Error>& expected);
  void Accepts(std::size_t member, View message);
  // RefusesJoin: a newcomer says `expected` to a Welcome.
  void RefusesJoin(View welcome, const NewKeyPackage& package, Error expected, View ratchet_tree = {},
                   const Group* origin = nullptr);
  void RefusesJoinByCommit(const Client& client, const GroupInfo& info, Error expected,
                           ExternalJoinOptions options = {});
  // SaysToJoinByCommit gives the name of the error, or "taken".
  std::string SaysToJoinByCommit(const Client& client, const GroupInfo& info,
                                 ExternalJoinOptions options = {});
  // RefusesToAdd: a member says `expected` when it is asked to add the owner of a key package, and has then
  // no commit in hand and used no generation.
  void RefusesToAdd(std::size_t member, const KeyPackage& package, Error expected);
  std::string SaysToAdd(std::size_t member, const KeyPackage& package);
  // RefusesToDecode: the bytes are no MLSMessage.
  void RefusesToDecode(View bytes, Error expected);

  // NothingFollows: there is nobody from whom an honest message could follow what was refused.
  void NothingFollows() { nothing_follows_ = true; }

  // GoesOn: honest traffic is taken as if nothing had happened.
  void GoesOn();

  template <class T>
  static std::string_view Name(const Result<T>& result) {
    return result.ok() ? "taken" : Describe(result.error()).name;
  }

 private:
  void Receives(std::size_t member, View message, Outcome outcome) override;
  // GoOn: whoever has last refused something takes an honest message.
  void GoOn();
  // HonestFor gives a message of somebody in the same epoch, a Commit where nothing else may be sent.
  std::optional<Bytes> HonestFor(std::size_t member);

  std::set<std::size_t> refusing_;  // who has refused something and taken nothing since
  bool nothing_follows_ = false;
};

}  // namespace mls::test
