#include "crypto/seal.h"

#include <doctest/doctest.h>

#include "support/seeded_random.h"

using namespace mls;

namespace {

const Bytes kKey(Sealer::kKeySize, 7);

Sealer MakeSealer(std::string_view scope) { return std::move(*Sealer::ForScope(kKey, AsView(scope))); }

}  // namespace

TEST_CASE("seal: what was sealed opens again, whatever its size") {
  test::SeededRandom random(1);
  const Sealer sealer = MakeSealer("scope");
  for (std::size_t size : {0u, 1u, 16u, 1000u}) {
    const Bytes value = random.Some(size);
    const Bytes sealed = *sealer.Seal(AsView("row"), value, random);
    CHECK(sealed.size() == size + Sealer::kOverhead);
    CHECK(Equal(*sealer.Open(AsView("row"), sealed), value));
  }
}

TEST_CASE("seal: the same value never looks the same") {
  test::SeededRandom random(2);
  const Sealer sealer = MakeSealer("scope");
  CHECK(*sealer.Seal(AsView("row"), kKey, random) != *sealer.Seal(AsView("row"), kKey, random));
}

TEST_CASE("seal: a row of another key, scope or sealing key, a changed and a short one are damage") {
  test::SeededRandom random(3);
  const Sealer sealer = MakeSealer("scope");
  const Bytes sealed = *sealer.Seal(AsView("row"), AsView("value"), random);
  const auto damaged = [](const Result<Secret>& opened) {
    return !opened.ok() && opened.error() == Error::STORAGE_DAMAGED;
  };
  CHECK(damaged(sealer.Open(AsView("other row"), sealed)));
  CHECK(damaged(MakeSealer("other scope").Open(AsView("row"), sealed)));
  const Bytes other_key(Sealer::kKeySize, 8);
  CHECK(damaged(Sealer::ForScope(other_key, AsView("scope"))->Open(AsView("row"), sealed)));
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    Bytes changed = sealed;
    changed[i] ^= 1;
    CHECK(damaged(sealer.Open(AsView("row"), changed)));
    CHECK(damaged(sealer.Open(AsView("row"), View(sealed).first(i))));
  }
}

TEST_CASE("seal: a sealing key has 32 bytes") {
  for (std::size_t size : {0u, 16u, 31u, 33u}) {
    const auto made = Sealer::ForScope(Bytes(size, 1), AsView("scope"));
    REQUIRE(!made.ok());
    CHECK(made.error() == Error::MISUSE);
    const auto given = Sealer::WithKey(Secret(size));
    REQUIRE(!given.ok());
    CHECK(given.error() == Error::MISUSE);
  }
}

TEST_CASE("seal: without fresh bytes nothing is sealed") {
  test::BrokenRandom random;
  CHECK(!MakeSealer("scope").Seal(AsView("row"), kKey, random).ok());
}
