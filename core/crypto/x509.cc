#include "crypto/x509.h"

#include <openssl/core_names.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <climits>
#include <map>
#include <vector>

#include "base/check.h"
#include "crypto/libcrypto.h"
#include "crypto/nist_curve.h"

namespace mls {

namespace {

using libcrypto::Owned;

constexpr int kMinDigestBits = 112;  // SHA-224 and better: links by MD5 and SHA-1 can be forged

// HasTimes says whether both ends of the validity are times (RFC 5280 §4.1.2.5: UTCTime or GeneralizedTime).
bool HasTimes(const X509* certificate) {
  return ASN1_TIME_check(X509_get0_notBefore(certificate)) == 1 &&
         ASN1_TIME_check(X509_get0_notAfter(certificate)) == 1;
}

// Parse gives null unless `der` is one certificate and nothing behind it.
Owned<X509> Parse(View der) {
  libcrypto::Start();
  if (der.empty() || der.size() > LONG_MAX) return nullptr;
  const std::uint8_t* at = der.data();
  Owned<X509> certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  if (certificate == nullptr || at != der.data() + der.size()) return nullptr;
  // Extensions that don't decode show here; what they say is then unknown.
  if ((X509_get_extension_flags(certificate.get()) & EXFLAG_INVALID) != 0) return nullptr;
  if (!HasTimes(certificate.get())) return nullptr;
  return certificate;
}

// DescribesItsCurve: an EC key with parameters instead of a curve's name, be they those of a curve that has
// one (RFC 5480 §2.1.1 forbids them).
bool DescribesItsCurve(EVP_PKEY* key) {
  int described = 0;
  return EVP_PKEY_is_a(key, "EC") == 1 &&
         (EVP_PKEY_get_int_param(key, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS, &described) != 1 ||
          described != 0);
}

// PointOf gives the uncompressed point of an EC key on `curve`, whatever form the certificate writes it in.
Bytes PointOf(EVP_PKEY* key, const NistCurve& curve) {
  std::array<char, 64> name{};
  if (EVP_PKEY_is_a(key, "EC") != 1 || EVP_PKEY_get_group_name(key, name.data(), name.size(), nullptr) != 1 ||
      OBJ_txt2nid(name.data()) != curve.nid) {
    return {};
  }
  if (DescribesItsCurve(key)) return {};
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

// SecondsSince1970 gives 0 for times before 1970.
std::uint64_t SecondsSince1970(const ASN1_TIME* time) {
  ASN1_TIME* epoch = ASN1_TIME_set(nullptr, 0);
  int days = 0, seconds = 0;
  ASN1_TIME_diff(&days, &seconds, epoch, time);
  ASN1_TIME_free(epoch);
  const std::int64_t total = std::int64_t{days} * 86'400 + seconds;
  return total < 0 ? 0 : static_cast<std::uint64_t>(total);
}

struct NameOrder {
  bool operator()(const X509_NAME* a, const X509_NAME* b) const { return X509_NAME_cmp(a, b) < 0; }
};

Result<Bytes> EncodedName(const X509_NAME* name) {
  const unsigned char* der = nullptr;
  std::size_t size = 0;
  if (X509_NAME_get0_der(name, &der, &size) != 1) return Error::INTERNAL;
  return ToBytes({der, size});
}

}  // namespace

struct KnownCertificates::Parsed {
  std::vector<Owned<X509>> certificates;
  std::multimap<const X509_NAME*, X509*, NameOrder> by_subject;
};

KnownCertificates::KnownCertificates(std::unique_ptr<const Parsed> parsed) : parsed_(std::move(parsed)) {}
KnownCertificates::~KnownCertificates() = default;

Result<std::shared_ptr<const KnownCertificates>> KnownCertificates::Make(std::span<const View> certificates) {
  auto parsed = std::make_unique<Parsed>();
  for (const View der : certificates) {
    Owned<X509> certificate = Parse(der);
    MLS_REQUIRE(certificate != nullptr, INVALID_CREDENTIAL);  // RFC 9420 §5.3: one DER certificate each
    parsed->by_subject.emplace(X509_get_subject_name(certificate.get()), certificate.get());
    parsed->certificates.push_back(std::move(certificate));
  }
  return std::shared_ptr<const KnownCertificates>(new KnownCertificates(std::move(parsed)));
}

// ChainBuilder looks for a path from the end entity through all certificates given, in their order. Where one
// did not issue its predecessor, known certificates may come between. It tries depth first; the length of the
// path and the number of signatures are bounded.
class ChainBuilder {
 public:
  ChainBuilder(std::span<const Owned<X509>> given, const Limits& limits, const KnownCertificates* known)
      : given_(given), limits_(limits), known_(known), path_{given.front().get()} {}

  Status Build() {
    const bool linked = Extend(1, 0);
    MLS_REQUIRE(linked || checks_ < limits_.max_certificate_checks,
                LIMIT_EXCEEDED);              // RFC 9420 §5.3: bounded work
    MLS_REQUIRE(linked, INVALID_CREDENTIAL);  // RFC 9420 §5.3: each certifies the one before it
    return kOk;
  }

 private:
  // Extend says whether the path can go on through given_[next] to the last one; `below` intermediate
  // certificates are in it.
  bool Extend(std::size_t next, long below) {
    if (next == given_.size()) return true;
    if (Append(given_[next].get(), next + 1, below)) return true;
    const bool has_room = path_.size() + given_.size() - next < limits_.max_certificates;
    if (known_ == nullptr || !has_room) return false;
    const auto named = known_->parsed_->by_subject.equal_range(X509_get_issuer_name(path_.back()));
    return std::any_of(named.first, named.second,
                       [&](const auto& issuer) { return Append(issuer.second, next, below); });
  }

  bool Append(X509* issuer, std::size_t next, long below) {
    if (!ValidateIssuer(issuer, below).ok()) return false;
    path_.push_back(issuer);
    if (Extend(next, IsSelfIssued(issuer) ? below : below + 1)) return true;
    path_.pop_back();
    return false;
  }

  Status ValidateIssuer(X509* issuer, long below) {
    MLS_REQUIRE(IsAuthority(issuer, below), INVALID_CREDENTIAL);  // RFC 9420 §5.3: the rest are issuers
    const bool repeated =
        std::any_of(path_.begin(), path_.end(), [&](const X509* one) { return X509_cmp(one, issuer) == 0; });
    MLS_REQUIRE(!repeated, INVALID_CREDENTIAL);  // RFC 5280 §6.1: no certificate twice in a path
    X509* subject = path_.back();
    MLS_REQUIRE(X509_check_issued(issuer, subject) == X509_V_OK,
                INVALID_CREDENTIAL);  // RFC 5280 §4.2.1.1, §6.1.3: names, key identifiers, keyCertSign
    MLS_REQUIRE(!DescribesItsCurve(X509_get0_pubkey(issuer)),
                INVALID_CREDENTIAL);                           // RFC 5480 §2.1.1: curves by name
    MLS_REQUIRE(DigestIsStrong(subject), INVALID_CREDENTIAL);  // RFC 9420 §5.3: a signature that binds
    MLS_REQUIRE(checks_ < limits_.max_certificate_checks, LIMIT_EXCEEDED);  // RFC 9420 §5.3: bounded work
    ++checks_;
    MLS_REQUIRE(X509_verify(subject, X509_get0_pubkey(issuer)) == 1,
                INVALID_CREDENTIAL);  // RFC 9420 §5.3: in order
    return kOk;
  }

  std::span<const Owned<X509>> given_;
  const Limits& limits_;
  const KnownCertificates* known_;
  std::vector<X509*> path_;
  std::size_t checks_ = 0;
};

Status ValidateChain(const Suite& suite, std::span<const View> chain, View signature_key,
                     const Limits& limits, const KnownCertificates* known) {
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

  return ChainBuilder(certificates, limits, known).Build();
}

Result<CertificateSummary> SummarizeCertificate(View der) {
  const Owned<X509> certificate = Parse(der);
  MLS_REQUIRE(certificate != nullptr, INVALID_CREDENTIAL);  // RFC 9420 §5.3: one DER certificate
  MLS_TRY(subject, EncodedName(X509_get_subject_name(certificate.get())));
  MLS_TRY(issuer, EncodedName(X509_get_issuer_name(certificate.get())));
  return CertificateSummary{SecondsSince1970(X509_get0_notBefore(certificate.get())),
                            SecondsSince1970(X509_get0_notAfter(certificate.get())), std::move(subject),
                            std::move(issuer)};
}

}  // namespace mls
