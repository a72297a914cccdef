// The primitives start libcrypto and keep contexts per thread: here many threads use them first at the same
// time.
#include <doctest/doctest.h>

#include <thread>
#include <vector>

#include "crypto/aead.h"
#include "crypto/labels.h"
#include "crypto/system_random.h"
#include "crypto/x509.h"

using namespace mls;

namespace {

// RoundTrip uses each primitive of `suite` once and says whether all agree with themselves.
bool RoundTrip(const Suite& suite) {
  SystemRandom random;
  const auto hpke = GenerateHpkeKeyPair(suite, random);
  const auto signer = GenerateSignatureKeyPair(suite, random);
  if (!hpke.ok() || !signer.ok()) return false;
  const auto sealed =
      EncryptWithLabel(suite, hpke->public_key, "label", AsView("context"), AsView("text"), random);
  if (!sealed.ok()) return false;
  const auto opened =
      DecryptWithLabel(suite, hpke->private_key, hpke->public_key, "label", AsView("context"), *sealed);
  const auto signature = SignWithLabel(suite, signer->private_key, "label", {AsView("content")});
  if (!opened.ok() || !Equal(*opened, AsView("text")) || !signature.ok()) return false;
  if (!VerifyWithLabel(suite, signer->public_key, "label", {AsView("content")}, *signature).ok())
    return false;
  if (ValidateChain(suite, std::vector<View>{AsView("no certificate")}, signer->public_key, Limits{}, nullptr)
          .ok())
    return false;
  return MakeKeyPackageRef(suite, AsView("value")).ok() && DeriveSecret(suite, Bytes(suite.Nh), "label").ok();
}

}  // namespace

TEST_CASE("primitives on several threads, their first use included") {
  std::vector<int> failures(4, 0);
  std::vector<std::thread> threads;
  for (int& failed : failures) {
    threads.emplace_back([&failed] {
      for (int round = 0; round < 3; ++round) {
        for (const Suite& suite : AllSuites()) failed += RoundTrip(suite) ? 0 : 1;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(failures == std::vector<int>(4, 0));
}

TEST_CASE("threads that come and go leave nothing of libcrypto behind that the next could trip over") {
  for (int round = 0; round < 30; ++round) {
    bool passed = false;
    std::thread([&passed] { passed = RoundTrip(AllSuites()[0]); }).join();
    CHECK(passed);
  }
}
