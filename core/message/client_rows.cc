#include "message/client_rows.h"

#include "base/check.h"
#include "crypto/diffie_hellman.h"
#include "crypto/kdf.h"
#include "crypto/signature.h"

namespace mls {

void SaveSigner(const Suite& suite, const MemberProfile& profile, Batch& batch) {
  const SignerRow row{profile.signature_private_key.Clone(), profile.signature_key, profile.credential,
                      profile.capabilities, profile.leaf_extensions};
  batch.PutSecret(RowKey(RowTag::signer, suite.id), EncodeSecret(row));
}

Result<std::pair<const Suite*, MemberProfile>> LoadSigner(View key, View value) {
  Reader in(key.subspan(1));
  const auto id = in.Uint<std::uint16_t>();
  MLS_REQUIRE(in.done(), STORAGE_DAMAGED);  // RFC 9420 §17.1: a suite's number
  const Suite* suite = FindSuite(CipherSuite(id));
  MLS_REQUIRE(suite != nullptr, UNSUPPORTED_CIPHERSUITE);  // RFC 9420 §17.1: saved by an engine that knew it
  auto row = Decode<SignerRow>(value);
  MLS_REQUIRE(row.ok(), STORAGE_DAMAGED);  // RFC 9420 §2.1: a row as we wrote it
  MemberProfile profile{std::move(row->credential), std::move(row->signature_private_key),
                        std::move(row->signature_key), std::move(row->capabilities),
                        std::move(row->leaf_extensions)};
  return std::pair(suite, std::move(profile));
}

Status CheckImported(const Suite& suite, const StoredKeyPackage& stored) {
  const KeyPackage& package = stored.key_package;
  MLS_TRY(init, DiffieHellmanPublicKey(suite, stored.keys.init_private_key));
  MLS_REQUIRE(Equal(init, package.init_key), INVALID_KEY);  // RFC 9420 §10: its private half
  MLS_TRY(encryption, DiffieHellmanPublicKey(suite, stored.keys.encryption_private_key));
  MLS_REQUIRE(Equal(encryption, package.leaf_node.encryption_key), INVALID_KEY);  // RFC 9420 §10
  MLS_TRY(signature, SignaturePublicKey(suite, stored.keys.signature_private_key));
  MLS_REQUIRE(Equal(signature, package.leaf_node.signature_key), INVALID_KEY);  // RFC 9420 §10
  return VerifyKeyPackageSignatures(suite, package);
}

Bytes KeyPackageRow(View reference) { return RowKey(RowTag::key_package, Encoded{reference}); }

void SaveKeyPackage(View reference, const StoredKeyPackage& stored, Batch& batch) {
  batch.PutSecret(KeyPackageRow(reference), EncodeSecret(stored));
}

Result<StoredKeyPackage> LoadKeyPackage(View key, View value) {
  auto stored = Decode<StoredKeyPackage>(value);
  MLS_REQUIRE(stored.ok(), STORAGE_DAMAGED);  // RFC 9420 §2.1: a row as we wrote it
  const Suite* suite = FindSuite(stored->key_package.cipher_suite);
  MLS_REQUIRE(suite != nullptr, UNSUPPORTED_CIPHERSUITE);  // RFC 9420 §17.1: saved by an engine that knew it
  MLS_TRY(reference, KeyPackageRef(*suite, stored->key_package));
  MLS_REQUIRE(Equal(key.subspan(1), reference), STORAGE_DAMAGED);  // RFC 9420 §5.2: its own name
  return stored;
}

Result<Bytes> PskRow(View psk_id) {
  const Suite& suite = AllSuites().front();
  MLS_TRY(hash, Hash(suite, {psk_id}));
  return RowKey(RowTag::psk, Encoded{hash});
}

}  // namespace mls
