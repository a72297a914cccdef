// LiveGroup: a group at its busiest, of which one member is given a fuzzer's messages.
//
//   leaf 0  the founder                    leaf 2  an insider: its secrets sign, tag and encrypt forgeries
//   leaf 1  the receiver                   leaf 3  blank: somebody was removed
//   leaf 4  a member with nothing to do    leaf 5  an honest sender
//
// The receiver has past epochs, keys that were passed over, cached proposals of others, an Update and a
// candidate commit of its own. All is made from seeds at a fixed time, so that an input does the same in
// every run. The group never moves: what an accepted message brings is tried on a copy.
#pragma once

#include "kit/external_keys.h"
#include "kit/forged_commit.h"
#include "support/target.h"

namespace mls::fuzz {

using namespace test;

// The leaves; kLeaves is who left.
inline constexpr std::size_t kFounder = 0, kReceiver = 1, kInsider = 2, kLeaves = 3, kIdle = 4, kHonest = 5;

MemoryRows CopyOf(const MemoryRows& rows);

class LiveGroup : public ExternalKeys {
 public:
  // Of gives the one of a suite: 0 is X25519 and Ed25519, 1 P-256; the first call makes it.
  static LiveGroup& Of(std::size_t suite);

  // Receive gives a message to the receiver and ends the process unless
  //   refused: the receiver's rows are what they were and an honest message is taken;
  //   taken:   what the step saved is the whole new state, which loads, and a message that was sent before is
  //   read.
  // It says whether it was taken; Refusal gives the reason if it was not. `after` sees the copy that took it.
  bool Receive(View message, const std::function<void(const Group&)>& after = nullptr) {
    return !Refusal(message, after);
  }
  std::optional<Error> Refusal(View message, const std::function<void(const Group&)>& after);

  const Suite& suite() const { return receiver.suite(); }
  // Framing is group_id and epoch, as the current ones begin every content.
  Bytes Framing() const;
  // Genuine gives messages that the receiver would take, with names.
  std::vector<Seed> Genuine();
  // References gives the names of the proposals that everybody has cached.
  std::vector<Bytes> References() const;
  Answers Answer(const Questions& questions) const;

  Company company;
  Client stranger;
  NewKeyPackage strangers_package;
  Bytes late, passed_over, honest;  // sent to the receiver, who has not seen them
  std::vector<Bytes> proposed;      // the messages of the cached proposals
  MemoryRows rows;                  // of the receiver
  Group receiver;
  Insider insider;

 private:
  explicit LiveGroup(const Suite& suite);
  void MakeHistory();
  Group Load(const MemoryRows& from) const;
  Result<Done<Received>> Step(const Group& group, View message) const;
  void ExpectUntouched(Error error, View message) const;
  void ExpectReadable(const Group& group, const char* what) const;
};

}  // namespace mls::fuzz
