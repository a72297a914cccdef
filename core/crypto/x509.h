// X.509 certificate chains as credentials (RFC 9420 §5.3): parsed, each link checked, the leaf key compared.
// Trust anchors, names and revocation are the caller's answer; nothing here decides whom to trust.
#pragma once

#include <memory>
#include <span>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/result.h"
#include "crypto/suite.h"

namespace mls {

// KnownCertificates: issuers that the peers of an application are known to possess, so that a chain may omit
// them (RFC 9420 §5.3). To be among them makes no certificate trusted. Immutable; threads may share one.
class KnownCertificates {
 public:
  // Make parses DER certificates, in any order: INVALID_CREDENTIAL when one is not exactly a certificate.
  // Those that may not issue others are kept and never used.
  static Result<std::shared_ptr<const KnownCertificates>> Make(std::span<const View> certificates);
  ~KnownCertificates();
  KnownCertificates(const KnownCertificates&) = delete;
  KnownCertificates& operator=(const KnownCertificates&) = delete;

 private:
  friend class ChainBuilder;
  struct Parsed;  // OpenSSL's objects, by subject
  explicit KnownCertificates(std::unique_ptr<const Parsed> parsed);
  std::unique_ptr<const Parsed> parsed_;
};

// ValidateChain checks a chain of DER certificates, end entity first: every one parses to its last byte, each
// is signed by the key of the next, issuers are certificate authorities, and the end entity's public key is
// `signature_key` in the suite's encoding. INVALID_CREDENTIAL otherwise. An omitted tail is allowed. A gap
// between two certificates is filled from `known`, which may be null, under the same checks; one that cannot
// be is INVALID_CREDENTIAL, so that whoever trusts the last certificate of a chain can trust the first.
Status ValidateChain(const Suite& suite, std::span<const View> chain, View signature_key,
                     const Limits& limits, const KnownCertificates* known);

struct CertificateSummary {
  std::uint64_t not_before = 0;  // seconds since 1970
  std::uint64_t not_after = 0;
  Bytes subject;  // DER Name
  Bytes issuer;   // DER Name
};
Result<CertificateSummary> SummarizeCertificate(View der);

}  // namespace mls
