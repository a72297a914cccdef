#include "crypto/system_random.h"

#include <openssl/rand.h>

#include "base/check.h"
#include "crypto/libcrypto.h"

namespace mls {

Status SystemRandom::Fill(Span out) {
  libcrypto::Start();
  MLS_REQUIRE(RAND_priv_bytes_ex(nullptr, out.data(), out.size(), 0) == 1,
              INTERNAL);  // RFC 9420 §16.9: no weak bytes
  return kOk;
}

}  // namespace mls
