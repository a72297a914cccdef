// Hash, HMAC (RFC 2104) and HKDF (RFC 5869) over parts, so that labelled inputs need not be joined in memory.
//
// They run on one hash context per thread and algorithm, which stands freshly initialised between uses: the
// initialisation that ends one use overwrites its secrets and serves the next. At most one Hasher of an
// algorithm may be alive on a thread. Nothing here counts into base/counters.h; the public functions do.
#pragma once

#include <initializer_list>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/libcrypto.h"
#include "crypto/suite.h"

namespace mls {

inline constexpr std::size_t kMaxHashSize = 64;
inline constexpr std::size_t kMaxHashBlock = 128;

// HashSize gives the output bytes of the hash under `kdf`.
constexpr std::size_t HashSize(Kdf kdf) {
  return kdf == Kdf::hkdf_sha256 ? 32 : kdf == Kdf::hkdf_sha384 ? 48 : 64;
}
// HashBlock gives its block size, the key size of HMAC.
constexpr std::size_t HashBlock(Kdf kdf) { return kdf == Kdf::hkdf_sha256 ? 64 : 128; }

class Hasher {
 public:
  explicit Hasher(Kdf kdf);
  ~Hasher();
  Hasher(const Hasher&) = delete;
  Hasher& operator=(const Hasher&) = delete;

  void Update(View bytes) {
    if (!bytes.empty()) ok_ = ok_ && EVP_DigestUpdate(context_, bytes.data(), bytes.size()) == 1;
  }
  // Finish writes HashSize bytes. INTERNAL when libcrypto failed anywhere, which means that memory ran out.
  Status Finish(Span out);
  // FinishSecret is Finish for an input that must leave no trace: libcrypto's SHA-384 and SHA-512 keep their
  // last block until another one overwrites it.
  Status FinishSecret(Span out);

 private:
  void Renew();

  Kdf kdf_;
  EVP_MD_CTX* context_;  // null without memory
  bool ok_;
  bool fresh_ = false;
};

// Hmac writes HashSize bytes to `out`: HMAC(key, parts...).
Status Hmac(Kdf kdf, View key, std::initializer_list<View> parts, Span out);

Result<Secret> HkdfExtract(Kdf kdf, View salt, std::initializer_list<View> ikm);

// HkdfExpand is LIMIT_EXCEEDED above 255 hash sizes.
Result<Secret> HkdfExpand(Kdf kdf, View prk, std::initializer_list<View> info, std::size_t length);

}  // namespace mls
