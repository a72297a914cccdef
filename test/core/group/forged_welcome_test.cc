// Welcomes that a committer forges: well sealed and well signed, and breaking one rule each
// (RFC 9420 §12.4.3.1, §8.4).
#include <functional>

#include "support/company.h"

namespace mls::test {
namespace {

// Opened is a Welcome with everything in it laid open, ready to be changed and sealed again.
struct Opened {
  explicit Opened(const Suite& cipher_suite, CommitOptions options = {})
      : suite(cipher_suite),
        company(suite, 3),
        client(company.world.NewClient(suite, "newcomer")),
        package(company.world.NewKeyPackageOf(client)) {
    for (std::uint8_t id = 1; id <= 2; ++id) {
      company.psks[Encode(PreSharedKeyID{ExternalPsk{Bytes{id}}, {}}.body)] = Bytes(16, id);
      options.proposals.push_back(Must(company[0].MakePsk(ExternalPsk{Bytes{id}}, company.world.env)));
    }
    options.proposals.push_back({Add{package.key_package}});
    genuine = company.Commit(0, std::move(options)).welcomes.at(0).message;
    const Welcome welcome = std::get<Welcome>(Must(DecodeMessage(genuine, {})).body);
    secrets = Must(OpenGroupSecrets(Must(GroupSecretsInfo(suite, welcome)), welcome.secrets.at(0),
                                    package.keys.init_private_key, package.key_package.init_key));
    info = Must(OpenGroupInfo(suite, WelcomeSecretOf(), welcome.encrypted_group_info));
  }

  Secret WelcomeSecretOf() const {
    const Bytes first(16, 1), second(16, 2);
    const View psks[] = {first, second};
    const Secret psk_secret = Must(PskSecret(suite, secrets.psks, psks));
    return Must(WelcomeSecret(suite, Must(MemberSecret(suite, secrets.joiner_secret, psk_secret))));
  }

  // Joined: what the newcomer says when both parts were changed and sealed again.
  Error Refused(const std::function<void(GroupSecrets&)>& change_secrets,
                const std::function<void(GroupInfo&)>& change_info) {
    GroupInfo changed = info;
    change_info(changed);
    GroupSecrets other{secrets.joiner_secret.Clone(), std::nullopt, secrets.psks};
    if (secrets.path_secret) other.path_secret = PathSecret{secrets.path_secret->path_secret.Clone()};
    change_secrets(other);
    const Bytes sealed_info = Must(SealGroupInfo(suite, WelcomeSecretOf(), changed));
    HPKECiphertext sealed = Must(EncryptWithLabel(suite, package.key_package.init_key, "Welcome", sealed_info,
                                                  EncodeSecret(other), company.world.random));
    const Bytes reference = ToBytes(Must(KeyPackageRef(suite, package.key_package)));
    return ErrorOf(company.TryJoin(
        EncodeMessage(Welcome{suite.id, {{reference, std::move(sealed)}}, sealed_info}), package));
  }
  Error RefusedSecrets(const std::function<void(GroupSecrets&)>& change) {
    return Refused(change, [](GroupInfo&) {});
  }
  // With the GroupInfo signed again by the committer.
  Error RefusedInfo(const std::function<void(GroupInfo&)>& change) {
    return Refused([](GroupSecrets&) {},
                   [&](GroupInfo& changed) {
                     change(changed);
                     Must(SignGroupInfo(suite, changed, company.client(0).profile.signature_private_key));
                   });
  }

  const Suite& suite;
  Company company;
  Client client;
  NewKeyPackage package;
  Bytes genuine;
  GroupSecrets secrets;
  GroupInfo info;
};

constexpr Error kNone = Error::INTERNAL;  // what ErrorOf gives for a success

TEST_CASE("the secrets of a Welcome are judged by every rule") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Opened opened(suite);
    const auto refused = [&](const std::function<void(GroupSecrets&)>& change) {
      return opened.RefusedSecrets(change);
    };
    CHECK(refused([](GroupSecrets&) {}) == kNone);
    CHECK(refused([](GroupSecrets& one) { std::swap(one.psks[0], one.psks[1]); }) == Error::DECRYPT_FAILED);
    CHECK(refused([](GroupSecrets& one) { one.psks.pop_back(); }) == Error::DECRYPT_FAILED);
    CHECK(refused([](GroupSecrets& one) { one.psks.push_back(one.psks[0]); }) == Error::DECRYPT_FAILED);
    CHECK(refused([](GroupSecrets& one) { one.psks[0].psk_nonce[0] ^= 1; }) == Error::DECRYPT_FAILED);
    for (const int size : {0, suite.Nh - 1, suite.Nh + 1}) {
      CHECK(refused([&](GroupSecrets& one) {
              one.psks[0].psk_nonce.resize(static_cast<std::size_t>(size));
            }) == Error::INVALID_PSK);
    }
    const auto link = [&](ResumptionPSKUsage usage) {
      return PreSharedKeyID{ResumptionPsk{usage, {1}, 0}, Bytes(suite.Nh, 1)};
    };
    for (const auto other : {ResumptionPSKUsage::reinit, ResumptionPSKUsage::branch}) {
      CHECK(refused([&](GroupSecrets& one) { one.psks = {link(ResumptionPSKUsage::branch), link(other)}; }) ==
            Error::INVALID_PSK);
    }
    CHECK(refused([](GroupSecrets& one) { one.psks.push_back({ExternalPsk{{9}}, one.psks[0].psk_nonce}); }) ==
          Error::MISSING_PSK);
    CHECK(refused([&](GroupSecrets& one) { one.joiner_secret = Secret(suite.Nh); }) == Error::DECRYPT_FAILED);
    CHECK(refused([&](GroupSecrets& one) { one.path_secret->path_secret = Secret(suite.Nh); }) ==
          Error::PATH_SECRET_MISMATCH);
    CHECK(refused([&](GroupSecrets& one) { one.path_secret->path_secret = Secret(suite.Nh - 1u); }) ==
          Error::INVALID_WELCOME);
    opened.company.Enter(opened.client, opened.company.JoinByWelcome(opened.genuine, opened.package));
    opened.company.Chat();
  }
}

TEST_CASE("the GroupInfo of a Welcome is judged by every rule") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Opened opened(suite);
    const auto refused = [&](const std::function<void(GroupInfo&)>& change) {
      return opened.RefusedInfo(change);
    };
    CHECK(refused([](GroupInfo&) {}) == kNone);
    CHECK(opened.Refused([](GroupSecrets&) {}, [](GroupInfo& one) { one.signature[7] ^= 1; }) ==
          Error::BAD_SIGNATURE);
    CHECK(refused([](GroupInfo& one) { one.signer = LeafIndex{1}; }) == Error::BAD_SIGNATURE);
    CHECK(refused([](GroupInfo& one) { one.signer = LeafIndex{4}; }) == Error::UNKNOWN_SENDER);
    CHECK(refused([](GroupInfo& one) { one.confirmation_tag[0] ^= 1; }) == Error::BAD_CONFIRMATION_TAG);
    CHECK(refused([](GroupInfo& one) { one.confirmation_tag.clear(); }) == Error::BAD_CONFIRMATION_TAG);
    CHECK(refused([](GroupInfo& one) { one.group_context.epoch += 1; }) == Error::BAD_CONFIRMATION_TAG);
    CHECK(refused([](GroupInfo& one) { one.group_context.confirmed_transcript_hash[0] ^= 1; }) ==
          Error::BAD_CONFIRMATION_TAG);
    CHECK(refused([](GroupInfo& one) { one.group_context.tree_hash[0] ^= 1; }) == Error::TREE_HASH_MISMATCH);
    CHECK(refused([](GroupInfo& one) { one.group_context.group_id.push_back(1); }) == Error::INVALID_TREE);
    CHECK(refused([](GroupInfo& one) { one.group_context.cipher_suite = CipherSuite{0x7777}; }) ==
          Error::CIPHERSUITE_MISMATCH);
    CHECK(refused([](GroupInfo& one) { one.group_context.version = ProtocolVersion{2}; }) ==
          Error::UNSUPPORTED_VERSION);
    CHECK(refused([](GroupInfo& one) { one.group_context.extensions = {{ExtensionType{0xF777}, {}}}; }) ==
          Error::UNSUPPORTED_EXTENSION);
    CHECK(refused([](GroupInfo& one) {
            const Extension twice = MakeExtension(RequiredCapabilities{});
            one.group_context.extensions = {twice, twice};
          }) == Error::DUPLICATE_EXTENSION);
    CHECK(refused([](GroupInfo& one) { one.extensions.push_back(one.extensions[0]); }) ==
          Error::DUPLICATE_EXTENSION);
    CHECK(refused([](GroupInfo& one) { one.extensions.clear(); }) == Error::MISSING_TREE);
    CHECK(refused([](GroupInfo& one) { one.extensions[0].extension_data.pop_back(); }) == Error::MALFORMED);
    // The group as it was before the newcomer was added: everything fits, but for its own leaf.
    CHECK(refused([&](GroupInfo& one) {
            Company before(suite, 3);
            one.extensions = {{ExtensionType::ratchet_tree, before[0].tracker().EncodeTree()}};
            one.group_context.tree_hash = before[0].context().tree_hash;
          }) != kNone);
    opened.company.Enter(opened.client, opened.company.JoinByWelcome(opened.genuine, opened.package));
    opened.company.Chat();
  }
}

TEST_CASE("a Welcome without a path secret, where the commit had no path, and one where it had") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    CommitOptions lean;
    lean.path = CommitOptions::Path::when_required;
    Opened opened(suite, std::move(lean));
    CHECK_FALSE(opened.secrets.path_secret.has_value());
    CHECK(opened.RefusedSecrets([](GroupSecrets&) {}) == kNone);
    CHECK(opened.RefusedSecrets([](GroupSecrets& one) { one.path_secret = PathSecret{Secret(32)}; }) !=
          kNone);
  }
}

}  // namespace
}  // namespace mls::test
