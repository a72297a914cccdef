// The secret tree of the tests of this folder.
#pragma once

#include "schedule/secret_tree.h"

namespace mls::test {

inline const Suite& kSuite = AllSuites()[0];
inline constexpr std::uint64_t kEpoch = 0x0102030405060708;

inline Secret EncryptionSecret(const Suite& suite) { return Secret::Copy(Bytes(suite.Nh, 0x42)); }

// Tree gives a tree of which no key was used.
inline SecretTree Tree(std::uint32_t width = 8, const Suite& suite = kSuite) {
  return SecretTree::Create(suite, kEpoch, width, EncryptionSecret(suite));
}

}  // namespace mls::test
