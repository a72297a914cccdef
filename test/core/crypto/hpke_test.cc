#include "crypto/hpke.h"

#include <doctest/doctest.h>

#include "base/counters.h"
#include "crypto/rfc9180_vectors.h"
#include "crypto/system_random.h"
#include "support/vectors.h"

using namespace mls;

using mls::test::ToHex;

namespace mls {
struct HpkeContextAtEnd {
  static void Move(HpkeContext& context) { context.sequence_ = ~std::uint64_t{0} - 1; }
};
}  // namespace mls

namespace {

struct Pair {
  HpkeContext sender;
  HpkeContext receiver;
};

Pair SetUp(const Suite& suite, View info) {
  SystemRandom random;
  const auto keys = GenerateHpkeKeyPair(suite, random);
  const auto prepared = HpkeInfo::Make(suite, info);
  Bytes enc;
  auto sender = HpkeContext::SetupSender(*prepared, keys->public_key, *random.TakeSecret(suite.Nsk), enc);
  REQUIRE(sender.ok());
  auto receiver = HpkeContext::SetupReceiver(*prepared, keys->private_key, keys->public_key, enc);
  REQUIRE(receiver.ok());
  return {std::move(*sender), std::move(*receiver)};
}

}  // namespace

TEST_CASE("RFC 9180 test vectors") {
  for (const test::HpkeVector& vector : test::kHpkeVectors) {
    const Suite& suite = *FindSuite(vector.suite);
    CAPTURE(suite.name);
    const auto recipient = DeriveKeyPair(suite, test::FromHex(vector.ikm_r));
    CHECK(ToHex(recipient->private_key) == vector.sk_r);
    CHECK(ToHex(recipient->public_key) == vector.pk_r);
    const auto encapsulation = Encap(suite, recipient->public_key, test::FromHex(vector.ikm_e));
    CHECK(ToHex(encapsulation->kem_output) == vector.enc);
    CHECK(ToHex(encapsulation->shared_secret) == vector.shared_secret);

    const auto info = HpkeInfo::Make(suite, test::FromHex(vector.info));
    CHECK(ToHex(info->key_schedule_context()) == vector.key_schedule_context);
    Bytes enc;
    auto sender = HpkeContext::SetupSender(*info, recipient->public_key, test::FromHex(vector.ikm_e), enc);
    auto receiver = HpkeContext::SetupReceiver(*info, recipient->private_key, recipient->public_key, enc);
    CHECK(ToHex(enc) == vector.enc);
    const Bytes plaintext = test::FromHex(test::kHpkePlaintext);
    unsigned sequence = 0;
    for (const auto& encryption : vector.encryptions) {
      CAPTURE(encryption.sequence);
      for (; sequence < encryption.sequence; ++sequence) {
        const auto skipped = sender->Seal({}, {});
        REQUIRE(receiver->Open({}, *skipped).ok());
      }
      const auto sealed = sender->Seal(test::FromHex(encryption.aad), plaintext);
      CHECK(ToHex(*sealed) == encryption.ct);
      const auto opened = receiver->Open(test::FromHex(encryption.aad), *sealed);
      CHECK(Equal(*opened, plaintext));
      ++sequence;
    }
    for (const auto& exported : vector.exports) {
      CHECK(ToHex(*sender->Export(test::FromHex(exported.context), 32)) == exported.value);
      CHECK(ToHex(*receiver->Export(test::FromHex(exported.context), 32)) == exported.value);
    }
  }
}

TEST_CASE("HpkeOpen opens what HpkeSeal sealed, under the same info and key alone") {
  SystemRandom random;
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    const auto keys = GenerateHpkeKeyPair(suite, random), other = GenerateHpkeKeyPair(suite, random);
    const auto info = HpkeInfo::Make(suite, AsView("info")), wrong = HpkeInfo::Make(suite, AsView("infp"));
    auto sealed = HpkeSeal(*info, keys->public_key, AsView("text"), *random.TakeSecret(suite.Nsk));
    REQUIRE(sealed.ok());
    const auto open = [&](const HpkeInfo& under, const HpkeKeyPair& with) {
      return HpkeOpen(under, with.private_key, with.public_key, *sealed);
    };
    CHECK(Equal(*open(*info, *keys), AsView("text")));
    CHECK(open(*wrong, *keys).error() == Error::DECRYPT_FAILED);
    CHECK(open(*info, *other).error() == Error::DECRYPT_FAILED);
    sealed->ciphertext.back() ^= 1;
    CHECK(open(*info, *keys).error() == Error::DECRYPT_FAILED);
    sealed->ciphertext.clear();
    CHECK(open(*info, *keys).error() == Error::DECRYPT_FAILED);
    sealed->kem_output.pop_back();
    CHECK(open(*info, *keys).error() == Error::INVALID_KEY);
    CHECK(HpkeSeal(*info, Bytes(3), {}, Bytes(suite.Nsk)).error() == Error::INVALID_KEY);
  }
}

TEST_CASE("single-shot and context agree") {
  for (const Suite& suite : AllSuites()) {
    const auto keys = DeriveKeyPair(suite, AsView("recipient"));
    const auto info = HpkeInfo::Make(suite, AsView("info"));
    const Bytes entropy(suite.Nsk, 5);
    Bytes enc;
    auto context = HpkeContext::SetupSender(*info, keys->public_key, entropy, enc);
    const auto shot = HpkeSeal(*info, keys->public_key, AsView("text"), entropy);
    CHECK(shot->kem_output == enc);
    CHECK(shot->ciphertext == *context->Seal({}, AsView("text")));
  }
}

TEST_CASE("a context uses one nonce per message, and none for a message that does not open") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Pair pair = SetUp(suite, AsView("info"));
    const Bytes first = *pair.sender.Seal({}, AsView("a")), second = *pair.sender.Seal({}, AsView("a"));
    CHECK(first != second);
    CHECK(pair.receiver.Open({}, second).error() == Error::DECRYPT_FAILED);  // not its turn yet
    CHECK(Equal(*pair.receiver.Open({}, first), AsView("a")));
    CHECK(pair.receiver.Open({}, first).error() == Error::DECRYPT_FAILED);
    CHECK(Equal(*pair.receiver.Open({}, second), AsView("a")));
  }
}

TEST_CASE("the sequence number never overflows (RFC 9180 §5.2)") {
  for (const Suite& suite : AllSuites()) {
    Pair pair = SetUp(suite, {});
    HpkeContextAtEnd::Move(pair.sender);
    HpkeContextAtEnd::Move(pair.receiver);
    const auto last = pair.sender.Seal({}, AsView("last"));
    REQUIRE(last.ok());
    CHECK(pair.sender.Seal({}, {}).error() == Error::LIMIT_EXCEEDED);
    CHECK(pair.sender.Seal({}, {}).error() == Error::LIMIT_EXCEEDED);
    CHECK(Equal(*pair.receiver.Open({}, *last), AsView("last")));
    CHECK(pair.receiver.Open({}, *last).error() == Error::LIMIT_EXCEEDED);
  }
}

TEST_CASE("both sides export the same secret, another one for another context") {
  for (const Suite& suite : AllSuites()) {
    const Pair pair = SetUp(suite, {});
    CHECK(*pair.sender.Export(AsView("c"), 77) == *pair.receiver.Export(AsView("c"), 77));
    CHECK_FALSE(*pair.sender.Export(AsView("c"), 77) == *pair.sender.Export(AsView("d"), 77));
    CHECK(pair.sender.Export({}, 255u * suite.Nh).ok());
    CHECK(pair.sender.Export({}, 255u * suite.Nh + 1).error() == Error::LIMIT_EXCEEDED);
  }
}

TEST_CASE("the counters count seals and opens, single-shot or set up") {
  const Suite& suite = AllSuites()[0];
  const auto keys = DeriveKeyPair(suite, AsView("recipient"));
  const auto info = HpkeInfo::Make(suite, {});
  const Counters before = Count();
  const auto sealed = HpkeSeal(*info, keys->public_key, {}, Bytes(suite.Nsk));
  REQUIRE(HpkeOpen(*info, keys->private_key, keys->public_key, *sealed).ok());
  CHECK(Count().hpke_seals - before.hpke_seals == 1);
  CHECK(Count().hpke_opens - before.hpke_opens == 1);
  SetUp(suite, {});
  CHECK(Count().hpke_seals - before.hpke_seals == 2);
  CHECK(Count().hpke_opens - before.hpke_opens == 2);
}
