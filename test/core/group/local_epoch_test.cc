#include "group/local_epoch.h"

#include <doctest/doctest.h>

#include "support/world.h"

namespace mls::test {
namespace {

// Epoch: the public side of a real group, and a secret of our choice for the rest.
struct Epoch {
  World world{61};
  Client client;
  Group group;
  Secret epoch_secret;

  explicit Epoch(const Suite& suite)
      : client(world.NewClient(suite, "alice")),
        group(world.NewGroup(client)),
        epoch_secret(Secret::Copy(world.random.Some(suite.Nh))) {
    world.AddMember(group, {}, world.NewClient(suite, "bob"));
  }
  LocalEpoch Make(PublicEpochPtr shared) {
    PrivateKeys keys;
    keys.Set(LeafIndex{0}, Secret(32));
    return Must(MakeLocalEpoch(std::move(shared), {0}, epoch_secret, std::move(keys)));
  }
  PublicEpochPtr Public(Bytes tag) {
    return Must(MakePublicEpoch(group.context(), group.tree(), std::move(tag)));
  }
};

TEST_CASE("MakeLocalEpoch derives the secrets, and moves two of them into the message keys") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Epoch epoch(suite);
    const LocalEpoch local = epoch.Make(epoch.Public({}));
    EpochSecrets expected = Must(DeriveEpochSecrets(suite, epoch.epoch_secret));
    CHECK(local.secrets.sender_data_secret.empty());
    CHECK(local.secrets.encryption_secret.empty());
    CHECK(local.messages.sender_data_secret == expected.sender_data_secret);
    CHECK(local.secrets.exporter_secret == expected.exporter_secret);
    CHECK(local.secrets.external_secret == expected.external_secret);
    CHECK(local.secrets.confirmation_key == expected.confirmation_key);
    CHECK(local.secrets.membership_key == expected.membership_key);
    CHECK(local.secrets.resumption_psk == expected.resumption_psk);
    CHECK(local.secrets.epoch_authenticator == expected.epoch_authenticator);
    CHECK(local.secrets.init_secret == expected.init_secret);
    CHECK(local.messages.secret_tree.epoch() == epoch.group.context().epoch);
    const SecretTree tree = SecretTree::Create(suite, epoch.group.context().epoch, epoch.group.tree().width(),
                                               std::move(expected.encryption_secret));
    for (const std::uint32_t leaf : {0u, 1u}) {
      const RatchetId id{{leaf}, RatchetType::application};
      CHECK(Must(tree.Receive(id, 0, {})).key_and_nonce.key ==
            Must(local.messages.secret_tree.Receive(id, 0, {})).key_and_nonce.key);
    }
    CHECK(ErrorOf(local.messages.secret_tree.Receive({{2}, RatchetType::application}, 0, {})) ==
          Error::UNKNOWN_SENDER);  // as wide as the tree
  }
}

TEST_CASE("R6.1: the confirmation tag is that of the epoch's secrets, whole") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Epoch epoch(suite);
    const LocalEpoch untagged = epoch.Make(epoch.Public({}));
    const Bytes tag = ToBytes(Must(ConfirmationTag(suite, untagged.secrets.confirmation_key,
                                                   epoch.group.context().confirmed_transcript_hash)));
    CHECK(CheckConfirmationTag(epoch.Make(epoch.Public(tag))).ok());
    Bytes flipped = tag, shorter = tag, longer = tag;
    flipped.back() ^= 1;
    shorter.pop_back();
    longer.push_back(0);
    for (const Bytes& bad : {flipped, shorter, longer, Bytes{}}) {
      CHECK(ErrorOf(CheckConfirmationTag(epoch.Make(epoch.Public(bad)))) == Error::BAD_CONFIRMATION_TAG);
    }
  }
}

TEST_CASE("R12.4.3: a GroupInfo says what it is asked to, signed by us, with one GREASE extension") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Epoch epoch(suite);
    const LocalEpoch local = epoch.Make(epoch.Public(Bytes(suite.Nh, 1)));
    for (const TreePlace tree : {TreePlace::inside, TreePlace::apart}) {
      for (const ExternalPubPlace external_pub : {ExternalPubPlace::include, ExternalPubPlace::leave_out}) {
        const Extension own{ExtensionType{0xF001}, {1, 2}};
        const GroupInfo info = Must(BuildGroupInfo(local, epoch.client.profile.signature_private_key,
                                                   {tree, external_pub, {own}}, epoch.world.env));
        CHECK(info.group_context == epoch.group.context());
        CHECK(info.confirmation_tag == Bytes(suite.Nh, 1));
        CHECK(info.signer == LeafIndex{0});
        CHECK(VerifyGroupInfo(suite, info, epoch.client.profile.signature_key).ok());
        const Bytes* inside = FindExtension(info.extensions, ExtensionType::ratchet_tree);
        REQUIRE((inside != nullptr) == (tree == TreePlace::inside));
        if (inside != nullptr) CHECK(*inside == epoch.group.tree().EncodeExtension());
        const auto external = Must(ReadExtension<ExternalPub>(info.extensions));
        REQUIRE(external.has_value() == (external_pub == ExternalPubPlace::include));
        if (external) {
          CHECK(external->external_pub ==
                Must(ExternalKeyPair(suite, local.secrets.external_secret)).public_key);
        }
        CHECK(*FindExtension(info.extensions, own.extension_type) == own.extension_data);
        const std::size_t grease = info.extensions.size() - 1 - (inside != nullptr) - external.has_value();
        CHECK(grease == 1);
        const auto last = static_cast<std::uint16_t>(info.extensions.back().extension_type);
        CHECK(std::count(GreaseValues().begin(), GreaseValues().end(), last) == 1);
        CHECK(ValidateExtensions(info.extensions, ExtensionPlace::group_info, kLimits).ok());
      }
    }
  }
}

TEST_CASE("a GroupInfo that has all GREASE values already gets none twice") {
  Epoch epoch(AllSuites()[0]);
  const LocalEpoch local = epoch.Make(epoch.Public({}));
  Extensions all;
  for (const std::uint16_t value : GreaseValues()) all.push_back({ExtensionType{value}, {}});
  const GroupInfo info =
      Must(BuildGroupInfo(local, epoch.client.profile.signature_private_key,
                          {TreePlace::apart, ExternalPubPlace::leave_out, all}, epoch.world.env));
  CHECK(info.extensions == all);
}

}  // namespace
}  // namespace mls::test
