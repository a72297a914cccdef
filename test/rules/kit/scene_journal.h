// SceneJournal writes the lives of a scene's members down: one line of JSON for each member that joined by a
// Welcome, and one for each join that was refused. test/rules/replay.test.ts lives through them again with
// the JavaScript API. A member's life ends where it acts itself, since its own randomness cannot be repeated.
//
// Each process has a file of its own in the folder that NODE_MLS_RULES_JOURNAL names; without it nothing is
// written.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>

#include "group/company.h"

namespace mls::test {

class SceneJournal : public Journal {
 public:
  // NotInJournal: from here on nothing is written down.
  void NotInJournal() { over_ = true; }
  // NoteRefusedSuccessor: `member` was invited to a group that was to follow this one or to branch off it,
  // and refused to join.
  void NoteRefusedSuccessor(std::size_t member, View welcome, const NewKeyPackage& package, Error error);

 protected:
  SceneJournal(const Suite& suite, const CompanyOptions& options) : suite_(suite), policy_(options.policy) {}
  ~SceneJournal() override = default;

  Journal& journal() { return *this; }
  // Write appends what was heard to this process's file.
  void Write() const;
  // An external join, a key package that a member would not add, bytes that are to be decoded.
  void NoteJoinByCommit(const Client& client, const GroupInfo& info, View ratchet_tree, Outcome outcome);
  void NoteRefusedAdd(std::size_t member, const KeyPackage& package, Error error);
  void NoteDecode(View bytes, Outcome outcome);

  Company* company = nullptr;

 private:
  struct Step {
    std::uint64_t now;
    Bytes message;
    Outcome outcome;
    std::string rule;
    const char* kind;          // receive, add or succeed
    std::string package = {};  // succeed: the fields of the key package, each after a comma
  };
  struct Life {
    std::string beginning;  // JSON without its end
    std::vector<Step> steps;
    bool ended = false;
  };

  void Joins(std::optional<std::size_t> member, View welcome, const NewKeyPackage& package, View ratchet_tree,
             Outcome outcome) override;
  void Receives(std::size_t member, View message, Outcome outcome) override;
  void Acts(std::size_t member) override;

  std::string Setting() const;  // what every line begins with
  std::string Psks() const;     // of a life: all that the scene had in its end
  std::uint64_t now() const { return company == nullptr ? kNow : company->world.env.now; }

  const Suite& suite_;
  Policy policy_;
  bool over_ = false;
  std::map<std::size_t, Life> lives_;
  std::vector<std::string> refusals_;
};

}  // namespace mls::test
