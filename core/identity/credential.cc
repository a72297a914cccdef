#include "identity/credential.h"

#include "base/check.h"

namespace mls {

CredentialType Credential::type() const {
  return std::visit([](const auto& one) { return wire::TagOf(one); }, body);
}

Credential Credential::Basic(View identity) { return {BasicCredential{ToBytes(identity)}}; }

Status ValidateCredential(const Suite& suite, const Credential& credential, View signature_key,
                          const Limits& limits, const KnownCertificates* known) {
  if (std::holds_alternative<BasicCredential>(credential.body)) return kOk;
  const auto* x509 = std::get_if<X509Credential>(&credential.body);
  MLS_REQUIRE(x509 != nullptr,
              UNSUPPORTED_CREDENTIAL);  // RFC 9420 §5.3: nobody can vouch for an unknown type
  MLS_REQUIRE(x509->certificates.size() <= limits.max_certificates,
              LIMIT_EXCEEDED);  // RFC 9420 §5.3: bounded work
  std::vector<View> chain;
  chain.reserve(x509->certificates.size());
  for (const Certificate& certificate : x509->certificates) chain.push_back(certificate.cert_data);
  return ValidateChain(suite, chain, signature_key, limits, known);
}

}  // namespace mls
