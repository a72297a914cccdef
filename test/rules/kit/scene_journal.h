// SceneJournal writes down what a scene's people were given and what they said to it: a line of JSON for each
// life. test/rules/replay.test.ts lives through them again with the JavaScript API.
//
//   a key package ──▶ Welcomes that are refused ──▶ one that is taken ──▶ messages …
//   the rows of a member that has acted ──────────────────────────────▶ messages …
//
// What a member does itself cannot be repeated, since its randomness is nobody else's. So a life ends there,
// and when next the member refuses something, another begins with its state as it then is: what is refused
// changes nothing (RFC 9420 §12.4.2).
//
// Each process has a file of its own in the folder that NODE_MLS_RULES_JOURNAL names; without it nothing is
// written. What was refused and is not among the lines is counted in them.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <deque>

#include "support/company.h"

namespace mls::test {

class SceneJournal : public Journal {
 public:
  // NotInJournal: from here on nothing is written down.
  void NotInJournal() { over_ = true; }
  // NoteSuccessor: `member` was invited to a group that was to follow this one or to branch off it. If it
  // joined, that is not written into this group.
  void NoteSuccessor(std::size_t member, View welcome, const NewKeyPackage& package, Outcome outcome);

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

  void Receives(std::size_t member, View message, Outcome outcome) override;

  Company* company = nullptr;

 private:
  struct Step {
    std::uint64_t now;
    Bytes message;
    Outcome outcome;
    std::string rule;
    const char* kind;       // join, receive, add or succeed
    std::string more = {};  // join: the tree; succeed: the key package; fields, each after a comma
  };
  struct Life {
    std::string beginning;  // JSON without its end
    std::vector<Step> steps;
  };

  void Joins(std::optional<std::size_t> member, View welcome, const NewKeyPackage& package, View ratchet_tree,
             Outcome outcome) override;
  void Acts(std::size_t member) override { present_.erase(member); }

  // Hears says whether something with this outcome is to be written down.
  bool Hears(Outcome outcome);
  // LifeOf gives the life to which a step of the member belongs, null when there is none.
  Life* LifeOf(std::size_t member, Outcome outcome);
  Life& Begin(std::string beginning) { return lives_.emplace_back(Life{std::move(beginning), {}}); }
  // Found begins one with what the member's store would give back.
  Life& Found(std::size_t member);

  std::string Setting() const;  // what every line begins with
  std::string Psks() const;     // all that the scene had in its end
  std::uint64_t now() const { return company == nullptr ? kNow : company->world.env.now; }

  const Suite& suite_;
  Policy policy_;
  bool over_ = false;
  std::size_t left_out_ = 0;  // refusals
  std::deque<Life> lives_;
  std::map<std::size_t, Life*> present_;    // of members that have not acted since it began
  std::map<std::string, Life*> newcomers_;  // by the fields of their key packages
  std::vector<std::string> lines_;          // what is no life
};

}  // namespace mls::test
