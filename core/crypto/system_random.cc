#include "crypto/system_random.h"

#include <openssl/rand.h>

#include "base/check.h"
#include "crypto/libcrypto.h"

namespace mls {

Status SystemRandom::Fill(Span out) {
  libcrypto::Start();
  if (RAND_priv_bytes_ex(nullptr, out.data(), out.size(), 0) != 1) return Error::INTERNAL;
  return kOk;
}

}  // namespace mls
