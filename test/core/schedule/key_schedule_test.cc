#include "schedule/key_schedule.h"

#include <doctest/doctest.h>

#include "base/counters.h"
#include "schedule/group_context.h"
#include "support/tally.h"
#include "support/vectors.h"

namespace mls::test {
namespace {

// CountingRandom gives 1, 2, 3, … so that a test replays.
class CountingRandom final : public Random {
 public:
  Status Fill(Span out) override {
    for (std::uint8_t& byte : out) byte = ++last_;
    return kOk;
  }

 private:
  std::uint8_t last_ = 0;
};

bool Is(const Json& hex, View bytes) { return Equal(FromHex(hex), bytes); }
template <class T>
bool Is(const Json& hex, const Result<T>& result) {
  return result.ok() && Is(hex, View(*result));
}

bool SecretsHold(const Suite& suite, const Json& json, const EpochSecrets& secrets) {
  const Json& exporter = json["exporter"];
  const auto external = ExternalKeyPair(suite, secrets.external_secret);
  return Is(json["sender_data_secret"], secrets.sender_data_secret) &&
         Is(json["encryption_secret"], secrets.encryption_secret) &&
         Is(json["exporter_secret"], secrets.exporter_secret) &&
         Is(json["external_secret"], secrets.external_secret) &&
         Is(json["confirmation_key"], secrets.confirmation_key) &&
         Is(json["membership_key"], secrets.membership_key) &&
         Is(json["resumption_psk"], secrets.resumption_psk) &&
         Is(json["epoch_authenticator"], secrets.epoch_authenticator) &&
         Is(json["init_secret"], secrets.init_secret) && external.ok() &&
         Is(json["external_pub"], external->public_key) &&
         Is(exporter["secret"],
            ExportSecret(suite, secrets.exporter_secret, exporter["label"].get<std::string>(),
                         FromHex(exporter["context"]), exporter["length"].get<std::size_t>()));
}

bool KeyScheduleHolds(const Json& json) {
  const Suite& suite = *FindSuite(static_cast<CipherSuite>(json["cipher_suite"].get<std::uint16_t>()));
  GroupContext context;
  context.cipher_suite = suite.id;
  context.group_id = FromHex(json["group_id"]);
  Bytes init_secret = FromHex(json["initial_init_secret"]);
  for (const Json& epoch : json["epochs"]) {
    context.tree_hash = FromHex(epoch["tree_hash"]);
    context.confirmed_transcript_hash = FromHex(epoch["confirmed_transcript_hash"]);
    const Bytes group_context = Encode(context);
    const auto joiner = JoinerSecret(suite, init_secret, FromHex(epoch["commit_secret"]), group_context);
    if (!Is(epoch["group_context"], group_context) || !Is(epoch["joiner_secret"], joiner)) return false;
    const auto member = MemberSecret(suite, *joiner, FromHex(epoch["psk_secret"]));
    if (!member.ok() || !Is(epoch["welcome_secret"], WelcomeSecret(suite, *member))) return false;
    const auto epoch_secret = EpochSecret(suite, *member, group_context);
    if (!epoch_secret.ok()) return false;
    const auto secrets = DeriveEpochSecrets(suite, *epoch_secret);
    if (!secrets.ok() || !SecretsHold(suite, epoch, *secrets)) return false;
    init_secret = ToBytes(secrets->init_secret);
    ++context.epoch;
  }
  return true;
}

TEST_CASE("key schedule: official vectors") {
  for (const VectorFile& file : FindVectors("key-schedule")) {
    Tally tally(file.set, "key-schedule");
    for (const Json& json : file.json) CHECK(tally.Count(KeyScheduleHolds(json)));
  }
}

TEST_CASE("key schedule: the welcome key is expanded from the welcome secret with an empty context") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    const Bytes welcome_secret(suite.Nh, 3);
    const auto welcome = WelcomeKey(suite, welcome_secret);
    REQUIRE(welcome.ok());
    CHECK(welcome->key == *ExpandWithLabel(suite, welcome_secret, "key", {}, suite.Nk));
    CHECK(welcome->nonce == *ExpandWithLabel(suite, welcome_secret, "nonce", {}, suite.Nn));
  }
}

TEST_CASE("key schedule: the sender data key depends on the first Nh bytes of the ciphertext alone") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    const Bytes secret(suite.Nh, 3);
    Bytes ciphertext(suite.Nh + 1u, 5);
    const auto whole = SenderDataKey(suite, secret, ciphertext);
    const auto sample = SenderDataKey(suite, secret, View(ciphertext).first(suite.Nh));
    const auto shorter = SenderDataKey(suite, secret, View(ciphertext).first(suite.Nh - 1u));
    const auto none = SenderDataKey(suite, secret, {});
    REQUIRE((whole.ok() && sample.ok() && shorter.ok() && none.ok()));
    CHECK(whole->key == sample->key);
    CHECK(whole->nonce == sample->nonce);
    CHECK_FALSE(whole->key == shorter->key);
    CHECK(none->key == WelcomeKey(suite, secret)->key);
  }
}

TEST_CASE("key schedule: exporter separates labels and contexts (R8.5-01)") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    const Bytes secret(suite.Nh, 3);
    const Bytes large(1u << 20, 1);
    std::vector<Secret> exported;
    for (const std::string_view label : {"", "a", "b"}) {
      for (const View context : {View(), View(large), View(large).first(1)}) {
        auto result = ExportSecret(suite, secret, label, context, 32);
        REQUIRE(result.ok());
        exported.push_back(std::move(*result));
      }
    }
    for (std::size_t i = 0; i < exported.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) CHECK_FALSE(exported[i] == exported[j]);
    }
  }
}

TEST_CASE("key schedule: exporter lengths, never truncated (R8-01)") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    const Bytes secret(suite.Nh, 3);
    const std::size_t most = 255u * suite.Nh;
    CHECK(ExportSecret(suite, secret, "label", {}, 0)->empty());
    CHECK(ExportSecret(suite, secret, "label", {}, most)->size() == most);
    for (const std::size_t length :
         {most + 1, std::size_t{65535}, std::size_t{65536}, std::size_t{1} << 32}) {
      CAPTURE(length);
      const auto before = Count().expands;
      CHECK(ExportSecret(suite, secret, "label", {}, length).error() == Error::TOO_LARGE);
      CHECK(Count().expands == before);
    }
  }
}

TEST_CASE("key schedule: both sides of an external init agree") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    const Bytes external_secret(suite.Nh, 3);
    const auto external = ExternalKeyPair(suite, external_secret);
    REQUIRE(external.ok());
    CountingRandom random;
    const auto sent = SendExternalInit(suite, external->public_key, random);
    REQUIRE(sent.ok());
    CHECK(sent->init_secret.size() == suite.Nh);
    const auto received = ReceiveExternalInit(suite, external_secret, sent->kem_output);
    REQUIRE(received.ok());
    CHECK(*received == sent->init_secret);
  }
}

TEST_CASE("key schedule: external init with bad keys (R8.3-01)") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    const Bytes external_secret(suite.Nh, 3);
    CountingRandom random;
    const Bytes point(suite.Npk + 1u, 0);  // all zeros: of low order, or no point at all
    for (const std::size_t size : {0, suite.Npk - 1, suite.Npk + 0, suite.Npk + 1}) {
      CAPTURE(size);
      const View bad = View(point).first(size);
      CHECK(ReceiveExternalInit(suite, external_secret, bad).error() == Error::INVALID_EXTERNAL_INIT);
      CHECK(SendExternalInit(suite, bad, random).error() == Error::INVALID_KEY);
    }
  }
}

}  // namespace
}  // namespace mls::test
