// RFC 9420 §5.1.1: keys have the one form of their algorithm, and public-key encryption refuses what is no
// key.
#include "kit/leaf_routes.h"
#include "support/vectors.h"

namespace mls::test {
namespace {

bool IsMontgomery(const Suite& suite) { return suite.kem == Kem::x25519 || suite.kem == Kem::x448; }

// LowOrder gives the points of RFC 7748 §6 for which every shared secret is zero.
std::vector<Bytes> LowOrder(const Suite& suite) {
  const std::size_t size = suite.Npk;
  Bytes one(size), below(size, 0xff);
  one[0] = 1;
  std::vector<Bytes> points = {Bytes(size), one};
  if (suite.kem == Kem::x25519) {
    points.push_back(
        FromHex(std::string("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800")));
    points.push_back(
        FromHex(std::string("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157")));
    below[31] = 0x7f;
    for (const std::uint8_t first : {0xec, 0xed, 0xee}) {
      below[0] = first;
      points.push_back(below);
    }
  } else {
    below[0] = 0xfe;
    below[28] = 0xfe;
    points.push_back(below);
  }
  return points;
}

// NoKeys gives what is no HPKE public key of the suite.
std::vector<Bytes> WrongSizes(std::size_t size) { return {{}, Bytes(size - 1, 9), Bytes(size + 1, 9)}; }

// WrongForms of a NIST key that is right.
std::vector<Bytes> WrongForms(const Bytes& key) {
  const std::size_t coordinate = (key.size() - 1) / 2;
  std::vector<Bytes> wrong = {{0x00}, Bytes(key.begin(), key.end() - 1)};
  for (const std::uint8_t form : {0x02, 0x03}) {
    Bytes compressed(key.begin(), key.begin() + 1 + static_cast<std::ptrdiff_t>(coordinate));
    compressed[0] = form;
    wrong.push_back(compressed);
  }
  for (const std::uint8_t form : {0x00, 0x02, 0x03, 0x06, 0x07}) {
    Bytes hybrid = key;
    hybrid[0] = form;
    wrong.push_back(hybrid);
  }
  return wrong;
}

Bytes OffCurve(Bytes key) {
  key.back() ^= 1;
  return key;
}

void CheckLeafKey(const Suite& suite, Bytes LeafNode::* key, const Bytes& wrong) {
  LeafForgery forgery;
  forgery.leaf = [&](LeafNode& leaf) { leaf.*key = wrong; };
  // In a KeyPackage the whole is invalid (RFC 9420 §10).
  CheckRoutes(suite, kAddRoutes, forgery, Error::INVALID_KEY_PACKAGE);
  CheckRoutes(suite, kLaterRoutes, forgery, Error::INVALID_KEY);
}

// CheckOtherKeys puts `wrong` where HPKE keys stand besides in leaves.
void CheckOtherKeys(const Suite& suite, const Bytes& wrong) {
  CAPTURE(suite.name);
  Scene scene(suite, 3);
  const Client client = scene.world.NewClient(suite, "newcomer");
  KeyPackage package = scene.world.NewKeyPackageOf(client).key_package;
  package.init_key = wrong;
  Sign(suite, package, client.profile.signature_private_key);
  const Insider insider(scene, 2);
  scene.RefusesToAdd(1, package, Error::INVALID_KEY_PACKAGE);
  scene.Refuses(1, insider.Public(Proposal{Add{package}}), Error::INVALID_KEY_PACKAGE);

  for (const std::size_t node : {0u, 1u}) {
    CommitForgery forgery;
    forgery.public_keys = [&](std::vector<Bytes>& keys) {
      if (node < keys.size()) keys[node] = wrong;
    };
    if (node < insider.epoch->tree.FilteredDirectPath({2}).size()) {
      scene.Refuses(1, ForgeCommit(insider, forgery).message, Error::INVALID_KEY);
    }
  }

  InfoForgery info;
  info.info = [&](GroupInfo& changed) {
    for (Extension& extension : changed.extensions) {
      if (extension.extension_type == ExtensionType::external_pub)
        extension = MakeExtension(ExternalPub{wrong});
    }
  };
  scene.RefusesJoinByCommit(client, ForgeInfo(scene, scene.Info(0), info), Error::INVALID_KEY);
  scene.GoesOn();
}

// CheckKemOutput puts `wrong` into the ciphertexts of a path and of a Welcome, and into an ExternalInit.
void CheckKemOutput(const Suite& suite, const Bytes& wrong) {
  CAPTURE(suite.name);
  Scene scene(suite, 3);
  CommitForgery path;
  path.path = [&](UpdatePath& update_path) {
    for (UpdatePathNode& node : update_path.nodes) {
      std::vector<HPKECiphertext> sealed = node.encrypted_path_secret.Decode();
      for (HPKECiphertext& one : sealed) one.kem_output = wrong;
      node.encrypted_path_secret = EncodedList<HPKECiphertext>(sealed);
    }
  };
  scene.Refuses(1, ForgeCommit(Insider(scene, 2), path).message, Error::DECRYPT_FAILED);
  CommitForgery init;
  init.proposals = {Value({ExternalInit{wrong}})};
  const Client stranger = scene.world.NewClient(suite, "stranger");
  scene.Refuses(1, ForgeExternalCommit(Insider(scene, 0), stranger, init, Init::left_out).message,
                Error::INVALID_EXTERNAL_INIT);
  Invitation invitation(scene);
  WelcomeForgery welcome;
  welcome.welcome = [&](Welcome& changed) { changed.secrets[0].encrypted_group_secrets.kem_output = wrong; };
  invitation.Refuses(welcome, Error::DECRYPT_FAILED);
  invitation.TakesIt();
  scene.GoesOn();
}

Bytes SomeHpkeKey(const Suite& suite) {
  SeededRandom random(5);
  return Must(GenerateHpkeKeyPair(suite, random)).public_key;
}

TEST_CASE("R5.1.1-01: HPKE public key has the KEM's exact encoding") {
  for (const Suite& suite : AllSuites()) {
    for (const Bytes& wrong : WrongSizes(suite.Npk)) {
      CheckLeafKey(suite, &LeafNode::encryption_key, wrong);
      CheckOtherKeys(suite, wrong);
    }
  }
}

TEST_CASE("R5.1.1-02: EdDSA signature key in RFC 8032 format") {
  std::size_t suites = 0;
  for (const Suite& suite : AllSuites()) {
    if (suite.signature != SignatureScheme::ed25519 && suite.signature != SignatureScheme::ed448) continue;
    ++suites;
    for (const Bytes& wrong : WrongSizes(suite.Nsigpk)) CheckLeafKey(suite, &LeafNode::signature_key, wrong);
    // y = 2 is on neither curve: the key has the right form, and no signature verifies under it.
    Bytes no_point(suite.Nsigpk);
    no_point[0] = 2;
    LeafForgery forgery;
    forgery.leaf = [&](LeafNode& leaf) { leaf.signature_key = no_point; };
    const Route routes[] = {Route::own_add, Route::proposed_add, Route::committed_add, Route::update,
                            Route::path,    Route::welcome_tree, Route::info_tree};
    CheckRoutes(suite, routes, forgery, Error::BAD_LEAF_SIGNATURE);
    constexpr Route kJoining[] = {Route::joining_path};  // under this key the Commit itself is verified first
    CheckRoutes(suite, kJoining, forgery, Error::BAD_SIGNATURE);
    // y = p is 0 written otherwise (RFC 8032 §5.1.3 refuses it).
    Bytes above(suite.Nsigpk, 0xff);
    if (suite.signature == SignatureScheme::ed25519) {
      above[0] = 0xed;
      above[31] = 0x7f;
    } else {
      above[28] = 0xfe;
      above[56] = 0;
    }
    CheckLeafKey(suite, &LeafNode::signature_key, above);
  }
  CHECK(suites == 4);
}

TEST_CASE("R5.1.1-03: NIST-curve key is an UncompressedPointRepresentation") {
  std::size_t suites = 0;
  for (const Suite& suite : AllSuites()) {
    if (IsMontgomery(suite)) continue;
    ++suites;
    for (const Bytes& wrong : WrongForms(SomeHpkeKey(suite))) {
      CheckLeafKey(suite, &LeafNode::encryption_key, wrong);
      CheckLeafKey(suite, &LeafNode::signature_key, wrong);
      CheckOtherKeys(suite, wrong);
    }
  }
  CHECK(suites == 3);
}

TEST_CASE("R5.1.1-04: NIST point must be on the curve") {
  for (const Suite& suite : AllSuites()) {
    if (IsMontgomery(suite)) continue;
    const Bytes wrong = OffCurve(SomeHpkeKey(suite));
    CheckLeafKey(suite, &LeafNode::encryption_key, wrong);
    CheckOtherKeys(suite, wrong);
    CheckKemOutput(suite, wrong);
  }
}

TEST_CASE("R5.1.1-05: X25519/X448 all-zero shared secret is refused") {
  std::size_t points = 0;
  for (const Suite& suite : AllSuites()) {
    if (!IsMontgomery(suite)) continue;
    for (const Bytes& point : LowOrder(suite)) {
      CheckLeafKey(suite, &LeafNode::encryption_key, point);
      CheckOtherKeys(suite, point);
      CheckKemOutput(suite, point);
      ++points;
    }
  }
  CHECK(points == 2 * 7 + 2 * 3);
}

}  // namespace
}  // namespace mls::test
