#include "message/welcome.h"

#include <doctest/doctest.h>

#include "base/check.h"
#include "message/mls_message.h"
#include "schedule/psk.h"
#include "support/clients.h"
#include "support/error_of.h"
#include "support/random_value.h"
#include "support/tally.h"
#include "support/vectors.h"

using namespace mls;
using mls::test::ErrorOf;
using mls::test::FromHex;
using mls::test::Json;
using mls::test::RandomValue;
using mls::test::SeededRandom;

namespace {

// Joins runs one case of welcome.json: from the init key to the confirmation tag.
Status Joins(const Json& vector) {
  const Suite* suite = FindSuite(CipherSuite{vector["cipher_suite"].get<std::uint16_t>()});
  MLS_REQUIRE(suite != nullptr, UNSUPPORTED_CIPHERSUITE);  // the seven of RFC 9420 §17.1
  MLS_TRY(package_message, DecodeMessage(FromHex(vector["key_package"]), test::kLimits));
  MLS_TRY(welcome_message, DecodeMessage(FromHex(vector["welcome"]), test::kLimits));
  const KeyPackage& package = std::get<KeyPackageMessage>(package_message.body).key_package;
  const Welcome& welcome = std::get<Welcome>(welcome_message.body);
  MLS_TRY(reference, KeyPackageRef(*suite, package));
  const EncryptedGroupSecrets* entry = nullptr;
  for (const EncryptedGroupSecrets& one : welcome.secrets) {
    if (Equal(one.new_member, reference)) entry = &one;
  }
  MLS_REQUIRE(entry != nullptr, NO_MATCHING_KEY_PACKAGE);  // one entry is ours
  const Bytes init_private_key = FromHex(vector["init_priv"], suite->Nsk);
  MLS_TRY(sealed_for, GroupSecretsInfo(*suite, welcome));
  MLS_TRY(secrets, OpenGroupSecrets(sealed_for, *entry, init_private_key, package.init_key));
  MLS_TRY(psk_secret, PskSecret(*suite, {}, {}));
  MLS_TRY(member_secret, MemberSecret(*suite, secrets.joiner_secret, psk_secret));
  MLS_TRY(welcome_secret, WelcomeSecret(*suite, member_secret));
  MLS_TRY(info, OpenGroupInfo(*suite, welcome_secret, welcome.encrypted_group_info));
  MLS_DO(VerifyGroupInfo(*suite, info, FromHex(vector["signer_pub"])));
  MLS_TRY(epoch_secret, EpochSecret(*suite, member_secret, Encode(info.group_context)));
  MLS_TRY(epoch, DeriveEpochSecrets(*suite, epoch_secret));
  MLS_TRY(tag, ConfirmationTag(*suite, epoch.confirmation_key, info.group_context.confirmed_transcript_hash));
  MLS_REQUIRE(Equal(tag, info.confirmation_tag), BAD_CONFIRMATION_TAG);  // the keys are those of the signer
  return kOk;
}

// Invitation: a Welcome to one newcomer, with everything in it random but the sealing.
struct Invitation {
  const Suite& suite;
  SeededRandom random{81};
  HpkeKeyPair init = *GenerateHpkeKeyPair(suite, random);
  Secret welcome_secret = *random.TakeSecret(suite.Nh);
  GroupInfo info = RandomValue<GroupInfo>(random);
  GroupSecrets secrets = RandomValue<GroupSecrets>(random);
  Welcome welcome = Make();

  Welcome Make() {
    Welcome made;
    made.cipher_suite = suite.id;
    made.encrypted_group_info = *SealGroupInfo(suite, welcome_secret, info);
    made.secrets.push_back({{}, Seal("Welcome", made.encrypted_group_info, EncodeSecret(secrets))});
    return made;
  }
  HPKECiphertext Seal(std::string_view label, View context, View plaintext) {
    return *EncryptWithLabel(suite, init.public_key, label, context, plaintext, random);
  }
  Result<GroupSecrets> Open(const Welcome& from) {
    MLS_TRY(sealed_for, GroupSecretsInfo(suite, from));
    return OpenGroupSecrets(sealed_for, from.secrets[0], init.private_key, init.public_key);
  }
};

}  // namespace

TEST_CASE("welcome vectors") {
  for (const auto& file : test::FindVectors("welcome")) {
    test::Tally tally(file.set, "welcome");
    for (const Json& vector : file.json) {
      CAPTURE(vector["cipher_suite"].get<int>());
      const Status joined = Joins(vector);
      CAPTURE(joined.ok() ? "" : std::string(Describe(joined.error()).name));
      CHECK(tally.Count(joined.ok()));
    }
  }
}

TEST_CASE("what was sealed opens, in every suite") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Invitation invitation{suite};
    const auto secrets = invitation.Open(invitation.welcome);
    REQUIRE(secrets.ok());
    CHECK(EncodeSecret(*secrets) == EncodeSecret(invitation.secrets));
    const auto info =
        OpenGroupInfo(suite, invitation.welcome_secret, invitation.welcome.encrypted_group_info);
    REQUIRE(info.ok());
    CHECK(*info == invitation.info);
  }
}

TEST_CASE("R12.4.3.1-04: the group secrets are bound to the encrypted GroupInfo and to their label") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Invitation invitation{suite};
    Welcome welcome = invitation.welcome;
    welcome.encrypted_group_info[0] ^= 1;
    CHECK(ErrorOf(invitation.Open(welcome)) == Error::DECRYPT_FAILED);
    welcome = invitation.welcome;
    welcome.secrets[0].encrypted_group_secrets.ciphertext.back() ^= 1;
    CHECK(ErrorOf(invitation.Open(welcome)) == Error::DECRYPT_FAILED);
    welcome.secrets[0].encrypted_group_secrets.ciphertext.clear();
    CHECK(ErrorOf(invitation.Open(welcome)) == Error::DECRYPT_FAILED);
    welcome = invitation.welcome;
    welcome.secrets[0].encrypted_group_secrets.kem_output.clear();
    CHECK(ErrorOf(invitation.Open(welcome)) == Error::DECRYPT_FAILED);
    welcome.secrets[0].encrypted_group_secrets =
        invitation.Seal("UpdatePathNode", welcome.encrypted_group_info, EncodeSecret(invitation.secrets));
    CHECK(ErrorOf(invitation.Open(welcome)) == Error::DECRYPT_FAILED);
  }
}

TEST_CASE("R2.1.1-01: group secrets that decrypt but do not decode are malformed") {
  Invitation invitation{AllSuites()[0]};
  Welcome welcome = invitation.welcome;
  const auto with = [&](const Bytes& plaintext) {
    welcome.secrets[0].encrypted_group_secrets =
        invitation.Seal("Welcome", welcome.encrypted_group_info, plaintext);
    return ErrorOf(invitation.Open(welcome));
  };
  CHECK(with({}) == Error::MALFORMED);
  CHECK(with(Encode(Bytes(32), std::uint8_t{0}, Bytes())) == Error::INTERNAL);  // as it should be
  CHECK(with(Encode(Bytes(32), std::uint8_t{2}, Bytes())) == Error::MALFORMED);
  CHECK(with(Encode(Bytes(32), std::uint8_t{255}, Bytes())) == Error::MALFORMED);
  CHECK(with(Encode(Bytes(32), std::uint8_t{0}, Bytes(), std::uint8_t{0})) == Error::MALFORMED);
}

TEST_CASE("R12.4.3.1-07: the GroupInfo opens only with its own secret") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Invitation invitation{suite};
    const Bytes sealed = invitation.welcome.encrypted_group_info;
    const auto error_of = [&](View secret, View ciphertext) {
      return ErrorOf(OpenGroupInfo(suite, secret, ciphertext));
    };
    CHECK(error_of(*invitation.random.TakeSecret(suite.Nh), sealed) == Error::DECRYPT_FAILED);
    CHECK(error_of(invitation.welcome_secret, {}) == Error::DECRYPT_FAILED);
    CHECK(error_of(invitation.welcome_secret, View(sealed).first(sealed.size() - 1)) ==
          Error::DECRYPT_FAILED);
    Bytes changed = sealed;
    changed.back() ^= 1;
    CHECK(error_of(invitation.welcome_secret, changed) == Error::DECRYPT_FAILED);
  }
}

TEST_CASE("a GroupInfo that decrypts but does not decode is malformed") {
  const Suite& suite = AllSuites()[0];
  Invitation invitation{suite};
  const KeyAndNonce key = *WelcomeKey(suite, invitation.welcome_secret);
  Bytes plaintext = Encode(invitation.info);
  plaintext.push_back(0);
  const Bytes sealed = *AeadSeal(suite, key.key, key.nonce, {}, plaintext);
  CHECK(ErrorOf(OpenGroupInfo(suite, invitation.welcome_secret, sealed)) == Error::MALFORMED);
}
