#include "crypto/kem.h"

#include "base/check.h"
#include "base/counters.h"
#include "crypto/diffie_hellman.h"
#include "crypto/labeled_kdf.h"
#include "crypto/nist_curve.h"

namespace mls {

namespace {

// DeriveCandidate is the loop of RFC 9180 §7.1.3 for the NIST curves: the first output below the order.
Result<Secret> DeriveScalar(const Suite& suite, const NistCurve& curve, View dkp_prk) {
  const SuiteId id = SuiteId::OfKem(suite);
  for (unsigned counter = 0; counter <= 255; ++counter) {
    const std::uint8_t octet = static_cast<std::uint8_t>(counter);
    MLS_TRY(candidate, LabeledExpand(suite, id, dkp_prk, "candidate", {&octet, 1}, {}, suite.Nsk));
    candidate.span()[0] &= curve.top_mask;
    if (ScalarIsValid(curve, candidate)) return std::move(candidate);
  }
  return Error::INTERNAL;  // never seen: less than one case in 2^8000
}

// Derive is DeriveKeyPair without the counter, so that the ephemeral keys of Encap do not count as
// derivations.
Result<HpkeKeyPair> Derive(const Suite& suite, View ikm) {
  const SuiteId id = SuiteId::OfKem(suite);
  MLS_TRY(dkp_prk, LabeledExtract(suite, id, {}, "dkp_prk", ikm));
  const NistCurve* curve = NistCurveOf(suite.kem);
  MLS_TRY(private_key, curve != nullptr ? DeriveScalar(suite, *curve, dkp_prk)
                                        : LabeledExpand(suite, id, dkp_prk, "sk", {}, {}, suite.Nsk));
  MLS_TRY(public_key, DiffieHellmanPublicKey(suite, private_key));
  return HpkeKeyPair{std::move(private_key), std::move(public_key)};
}

// ExtractAndExpand turns the DH result into the shared secret, bound to kem_context = enc | pkRm (RFC 9180
// §4.1).
Result<Secret> ExtractAndExpand(const Suite& suite, View dh, View enc, View recipient_key) {
  const SuiteId id = SuiteId::OfKem(suite);
  MLS_TRY(eae_prk, LabeledExtract(suite, id, {}, "eae_prk", dh));
  return LabeledExpand(suite, id, eae_prk, "shared_secret", enc, recipient_key, suite.Nh);
}

}  // namespace

Result<HpkeKeyPair> DeriveKeyPair(const Suite& suite, View ikm) {
  ++Count().key_derivations;
  return Derive(suite, ikm);
}

Result<HpkeKeyPair> GenerateHpkeKeyPair(const Suite& suite, Random& random) {
  MLS_TRY(ikm, random.TakeSecret(suite.Nsk));
  return DeriveKeyPair(suite, ikm);
}

Status ValidateHpkePublicKey(const Suite& suite, View public_key) {
  MLS_REQUIRE(public_key.size() == suite.Npk, INVALID_KEY);  // RFC 9180 §7.1.1: keys have one size
  if (const NistCurve* curve = NistCurveOf(suite.kem)) return ValidatePoint(*curve, public_key);
  MLS_REQUIRE(!IsLowOrder(suite, public_key), INVALID_KEY);  // RFC 9180 §7.1.4: nothing could be sealed to it
  return kOk;
}

Result<Encapsulation> Encap(const Suite& suite, View public_key, View entropy) {
  MLS_REQUIRE(entropy.size() == suite.Nsk, MISUSE);  // RFC 9180 §7.1.3: ikm has Nsk bytes of entropy
  MLS_TRY(ephemeral, Derive(suite, entropy));
  MLS_TRY(dh, DiffieHellman(suite, ephemeral.private_key, public_key));
  MLS_TRY(shared_secret, ExtractAndExpand(suite, dh, ephemeral.public_key, public_key));
  return Encapsulation{std::move(ephemeral.public_key), std::move(shared_secret)};
}

Result<Secret> Decap(const Suite& suite, View private_key, View public_key, View kem_output) {
  MLS_REQUIRE(public_key.size() == suite.Npk, INVALID_KEY);  // RFC 9180 §7.1.1: keys have one size
  MLS_TRY(dh, DiffieHellman(suite, private_key, kem_output));
  return ExtractAndExpand(suite, dh, kem_output, public_key);
}

}  // namespace mls
