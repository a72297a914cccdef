#include "message/group_info.h"

#include "base/check.h"

namespace mls {

Status SignGroupInfo(const Suite& suite, GroupInfo& info, View signature_private_key) {
  MLS_TRY(signature, SignUnsigned(suite, signature_private_key, "GroupInfoTBS", info));
  info.signature = std::move(signature);
  return kOk;
}

Status VerifyGroupInfo(const Suite& suite, const GroupInfo& info, View signature_key) {
  return VerifyUnsigned(suite, signature_key, "GroupInfoTBS", info);
}

Result<GroupInfoTBS> GroupInfoTBS::Of(const GroupInfo& info) {
  MLS_TRY(content, UnsignedContent("GroupInfoTBS", info));
  return GroupInfoTBS(std::move(content));
}

Status GroupInfoTBS::Verify(const Suite& suite, View signature_key, View signature) const {
  return mls::Verify(suite, signature_key, content_.encoded, signature);
}

std::optional<View> GroupInfoTBS::Extension(ExtensionType type) const {
  Reader in(content_.content());
  GroupContext context;
  wire::Read(in, context);
  for (Reader extensions(in.Vector()); !extensions.empty();) {
    const auto found = extensions.Uint<std::uint16_t>();
    const View data = extensions.Vector();
    if (found == static_cast<std::uint16_t>(type)) return data;
  }
  return std::nullopt;
}

}  // namespace mls
