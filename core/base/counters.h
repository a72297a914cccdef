// Counters of the operations that cost time, per thread: tests compare them with the formula, no step reads
// them.
#pragma once

#include <cstdint>

namespace mls {

struct Counters {
  std::uint64_t signatures = 0;
  std::uint64_t signature_verifications = 0;
  std::uint64_t hpke_seals = 0;
  std::uint64_t hpke_opens = 0;
  std::uint64_t key_derivations = 0;  // KEM DeriveKeyPair
  std::uint64_t hashes = 0;
  std::uint64_t macs = 0;
  std::uint64_t expands = 0;       // HKDF-Expand
  std::uint64_t pages_copied = 0;  // tree and index pages made private by copy-on-write
  std::uint64_t rows_written = 0;
  std::uint64_t leaves_decoded = 0;  // of a tree, by Leaf and from its rows
};

inline Counters& Count() {
  thread_local Counters counters;
  return counters;
}

}  // namespace mls
