#include "crypto/x509.h"

#include <openssl/core_names.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>

#include <array>
#include <climits>
#include <vector>

#include "base/check.h"
#include "crypto/libcrypto.h"
#include "crypto/nist_curve.h"

namespace mls {

namespace {

using libcrypto::Owned;

constexpr int kMinDigestBits = 112;  // SHA-224 and better: links by MD5 and SHA-1 can be forged

// Parse gives null unless `der` is one certificate and nothing behind it.
Owned<X509> Parse(View der) {
  libcrypto::Start();
  if (der.empty() || der.size() > LONG_MAX) return nullptr;
  const std::uint8_t* at = der.data();
  Owned<X509> certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  if (certificate == nullptr || at != der.data() + der.size()) return nullptr;
  // Extensions that don't decode show here; what they say is then unknown.
  if ((X509_get_extension_flags(certificate.get()) & EXFLAG_INVALID) != 0) return nullptr;
  return certificate;
}

// PointOf gives the uncompressed point of an EC key on `curve`, whatever form the certificate writes it in.
Bytes PointOf(EVP_PKEY* key, const NistCurve& curve) {
  std::array<char, 64> name{};
  if (EVP_PKEY_is_a(key, "EC") != 1 || EVP_PKEY_get_group_name(key, name.data(), name.size(), nullptr) != 1 ||
      OBJ_txt2nid(name.data()) != curve.nid) {
    return {};
  }
  BIGNUM* coordinate = nullptr;
  Bytes point(curve.point_size(), POINT_CONVERSION_UNCOMPRESSED);
  std::uint8_t* out = point.data() + 1;
  for (const char* axis : {OSSL_PKEY_PARAM_EC_PUB_X, OSSL_PKEY_PARAM_EC_PUB_Y}) {
    const bool got = EVP_PKEY_get_bn_param(key, axis, &coordinate) == 1;
    const Owned<BIGNUM> owned(std::exchange(coordinate, nullptr));
    if (!got || BN_bn2binpad(owned.get(), out, curve.size) != curve.size) return {};
    out += curve.size;
  }
  return point;
}

Bytes RawKeyOf(EVP_PKEY* key, const Suite& suite) {
  const char* type = suite.signature == SignatureScheme::ed25519 ? "ED25519" : "ED448";
  Bytes raw(suite.Nsigpk);
  std::size_t size = raw.size();
  if (EVP_PKEY_is_a(key, type) != 1 || EVP_PKEY_get_raw_public_key(key, raw.data(), &size) != 1 ||
      size != raw.size()) {
    return {};
  }
  return raw;
}

// IsAuthority says whether `issuer` may issue certificates with `below` intermediate ones between it and the
// end entity (RFC 5280 §4.2.1.3, §4.2.1.9).
bool IsAuthority(X509* issuer, long below) {
  if (X509_check_ca(issuer) != 1)
    return false;  // 1: basicConstraints says CA; others are guesses about old forms
  const long path_length = X509_get_pathlen(issuer);
  return path_length < 0 || below <= path_length;
}

bool IsSelfIssued(X509* certificate) { return (X509_get_extension_flags(certificate) & EXFLAG_SI) != 0; }

bool DigestIsStrong(X509* certificate) {
  int bits = 0;
  return X509_get_signature_info(certificate, nullptr, nullptr, &bits, nullptr) == 1 &&
         bits >= kMinDigestBits;
}

// IsIssuedBy checks names, key identifiers, keyCertSign and the signature.
bool IsIssuedBy(X509* certificate, X509* issuer) {
  return X509_check_issued(issuer, certificate) == X509_V_OK && DigestIsStrong(certificate) &&
         X509_verify(certificate, X509_get0_pubkey(issuer)) == 1;
}

// SecondsSince1970 gives 0 for times before 1970.
Result<std::uint64_t> SecondsSince1970(const ASN1_TIME* time) {
  ASN1_TIME* epoch = ASN1_TIME_set(nullptr, 0);
  int days = 0, seconds = 0;
  const bool converted = epoch != nullptr && ASN1_TIME_diff(&days, &seconds, epoch, time) == 1;
  ASN1_TIME_free(epoch);
  MLS_REQUIRE(converted, INVALID_CREDENTIAL);  // RFC 5280 §4.1.2.5: a UTCTime or GeneralizedTime
  const std::int64_t total = std::int64_t{days} * 86'400 + seconds;
  return total < 0 ? 0 : static_cast<std::uint64_t>(total);
}

Result<Bytes> EncodedName(const X509_NAME* name) {
  const unsigned char* der = nullptr;
  std::size_t size = 0;
  if (X509_NAME_get0_der(name, &der, &size) != 1) return Error::INTERNAL;
  return ToBytes({der, size});
}

}  // namespace

Status ValidateChain(const Suite& suite, std::span<const View> chain, View signature_key) {
  MLS_REQUIRE(!chain.empty(), INVALID_CREDENTIAL);  // RFC 9420 §5.3: the first entry is the end entity
  std::vector<Owned<X509>> certificates;
  for (const View der : chain) {
    certificates.push_back(Parse(der));
    MLS_REQUIRE(certificates.back() != nullptr,
                INVALID_CREDENTIAL);  // RFC 9420 §5.3: one DER certificate each
  }

  EVP_PKEY* key = X509_get0_pubkey(certificates.front().get());  // null, of no type, if it does not decode
  const NistCurve* curve = NistCurveOf(suite.signature);
  const Bytes encoded = curve != nullptr ? PointOf(key, *curve) : RawKeyOf(key, suite);
  MLS_REQUIRE(!encoded.empty() && Equal(encoded, signature_key),
              INVALID_CREDENTIAL);  // RFC 9420 §5.3: identical

  long intermediates = 0;
  for (std::size_t i = 1; i < certificates.size(); ++i) {
    X509* issuer = certificates[i].get();
    MLS_REQUIRE(IsAuthority(issuer, intermediates),
                INVALID_CREDENTIAL);  // RFC 9420 §5.3: the rest are issuers
    MLS_REQUIRE(IsIssuedBy(certificates[i - 1].get(), issuer),
                INVALID_CREDENTIAL);  // RFC 9420 §5.3: in order
    if (!IsSelfIssued(issuer)) ++intermediates;
  }
  return kOk;
}

Result<CertificateSummary> SummarizeCertificate(View der) {
  const Owned<X509> certificate = Parse(der);
  MLS_REQUIRE(certificate != nullptr, INVALID_CREDENTIAL);  // RFC 9420 §5.3: one DER certificate
  MLS_TRY(not_before, SecondsSince1970(X509_get0_notBefore(certificate.get())));
  MLS_TRY(not_after, SecondsSince1970(X509_get0_notAfter(certificate.get())));
  MLS_TRY(subject, EncodedName(X509_get_subject_name(certificate.get())));
  MLS_TRY(issuer, EncodedName(X509_get_issuer_name(certificate.get())));
  return CertificateSummary{not_before, not_after, std::move(subject), std::move(issuer)};
}

}  // namespace mls
