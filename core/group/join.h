// Joining: what the two ways into a group take and give (RFC 9420 §12.4.3.1, §12.4.3.2).
#pragma once

#include "group/group.h"

namespace mls {

// JoinInput: what joining by Welcome needs of us.
struct JoinInput {
  KeyPackage key_package;
  KeyPackageKeys keys;
  Bytes ratchet_tree;  // when the Welcome does not carry it
  // The old group when a reinit or branch is expected; it must outlive the join, and a Welcome that is not of
  // its successor is REINIT_MISMATCH or BRANCH_MISMATCH.
  const Group* origin = nullptr;
  Policy policy;
};

// StagedJoin is a Welcome on its way. First `questions` holds PSKs (answered by OpenJoin), then credentials.
struct StagedJoin {
  JoinInput input;
  const Suite* suite = nullptr;
  GroupSecrets secrets;
  Bytes encrypted_group_info;
  std::vector<PreSharedKeyID> foreign_psks;  // those of secrets.psks that the origin does not answer
  Secret member_secret;                      // set by OpenJoin
  LeafIndex signer;                          // of the GroupInfo; set by OpenJoin
  PublicEpochPtr epoch;  // set by OpenJoin; its group_id must be new to the caller (§12.4.3)
  Questions questions;
};

struct ExternalJoinOptions {
  const MemberProfile* profile = nullptr;
  Bytes ratchet_tree;               // when the GroupInfo does not carry it
  std::optional<LeafIndex> resync;  // our former leaf, which the Commit removes
  std::vector<PreSharedKeyID> psks;
  Bytes authenticated_data;
  Policy policy;
};

struct StagedExternalJoin {
  ExternalJoinOptions options;
  PublicEpochPtr epoch;  // the one that the Commit will end
  Bytes external_pub;
  Questions questions;  // credentials of all members, and the PSKs
};

struct ExternalJoin {
  std::unique_ptr<Group> group;  // in phase joining, until Confirm
  Bytes message;                 // the Commit, an MLSMessage
};

}  // namespace mls
