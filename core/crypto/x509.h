// X.509 certificate chains as credentials (RFC 9420 §5.3): parsed, each link checked, the leaf key compared.
// Trust anchors, names and revocation are the caller's answer; nothing here decides whom to trust.
#pragma once

#include <span>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/suite.h"

namespace mls {

// ValidateChain checks a chain of DER certificates, end entity first: every one parses to its last byte, each
// is signed by the key of the next, issuers are certificate authorities, and the end entity's public key is
// `signature_key` in the suite's encoding. INVALID_CREDENTIAL otherwise. An omitted tail is allowed.
Status ValidateChain(const Suite& suite, std::span<const View> chain, View signature_key);

struct CertificateSummary {
  std::uint64_t not_before = 0;  // seconds since 1970
  std::uint64_t not_after = 0;
  Bytes subject;  // DER Name
  Bytes issuer;   // DER Name
};
Result<CertificateSummary> SummarizeCertificate(View der);

}  // namespace mls
