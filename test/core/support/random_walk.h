// RandomWalk: a group's life, step by step, drawn from a seed.
//
// A dozen members do what the protocol allows in an order that nobody planned: they add, remove, update,
// inject PSKs, change the group's extensions, hold several commits at once of which one wins, lag behind,
// lose proposals and come back by an external Commit, send messages that arrive late, twice or damaged,
// restart from their rows, and let another process go on, which refreshes what it had of the same rows. A
// tracker without keys follows the public handshakes. After each step everybody who is up to date agrees, and
// rows changed step by step equal a full save.
//
// MLS_WALK_SEED and MLS_WALK_STEPS set another walk; MLS_WALK_SCALE (percent) shortens those of slow builds.
#pragma once

#include <map>

#include "support/walker.h"

namespace mls::test {

struct WalkOptions {
  CipherSuite suite;
  std::size_t steps = 0;
  std::size_t most_members = 12;
  std::uint64_t seed = 1;
  Pool* pool = nullptr;
};

// RunWalk walks, and throws with the seed, the step and the reason when something does not hold.
void RunWalk(WalkOptions options);

class RandomWalk {
 public:
  explicit RandomWalk(const WalkOptions& options);
  // Step does one thing, lets messages arrive and checks everything.
  void Step();
  const std::string& doing() const { return doing_; }

 private:
  // Somebody whose key package was handed out.
  struct Newcomer {
    std::string name;
    NewKeyPackage package;
  };
  // A commit that waits for the delivery service's word: a candidate of a member, or an external one.
  struct Pending {
    std::uint64_t walker = 0;
    NewCommit commit;
    std::shared_ptr<ExternalJoin> join;
    std::string joiner;
    std::optional<std::uint64_t> replaces;  // a resync: the walker whose leaf goes
  };

  // random_walk.cc: chance, the delivery service, checks
  bool Chance(unsigned percent) { return dice_.Below(100) < percent; }
  template <class T>
  T& OneOf(std::vector<T>& from) {
    return from[dice_.Below(from.size())];
  }
  Bytes SomeText();
  Policy NewPolicy();
  std::vector<Walker*> Present();
  Walker& AddWalker(std::string name, Group group);
  void Announce(const Bytes& message, std::uint64_t epoch, ContentType type, std::uint64_t except);
  void Track(View message, ContentType type);
  void Seed(Walker& from);
  void Begin(Walker& from);
  void Arrive(Walker& walker);
  void ArriveProposal(Walker& walker, const Handshake& handshake);
  void ArriveCommit(Walker& walker, const Handshake& handshake);
  void SendMail();
  void OpenMail();
  void Sweep();
  void Check();

  // random_walk_acts.cc: what members do
  MemberProfile NewProfile(std::string_view name);
  Newcomer KeyPackageFor(const std::string& name);
  Proposal AddSomebody();
  Proposal SomePsk();
  Proposal SomeExtensions();
  std::optional<Proposal> SomeProposal(const Walker& by);
  LeafChange SomeLeafChange(unsigned percent);
  std::vector<Proposal> SomeList(const Walker& by);
  void Propose();
  void ProposeFromOutside();
  void MakeCandidate();
  void DropCandidate();
  void JoinFromOutside();
  void Decide();
  void WinAsMember(Pending& winner);
  void WinFromOutside(Pending& winner);
  void Welcomed(const Pending& winner, Walker& committer);
  void Branch();
  void Reinit();
  void StartAgain(Walker& founder);
  Group JoinSuccessor(const Group& origin, const Successor& successor, const Newcomer& newcomer);

  const Suite& suite_;
  std::size_t most_members_;
  std::size_t wanted_members_;  // changes, so that the group grows and shrinks
  SeededRandom dice_;
  World world_;
  Env env_;
  ExternalSender outsider_;
  Secret outsider_key_;
  std::uint64_t next_number_ = 1;
  std::map<std::uint64_t, Walker> walkers_;
  std::map<Bytes, Newcomer> newcomers_;  // by KeyPackageRef
  std::vector<Pending> pending_;
  std::vector<Mail> mail_;
  std::vector<HandshakePtr> old_handshakes_;
  std::optional<Tracker> tracker_;
  bool tracker_lost_ = false;   // a Commit went by that it could not follow
  bool tracker_blind_ = false;  // a proposal of this epoch did

  // What the group has agreed on.
  GroupContext context_;
  Bytes authenticator_;
  std::string doing_;
};

}  // namespace mls::test
