// Floor: the cryptography that a step cannot do without, as bare libcrypto calls.
//
// A Floor is a list of operations with the size of their real input and how often they happen. Run executes
// all of them, with keys, contexts and buffers made beforehand: no protocol, no tree, no
// encoding, no allocation of ours. What a step takes beyond its floor is what the engine adds.
//
// X25519, Ed25519, SHA-256, and AES-128-GCM (suite 1) or ChaCha20-Poly1305 (suite 3).
#pragma once

#include <cstddef>
#include <vector>

#include "base/pool.h"

namespace mls::bench {

enum class FloorAead { aes_128_gcm, chacha20_poly1305 };

class Floor {
 public:
  explicit Floor(FloorAead aead = FloorAead::aes_128_gcm) : aead_(aead) {}

  Floor& Sign(std::size_t size, std::size_t count = 1) { return Add(Kind::sign, size, count); }
  // Verify takes in a fresh public key each time, as each member has its own.
  Floor& Verify(std::size_t size, std::size_t count = 1) { return Add(Kind::verify, size, count); }
  // PublicKey makes an X25519 public key; SharedSecret is one X25519 with a fresh peer key.
  Floor& PublicKey(std::size_t count = 1) { return Add(Kind::public_key, 32, count); }
  Floor& SharedSecret(std::size_t count = 1) { return Add(Kind::shared_secret, 32, count); }
  Floor& Seal(std::size_t size, std::size_t count = 1) { return Add(Kind::seal, size, count); }
  Floor& Open(std::size_t size, std::size_t count = 1) { return Add(Kind::open, size, count); }
  Floor& Hash(std::size_t size, std::size_t count = 1) { return Add(Kind::hash, size, count); }
  // An HMAC is two hashes, each after one block of key (RFC 2104).
  Floor& Hmac(std::size_t size, std::size_t count = 1) { return Hash(64 + size, count).Hash(64 + 32, count); }
  // The expand or extract of a short labelled input.
  Floor& Kdf(std::size_t count = 1) { return Hmac(40, count); }
  // HPKE of RFC 9180 in base mode: the KEM with two KDF calls, three more for secret, key and nonce, the
  // AEAD.
  Floor& HpkeSeal(std::size_t size, std::size_t count) {
    return PublicKey(count).SharedSecret(count).Kdf(5 * count).Seal(size, count);
  }
  Floor& HpkeOpen(std::size_t size) { return SharedSecret().Kdf(5).Open(size); }

  // Run executes everything `times` times over, on the threads of `pool` or, without one, on this one.
  // Prepare makes keys, signatures and buffers, so that Run spends nothing on them.
  void Prepare(const Pool* pool) const;
  void Run(Pool* pool, std::size_t times) const;

 private:
  enum class Kind { sign, verify, public_key, shared_secret, seal, open, hash };
  struct Item {
    Kind kind;
    std::size_t size;
    std::size_t count;
  };
  class Thread;
  Floor& Add(Kind kind, std::size_t size, std::size_t count) {
    if (count != 0) items_.push_back({kind, size, count});
    return *this;
  }

  FloorAead aead_;
  std::vector<Item> items_;
};

}  // namespace mls::bench
