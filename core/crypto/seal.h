// Sealer: rows that hold secrets, encrypted before they leave the engine (docs/store-format.md).
//
//    sealing key ──HKDF-Expand "node-mls rows" scope──▶ key of the scope ──AES-256-GCM──▶ nonce ‖ ciphertext
//    ‖ tag
//
// A row is bound to its scope and its key, so rows cannot be exchanged for each other. Nonces are random, 96
// bits: a key is good for 2^32 rows. Several threads may use one Sealer.
#pragma once

#include "base/bytes.h"
#include "base/random.h"

namespace mls {

class Sealer {
 public:
  static constexpr std::size_t kKeySize = 32;
  static constexpr std::size_t kOverhead = 12 + 16;  // nonce and tag

  // WithKey takes a key of kKeySize bytes (MISUSE). ForScope derives the key of one scope from a sealing key
  // of kKeySize bytes (MISUSE).
  static Result<Sealer> WithKey(Secret key);
  static Result<Sealer> ForScope(View sealing_key, View scope);

  // key is for saving it, sealed under another.
  View key() const { return key_; }
  Result<Bytes> Seal(View row_key, View value, Random& random) const;
  // Open: STORAGE_DAMAGED for whatever Seal did not make for this row.
  Result<Secret> Open(View row_key, View sealed) const;

 private:
  explicit Sealer(Secret key) : key_(std::move(key)) {}
  Secret key_;
};

}  // namespace mls
