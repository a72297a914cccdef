#include "message/client_rows.h"

#include <doctest/doctest.h>

#include "support/clients.h"

using namespace mls;

namespace {

template <class T>
bool Fails(const Result<T>& result, Error error) {
  return !result.ok() && result.error() == error;
}

}  // namespace

TEST_CASE("client_rows: signers come back whole, for every suite, and are sealed rows") {
  test::SeededRandom random(1);
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    const MemberProfile profile = test::MakeProfile(suite, "alice", random);
    Batch batch;
    SaveSigner(suite, profile, batch);
    const RowPut& row = batch.operations().front().row;
    CHECK(row.protection == Protection::state);
    CHECK(ProtectionOf(RowTag(row.key[0])) == Protection::state);
    const auto loaded = LoadSigner(row.key, row.value);
    REQUIRE(loaded.ok());
    CHECK(loaded->first == &suite);
    CHECK(loaded->second.credential == profile.credential);
    CHECK(loaded->second.signature_private_key == profile.signature_private_key);
    CHECK(loaded->second.signature_key == profile.signature_key);
    CHECK(loaded->second.capabilities == profile.capabilities);
  }
}

TEST_CASE("client_rows: a damaged signer and one of an unknown suite are told apart") {
  test::SeededRandom random(2);
  const Suite& suite = AllSuites().front();
  Batch batch;
  SaveSigner(suite, test::MakeProfile(suite, "alice", random), batch);
  const RowPut& row = batch.operations().front().row;
  CHECK(Fails(LoadSigner(RowKey(RowTag::signer, std::uint16_t{0x00FF}), row.value),
              Error::UNSUPPORTED_CIPHERSUITE));
  CHECK(Fails(LoadSigner(RowKey(RowTag::signer), row.value), Error::STORAGE_DAMAGED));
  CHECK(Fails(LoadSigner(row.key, row.value.view().first(row.value.size() - 1)), Error::STORAGE_DAMAGED));
}

TEST_CASE("client_rows: key packages come back with their keys and use, under their own reference") {
  test::SeededRandom random(3);
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    const MemberProfile profile = test::MakeProfile(suite, "bob", random);
    NewKeyPackage made = test::MakeKeyPackage(suite, profile, random);
    const Bytes reference = ToBytes(*KeyPackageRef(suite, made.key_package));
    const StoredKeyPackage stored{made.key_package, made.keys.Clone(), KeyPackageUse::last_resort};
    Batch batch;
    SaveKeyPackage(reference, stored, batch);
    const RowPut& row = batch.operations().front().row;
    CHECK(row.key == KeyPackageRow(reference));
    CHECK(ProtectionOf(RowTag(row.key[0])) == Protection::state);
    const auto loaded = LoadKeyPackage(row.key, row.value);
    REQUIRE(loaded.ok());
    CHECK(loaded->key_package == made.key_package);
    CHECK(loaded->keys.init_private_key == made.keys.init_private_key);
    CHECK(loaded->keys.encryption_private_key == made.keys.encryption_private_key);
    CHECK(loaded->use == KeyPackageUse::last_resort);
    Bytes other = row.key;
    other.back() ^= 1;
    CHECK(Fails(LoadKeyPackage(other, row.value), Error::STORAGE_DAMAGED));
    CHECK(Fails(LoadKeyPackage(row.key, row.value.view().subspan(1)), Error::STORAGE_DAMAGED));
  }
}

TEST_CASE("client_rows: a package that is imported has its own keys and its owner's signatures") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    test::SeededRandom random(5);
    const MemberProfile profile = test::MakeProfile(suite, "one", random);
    const NewKeyPackage made = test::MakeKeyPackage(suite, profile, random);
    const NewKeyPackage other =
        test::MakeKeyPackage(suite, test::MakeProfile(suite, "other", random), random);
    const auto outcome = [&](auto&& change) {
      StoredKeyPackage stored{made.key_package, made.keys.Clone(), KeyPackageUse::once};
      change(stored);
      const Status status = CheckImported(suite, stored);
      return status.ok() ? Error::INTERNAL : status.error();
    };
    CHECK(outcome([](StoredKeyPackage&) {}) == Error::INTERNAL);
    for (const auto key : {&KeyPackageKeys::init_private_key, &KeyPackageKeys::encryption_private_key,
                           &KeyPackageKeys::signature_private_key}) {
      CHECK(outcome([&](StoredKeyPackage& one) { one.keys.*key = (other.keys.*key).Clone(); }) ==
            Error::INVALID_KEY);
      CHECK(outcome([&](StoredKeyPackage& one) { one.keys.*key = Secret(); }) == Error::INVALID_KEY);
      CHECK(outcome([&](StoredKeyPackage& one) { one.keys.*key = Secret(1000); }) == Error::INVALID_KEY);
    }
    CHECK(outcome([](StoredKeyPackage& one) { one.key_package.signature[9] ^= 1; }) ==
          Error::INVALID_KEY_PACKAGE);
    CHECK(outcome([](StoredKeyPackage& one) { one.key_package.leaf_node.signature[9] ^= 1; }) ==
          Error::BAD_LEAF_SIGNATURE);
  }
}

TEST_CASE("client_rows: a key package of a suite that this engine does not know is not damage") {
  test::SeededRandom random(4);
  const Suite& suite = AllSuites().front();
  NewKeyPackage made = test::MakeKeyPackage(suite, test::MakeProfile(suite, "bob", random), random);
  made.key_package.cipher_suite = CipherSuite{0x00FF};
  const StoredKeyPackage stored{made.key_package, made.keys.Clone(), KeyPackageUse::once};
  const Bytes key = KeyPackageRow(Bytes(32, 1));
  CHECK(Fails(LoadKeyPackage(key, EncodeSecret(stored)), Error::UNSUPPORTED_CIPHERSUITE));
}

TEST_CASE("client_rows: PSK ids of any length have rows of their own") {
  CHECK(*PskRow(AsView("a")) != *PskRow(AsView("b")));
  CHECK(*PskRow(View()) != *PskRow(AsView("a")));
  CHECK(PskRow(Bytes(100'000, 1))->size() == 33);
  CHECK(ProtectionOf(RowTag::psk) == Protection::state);
}
