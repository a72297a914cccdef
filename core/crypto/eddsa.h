// EdDSA (RFC 8032), pure and without a context: raw keys, R and S joined, the message in one piece.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/suite.h"

namespace mls {

// All keys have the suite's sizes.
Result<Bytes> EddsaPublicKey(const Suite& suite, View private_key);
Result<Bytes> EddsaSign(const Suite& suite, View private_key, View content);

// EddsaVerify is BAD_SIGNATURE also for a public key whose y has no point: that is seen only in the
// computation.
Status EddsaVerify(const Suite& suite, View public_key, View content, View signature);

// EddsaKeyIsCanonical says whether y is below p (RFC 8032 §5.1.3, §5.2.3). libcrypto reduces it instead, and
// then two strings would stand for one key.
bool EddsaKeyIsCanonical(const Suite& suite, View public_key);

}  // namespace mls
