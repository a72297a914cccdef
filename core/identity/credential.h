// Credentials (RFC 9420 §5.3): what a member says about who they are.
//
// Basic and X.509 are known; every other type is kept as opaque<V>, so that it survives a round trip, and is
// refused where a member would have to be authenticated by it. Whether a credential is to be believed is the
// caller's answer (§5.3.1), which the engine asks for as a CredentialQuestion.
#pragma once

#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/result.h"
#include "crypto/suite.h"
#include "crypto/x509.h"
#include "wire/codec.h"

namespace mls {

// CredentialType is a registry value (RFC 9420 §17.5).
enum class CredentialType : std::uint16_t { reserved = 0, basic = 1, x509 = 2 };

struct Certificate {
  Bytes cert_data;  // DER
  static constexpr auto kWire = Fields(&Certificate::cert_data);
  bool operator==(const Certificate&) const = default;
};

struct BasicCredential {
  static constexpr CredentialType kTag = CredentialType::basic;
  Bytes identity;
  static constexpr auto kWire = Fields(&BasicCredential::identity);
  bool operator==(const BasicCredential&) const = default;
};

struct X509Credential {
  static constexpr CredentialType kTag = CredentialType::x509;
  std::vector<Certificate> certificates;  // end entity first
  static constexpr auto kWire = Fields(&X509Credential::certificates);
  bool operator==(const X509Credential&) const = default;
};

struct OpaqueCredential {
  CredentialType tag = CredentialType::reserved;
  Bytes data;
  static constexpr auto kWire = Fields(&OpaqueCredential::data);
  bool operator==(const OpaqueCredential&) const = default;
};

struct Credential {
  std::variant<BasicCredential, X509Credential, OpaqueCredential> body;

  CredentialType type() const;
  static Credential Basic(View identity);

  static constexpr auto kWire = Fields(&Credential::body);
  bool operator==(const Credential&) const = default;
};

// ValidateCredential checks what needs no opinion: the type is one we speak (UNSUPPORTED_CREDENTIAL), an
// X.509 chain is a chain, where `known` (or null) fills the gaps, and its end entity holds `signature_key`
// (INVALID_CREDENTIAL, RFC 9420 §5.3).
Status ValidateCredential(const Suite& suite, const Credential& credential, View signature_key,
                          const Limits& limits, const KnownCertificates* known);

// CredentialRole says at which event of RFC 9420 §5.3.1 a credential is new.
enum class CredentialRole : std::uint8_t {
  member,           // a leaf added by Add, or found in a tree that we join
  successor,        // a leaf that replaces a member's leaf (Update, Commit path, resync)
  external_sender,  // an entry of the external_senders extension
};

// CredentialQuestion is one credential that the caller is to judge.
struct CredentialQuestion {
  CredentialRole role = CredentialRole::member;
  std::uint32_t index = 0;  // leaf index, or index in external_senders
  Credential credential;
  Bytes signature_key;
  std::optional<Credential> former;  // with role successor: the credential it replaces
  bool operator==(const CredentialQuestion&) const = default;
};

}  // namespace mls
