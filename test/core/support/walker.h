// Walker: one member in a random walk, with its saved rows and a model of what it must be able to read.
//
// Every change of the group is written to the rows as a store would, before it is applied, so that at any
// moment a restart from the rows must give the same state (Restart, RowsMatch).
#pragma once

#include <deque>
#include <set>

#include "support/sealed_store.h"
#include "support/world.h"

namespace mls::test {

// A message of the walk's application, and who has read it already is each walker's own knowledge.
struct Mail {
  std::uint64_t id = 0;
  std::uint64_t sender = 0;  // number of the walker
  std::uint64_t epoch = 0;
  std::string text;
  Bytes authenticated_data;
  Bytes message;
};

// A handshake on its way to one walker.
struct Handshake {
  Bytes message;
  std::uint64_t epoch = 0;
  ContentType content_type = ContentType::commit;
};
using HandshakePtr = std::shared_ptr<const Handshake>;

// What a walker must find when it opens a Mail.
struct Outlook {
  std::optional<Error> error;
  bool own = false;  // recognised by its bytes
};

class Walker {
 public:
  Walker(std::uint64_t number, std::string name, Group group);

  std::uint64_t number() const { return number_; }
  const std::string& name() const { return name_; }
  const Group& group() const { return group_; }
  std::uint64_t epoch() const { return group_.context().epoch; }
  std::uint64_t joined() const { return joined_; }
  void SetPolicy(Policy policy) { group_.SetPolicy(std::move(policy)); }

  // Take makes a change durable, then real.
  void Take(Change change, const Env& env);
  // Read stages a message, answers every question and completes it; after an error nothing has changed.
  Result<Received> Read(View message, const Env& env);
  // Refuse reads what must fail and be without consequence.
  void Refuse(View message, const Env& env);

  Mail Send(std::uint64_t id, std::string text, Bytes authenticated_data, const Env& env);
  Outlook Expect(const Mail& mail) const;
  // Open reads a mail and compares with what was to be expected.
  void Open(const Mail& mail, const Env& env);

  // KeysFit: the private keys are those of nodes that are there, and open what is sealed to them.
  bool KeysFit(Random& random) const;
  // RowsMatch: the rows, changed step by step, are those of a full save.
  bool RowsMatch() const;
  // Restart forgets the group and loads it from the rows.
  void Restart(const Env& env);
  // HandOver lets another process go on, which has the same rows and reads again only what became of them
  // since its last turn.
  void HandOver(const Env& env);

  std::deque<HandshakePtr> inbox;
  std::set<std::uint64_t> lost_proposals;  // epochs of which one will never arrive
  bool stuck = false;                      // a Commit covered it: only a resync helps

 private:
  // Process is another process's memory, as it was at the end of its last turn.
  struct Process {
    Group group;
    MemoryRows rows;
    std::set<std::uint64_t> sent;
  };

  void LeaveEpoch(std::uint64_t left, std::uint64_t now);
  void Store(const Batch& batch, Random& random);
  // OpenSealed reads the sealed rows as a new process would.
  void OpenSealed();

  std::uint64_t number_;
  std::string name_;
  Group group_;
  MemoryRows rows_;
  SealedRows seal_ = NewSealedRows();
  SealedStore sealed_;  // the same rows, and the keys of epochs
  std::uint64_t joined_;
  std::deque<std::pair<std::uint64_t, std::uint64_t>> past_;  // epochs still readable, when they ended
  std::set<std::uint64_t> read_;                              // mails
  std::set<std::uint64_t> sent_;                              // mails of this epoch, since the last restart
  std::optional<Process> other_;
};

// PskOf is the value of an external PSK, which everybody in the walk knows.
Secret PskOf(const PreSharedKeyID& id);
// Reply accepts every credential and answers every external PSK.
Answers Reply(const Questions& questions);
// Demand throws with `what` unless it holds.
void Demand(bool holds, std::string_view what);

}  // namespace mls::test
