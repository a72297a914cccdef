#include "crypto/labeled_kdf.h"

#include <doctest/doctest.h>

#include "support/vectors.h"
#include "wire/codec.h"

using namespace mls;
using mls::test::ToHex;

TEST_CASE("SuiteId: \"KEM\" and one number, \"HPKE\" and three (RFC 9180 §4.1, §5.1, §7)") {
  const std::vector<std::pair<std::string, std::string>> ids = {
      {"0020", "002000010001"},  // X25519, HKDF-SHA256, AES-128-GCM
      {"0010", "001000010001"},  // P-256
      {"0020", "002000010003"},  // X25519 with ChaCha20-Poly1305
      {"0021", "002100030002"},  // X448, HKDF-SHA512, AES-256-GCM
      {"0012", "001200030002"},  // P-521
      {"0021", "002100030003"},  // X448 with ChaCha20-Poly1305
      {"0011", "001100020002"},  // P-384, HKDF-SHA384
  };
  REQUIRE(AllSuites().size() == ids.size());
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const Suite& suite = AllSuites()[i];
    CAPTURE(suite.name);
    CHECK(ToHex(SuiteId::OfKem(suite).view()) == "4b454d" + ids[i].first);
    CHECK(ToHex(SuiteId::OfHpke(suite).view()) == "48504b45" + ids[i].second);
  }
}

TEST_CASE("LabeledExtract and LabeledExpand put version, suite and label before their input (RFC 9180 §4)") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    for (const SuiteId& id : {SuiteId::OfKem(suite), SuiteId::OfHpke(suite)}) {
      const auto prk = LabeledExtract(suite, id, AsView("salt"), "label", AsView("ikm"));
      REQUIRE(prk.ok());
      CHECK(prk->size() == suite.Nh);
      Bytes joined = ToBytes(AsView("HPKE-v1"));
      joined.insert(joined.end(), id.view().begin(), id.view().end());
      for (const char c : std::string_view("label")) joined.push_back(static_cast<std::uint8_t>(c));
      Bytes ikm = joined;
      for (const char c : std::string_view("ikm")) ikm.push_back(static_cast<std::uint8_t>(c));
      CHECK(*prk == *HkdfExtract(suite.kdf, AsView("salt"), {ikm}));

      const auto out = LabeledExpand(suite, id, *prk, "label", AsView("in"), AsView("fo"), 300);
      REQUIRE(out.ok());
      Bytes info = {0x01, 0x2c};  // I2OSP(300, 2)
      info.insert(info.end(), joined.begin(), joined.end());
      for (const char c : std::string_view("info")) info.push_back(static_cast<std::uint8_t>(c));
      CHECK(*out == *HkdfExpand(suite.kdf, *prk, {info}, 300));
    }
  }
}

TEST_CASE("LabeledExpand: every length is another output, and there is a longest") {
  const Suite& suite = AllSuites()[0];
  const SuiteId id = SuiteId::OfHpke(suite);
  const Bytes prk(32, 1);
  const auto expand = [&](std::size_t length) {
    return LabeledExpand(suite, id, prk, "label", {}, {}, length);
  };
  CHECK_FALSE(Equal(expand(32)->view(), expand(33)->view().first(32)));  // unlike those of HkdfExpand
  CHECK(expand(255 * 32).ok());
  CHECK(expand(255 * 32 + 1).error() == Error::LIMIT_EXCEEDED);
  CHECK(expand(65536 + 32).error() == Error::LIMIT_EXCEEDED);  // would be 32 in two bytes
}
