// X.509 credentials for tests: a chain of two whose end entity holds a given signature key.
#pragma once

#include <doctest/doctest.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>

#include "support/clients.h"

namespace mls::test {

using Key = std::shared_ptr<EVP_PKEY>;

inline Key Own(EVP_PKEY* key) {
  REQUIRE(key != nullptr);
  return Key(key, EVP_PKEY_free);
}

// KeyOf gives a public signature key as OpenSSL holds it.
inline Key KeyOf(const Suite& suite, View public_key) {
  const char* curve = nullptr;
  switch (suite.signature) {
    case SignatureScheme::ed25519:
      return Own(
          EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, public_key.data(), public_key.size()));
    case SignatureScheme::ed448:
      return Own(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED448, nullptr, public_key.data(), public_key.size()));
    case SignatureScheme::ecdsa_p256_sha256:
      curve = "P-256";
      break;
    case SignatureScheme::ecdsa_p384_sha384:
      curve = "P-384";
      break;
    case SignatureScheme::ecdsa_p521_sha512:
      curve = "P-521";
      break;
  }
  OSSL_PARAM_BLD* build = OSSL_PARAM_BLD_new();
  OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, curve, 0);
  OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, public_key.data(), public_key.size());
  OSSL_PARAM* parameters = OSSL_PARAM_BLD_to_param(build);
  EVP_PKEY_CTX* context = EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr);
  EVP_PKEY* key = nullptr;
  EVP_PKEY_fromdata_init(context);
  EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters);
  EVP_PKEY_CTX_free(context);
  OSSL_PARAM_free(parameters);
  OSSL_PARAM_BLD_free(build);
  return Own(key);
}

inline Bytes MakeCertificate(const std::string& subject, const Key& key, const Key& issuer_key,
                             const char* basic_constraints, const std::string& issuer = "test root") {
  const std::unique_ptr<X509, decltype(&X509_free)> made(X509_new(), X509_free);
  X509* certificate = made.get();
  X509_set_version(certificate, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  ASN1_TIME_set_string_X509(X509_getm_notBefore(certificate), "20200101000000Z");
  ASN1_TIME_set_string_X509(X509_getm_notAfter(certificate), "20600101000000Z");
  const auto name = [](X509_NAME* to, const std::string& text) {
    X509_NAME_add_entry_by_txt(to, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(text.data()),
                               static_cast<int>(text.size()), -1, 0);
  };
  name(X509_get_subject_name(certificate), subject);
  name(X509_get_issuer_name(certificate), issuer);
  X509_set_pubkey(certificate, key.get());
  X509_EXTENSION* constraints =
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_basic_constraints, basic_constraints);
  X509_add_ext(certificate, constraints, -1);
  X509_EXTENSION_free(constraints);
  [[maybe_unused]] const int signature_size = X509_sign(certificate, issuer_key.get(), EVP_sha256());
  REQUIRE(signature_size > 0);
  unsigned char* der = nullptr;
  const int size = i2d_X509(certificate, &der);
  REQUIRE(size > 0);
  Bytes bytes(der, der + size);
  OPENSSL_free(der);
  return bytes;
}

// Issuer is an authority of all tests.
struct Issuer {
  Key key;
  Bytes der;
};

inline const Issuer& TestRoot() {
  static const Key key = Own(EVP_EC_gen("P-256"));
  static const Issuer root{key, MakeCertificate("test root", key, key, "critical,CA:TRUE")};
  return root;
}

// TestIntermediate is certified by the root.
inline const Issuer& TestIntermediate() {
  static const Key key = Own(EVP_EC_gen("P-256"));
  static const Issuer intermediate{
      key, MakeCertificate("test intermediate", key, TestRoot().key, "critical,CA:TRUE")};
  return intermediate;
}

// MakeX509 gives the credential of `name` for a signature key, issued by the root.
inline Credential MakeX509(const Suite& suite, const std::string& name, View signature_key) {
  const Key key = KeyOf(suite, signature_key);
  return {
      X509Credential{{{MakeCertificate(name, key, TestRoot().key, "critical,CA:FALSE")}, {TestRoot().der}}}};
}

// MakeX509WithGap: issued by the intermediate, which is left out of the chain to the root.
inline Credential MakeX509WithGap(const Suite& suite, const std::string& name, View signature_key) {
  const Key key = KeyOf(suite, signature_key);
  return {X509Credential{
      {{MakeCertificate(name, key, TestIntermediate().key, "critical,CA:FALSE", "test intermediate")},
       {TestRoot().der}}}};
}

}  // namespace mls::test
