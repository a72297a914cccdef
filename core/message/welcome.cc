#include "message/welcome.h"

#include "base/check.h"

namespace mls {

Result<Bytes> SealGroupInfo(const Suite& suite, View welcome_secret, const GroupInfo& info) {
  MLS_TRY(key, WelcomeKey(suite, welcome_secret));
  return AeadSeal(suite, key.key, key.nonce, {}, Encode(info));
}

Result<GroupInfo> OpenGroupInfo(const Suite& suite, View welcome_secret, View encrypted_group_info) {
  MLS_TRY(key, WelcomeKey(suite, welcome_secret));
  MLS_TRY(opened, AeadOpen(suite, key.key, key.nonce, {}, encrypted_group_info));
  return Decode<GroupInfo>(opened);
}

Result<HpkeInfo> GroupSecretsInfo(const Suite& suite, const Welcome& welcome) {
  return EncryptionContext(suite, "Welcome", welcome.encrypted_group_info);
}

Result<GroupSecrets> OpenGroupSecrets(const HpkeInfo& info, const EncryptedGroupSecrets& entry,
                                      View init_private_key, View init_key) {
  auto opened = HpkeOpen(info, init_private_key, init_key, entry.encrypted_group_secrets);
  MLS_REQUIRE(opened.ok(), DECRYPT_FAILED);  // RFC 9420 §12.4.3.1: sealed to our init key, for this GroupInfo
  return Decode<GroupSecrets>(*opened);
}

}  // namespace mls
