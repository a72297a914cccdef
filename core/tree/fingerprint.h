// Fingerprint: 8 bytes that stand for a public key in an index, SipHash-2-4 under a key of this process. Who
// chooses the keys can't choose their fingerprints, so neither collisions nor full buckets can be provoked.
#pragma once

#include "base/bytes.h"

namespace mls {

struct FingerprintKey {
  std::uint64_t k0 = 0;
  std::uint64_t k1 = 0;
};

std::uint64_t SipHash24(const FingerprintKey& key, View data);

// Fingerprint uses the process's own key, drawn at the first call.
std::uint64_t Fingerprint(View data);

}  // namespace mls
