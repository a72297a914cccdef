#include "message/group_info.h"

#include "base/check.h"

namespace mls {

Status SignGroupInfo(const Suite& suite, GroupInfo& info, View signature_private_key) {
  MLS_TRY(signature, SignWithLabel(suite, signature_private_key, "GroupInfoTBS", {EncodeUnsigned(info)}));
  info.signature = std::move(signature);
  return kOk;
}

Status VerifyGroupInfo(const Suite& suite, const GroupInfo& info, View signature_key) {
  return VerifyWithLabel(suite, signature_key, "GroupInfoTBS", {EncodeUnsigned(info)}, info.signature);
}

}  // namespace mls
