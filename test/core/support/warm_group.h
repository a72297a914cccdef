// WarmGroup: a few real members of a large group, without running the group's history.
//
// The tree is made as it would look after the history: `warm`, every parent node set, as when all have
// committed at some time; `sparse`, every parent blank, as after one bulk add without a path. Its other
// members exist only as leaves whose private keys nobody keeps. One of them vouches for the tree in a
// GroupInfo and welcomes the real members, who join through the engine's public functions and so verify all
// of it. In a warm group each real member has then made one commit with a path, so that nobody is unmerged.
//
//   WarmGroup group = MakeWarmGroup(suite, 2000, TreeState::warm, random, pool);
//   NewCommit commit = group.Commit(0, {});        // made, accepted, received by the others and the tracker
//   group.members[0]  at leaf 0: the committer     group.members[1]  at leaf 1: its neighbour
//   group.members[2]  at leaf n - 1: far receiver  group.tracker     follows PublicMessage handshakes
//
// Costs about 1 ms of work per member; 50,000 members want a pool.
#pragma once

#include "support/world.h"

namespace mls::test {

enum class TreeState : std::uint8_t { warm, sparse };

struct WarmGroup {
  Env env;
  std::vector<Group> members;
  Tracker tracker;

  // Make makes a commit as members[committer] and accepts it; Deliver gives it to everybody else.
  NewCommit Make(std::size_t committer, CommitOptions options);
  void Deliver(std::size_t committer, View message);
  NewCommit Commit(std::size_t committer, CommitOptions options);
};

// MakeWarmGroup makes a group of n members, at least 4, of which three are real. Handshakes are
// PublicMessages. `random` must live as long as the group; `pool` may be null.
WarmGroup MakeWarmGroup(const Suite& suite, std::uint32_t n, TreeState state, Random& random, Pool* pool);

}  // namespace mls::test
