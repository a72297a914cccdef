// The saved form of a client (docs/store-format.md): what it needs before it is in any group.
//
// A signer for each suite, the private halves of its key packages (RFC 9420 §10) and external PSKs (§8.4).
#pragma once

#include "message/key_package.h"
#include "store/batch.h"

namespace mls {

// SignerRow is a MemberProfile at rest, under signer/<suite>.
struct SignerRow {
  Secret signature_private_key;
  Bytes signature_key;
  Credential credential;
  Capabilities capabilities;
  Extensions leaf_extensions;
  static constexpr auto kWire =
      Fields(&SignerRow::signature_private_key, &SignerRow::signature_key, &SignerRow::credential,
             &SignerRow::capabilities, &SignerRow::leaf_extensions);
};
void SaveSigner(const Suite& suite, const MemberProfile& profile, Batch& batch);
// LoadSigner: STORAGE_DAMAGED, UNSUPPORTED_CIPHERSUITE.
Result<std::pair<const Suite*, MemberProfile>> LoadSigner(View key, View value);

enum class KeyPackageUse : std::uint8_t { once = 1, last_resort = 2 };
constexpr bool IsKnown(KeyPackageUse use) {
  return use == KeyPackageUse::once || use == KeyPackageUse::last_resort;
}

// StoredKeyPackage, under key-package/<KeyPackageRef>.
struct StoredKeyPackage {
  KeyPackage key_package;
  KeyPackageKeys keys;
  KeyPackageUse use = KeyPackageUse::once;
  static constexpr auto kWire =
      Fields(&StoredKeyPackage::key_package, &StoredKeyPackage::keys, &StoredKeyPackage::use);
};
// CheckImported judges a package that was made elsewhere: its private keys are those of its public ones
// (INVALID_KEY), and its owner made it (BAD_LEAF_SIGNATURE, INVALID_KEY_PACKAGE).
Status CheckImported(const Suite& suite, const StoredKeyPackage& stored);
Bytes KeyPackageRow(View reference);
void SaveKeyPackage(View reference, const StoredKeyPackage& stored, Batch& batch);
// LoadKeyPackage: STORAGE_DAMAGED, also when the row's name is not the package's own reference.
Result<StoredKeyPackage> LoadKeyPackage(View key, View value);

// The row of an external PSK is named by the hash of its id, which may have any length.
Result<Bytes> PskRow(View psk_id);

}  // namespace mls
