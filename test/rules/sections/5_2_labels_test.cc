// RFC 9420 §5.1.2, §5.1.3, §5.2: signatures, ciphertexts and references are each for one use.
#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <openssl/obj_mac.h>

#include <set>

#include "group/certificates.h"
#include "kit/leaf_routes.h"

namespace mls::test {
namespace {

bool IsEddsa(const Suite& suite) {
  return suite.signature == SignatureScheme::ed25519 || suite.signature == SignatureScheme::ed448;
}

// RefusesSignatures gives member 1 a proposal with each of the signatures that `spoil` makes of the right
// one.
void RefusesSignatures(const Suite& suite, const std::function<std::vector<Bytes>(const Bytes&)>& spoil) {
  CAPTURE(suite.name);
  Scene scene(suite, 3);
  const Insider insider(scene, 2);
  const AuthenticatedContent honest = insider.Sign(insider.Content(Proposal{Remove{{0}}}));
  for (const Bytes& signature : spoil(honest.auth.signature)) {
    AuthenticatedContent forged = honest;
    forged.auth.signature = signature;
    scene.Refuses(1, insider.Public(forged), Error::BAD_SIGNATURE);
  }
  scene.Accepts(1, insider.Public(honest));
}

struct Integers {
  Bytes r, s;
};

Bytes Number(const BIGNUM* number, std::size_t size) {
  Bytes bytes(size);
  REQUIRE(BN_bn2binpad(number, bytes.data(), static_cast<int>(size)) == static_cast<int>(size));
  return bytes;
}

Bytes DerInteger(Bytes number) {
  number.erase(number.begin(),
               std::find_if(number.begin(), number.end(), [](std::uint8_t byte) { return byte != 0; }));
  if (number.empty() || number[0] >= 0x80) number.insert(number.begin(), 0);
  number.insert(number.begin(), {0x02, static_cast<std::uint8_t>(number.size())});
  return number;
}

// DerPair writes two INTEGERs; the sequence has a long-form length where it must, or where `long_form` says
// so.
Bytes DerPair(const Bytes& r, const Bytes& s, bool long_form = false) {
  Bytes body = DerInteger(r);
  const Bytes second = DerInteger(s);
  body.insert(body.end(), second.begin(), second.end());
  const auto size = static_cast<std::uint8_t>(body.size());
  Bytes head{0x30, size};
  if (size >= 0x80 || long_form) head = {0x30, 0x81, size};
  if (size >= 0x80 && long_form) head = {0x30, 0x82, 0, size};
  body.insert(body.begin(), head.begin(), head.end());
  return body;
}

Integers TakeApart(const Bytes& signature, std::size_t size) {
  const unsigned char* at = signature.data();
  const std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> pair(
      d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(signature.size())), ECDSA_SIG_free);
  REQUIRE(pair != nullptr);
  return {Number(ECDSA_SIG_get0_r(pair.get()), size), Number(ECDSA_SIG_get0_s(pair.get()), size)};
}

// OrderOf gives n of the suite's curve (SEC 2), big-endian.
Bytes OrderOf(const Suite& suite) {
  const int curve = suite.signature == SignatureScheme::ecdsa_p256_sha256   ? NID_X9_62_prime256v1
                    : suite.signature == SignatureScheme::ecdsa_p384_sha384 ? NID_secp384r1
                                                                            : NID_secp521r1;
  const std::unique_ptr<EC_GROUP, decltype(&EC_GROUP_free)> group(EC_GROUP_new_by_curve_name(curve),
                                                                  EC_GROUP_free);
  return Number(EC_GROUP_get0_order(group.get()), suite.Nsigsk);
}

// CertifyOther: the certificate holds `key`, which is of no type that the suite signs with. The leaf has its
// own key, or `signature_key`.
void CertifyOther(const Suite& suite, const Key& key, const std::optional<Bytes>& signature_key = {}) {
  const Credential credential{X509Credential{
      {{MakeCertificate("certified", key, TestRoot().key, "critical,CA:FALSE")}, {TestRoot().der}}}};
  LeafForgery forgery;
  forgery.leaf = [&](LeafNode& leaf) {
    leaf.credential = credential;
    if (signature_key) leaf.signature_key = *signature_key;
  };
  CheckRoutes(suite, kAddRoutes, forgery,
              signature_key ? Error::INVALID_KEY_PACKAGE : Error::INVALID_CREDENTIAL);
  CheckRoutes(suite, kLaterRoutes, forgery, signature_key ? Error::INVALID_KEY : Error::INVALID_CREDENTIAL);
}

TEST_CASE("R5.1.2-01: group signature algorithm equals the one of every leaf and KeyPackage credential") {
  // Keys of the other schemes have other sizes or are no points: the leaf has no key of the group's
  // algorithm.
  for (const Suite& suite : AllSuites()) {
    std::set<SignatureScheme> schemes;
    for (const Suite& other : AllSuites()) {
      if (other.signature == suite.signature || !schemes.insert(other.signature).second) continue;
      SeededRandom random(4);
      const SignatureKeyPair keys = Must(GenerateSignatureKeyPair(other, random));
      LeafForgery forgery;
      forgery.leaf = [&](LeafNode& leaf) { leaf.signature_key = keys.public_key; };
      CheckRoutes(suite, kAddRoutes, forgery, Error::INVALID_KEY_PACKAGE);
      CheckRoutes(suite, kLaterRoutes, forgery, Error::INVALID_KEY);
      CertifyOther(suite, KeyOf(other, keys.public_key));
      CertifyOther(suite, KeyOf(other, keys.public_key), keys.public_key);
    }
    CHECK(schemes.size() == 4);
  }
  // Types of keys that sign in no suite of MLS.
  static const Key rsa = Own(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{2048}));
  static const Key x25519 = Own(EVP_PKEY_Q_keygen(nullptr, nullptr, "X25519"));
  for (const Suite& suite : AllSuites()) {
    for (const Key& key : {rsa, x25519}) CertifyOther(suite, key);
  }
}

TEST_CASE("R5.1.2-02: ECDSA signature is DER") {
  std::size_t suites = 0;
  for (const Suite& suite : AllSuites()) {
    if (IsEddsa(suite)) continue;
    ++suites;
    RefusesSignatures(suite, [&](const Bytes& signature) {
      const auto [r, s] = TakeApart(signature, suite.Nsigsk);
      REQUIRE(DerPair(r, s) == signature);
      const Bytes zero(suite.Nsigsk), order = OrderOf(suite);
      Bytes raw = r, longer = signature, padded = signature;
      raw.insert(raw.end(), s.begin(), s.end());
      longer.push_back(0);
      return std::vector<Bytes>{{},
                                raw,
                                DerPair(r, s, true),
                                longer,
                                DerPair(zero, s),
                                DerPair(r, zero),
                                DerPair(order, s),
                                DerPair(r, order),
                                Bytes(signature.begin(), signature.end() - 1)};
    });
  }
  CHECK(suites == 3);
}

TEST_CASE("R5.1.2-03: EdDSA signature is R and S with canonical S") {
  // L of RFC 8032 §5.1 and §5.2, little-endian.
  const Bytes order25519 = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7,
                            0xa2, 0xde, 0xf9, 0xde, 0x14, 0,    0,    0,    0,    0,    0,
                            0,    0,    0,    0,    0,    0,    0,    0,    0,    0x10};
  Bytes order448 = {0xf3, 0x44, 0x58, 0xab, 0x92, 0xc2, 0x78, 0x23, 0x55, 0x8f, 0xc5, 0x8d, 0x72, 0xc2,
                    0x6c, 0x21, 0x90, 0x36, 0xd6, 0xae, 0x49, 0xdb, 0x4e, 0xc4, 0xe9, 0x23, 0xca, 0x7c};
  order448.resize(55, 0xff);
  order448.push_back(0x3f);
  order448.push_back(0);
  std::size_t suites = 0;
  for (const Suite& suite : AllSuites()) {
    if (!IsEddsa(suite)) continue;
    ++suites;
    const Bytes& order = suite.signature == SignatureScheme::ed25519 ? order25519 : order448;
    RefusesSignatures(suite, [&](const Bytes& signature) {
      Bytes malleated = signature, longer = signature;
      unsigned carry = 0;
      const std::size_t half = signature.size() / 2;
      for (std::size_t i = 0; i < half; ++i) {
        carry += malleated[half + i] + order.at(i);
        malleated[half + i] = static_cast<std::uint8_t>(carry);
        carry >>= 8;
      }
      REQUIRE(carry == 0);
      longer.push_back(0);
      return std::vector<Bytes>{{}, Bytes(signature.begin(), signature.end() - 1), longer, malleated};
    });
  }
  CHECK(suites == 4);
}

TEST_CASE("R5.1.2-04: signature label separates uses") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    const Insider insider(scene, 2);
    const FramedContent content = insider.Content(Proposal{Remove{{0}}});
    for (const char* label : {"GroupInfoTBS", "LeafNodeTBS", "KeyPackageTBS", "FramedContentTB", ""}) {
      scene.Refuses(1,
                    insider.Public(insider.SignWith(insider.signer, insider.context(), content,
                                                    WireFormat::mls_public_message, label)),
                    Error::BAD_SIGNATURE);
    }
    // Without "MLS 1.0 " before the label: SignContent as RFC 9420 §5.1.2 writes it, by hand.
    AuthenticatedContent bare = insider.Sign(content);
    const Bytes signed_part = EncodeSignedPart(WireFormat::mls_public_message, content);
    Bytes whole = signed_part;
    const Bytes context = insider.context();
    whole.insert(whole.end(), context.begin(), context.end());
    bare.auth.signature =
        Must(Sign(suite, insider.signer, Encode(ToBytes(AsView("FramedContentTBS")), whole)));
    scene.Refuses(1, insider.Public(bare), Error::BAD_SIGNATURE);
    // The leaf's label on the KeyPackage's content.
    const Client client = scene.world.NewClient(suite, "newcomer");
    KeyPackage package = scene.world.NewKeyPackageOf(client).key_package;
    package.signature = Must(
        SignWithLabel(suite, client.profile.signature_private_key, "LeafNodeTBS", {EncodeUnsigned(package)}));
    scene.RefusesToAdd(1, package, Error::INVALID_KEY_PACKAGE);
    scene.Refuses(1, insider.Public(Proposal{Add{package}}), Error::INVALID_KEY_PACKAGE);
    scene.GoesOn();
  }
}

TEST_CASE("R5.1.3-01: HPKE label and context separate uses") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    const Insider insider(scene, 2);
    // In a path: sealed with the label of a Welcome, and under a context with one bit changed.
    const auto sealed_otherwise = [&](const char* label, std::size_t flipped) {
      CommitForgery forgery;
      Bytes context;
      std::vector<Secret> path_secrets;
      forgery.path_context = [&](GroupContext& next) {
        context = Encode(next);
        if (flipped != 0) context.at(context.size() - flipped) ^= 1;
      };
      forgery.path_secrets = [&](std::vector<Secret>& secrets) {
        for (const Secret& secret : secrets) path_secrets.push_back(secret.Clone());
      };
      forgery.path = [&](UpdatePath& path) {
        for (std::size_t i = 0; i < path.nodes.size(); ++i) {
          std::vector<HPKECiphertext> sealed;
          const NodeIndex node = insider.epoch->tree.FilteredDirectPath({2})[i];
          const NodeIndex copath = Contains(Left(node), {2}) ? Right(node) : Left(node);
          for (const NodeIndex to : insider.epoch->tree.Resolution(copath)) {
            sealed.push_back(Must(EncryptWithLabel(suite, insider.epoch->tree.PublicKey(to), label, context,
                                                   path_secrets[i], scene.world.random)));
          }
          path.nodes[i].encrypted_path_secret = EncodedList<HPKECiphertext>(sealed);
        }
      };
      return ForgeCommit(insider, forgery).message;
    };
    scene.Refuses(1, sealed_otherwise("Welcome", 0), Error::DECRYPT_FAILED);
    scene.Refuses(1, sealed_otherwise("UpdatePathNode", 1), Error::DECRYPT_FAILED);
    scene.Accepts(1, sealed_otherwise("UpdatePathNode", 0));

    Scene other(suite, 3);
    Invitation invitation(other);
    for (const bool label : {true, false}) {
      WelcomeForgery forgery;
      forgery.welcome = [&](Welcome& welcome) {
        Bytes context = welcome.encrypted_group_info;
        if (!label) context[0] ^= 1;
        const Secret plain = EncodeSecret(invitation.secrets);
        welcome.secrets[0].encrypted_group_secrets =
            Must(EncryptWithLabel(suite, invitation.package.key_package.init_key,
                                  label ? "UpdatePathNode" : "Welcome", context, plain, other.world.random));
      };
      invitation.Refuses(forgery, Error::DECRYPT_FAILED);
    }
    invitation.TakesIt();
    other.GoesOn();
  }
}

TEST_CASE("R5.2-01: ProposalRef is the hash of the whole AuthenticatedContent with its label") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 4);
    const Insider proposer(scene, 3);
    const AuthenticatedContent content = proposer.Sign(proposer.Content(Proposal{Remove{{0}}}));
    for (const std::size_t member : {1u, 2u}) scene.Accepts(member, proposer.Public(content));
    const Bytes right = ToBytes(Must(ProposalRef(suite, content)));
    const Bytes encoded = Encode(content);
    const Insider insider(scene, 2);
    Bytes flipped = right;
    flipped.back() ^= 1;
    std::vector<Bytes> wrong = {
        {},
        Bytes(right.begin(), right.end() - 1),
        flipped,
        ToBytes(Must(MakeProposalRef(suite, Encode(*content.content.proposal())))),
        ToBytes(Must(MakeProposalRef(suite, Encode(content.content)))),
        ToBytes(Must(MakeKeyPackageRef(suite, encoded))),
    };
    for (const Suite& other : AllSuites()) {
      if (other.Nh != suite.Nh) wrong.push_back(ToBytes(Must(MakeProposalRef(other, encoded))));
    }
    for (const Bytes& reference : wrong) {
      CommitForgery forgery;
      forgery.proposals = {Reference(reference)};
      scene.Refuses(1, ForgeCommit(insider, forgery).message, Error::UNKNOWN_PROPOSAL);
    }
    CommitForgery honest;
    honest.proposals = {Reference(right)};
    scene.Accepts(1, ForgeCommit(insider, honest).message);
    CHECK(scene[1].tree().IsBlank(LeafIndex{0}));
  }
}

TEST_CASE("R5.2-02: KeyPackageRef is computed with the KeyPackage's suite hash over the whole KeyPackage") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 2);
    Invitation invitation(scene);
    const KeyPackage& package = invitation.package.key_package;
    std::vector<Bytes> wrong = {
        ToBytes(Must(MakeKeyPackageRef(suite, EncodeUnsigned(package)))),
        ToBytes(Must(MakeKeyPackageRef(suite, EncodeMessage(KeyPackageMessage{package})))),
        ToBytes(Must(MakeProposalRef(suite, Encode(package)))),
    };
    for (const Suite& other : AllSuites()) {
      if (other.Nh != suite.Nh) wrong.push_back(ToBytes(Must(MakeKeyPackageRef(other, Encode(package)))));
    }
    for (const Bytes& reference : wrong) {
      WelcomeForgery forgery;
      forgery.welcome = [&](Welcome& welcome) { welcome.secrets[0].new_member = reference; };
      invitation.Refuses(forgery, Error::NO_MATCHING_KEY_PACKAGE);
    }
    invitation.TakesIt();
    scene.GoesOn();
  }
}

}  // namespace
}  // namespace mls::test
