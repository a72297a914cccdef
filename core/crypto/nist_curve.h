// The NIST curves P-256, P-384 and P-521 (FIPS 186-5, SP 800-186) as the KEM and the signatures use them:
// points uncompressed and of one exact size, scalars big-endian and of one exact size, in [1, n-1].
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/libcrypto.h"
#include "crypto/suite.h"

namespace mls {

struct NistCurve {
  int nid;
  const char* group_name;
  std::uint8_t size;      // bytes of a coordinate and of a scalar
  std::uint8_t top_mask;  // the bits of a scalar's first byte that the order has (RFC 9180 §7.1.3, bitmask)

  std::size_t point_size() const { return 1 + 2 * std::size_t{size}; }
};

// NistCurveOf gives the curve, null for an algorithm that has none of these.
const NistCurve* NistCurveOf(Kem kem);
const NistCurve* NistCurveOf(SignatureScheme scheme);

inline constexpr std::size_t kNistCurves = 3;
// IndexOf gives the place of `curve` among them, for tables of one entry each.
std::size_t IndexOf(const NistCurve& curve);

// ValidatePoint is INVALID_KEY unless `point` is the uncompressed encoding of a point of the curve; infinity
// has none. The curves have cofactor 1, so such a point also has the right order.
Status ValidatePoint(const NistCurve& curve, View point);

// ScalarIsValid says whether `scalar` has the exact size and lies in [1, n-1].
bool ScalarIsValid(const NistCurve& curve, View scalar);

// PublicPoint gives scalar·G; INVALID_KEY for an invalid scalar.
Result<Bytes> PublicPoint(const NistCurve& curve, View scalar);

// Multiply gives the x-coordinate of scalar·point (RFC 9180 §4.1, DH); INVALID_KEY if either does not decode.
Result<Secret> Multiply(const NistCurve& curve, View scalar, View point);

}  // namespace mls
