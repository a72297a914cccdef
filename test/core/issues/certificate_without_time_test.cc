// A certificate whose validity is no time was a credential like any other, until the group was to be followed
// by another: then its subject could not be read, and nobody could make the successor.
#include "crypto/x509.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "group/certificates.h"

namespace mls::test {
namespace {

TEST_CASE("a certificate whose validity is no time is refused, wherever it stands in a chain") {
  const Suite& suite = AllSuites()[0];
  SeededRandom random(1);
  const SignatureKeyPair pair = *GenerateSignatureKeyPair(suite, random);
  const Credential credential = MakeX509(suite, "member", pair.public_key);
  for (const std::size_t which : {0u, 1u}) {
    for (const std::string_view time : {"200101000000Z", "20600101000000Z"}) {
      auto certificates = std::get<X509Credential>(credential.body).certificates;
      REQUIRE(certificates.size() == 2);
      // The root's signature is not asked for, so that this is all that is wrong with it.
      Bytes& der = certificates[which].cert_data;
      const auto at = std::search(der.begin(), der.end(), time.begin(), time.end());
      REQUIRE(at != der.end());
      *at = 'x';
      const Credential damaged{X509Credential{certificates}};
      CHECK(ValidateCredential(suite, damaged, pair.public_key, {}, nullptr).error() ==
            Error::INVALID_CREDENTIAL);
      const View alone[] = {der};
      CHECK(KnownCertificates::Make(alone).error() == Error::INVALID_CREDENTIAL);
    }
  }
  CHECK(ValidateCredential(suite, credential, pair.public_key, {}, nullptr).ok());
}

}  // namespace
}  // namespace mls::test
