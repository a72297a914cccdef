#include "schedule/psk.h"

#include <doctest/doctest.h>

#include "support/tally.h"
#include "support/vectors.h"

namespace mls::test {
namespace {

struct Psks {
  std::vector<PreSharedKeyID> ids;
  std::vector<Bytes> secrets;
  std::vector<View> Views() const { return {secrets.begin(), secrets.end()}; }
};

bool PsksHold(const Json& json) {
  const Suite& suite = *FindSuite(static_cast<CipherSuite>(json["cipher_suite"].get<std::uint16_t>()));
  Psks psks;
  for (const Json& psk : json["psks"]) {
    psks.ids.push_back({ExternalPsk{FromHex(psk["psk_id"])}, FromHex(psk["psk_nonce"])});
    psks.secrets.push_back(FromHex(psk["psk"]));
  }
  const auto secret = PskSecret(suite, psks.ids, psks.Views());
  return secret.ok() && Equal(*secret, FromHex(json["psk_secret"]));
}

TEST_CASE("psk: official vectors") {
  for (const VectorFile& file : FindVectors("psk_secret")) {
    Tally tally(file.set, "psk_secret");
    for (const Json& json : file.json) CHECK(tally.Count(PsksHold(json)));
  }
}

TEST_CASE("psk: none gives Nh zeros") {
  for (const Suite& suite : AllSuites()) {
    const auto secret = PskSecret(suite, {}, {});
    REQUIRE(secret.ok());
    CHECK(Equal(*secret, Bytes(suite.Nh)));
  }
}

TEST_CASE("psk: order, type, nonce and count all matter (R8.4-01)") {
  const Suite& suite = AllSuites()[0];
  const PreSharedKeyID external{ExternalPsk{{1}}, Bytes(suite.Nh, 1)};
  const PreSharedKeyID resumption{ResumptionPsk{ResumptionPSKUsage::application, {1}, 5}, Bytes(suite.Nh, 1)};
  PreSharedKeyID other_nonce = external;
  other_nonce.psk_nonce[0] ^= 1;
  const Bytes a(16, 0xA), b(16, 0xB);

  std::vector<Secret> secrets;
  const auto add = [&](std::vector<PreSharedKeyID> ids, std::vector<View> psks) {
    auto secret = PskSecret(suite, ids, psks);
    REQUIRE(secret.ok());
    secrets.push_back(std::move(*secret));
  };
  add({external, resumption}, {a, b});
  add({resumption, external}, {b, a});
  add({external, resumption}, {b, a});
  add({other_nonce, resumption}, {a, b});
  add({external}, {a});
  add({resumption}, {a});
  add({external, external}, {a, a});
  for (std::size_t i = 0; i < secrets.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) CHECK_FALSE(secrets[i] == secrets[j]);
  }
}

TEST_CASE("psk: 65,535 are the most (R8.4-06)") {
  const Suite& suite = AllSuites()[0];
  const Bytes psk(1, 1);
  std::vector<PreSharedKeyID> ids(0xFFFF);
  std::vector<View> psks(0xFFFF, View(psk));
  CHECK(PskSecret(suite, ids, psks).ok());
  ids.emplace_back();
  psks.emplace_back(psk);
  CHECK(PskSecret(suite, ids, psks).error() == Error::LIMIT_EXCEEDED);
}

TEST_CASE("psk: every secret needs its name") {
  const Suite& suite = AllSuites()[0];
  const std::vector<PreSharedKeyID> ids(2);
  const std::vector<View> psks(1);
  CHECK(PskSecret(suite, ids, psks).error() == Error::MISUSE);
}

TEST_CASE("psk: PreSharedKeyID on the wire (R8.4-04, R8.4-05)") {
  const PreSharedKeyID resumption{ResumptionPsk{ResumptionPSKUsage::branch, {0xAA, 0xBB}, 7}, {9}};
  const Bytes encoded = Encode(resumption);
  CHECK(ToHex(encoded) == "020302aabb00000000000000070109");
  CHECK(*Decode<PreSharedKeyID>(encoded) == resumption);
  CHECK(ToHex(Encode(PreSharedKeyID{ExternalPsk{{1, 2}}, {9}})) == "010201020109");

  for (const std::uint8_t type : {0, 3, 255}) {
    Bytes forged = encoded;
    forged[0] = type;
    CHECK(Decode<PreSharedKeyID>(forged).error() == Error::MALFORMED);
  }
  for (const std::uint8_t usage : {0, 4, 255}) {
    Bytes forged = encoded;
    forged[1] = usage;
    CHECK(Decode<PreSharedKeyID>(forged).error() == Error::MALFORMED);
  }
}

}  // namespace
}  // namespace mls::test
