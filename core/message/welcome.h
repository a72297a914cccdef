// Welcome (RFC 9420 §12.4.3.1): the secrets of a new epoch, sealed to each newcomer, and one encrypted
// GroupInfo for all.
#pragma once

#include "message/framed_content.h"
#include "message/group_info.h"
#include "schedule/key_schedule.h"

namespace mls {

struct PathSecret {
  Secret path_secret;
  static constexpr auto kWire = Fields(&PathSecret::path_secret);
};

struct GroupSecrets {
  Secret joiner_secret;
  std::optional<PathSecret> path_secret;
  std::vector<PreSharedKeyID> psks;
  static constexpr auto kWire =
      Fields(&GroupSecrets::joiner_secret, &GroupSecrets::path_secret, &GroupSecrets::psks);
};

struct EncryptedGroupSecrets {
  Bytes new_member;  // KeyPackageRef
  HPKECiphertext encrypted_group_secrets;
  static constexpr auto kWire =
      Fields(&EncryptedGroupSecrets::new_member, &EncryptedGroupSecrets::encrypted_group_secrets);
  bool operator==(const EncryptedGroupSecrets&) const = default;
};

struct Welcome {
  static constexpr WireFormat kTag = WireFormat::mls_welcome;
  CipherSuite cipher_suite = CipherSuite::MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519;
  std::vector<EncryptedGroupSecrets> secrets;
  Bytes encrypted_group_info;
  static constexpr auto kWire =
      Fields(&Welcome::cipher_suite, &Welcome::secrets, &Welcome::encrypted_group_info);
  bool operator==(const Welcome&) const = default;
};

// SealGroupInfo and OpenGroupInfo: the GroupInfo under the welcome_secret. DECRYPT_FAILED, MALFORMED.
Result<Bytes> SealGroupInfo(const Suite& suite, View welcome_secret, const GroupInfo& info);
Result<GroupInfo> OpenGroupInfo(const Suite& suite, View welcome_secret, View encrypted_group_info);

// GroupSecretsInfo is what the entries of a Welcome are sealed for: its encrypted GroupInfo, hashed once.
Result<HpkeInfo> GroupSecretsInfo(const Suite& suite, const Welcome& welcome);
// OpenGroupSecrets opens our entry: DECRYPT_FAILED, MALFORMED. `init_key` is the public half of
// `init_private_key`.
Result<GroupSecrets> OpenGroupSecrets(const HpkeInfo& info, const EncryptedGroupSecrets& entry,
                                      View init_private_key, View init_key);

}  // namespace mls
