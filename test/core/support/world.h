// World: clients and groups for tests, with a seeded source of bytes and a fixed time.
//
// Must() unwraps a Result and throws with the error's name otherwise. Each helper does what an application
// would do with the engine's public functions: stage, answer every question with yes, complete, apply.
#pragma once

#include <functional>
#include <stdexcept>
#include <string>

#include "mls.h"
#include "support/clients.h"
#include "support/error_of.h"

namespace mls::test {

inline void Must(const Status& status) {
  if (!status.ok()) throw std::runtime_error(std::string(Describe(status.error()).name));
}

// MessageOf gives a GroupInfo as members send it.
inline Bytes MessageOf(GroupInfo info) { return EncodeMessage(GroupInfoMessage{std::move(info)}); }

template <class T>
T Must(Result<T> result) {
  if (!result.ok()) throw std::runtime_error(std::string(Describe(result.error()).name));
  return std::move(*result);
}

// A client: a profile for one suite and the key packages it has made.
struct Client {
  std::string name;
  const Suite* suite = nullptr;
  MemberProfile profile;
};

// Dress changes what a new client says about itself.
using Dress = std::function<void(Client&)>;

class World {
 public:
  explicit World(std::uint64_t seed) : random(seed) { env = {kNow, &random, nullptr}; }

  Client NewClient(const Suite& suite, const std::string& name);
  NewKeyPackage NewKeyPackageOf(const Client& client);
  Group NewGroup(const Client& client, Policy policy = {}, Extensions extensions = {});

  // Join processes a Welcome (an MLSMessage).
  Group Join(View welcome, const NewKeyPackage& package, Policy policy = {}, View ratchet_tree = {});
  // CommitNow makes a commit and accepts it at once.
  NewCommit CommitNow(Group& group, CommitOptions options);
  // Add adds one client to `group` and to `others`, and gives the newcomer's group.
  Group AddMember(Group& group, const std::vector<Group*>& others, const Client& client);
  // Receive handles a message and answers every question with yes.
  Received Receive(Group& group, View message);
  // Propose sends a proposal; the message is given back.
  Bytes Propose(Group& group, Proposal proposal);
  Bytes ProposeUpdate(Group& group, LeafChange change = {});
  // Send protects application data.
  Bytes Send(Group& group, std::string_view text);

  static bool Agree(const Group& a, const Group& b);
  // Saved gives the whole state as rows.
  static MemoryRows Saved(const Group& group);

  SeededRandom random;
  Env env;
  Dress dress;
};

}  // namespace mls::test
