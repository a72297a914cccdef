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

// GroupInfoTBS is what a GroupInfo's signature is over (RFC 9420 §12.4.3). Most of it is the tree, which is
// read where it lies, so that the GroupInfo need not be kept beside it.
class GroupInfoTBS {
 public:
  static Result<GroupInfoTBS> Of(const GroupInfo& info);
  // Verify: BAD_SIGNATURE. `signature_key` is that of the leaf that the GroupInfo's signer names.
  Status Verify(const Suite& suite, View signature_key, View signature) const;
  // Extension gives the data of the first of the GroupInfo's own extensions of a type; null when there is
  // none.
  std::optional<View> Extension(ExtensionType type) const;

 private:
  explicit GroupInfoTBS(LabelledContent content) : content_(std::move(content)) {}
  LabelledContent content_;
};

Status SignGroupInfo(const Suite& suite, GroupInfo& info, View signature_private_key);
// VerifyGroupInfo: BAD_SIGNATURE. `signature_key` is that of the leaf `signer` names.
Status VerifyGroupInfo(const Suite& suite, const GroupInfo& info, View signature_key);

}  // namespace mls
