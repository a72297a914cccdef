#include "crypto/signature.h"

#include "base/check.h"
#include "base/counters.h"
#include "crypto/ecdsa.h"
#include "crypto/eddsa.h"
#include "crypto/nist_curve.h"

namespace mls {

Result<SignatureKeyPair> GenerateSignatureKeyPair(const Suite& suite, Random& random) {
  const NistCurve* curve = NistCurveOf(suite.signature);
  for (;;) {
    MLS_TRY(private_key, random.TakeSecret(suite.Nsigsk));
    if (curve != nullptr) {
      // FIPS 186-5 §A.2.2: draw until the number lies in [1, n-1].
      private_key.span()[0] &= curve->top_mask;
      if (!ScalarIsValid(*curve, private_key)) continue;
    }
    MLS_TRY(public_key, SignaturePublicKey(suite, private_key));
    return SignatureKeyPair{std::move(private_key), std::move(public_key)};
  }
}

Result<Bytes> SignaturePublicKey(const Suite& suite, View private_key) {
  MLS_REQUIRE(private_key.size() == suite.Nsigsk, INVALID_KEY);  // RFC 9420 §5.1.1: keys have one size
  const NistCurve* curve = NistCurveOf(suite.signature);
  return curve != nullptr ? PublicPoint(*curve, private_key) : EddsaPublicKey(suite, private_key);
}

Status ValidateSignatureKey(const Suite& suite, View public_key) {
  MLS_REQUIRE(public_key.size() == suite.Nsigpk, INVALID_KEY);  // RFC 9420 §5.1.1: keys have one size
  if (const NistCurve* curve = NistCurveOf(suite.signature)) return ValidatePoint(*curve, public_key);
  MLS_REQUIRE(EddsaKeyIsCanonical(suite, public_key), INVALID_KEY);  // RFC 8032 §5.1.3: y is below p
  return kOk;
}

Result<Bytes> Sign(const Suite& suite, View private_key, View content) {
  ++Count().signatures;
  MLS_REQUIRE(private_key.size() == suite.Nsigsk, INVALID_KEY);  // RFC 9420 §5.1.1: keys have one size
  const NistCurve* curve = NistCurveOf(suite.signature);
  return curve != nullptr ? EcdsaSign(suite, *curve, private_key, content)
                          : EddsaSign(suite, private_key, content);
}

Status Verify(const Suite& suite, View public_key, View content, View signature) {
  ++Count().signature_verifications;
  MLS_REQUIRE(public_key.size() == suite.Nsigpk, INVALID_KEY);  // RFC 9420 §5.1.1: keys have one size
  const NistCurve* curve = NistCurveOf(suite.signature);
  return curve != nullptr ? EcdsaVerify(suite, *curve, public_key, content, signature)
                          : EddsaVerify(suite, public_key, content, signature);
}

}  // namespace mls
