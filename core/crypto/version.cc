#include "crypto/version.h"

#include <openssl/crypto.h>

namespace mls {

std::string_view LibcryptoVersion() { return OpenSSL_version(OPENSSL_VERSION); }

std::string LibcryptoBuild() {
  return std::string(OpenSSL_version(OPENSSL_BUILT_ON)) + "; " + OpenSSL_version(OPENSSL_DIR);
}

}  // namespace mls
