#include "identity/credential.h"

#include <doctest/doctest.h>

#include "crypto/signature.h"
#include "identity/extension.h"
#include "support/clients.h"
#include "support/encodings.h"
#include "support/seeded_random.h"

using namespace mls;
using mls::test::kLimits;
using mls::test::SeededRandom;

namespace {

Error ErrorWith(const Suite& suite, const Credential& credential, View key) {
  const Status status = ValidateCredential(suite, credential, key, kLimits, nullptr);
  return status.ok() ? Error::INTERNAL : status.error();
}

}  // namespace

TEST_CASE("a credential starts with its registry value") {
  CHECK(Encode(Credential::Basic(AsView("ab"))) == Bytes{0, 1, 2, 'a', 'b'});
  CHECK(Encode(Credential{X509Credential{{{{7}}, {{8, 9}}}}}) == Bytes{0, 2, 5, 1, 7, 2, 8, 9});
  CHECK(Credential::Basic({}).type() == CredentialType::basic);
  CHECK(Credential{X509Credential{}}.type() == CredentialType::x509);
}

TEST_CASE("credentials of unknown and GREASE types survive a round trip") {
  SeededRandom random(96);
  std::vector<std::uint16_t> types(GreaseValues().begin(), GreaseValues().end());
  types.insert(types.end(), {0x0000, 0x0003, 0xF000, 0xFFFF});
  for (const std::uint16_t type : types) {
    const Credential credential{OpaqueCredential{static_cast<CredentialType>(type), random.Some(50)}};
    CHECK(test::ComesBack(credential));
    CHECK(credential.type() == static_cast<CredentialType>(type));
  }
}

TEST_CASE("a basic credential needs no proof, whatever the identity") {
  for (const Suite& suite : AllSuites()) {
    SeededRandom random(97);
    const Bytes key = GenerateSignatureKeyPair(suite, random)->public_key;
    CHECK(ErrorWith(suite, Credential::Basic(AsView("alice")), key) == Error::INTERNAL);
    CHECK(ErrorWith(suite, Credential::Basic({}), key) == Error::INTERNAL);
    CHECK(ErrorWith(suite, Credential::Basic(random.Some(5000)), key) == Error::INTERNAL);
  }
}

TEST_CASE("R5.3-03, R13.5-06: an unknown type is unsupported, GREASE or not") {
  const Suite& suite = AllSuites()[0];
  SeededRandom random(98);
  const Bytes key = GenerateSignatureKeyPair(suite, random)->public_key;
  for (const unsigned type : {0x0000u, 0x0003u, 0x1A1Au, 0x1B1Bu, 0xF000u, 0xFFFFu}) {
    CHECK(ErrorWith(suite, {OpaqueCredential{static_cast<CredentialType>(type), {}}}, key) ==
          Error::UNSUPPORTED_CREDENTIAL);
  }
}

TEST_CASE("R5.3-02: an X.509 credential is a chain of certificates within the limit") {
  const Suite& suite = AllSuites()[0];
  SeededRandom random(99);
  const Bytes key = GenerateSignatureKeyPair(suite, random)->public_key;
  CHECK(ErrorWith(suite, {X509Credential{}}, key) == Error::INVALID_CREDENTIAL);
  CHECK(ErrorWith(suite, {X509Credential{{{random.Some(300)}}}}, key) == Error::INVALID_CREDENTIAL);
  CHECK(ErrorWith(suite, {X509Credential{std::vector<Certificate>(kLimits.max_certificates, {{0x30, 0x00}})}},
                  key) == Error::INVALID_CREDENTIAL);
  CHECK(ErrorWith(suite,
                  {X509Credential{std::vector<Certificate>(kLimits.max_certificates + 1, {{0x30, 0x00}})}},
                  key) == Error::LIMIT_EXCEEDED);
}
