#include "crypto/seal.h"

#include "base/check.h"
#include "crypto/aead.h"
#include "crypto/hkdf.h"

namespace mls {

namespace {

constexpr std::size_t kNonceSize = 12;

// The suite whose AEAD is AES-256-GCM; nothing else of it is used.
const Suite& SealSuite() {
  static const Suite* const suite = FindSuite(CipherSuite::MLS_256_DHKEMP384_AES256GCM_SHA384_P384);
  return *suite;
}

}  // namespace

Result<Sealer> Sealer::WithKey(Secret key) {
  MLS_REQUIRE(key.size() == kKeySize, MISUSE);  // RFC 5116 §5.2: a key of full size
  return Sealer(std::move(key));
}

Result<Sealer> Sealer::ForScope(View sealing_key, View scope) {
  MLS_REQUIRE(sealing_key.size() == kKeySize, MISUSE);  // RFC 5869 §2.3: a uniform key of full size
  MLS_TRY(key, HkdfExpand(Kdf::hkdf_sha256, sealing_key, {AsView("node-mls rows"), scope}, kKeySize));
  return Sealer(std::move(key));
}

Result<Bytes> Sealer::Seal(View row_key, View value, Random& random) const {
  MLS_TRY(sealed, random.Take(kNonceSize));
  MLS_TRY(ciphertext, AeadSeal(SealSuite(), key_, sealed, row_key, value));
  sealed.insert(sealed.end(), ciphertext.begin(), ciphertext.end());
  return std::move(sealed);
}

Result<Secret> Sealer::Open(View row_key, View sealed) const {
  MLS_REQUIRE(sealed.size() >= kOverhead, STORAGE_DAMAGED);  // RFC 5116 §5.2: nonce and tag are there
  auto opened = AeadOpen(SealSuite(), key_, sealed.first(kNonceSize), row_key, sealed.subspan(kNonceSize));
  MLS_REQUIRE(opened.ok(), STORAGE_DAMAGED);  // RFC 5116 §5.2: made by us for this row
  return opened;
}

}  // namespace mls
