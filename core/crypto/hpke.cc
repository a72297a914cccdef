#include "crypto/hpke.h"

#include <limits>

#include "base/check.h"
#include "base/counters.h"
#include "crypto/labeled_kdf.h"

namespace mls {

namespace {

// The key schedule of RFC 9180 §5.1 in mode_base, where psk and psk_id are empty:
//
//   shared_secret ─▶ LabeledExtract "secret" ─┬─ "key" ─────────▶ key
//                                             ├─ "base_nonce" ──▶ base_nonce
//                                             └─ "exp" ─────────▶ exporter_secret
//   each of the three expanded over key_schedule_context = mode | psk_id_hash | info_hash
constexpr std::uint8_t kModeBase = 0;

struct KeySchedule {
  const HpkeInfo& info;
  SuiteId id;
  Secret secret;

  static Result<KeySchedule> Make(const HpkeInfo& info, View shared_secret) {
    const SuiteId id = SuiteId::OfHpke(info.suite());
    MLS_TRY(secret, LabeledExtract(info.suite(), id, shared_secret, "secret", {}));
    return KeySchedule{info, id, std::move(secret)};
  }
  Result<Secret> Expand(std::string_view label, std::size_t length) const {
    return LabeledExpand(info.suite(), id, secret, label, info.key_schedule_context(), {}, length);
  }
};

// Keys are what a single message needs of the key schedule; the exporter secret is not among it.
struct Keys {
  Secret key;
  Secret nonce;

  static Result<Keys> Make(const HpkeInfo& info, View shared_secret) {
    MLS_TRY(schedule, KeySchedule::Make(info, shared_secret));
    MLS_TRY(key, schedule.Expand("key", info.suite().Nk));
    MLS_TRY(nonce, schedule.Expand("base_nonce", info.suite().Nn));
    return Keys{std::move(key), std::move(nonce)};
  }
};

// Nonce is base_nonce XOR the sequence number, big-endian at its end (RFC 9180 §5.2).
Secret Nonce(const Secret& base_nonce, std::uint64_t sequence) {
  Secret nonce = base_nonce.Clone();  // the base is needed for the messages that follow
  for (std::size_t i = nonce.size(); sequence != 0; sequence >>= 8) {
    nonce.span()[--i] ^= static_cast<std::uint8_t>(sequence);
  }
  return nonce;
}

constexpr std::uint64_t kLastSequence = std::numeric_limits<std::uint64_t>::max();

}  // namespace

Result<HpkeInfo> HpkeInfo::Make(const Suite& suite, View info) {
  const SuiteId id = SuiteId::OfHpke(suite);
  MLS_TRY(psk_id_hash, LabeledExtract(suite, id, {}, "psk_id_hash", {}));
  MLS_TRY(info_hash, LabeledExtract(suite, id, {}, "info_hash", info));
  HpkeInfo made;
  made.suite_ = &suite;
  made.key_schedule_context_ = EncodeSecret(kModeBase, Encoded{psk_id_hash}, Encoded{info_hash});
  return made;
}

Result<HpkeContext> HpkeContext::Make(const HpkeInfo& info, View shared_secret) {
  MLS_TRY(schedule, KeySchedule::Make(info, shared_secret));
  MLS_TRY(key, schedule.Expand("key", info.suite().Nk));
  MLS_TRY(base_nonce, schedule.Expand("base_nonce", info.suite().Nn));
  MLS_TRY(exporter_secret, schedule.Expand("exp", info.suite().Nh));
  HpkeContext made;
  made.suite_ = &info.suite();
  made.key_ = std::move(key);
  made.base_nonce_ = std::move(base_nonce);
  made.exporter_secret_ = std::move(exporter_secret);
  return made;
}

Result<HpkeContext> HpkeContext::SetupSender(const HpkeInfo& info, View public_key, View entropy,
                                             Bytes& kem_output) {
  ++Count().hpke_seals;
  MLS_TRY(encapsulation, Encap(info.suite(), public_key, entropy));
  MLS_TRY(context, Make(info, encapsulation.shared_secret));
  kem_output = std::move(encapsulation.kem_output);
  return std::move(context);
}

Result<HpkeContext> HpkeContext::SetupReceiver(const HpkeInfo& info, View private_key, View public_key,
                                               View kem_output) {
  ++Count().hpke_opens;
  MLS_TRY(shared_secret, Decap(info.suite(), private_key, public_key, kem_output));
  return Make(info, shared_secret);
}

Result<Bytes> HpkeContext::Seal(View aad, View plaintext) {
  MLS_REQUIRE(sequence_ != kLastSequence,
              LIMIT_EXCEEDED);  // RFC 9180 §5.2: the sequence number never overflows
  MLS_TRY(ciphertext, AeadSeal(*suite_, key_, Nonce(base_nonce_, sequence_), aad, plaintext));
  ++sequence_;
  return std::move(ciphertext);
}

Result<Secret> HpkeContext::Open(View aad, View ciphertext) {
  MLS_REQUIRE(sequence_ != kLastSequence,
              LIMIT_EXCEEDED);  // RFC 9180 §5.2: the sequence number never overflows
  MLS_TRY(plaintext, AeadOpen(*suite_, key_, Nonce(base_nonce_, sequence_), aad, ciphertext));
  ++sequence_;
  return std::move(plaintext);
}

Result<Secret> HpkeContext::Export(View exporter_context, std::size_t length) const {
  return LabeledExpand(*suite_, SuiteId::OfHpke(*suite_), exporter_secret_, "sec", exporter_context, {},
                       length);
}

Result<HPKECiphertext> HpkeSeal(const HpkeInfo& info, View public_key, View plaintext, View entropy) {
  ++Count().hpke_seals;
  MLS_TRY(encapsulation, Encap(info.suite(), public_key, entropy));
  MLS_TRY(keys, Keys::Make(info, encapsulation.shared_secret));
  MLS_TRY(ciphertext, AeadSeal(info.suite(), keys.key, keys.nonce, {}, plaintext));
  return HPKECiphertext{std::move(encapsulation.kem_output), std::move(ciphertext)};
}

Result<Secret> HpkeOpen(const HpkeInfo& info, View private_key, View public_key,
                        const HPKECiphertext& ciphertext) {
  ++Count().hpke_opens;
  MLS_TRY(shared_secret, Decap(info.suite(), private_key, public_key, ciphertext.kem_output));
  MLS_TRY(keys, Keys::Make(info, shared_secret));
  return AeadOpen(info.suite(), keys.key, keys.nonce, {}, ciphertext.ciphertext);
}

}  // namespace mls
