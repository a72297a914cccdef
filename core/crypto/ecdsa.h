// ECDSA over the NIST curves (FIPS 186-5, RFC 9420 §5.1.2): the suite's hash, keys as uncompressed points and
// scalars of one exact size, signatures in DER.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/nist_curve.h"
#include "crypto/suite.h"

namespace mls {

// EcdsaSign is INVALID_KEY unless `private_key` is a scalar in [1, n-1].
Result<Bytes> EcdsaSign(const Suite& suite, const NistCurve& curve, View private_key, View content);

// EcdsaVerify: `public_key` has the curve's point size. BAD_SIGNATURE for any bytes but the one DER encoding
// of a valid pair; INVALID_KEY for a point that is not uncompressed or not on the curve.
Status EcdsaVerify(const Suite& suite, const NistCurve& curve, View public_key, View content, View signature);

}  // namespace mls
