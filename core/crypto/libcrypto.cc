#include "crypto/libcrypto.h"

#include <openssl/crypto.h>

#include <array>

namespace mls::libcrypto {

namespace {

constexpr const char* kKeyTypeNames[] = {"X25519", "X448", "ED25519", "ED448", "EC"};

// Maker gives this thread's context for keys of `type`, null when memory ran out. It holds no key.
EVP_PKEY_CTX* Maker(KeyType type) {
  thread_local std::array<Owned<EVP_PKEY_CTX>, std::size(kKeyTypeNames)> makers;
  Owned<EVP_PKEY_CTX>& maker = makers[static_cast<std::size_t>(type)];
  if (maker != nullptr) return maker.get();
  Start();
  Owned<EVP_PKEY_CTX> fresh(
      EVP_PKEY_CTX_new_from_name(nullptr, kKeyTypeNames[static_cast<std::size_t>(type)], nullptr));
  if (fresh == nullptr || EVP_PKEY_fromdata_init(fresh.get()) != 1) return nullptr;
  maker = std::move(fresh);
  return maker.get();
}

}  // namespace

void Start() {
  static const int started =
      OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT | OPENSSL_INIT_NO_LOAD_CONFIG, nullptr);
  static_cast<void>(started);
}

Owned<EVP_PKEY> MakeKey(KeyType type, int selection, OSSL_PARAM* params) {
  EVP_PKEY_CTX* maker = Maker(type);
  EVP_PKEY* key = nullptr;
  if (maker == nullptr || EVP_PKEY_fromdata(maker, &key, selection, params) != 1) {
    EVP_PKEY_free(key);
    return nullptr;
  }
  return Owned<EVP_PKEY>(key);
}

}  // namespace mls::libcrypto
