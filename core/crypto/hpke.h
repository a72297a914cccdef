// HPKE in base mode (RFC 9180 §5.1, §5.2, §5.3, §6.1): single shot, context and export.
#pragma once

#include "crypto/aead.h"
#include "crypto/kem.h"
#include "wire/codec.h"

namespace mls {

struct HPKECiphertext {
  Bytes kem_output;
  Bytes ciphertext;
  static constexpr auto kWire = Fields(&HPKECiphertext::kem_output, &HPKECiphertext::ciphertext);
  bool operator==(const HPKECiphertext&) const = default;
};

// HpkeInfo is the part of HPKE's key schedule that depends on `info` alone: hash it once, seal to many.
class HpkeInfo {
 public:
  static Result<HpkeInfo> Make(const Suite& suite, View info);
  const Suite& suite() const { return *suite_; }
  View key_schedule_context() const { return key_schedule_context_; }

 private:
  const Suite* suite_ = nullptr;
  Secret key_schedule_context_;  // mode, psk_id_hash, info_hash: wiped as the hashes that it repeats are
};

// HpkeContext is a set-up sender or receiver. Not thread-safe.
class HpkeContext {
 public:
  // SetupSender is SetupBaseS; `kem_output` receives what the peer needs. `entropy` is Nsk fresh bytes.
  static Result<HpkeContext> SetupSender(const HpkeInfo& info, View public_key, View entropy,
                                         Bytes& kem_output);
  // SetupReceiver is SetupBaseR.
  static Result<HpkeContext> SetupReceiver(const HpkeInfo& info, View private_key, View public_key,
                                           View kem_output);

  // Seal and Open use one sequence number each call, the nonces of RFC 9180 §5.2; a failed Open uses none.
  Result<Bytes> Seal(View aad, View plaintext);
  Result<Secret> Open(View aad, View ciphertext);
  Result<Secret> Export(View exporter_context, std::size_t length) const;

 private:
  friend struct HpkeContextAtEnd;  // the test of the last sequence number
  // Make is KeySchedule in mode_base.
  static Result<HpkeContext> Make(const HpkeInfo& info, View shared_secret);

  const Suite* suite_ = nullptr;
  Secret key_;
  Secret base_nonce_;
  Secret exporter_secret_;
  std::uint64_t sequence_ = 0;
};

// HpkeSeal is SealBase, HpkeOpen is OpenBase, both with an empty AAD as RFC 9420 §5.1.3 uses them.
Result<HPKECiphertext> HpkeSeal(const HpkeInfo& info, View public_key, View plaintext, View entropy);
// HpkeOpen: a bad kem_output is INVALID_KEY, a bad ciphertext DECRYPT_FAILED.
Result<Secret> HpkeOpen(const HpkeInfo& info, View private_key, View public_key,
                        const HPKECiphertext& ciphertext);

}  // namespace mls
