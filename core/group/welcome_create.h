// Welcomes for the members that a Commit adds (RFC 9420 §12.4.1, §12.4.3.1).
#pragma once

#include "group/group.h"

namespace mls {

struct WelcomeInput {
  const LocalEpoch* next = nullptr;  // the epoch that the Commit begins
  View signature_private_key;        // of our leaf in that epoch
  const CommitPlan* plan = nullptr;
  std::vector<const KeyPackage*> key_packages;  // of plan->added_in_order
  const PathSecrets* path = nullptr;            // null without a path
  const Secret* joiner_secret = nullptr;
  const Secret* member_secret = nullptr;
  const CommitOptions* options = nullptr;
};

// MakeWelcomes seals one GroupInfo, and the group's secrets to each joiner: on all cores, with the hashes
// that all share done once.
Result<std::vector<WelcomeMessage>> MakeWelcomes(const WelcomeInput& input, const Env& env);

}  // namespace mls
