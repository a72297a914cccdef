// What the files of this folder share of OpenSSL's libcrypto (3.0 to 3.5): its start, owners of its objects,
// and keys made from raw numbers.
//
// Algorithms are fetched once per process (Once) and never freed: threads of the pool may still run while
// the process exits. Contexts belong to a thread; whoever puts a secret into one clears it again. What could
// not be made, for want of memory, is made the next time.
#pragma once

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/x509.h>

#include <atomic>
#include <memory>

#include "base/bytes.h"

namespace mls::libcrypto {

// Start readies the library without its atexit handler and without reading openssl.cnf: both belong to the
// process, and an addon is a guest. Call it before anything is fetched.
void Start();

struct Free {
  void operator()(BIGNUM* p) const { BN_clear_free(p); }
  void operator()(BN_CTX* p) const { BN_CTX_free(p); }  // clears what it held
  void operator()(EC_GROUP* p) const { EC_GROUP_free(p); }
  void operator()(EC_POINT* p) const { EC_POINT_clear_free(p); }
  void operator()(EVP_CIPHER* p) const { EVP_CIPHER_free(p); }
  void operator()(EVP_CIPHER_CTX* p) const { EVP_CIPHER_CTX_free(p); }
  void operator()(EVP_MD* p) const { EVP_MD_free(p); }
  void operator()(EVP_MD_CTX* p) const { EVP_MD_CTX_free(p); }
  void operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
  void operator()(EVP_PKEY_CTX* p) const { EVP_PKEY_CTX_free(p); }
  void operator()(X509* p) const { X509_free(p); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

// Once gives what `slot` holds; when that is nothing yet, what `make` gives, which may be null.
template <class T, class Make>
const T* Once(std::atomic<T*>& slot, Make make) {
  if (const T* known = slot.load(std::memory_order_acquire)) return known;
  Start();
  Owned<T> made(make());
  T* held = nullptr;
  if (made == nullptr || !slot.compare_exchange_strong(held, made.get())) return held;  // by another thread
  return made.release();
}

// Octets is a parameter for MakeKey that points to `bytes`; libcrypto reads them only, although it takes
// void*.
inline OSSL_PARAM Octets(const char* name, View bytes) {
  return OSSL_PARAM_construct_octet_string(name, const_cast<std::uint8_t*>(bytes.data()), bytes.size());
}

// KeyType names an implementation of keys; each thread keeps one context per type to make keys with.
enum class KeyType : std::uint8_t { x25519, x448, ed25519, ed448, ec };

// MakeKey builds a key from its numbers; null if libcrypto refuses them. `selection` is EVP_PKEY_KEYPAIR,
// EVP_PKEY_PUBLIC_KEY or EVP_PKEY_KEY_PARAMETERS.
Owned<EVP_PKEY> MakeKey(KeyType type, int selection, OSSL_PARAM* params);

}  // namespace mls::libcrypto
