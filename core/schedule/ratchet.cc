#include "schedule/ratchet.h"

#include <utility>

#include "base/check.h"

namespace mls {

Result<KeyAndNonce> RatchetKey(const Suite& suite, const RatchetHead& head) {
  MLS_TRY(key, DeriveTreeSecret(suite, head.secret, "key", head.generation, suite.Nk));
  MLS_TRY(nonce, DeriveTreeSecret(suite, head.secret, "nonce", head.generation, suite.Nn));
  return KeyAndNonce{std::move(key), std::move(nonce)};
}

Result<RatchetHead> StepRatchet(const Suite& suite, const RatchetHead& head) {
  if (head.next() + 1 >= kGenerations) return RatchetHead{kGenerations - 1, Secret()};
  MLS_TRY(secret, DeriveTreeSecret(suite, head.secret, "secret", head.generation, suite.Nh));
  return RatchetHead{head.generation + 1, std::move(secret)};
}

}  // namespace mls
