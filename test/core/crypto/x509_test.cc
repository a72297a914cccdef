#include "crypto/x509.h"

#include <doctest/doctest.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "crypto/libcrypto.h"
#include "crypto/signature.h"
#include "support/vectors.h"

using namespace mls;

namespace {

using Key = std::shared_ptr<EVP_PKEY>;

Key Own(EVP_PKEY* key) {
  REQUIRE(key != nullptr);
  return Key(key, EVP_PKEY_free);
}

// RsaKey is one key for all tests: to make one takes longer than all they do.
Key RsaKey() {
  static const Key key = Own(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{2048}));
  return key;
}

Key KeyFor(const Suite& suite) {
  switch (suite.signature) {
    case SignatureScheme::ecdsa_p256_sha256:
      return Own(EVP_EC_gen("P-256"));
    case SignatureScheme::ecdsa_p384_sha384:
      return Own(EVP_EC_gen("P-384"));
    case SignatureScheme::ecdsa_p521_sha512:
      return Own(EVP_EC_gen("P-521"));
    case SignatureScheme::ed25519:
      return Own(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
    default:
      return Own(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED448"));
  }
}

Bytes PublicKeyOf(const Key& key) {
  unsigned char* point = nullptr;
  if (const std::size_t size = EVP_PKEY_get1_encoded_public_key(key.get(), &point); size != 0) {
    Bytes bytes(point, point + size);
    OPENSSL_free(point);
    return bytes;
  }
  Bytes raw(57);
  std::size_t size = raw.size();
  REQUIRE(EVP_PKEY_get_raw_public_key(key.get(), raw.data(), &size) == 1);
  raw.resize(size);
  return raw;
}

struct Certificate {
  std::string subject = "leaf";
  std::string issuer = "leaf";
  Key key;
  Key signer;  // the key itself when null
  const char* basic_constraints = nullptr;
  const char* key_usage = nullptr;
  int serial = 1;
  const EVP_MD* digest = EVP_sha256();  // for signers that are not EdDSA

  Bytes Der() const;
};

void AddName(X509_NAME* name, const std::string& text) {
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(text.data()),
                             static_cast<int>(text.size()), -1, 0);
}

void AddExtension(X509* certificate, int nid, const char* value) {
  if (value == nullptr) return;
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value);
  REQUIRE(extension != nullptr);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

bool IsEddsa(const Key& key) {
  return EVP_PKEY_is_a(key.get(), "ED25519") == 1 || EVP_PKEY_is_a(key.get(), "ED448") == 1;
}

Bytes Certificate::Der() const {
  const std::unique_ptr<X509, decltype(&X509_free)> made(X509_new(), X509_free);
  X509* certificate = made.get();
  X509_set_version(certificate, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial);
  ASN1_TIME_set_string_X509(X509_getm_notBefore(certificate), "20200101000000Z");
  ASN1_TIME_set_string_X509(X509_getm_notAfter(certificate), "20600101000000Z");
  AddName(X509_get_subject_name(certificate), subject);
  AddName(X509_get_issuer_name(certificate), issuer);
  X509_set_pubkey(certificate, key.get());
  AddExtension(certificate, NID_basic_constraints, basic_constraints);
  AddExtension(certificate, NID_key_usage, key_usage);
  const Key& by = signer != nullptr ? signer : key;
  REQUIRE(X509_sign(certificate, by.get(), IsEddsa(by) ? nullptr : digest) > 0);
  unsigned char* der = nullptr;
  const int size = i2d_X509(certificate, &der);
  REQUIRE(size > 0);
  Bytes bytes(der, der + size);
  OPENSSL_free(der);
  return bytes;
}

// Chain is leaf ◀ intermediate ◀ root, all valid; tests change one thing of it.
struct Chain {
  Certificate leaf, intermediate, root;

  explicit Chain(const Suite& suite) {
    leaf.key = KeyFor(suite);
    intermediate.key = Own(EVP_EC_gen("P-256"));
    root.key = RsaKey();
    leaf.issuer = intermediate.subject = "intermediate";
    intermediate.issuer = root.subject = root.issuer = "root";
    leaf.signer = intermediate.key;
    intermediate.signer = root.key;
    for (Certificate* authority : {&intermediate, &root}) {
      authority->basic_constraints = "critical,CA:TRUE";
      authority->key_usage = "critical,keyCertSign,cRLSign";
    }
  }
  std::vector<Bytes> Der() const { return {leaf.Der(), intermediate.Der(), root.Der()}; }
  Bytes signature_key() const { return PublicKeyOf(leaf.key); }
};

using Known = std::shared_ptr<const KnownCertificates>;

Known Know(const std::vector<Bytes>& certificates) {
  const std::vector<View> views(certificates.begin(), certificates.end());
  auto known = KnownCertificates::Make(views);
  REQUIRE(known.ok());
  return *known;
}

Status Validate(const Suite& suite, const std::vector<Bytes>& chain, const Bytes& key,
                const Known& known = nullptr, const Limits& limits = {}) {
  const std::vector<View> views(chain.begin(), chain.end());
  return ValidateChain(suite, views, key, limits, known.get());
}

void CheckRefused(const Status& status) {
  REQUIRE_FALSE(status.ok());
  CHECK(status.error() == Error::INVALID_CREDENTIAL);
}

// PointAtInfinity is a key of P-256 that no private key has.
Key PointAtInfinity() {
  char group[] = "P-256";
  const Bytes point = {0};
  OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
                         libcrypto::Octets(OSSL_PKEY_PARAM_PUB_KEY, point), OSSL_PARAM_construct_end()};
  return Own(libcrypto::MakeKey(libcrypto::KeyType::ec, EVP_PKEY_PUBLIC_KEY, params).release());
}

// DescribeTheCurve has a key written with the parameters of its curve instead of its name.
void DescribeTheCurve(const Key& key) {
  REQUIRE(EVP_PKEY_set_utf8_string_param(key.get(), OSSL_PKEY_PARAM_EC_ENCODING,
                                         OSSL_PKEY_EC_ENCODING_EXPLICIT) == 1);
}

// OnOwnCurve is a point of P-256 as the generator of a curve that the key describes itself: with 1 as its
// private key (CVE-2020-0601).
Key OnOwnCurve(View point) {
  using libcrypto::Owned;
  const Owned<EC_GROUP> group(EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1));
  const Owned<BIGNUM> p(BN_new()), a(BN_new()), b(BN_new());
  REQUIRE(EC_GROUP_get_curve(group.get(), p.get(), a.get(), b.get(), nullptr) == 1);
  const std::unique_ptr<OSSL_PARAM_BLD, decltype(&OSSL_PARAM_BLD_free)> builder(OSSL_PARAM_BLD_new(),
                                                                                OSSL_PARAM_BLD_free);
  OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_EC_FIELD_TYPE, SN_X9_62_prime_field, 0);
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_EC_P, p.get());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_EC_A, a.get());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_EC_B, b.get());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_EC_ORDER, EC_GROUP_get0_order(group.get()));
  for (const char* name : {OSSL_PKEY_PARAM_EC_GENERATOR, OSSL_PKEY_PARAM_PUB_KEY}) {
    OSSL_PARAM_BLD_push_octet_string(builder.get(), name, point.data(), point.size());
  }
  const std::unique_ptr<OSSL_PARAM, decltype(&OSSL_PARAM_free)> params(OSSL_PARAM_BLD_to_param(builder.get()),
                                                                       OSSL_PARAM_free);
  return Own(libcrypto::MakeKey(libcrypto::KeyType::ec, EVP_PKEY_PUBLIC_KEY, params.get()).release());
}

const Suite& kSuite1 = AllSuites()[0];
const Suite& kSuite2 = AllSuites()[1];

}  // namespace

TEST_CASE("ValidateChain accepts a whole chain and one whose tail is omitted") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    const Chain chain(suite);
    std::vector<Bytes> der = chain.Der();
    for (; !der.empty(); der.pop_back()) CHECK(Validate(suite, der, chain.signature_key()).ok());
  }
}

TEST_CASE("ValidateChain accepts a self-signed end entity") {
  for (const Suite& suite : AllSuites()) {
    Certificate leaf;
    leaf.key = KeyFor(suite);
    CHECK(Validate(suite, {leaf.Der()}, PublicKeyOf(leaf.key)).ok());
  }
}

TEST_CASE("the key of the end entity must be the signature key, of the suite's kind") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    const Chain chain(suite);
    const std::vector<Bytes> der = chain.Der();
    CheckRefused(Validate(suite, der, PublicKeyOf(KeyFor(suite))));
    CheckRefused(Validate(suite, der, {}));
    for (const Suite& other : AllSuites()) {
      if (other.signature != suite.signature) CheckRefused(Validate(other, der, chain.signature_key()));
    }
    Chain rsa(suite);
    rsa.leaf.key = RsaKey();
    CheckRefused(Validate(suite, rsa.Der(), chain.signature_key()));
  }
}

TEST_CASE("a certificate may hold the point in compressed form; the signature key may not") {
  Chain chain(kSuite2);
  const Bytes key = chain.signature_key();
  const std::size_t uncompressed_size = chain.leaf.Der().size();
  REQUIRE(EVP_PKEY_set_utf8_string_param(chain.leaf.key.get(), "point-format", "compressed") == 1);
  REQUIRE(chain.leaf.Der().size() + 20 < uncompressed_size);
  Bytes compressed(key.begin(), key.begin() + 33);
  compressed[0] = key.back() % 2 == 0 ? 2 : 3;
  CHECK(Validate(kSuite2, chain.Der(), key).ok());
  CheckRefused(Validate(kSuite2, chain.Der(), compressed));
}

TEST_CASE("a point at infinity is no signature key, nor is one on a curve that the certificate describes") {
  Chain chain(kSuite2);
  const Bytes key = chain.signature_key();
  chain.leaf.key = PointAtInfinity();
  CheckRefused(Validate(kSuite2, chain.Der(), key));
  CheckRefused(Validate(kSuite2, chain.Der(), Bytes{0}));
  chain.leaf.key = OnOwnCurve(key);
  CheckRefused(Validate(kSuite2, chain.Der(), key));
}

TEST_CASE("a key that describes the curve of its suite, and does not name it, is refused") {
  Chain chain(kSuite2);
  const Bytes key = chain.signature_key();
  CHECK(Validate(kSuite2, chain.Der(), key).ok());
  DescribeTheCurve(chain.leaf.key);
  CheckRefused(Validate(kSuite2, chain.Der(), key));
}

TEST_CASE("nor may an issuer's key describe its curve") {
  const Chain chain(kSuite1);
  CHECK(Validate(kSuite1, chain.Der(), chain.signature_key()).ok());
  DescribeTheCurve(chain.intermediate.key);
  CheckRefused(Validate(kSuite1, chain.Der(), chain.signature_key()));
}

TEST_CASE("a certificate whose extensions do not decode is refused") {
  Certificate leaf;
  leaf.key = KeyFor(kSuite1);
  const Bytes key = PublicKeyOf(leaf.key);
  leaf.basic_constraints = "CA:FALSE";
  CHECK(Validate(kSuite1, {leaf.Der()}, key).ok());
  leaf.basic_constraints = "DER:05:00";
  CheckRefused(Validate(kSuite1, {leaf.Der()}, key));
  CHECK(SummarizeCertificate(leaf.Der()).error() == Error::INVALID_CREDENTIAL);
}

TEST_CASE("the order is end entity first") {
  const Chain chain(kSuite1);
  const std::vector<Bytes> der = chain.Der();
  const Bytes key = chain.signature_key();
  CheckRefused(Validate(kSuite1, {}, key));
  CheckRefused(Validate(kSuite1, {der[2], der[1], der[0]}, key));
  CheckRefused(Validate(kSuite1, {der[0], der[2], der[1]}, key));
  CheckRefused(Validate(kSuite1, {der[0], der[2]}, key));
  CheckRefused(Validate(kSuite1, {der[0], der[0]}, key));
}

TEST_CASE("every entry is one certificate to its last byte") {
  const Chain chain(kSuite1);
  const Bytes key = chain.signature_key();
  for (std::size_t at = 0; at < 3; ++at) {
    std::vector<Bytes> der = chain.Der();
    der[at].push_back(0);
    CheckRefused(Validate(kSuite1, der, key));
    der[at].pop_back();
    der[at].pop_back();
    CheckRefused(Validate(kSuite1, der, key));
    der[at] = {0x30, 0x00};
    CheckRefused(Validate(kSuite1, der, key));
    der[at] = {};
    CheckRefused(Validate(kSuite1, der, key));
  }
}

TEST_CASE("each link is signed by the key of the next") {
  Chain chain(kSuite1);
  chain.leaf.signer = Own(EVP_EC_gen("P-256"));  // right names, another key
  CheckRefused(Validate(kSuite1, chain.Der(), chain.signature_key()));
  Chain middle(kSuite1);
  middle.intermediate.signer = Own(EVP_EC_gen("P-256"));
  CheckRefused(Validate(kSuite1, middle.Der(), middle.signature_key()));

  Chain flipped(kSuite1);
  std::vector<Bytes> der = flipped.Der();
  der[0].back() ^= 1;  // the last byte of the leaf's signature
  CheckRefused(Validate(kSuite1, der, flipped.signature_key()));
}

TEST_CASE("the names of a link match") {
  Chain chain(kSuite1);
  chain.leaf.issuer = "someone else";
  CheckRefused(Validate(kSuite1, chain.Der(), chain.signature_key()));
}

TEST_CASE("issuers are authorities") {
  const auto refused = [](const char* basic_constraints, const char* key_usage) {
    Chain chain(kSuite1);
    chain.intermediate.basic_constraints = basic_constraints;
    chain.intermediate.key_usage = key_usage;
    CheckRefused(Validate(kSuite1, chain.Der(), chain.signature_key()));
  };
  refused(nullptr, nullptr);
  refused("critical,CA:FALSE", "critical,keyCertSign");
  refused(nullptr, "critical,keyCertSign");
  refused("critical,CA:TRUE", "critical,digitalSignature");

  Chain without_usage(kSuite1);  // keyUsage is optional
  without_usage.intermediate.key_usage = nullptr;
  CHECK(Validate(kSuite1, without_usage.Der(), without_usage.signature_key()).ok());
}

TEST_CASE("the path length of an authority bounds the intermediates below it") {
  for (const bool enough : {false, true}) {
    Chain chain(kSuite1);
    chain.root.basic_constraints = enough ? "critical,CA:TRUE,pathlen:1" : "critical,CA:TRUE,pathlen:0";
    chain.intermediate.basic_constraints = "critical,CA:TRUE,pathlen:0";
    CHECK(Validate(kSuite1, chain.Der(), chain.signature_key()).ok() == enough);
  }
}

TEST_CASE("links signed over MD5 or SHA-1 are refused") {
  Chain chain(kSuite1);
  chain.intermediate.digest = EVP_sha1();
  CheckRefused(Validate(kSuite1, chain.Der(), chain.signature_key()));
  chain.intermediate.digest = EVP_md5();
  CheckRefused(Validate(kSuite1, chain.Der(), chain.signature_key()));
  chain.intermediate.digest = EVP_sha384();
  CHECK(Validate(kSuite1, chain.Der(), chain.signature_key()).ok());
}

TEST_CASE("ValidateChain survives every flipped byte of a certificate") {
  const Chain chain(kSuite1);
  const std::vector<Bytes> good = chain.Der();
  const Bytes key = chain.signature_key();
  for (std::size_t at = 0; at < good[0].size(); ++at) {
    std::vector<Bytes> der = good;
    der[0][at] ^= 0x11;
    CAPTURE(at);
    CheckRefused(Validate(kSuite1, der, key));
  }
}

TEST_CASE("R5.3-02: a gap is filled from the certificates that peers are known to possess") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    const Chain chain(suite);
    const std::vector<Bytes> der = chain.Der();
    const Bytes key = chain.signature_key();
    CHECK(Validate(suite, {der[0], der[2]}, key, Know({der[1]})).ok());
    CHECK(Validate(suite, {der[0], der[2]}, key, Know({der[2], der[0], der[1]})).ok());
    CHECK(Validate(suite, der, key, Know({der[1]})).ok());  // what is known may still be sent
    CheckRefused(Validate(suite, {der[0], der[2]}, key));
    CheckRefused(Validate(suite, {der[0], der[2]}, key, Know({})));
    CheckRefused(Validate(suite, {der[0], der[2]}, key, Know({der[0], der[2]})));
  }
}

TEST_CASE("an omitted tail stays omitted, whatever is known") {
  const Chain chain(kSuite1);
  const std::vector<Bytes> der = chain.Der();
  const Known known = Know({der[1], der[2]});
  CHECK(Validate(kSuite1, {der[0]}, chain.signature_key(), known).ok());
  CHECK(Validate(kSuite1, {der[0], der[1]}, chain.signature_key(), known).ok());
}

TEST_CASE("a chain with a gap reaches its last certificate or is refused") {
  const Chain chain(kSuite1), other(kSuite1);
  const std::vector<Bytes> der = chain.Der();
  Certificate stranger = chain.root;
  stranger.subject = stranger.issuer = "a root that did not sign";
  CheckRefused(Validate(kSuite1, {der[0], stranger.Der()}, chain.signature_key(), Know({der[1], der[2]})));
  Certificate namesake = chain.root;  // the root's name over another key
  namesake.key = Own(EVP_EC_gen("P-256"));
  CheckRefused(Validate(kSuite1, {der[0], namesake.Der()}, chain.signature_key(), Know({der[1]})));
  Certificate selfmade;  // claims the root behind it, signed by nobody there
  selfmade.key = chain.leaf.key;
  CheckRefused(Validate(kSuite1, {selfmade.Der(), der[2]}, chain.signature_key(), Know({der[1]})));
  CheckRefused(Validate(kSuite1, {selfmade.Der(), der[1], der[2]}, chain.signature_key(), Know({der[1]})));
  // The names of the middle fit, its signature does not.
  const std::vector<Bytes> foreign = other.Der();
  CheckRefused(Validate(kSuite1, {foreign[0], der[2]}, other.signature_key(), Know({der[1]})));
}

TEST_CASE("a known certificate of the right name and the wrong key fills nothing, and hides nothing") {
  const Chain chain(kSuite1);
  const std::vector<Bytes> der = chain.Der();
  Certificate impostor = chain.intermediate;
  impostor.key = Own(EVP_EC_gen("P-256"));
  CheckRefused(Validate(kSuite1, {der[0], der[2]}, chain.signature_key(), Know({impostor.Der()})));
  CHECK(Validate(kSuite1, {der[0], der[2]}, chain.signature_key(), Know({impostor.Der(), der[1]})).ok());
  CHECK(Validate(kSuite1, {der[0], der[2]}, chain.signature_key(), Know({der[1], impostor.Der()})).ok());
}

TEST_CASE("what fills a gap obeys the rules of an issuer") {
  const auto outcome = [](const char* basic_constraints, const char* key_usage, const EVP_MD* digest,
                          const char* root_constraints) {
    Chain chain(kSuite1);
    chain.intermediate.basic_constraints = basic_constraints;
    chain.intermediate.key_usage = key_usage;
    chain.intermediate.digest = digest;
    chain.root.basic_constraints = root_constraints;
    const std::vector<Bytes> der = chain.Der();
    return Validate(kSuite1, {der[0], der[2]}, chain.signature_key(), Know({der[1]}));
  };
  const char* authority = "critical,CA:TRUE";
  const char* usage = "critical,keyCertSign";
  CHECK(outcome(authority, usage, EVP_sha256(), authority).ok());
  CheckRefused(outcome(nullptr, nullptr, EVP_sha256(), authority));
  CheckRefused(outcome("critical,CA:FALSE", nullptr, EVP_sha256(), authority));
  CheckRefused(outcome(authority, "critical,digitalSignature", EVP_sha256(), authority));
  CheckRefused(outcome(authority, usage, EVP_sha1(), authority));
  CHECK(outcome(authority, usage, EVP_sha256(), "critical,CA:TRUE,pathlen:1").ok());
  CheckRefused(outcome(authority, usage, EVP_sha256(), "critical,CA:TRUE,pathlen:0"));
}

TEST_CASE("Limits: max_certificates, max_certificate_checks: chains with gaps, at n and n + 1") {
  // leaf ◀ 4 ◀ 3 ◀ 2 ◀ 1 ◀ 0, of which some are sent and the others known.
  std::vector<Certificate> line(6);
  for (std::size_t i = 0; i < line.size(); ++i) {
    line[i].key = i + 1 < line.size() ? Own(EVP_EC_gen("P-256")) : KeyFor(kSuite1);
    line[i].subject = "number " + std::to_string(i);
    line[i].issuer = line[i == 0 ? 0 : i - 1].subject;
    line[i].signer = line[i == 0 ? 0 : i - 1].key;
    line[i].basic_constraints = i + 1 < line.size() ? "critical,CA:TRUE" : nullptr;
  }
  std::vector<Bytes> der;
  for (const Certificate& one : line) der.push_back(one.Der());
  const Bytes key = PublicKeyOf(line.back().key);
  const Known known = Know(der);
  const std::vector<std::vector<Bytes>> chains = {
      {der[5], der[0]}, {der[5], der[3], der[0]}, {der[5], der[4], der[1], der[0]}, {der[5], der[2]}};
  for (const auto& chain : chains) CHECK(Validate(kSuite1, chain, key, known).ok());
  CheckRefused(Validate(kSuite1, {der[5], der[1], der[3], der[0]}, key, known));  // order is still order
  CheckRefused(Validate(kSuite1, {der[5], der[0]}, key, Know({der[4], der[3], der[1]})));

  Limits limits;
  limits.max_certificates = 6;
  limits.max_certificate_checks = 5;
  CHECK(Validate(kSuite1, {der[5], der[0]}, key, known, limits).ok());
  CHECK(Validate(kSuite1, {der[5], der[3], der[0]}, key, known, limits).ok());
  limits.max_certificates = 5;
  CheckRefused(Validate(kSuite1, {der[5], der[0]}, key, known, limits));
  CheckRefused(Validate(kSuite1, {der[5], der[3], der[0]}, key, known, limits));
  limits.max_certificates = 6;
  limits.max_certificate_checks = 4;
  CHECK(Validate(kSuite1, {der[5], der[0]}, key, known, limits).error() == Error::LIMIT_EXCEEDED);
}

TEST_CASE("a dead end among the known certificates does not hide the way beside it") {
  const Chain chain(kSuite1);
  Certificate elsewhere = chain.intermediate;  // the same authority, certified by another one too
  Certificate other = chain.root;
  other.key = Own(EVP_EC_gen("P-256"));
  other.subject = other.issuer = "other root";
  elsewhere.issuer = other.subject;
  elsewhere.signer = other.key;
  const std::vector<Bytes> der = chain.Der();
  for (const Known& known :
       {Know({elsewhere.Der(), other.Der(), der[1]}), Know({der[1], elsewhere.Der(), other.Der()})}) {
    CHECK(Validate(kSuite1, {der[0], der[2]}, chain.signature_key(), known).ok());
    CHECK(Validate(kSuite1, {der[0], other.Der()}, chain.signature_key(), known).ok());
  }
}

TEST_CASE("authorities that certify each other end a search, and stand in a chain once") {
  const Chain chain(kSuite1);
  Certificate a = chain.intermediate, b = chain.intermediate;
  b.key = Own(EVP_EC_gen("P-256"));
  b.subject = "another intermediate";
  a.issuer = b.subject;
  a.signer = b.key;
  b.issuer = a.subject;
  b.signer = a.key;
  const Bytes leaf = chain.leaf.Der(), root = chain.root.Der(), by_b = a.Der(), by_a = b.Der();
  const Known known = Know({by_b, by_a});
  CHECK(Validate(kSuite1, {leaf, by_a}, chain.signature_key(), known).ok());
  CheckRefused(Validate(kSuite1, {leaf, root}, chain.signature_key(), known));
  CHECK(Validate(kSuite1, {leaf, by_b, by_a}, chain.signature_key()).ok());
  CheckRefused(Validate(kSuite1, {leaf, by_b, by_a, by_b}, chain.signature_key()));
  CheckRefused(Validate(kSuite1, {leaf, by_b, by_b}, chain.signature_key()));

  // A web of one name: every certificate vouches for every other, none leads out.
  std::vector<Bytes> web;
  for (int i = 0; i < 30; ++i) {
    Certificate one = chain.intermediate;
    one.issuer = one.subject;
    one.signer = one.key;
    one.serial = i;
    web.push_back(one.Der());
  }
  const Status status = Validate(kSuite1, {leaf, root}, chain.signature_key(), Know(web));
  REQUIRE_FALSE(status.ok());
  CHECK(status.error() == Error::LIMIT_EXCEEDED);
}

TEST_CASE("KnownCertificates are certificates, each to its last byte") {
  const Bytes good = Chain(kSuite1).root.Der();
  Bytes longer = good;
  longer.push_back(0);
  for (const Bytes& bad : {Bytes{}, Bytes{0x30, 0x00}, longer}) {
    const std::vector<View> views{good, bad};
    CHECK(KnownCertificates::Make(views).error() == Error::INVALID_CREDENTIAL);
  }
}

TEST_CASE("SummarizeCertificate gives times and names") {
  const Chain chain(kSuite1);
  const auto summary = SummarizeCertificate(chain.intermediate.Der());
  REQUIRE(summary.ok());
  CHECK(summary->not_before == 1'577'836'800);
  CHECK(summary->not_after == 2'840'140'800);
  // Name { SET { SEQUENCE { 2.5.4.3, UTF8String } } }
  CHECK(test::ToHex(summary->subject) ==
        "3017311530130603550403"
        "0c0c696e7465726d656469617465");
  CHECK(test::ToHex(summary->issuer) ==
        "300f310d300b0603550403"
        "0c04726f6f74");
  Bytes no_time = chain.intermediate.Der();
  const View digits = AsView("200101000000Z");
  const auto at = std::search(no_time.begin(), no_time.end(), digits.begin(), digits.end());
  REQUIRE(at != no_time.end());
  *at = 'x';
  CHECK(SummarizeCertificate(no_time).error() == Error::INVALID_CREDENTIAL);
  const auto refused = SummarizeCertificate(AsView("not a certificate"));
  CHECK(refused.error() == Error::INVALID_CREDENTIAL);
  CHECK_FALSE(refused.ok());
}
