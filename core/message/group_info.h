// GroupInfo (RFC 9420 §12.4.3): the state of a group as one member signs it for newcomers.
#pragma once

#include "crypto/labels.h"
#include "schedule/group_context.h"
#include "tree/math.h"

namespace mls {

struct GroupInfo {
  GroupContext group_context;
  Extensions extensions;
  Bytes confirmation_tag;
  LeafIndex signer;
  Bytes signature;
  static constexpr auto kWire =
      Fields(&GroupInfo::group_context, &GroupInfo::extensions, &GroupInfo::confirmation_tag,
             &GroupInfo::signer, &GroupInfo::signature);
  bool operator==(const GroupInfo&) const = default;
};

Status SignGroupInfo(const Suite& suite, GroupInfo& info, View signature_private_key);
// VerifyGroupInfo: BAD_SIGNATURE. `signature_key` is that of the leaf `signer` names.
Status VerifyGroupInfo(const Suite& suite, const GroupInfo& info, View signature_key);

}  // namespace mls
