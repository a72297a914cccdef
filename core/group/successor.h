// Successor groups (RFC 9420 §11.2, §11.3): a group re-initialised with other parameters, or a subgroup
// branched off.
//
// Both are a new group whose first Commit adds everybody and injects a resumption PSK of the old one.
#pragma once

#include "group/group.h"

namespace mls {

struct SuccessorOptions {
  const MemberProfile* profile = nullptr;  // our own, with keys for the new suite
  std::vector<KeyPackage> key_packages;    // of the other members
  Bytes group_id;                          // branch only; empty: fresh
  Extensions extensions;                   // branch only
  CommitOptions::Welcomes welcomes = CommitOptions::Welcomes::one_for_all;
  CommitOptions::Tree tree = CommitOptions::Tree::inside;
  Policy policy;
};

struct StagedSuccessor {
  std::unique_ptr<Group> group;  // epoch 0, alone
  StagedCommit commit;
  Secret resumption_psk;
  Questions questions;  // the credentials of the key packages
};

struct Successor {
  std::unique_ptr<Group> group;  // epoch 1
  std::vector<WelcomeMessage> welcomes;
  Bytes ratchet_tree;  // with Tree::apart
};

// ClientIdentity is what a credential says about its client, compared as bytes: of a basic credential the
// identity, of an X.509 chain the end entity's subject. Members "match" across groups by it (RFC 9420 §11.3).
Result<Bytes> ClientIdentity(const Credential& credential);

// ValidateSuccession checks a joined group against the old one (RFC 9420 §12.4.3.1, last step):
// REINIT_MISMATCH or BRANCH_MISMATCH.
Status ValidateSuccession(const Group& origin, const ResumptionPsk& psk, const PublicEpoch& joined);

}  // namespace mls
