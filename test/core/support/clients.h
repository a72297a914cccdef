// Clients for tests: profiles and key packages that pass every rule, ready to be spoilt one field at a time.
#pragma once

#include <string_view>

#include "message/key_package.h"
#include "support/seeded_random.h"

namespace mls::test {

inline constexpr std::uint64_t kNow = 1'700'000'000;
inline constexpr Lifetime kLifetime{kNow - 3600, kNow + 30 * 24 * 3600};
inline const Limits kLimits;

// MakeProfile: a client with a basic credential and a fresh signature key.
inline MemberProfile MakeProfile(const Suite& suite, std::string_view name, Random& random) {
  auto key_pair = *GenerateSignatureKeyPair(suite, random);
  return {Credential::Basic(AsView(name)),
          std::move(key_pair.private_key),
          std::move(key_pair.public_key),
          *DefaultCapabilities(random),
          {}};
}

inline NewKeyPackage MakeKeyPackage(const Suite& suite, const MemberProfile& profile, Random& random,
                                    Extensions extensions = {}) {
  return *GenerateKeyPackage(suite, profile, kLifetime, std::move(extensions), random);
}

// Sign signs both the leaf and the package again, after a test changed something inside.
inline void Sign(const Suite& suite, KeyPackage& package, View signature_private_key) {
  (void)SignLeafNode(suite, package.leaf_node, signature_private_key, {}, {});
  package.signature =
      *SignWithLabel(suite, signature_private_key, "KeyPackageTBS", {EncodeUnsigned(package)});
}

}  // namespace mls::test
