// Newcomer: the stranger of a LiveGroup, with a Welcome that the founder's commit made for it, laid open so
// that any part can be changed and the rest made right again (RFC 9420 §12.4.3.1).
#pragma once

#include "support/live_group.h"

namespace mls::fuzz {

class Newcomer {
 public:
  explicit Newcomer(LiveGroup& group);

  // Mend computes the confirmation tag and the signature of a changed GroupInfo. False when it cannot be
  // signed.
  bool Mend(GroupInfo& info) const;
  // Seal gives the Welcome (an MLSMessage) with these plaintexts, an encoded GroupInfo and encoded
  // GroupSecrets.
  Bytes Seal(View encoded_info, View encoded_secrets) const;
  // Join does what a client does with a Welcome.
  Result<Group> Join(View welcome) const;

  LiveGroup& group;
  Bytes genuine;  // MLSMessage
  GroupSecrets secrets;
  GroupInfo info;
  Secret member_secret;
  Secret signer;  // the founder's
};

// SetTree replaces the ratchet_tree extension of a GroupInfo, and its tree hash where the tree has one.
void SetTree(const Suite& suite, GroupInfo& info, Bytes ratchet_tree);
// TreeOf gives the data of the ratchet_tree extension.
const Bytes& TreeOf(const GroupInfo& info);
// ExpectWhole: a group that was just joined saves and loads as what it is.
void ExpectWhole(const Group& joined);

}  // namespace mls::fuzz
