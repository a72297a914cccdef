#include "crypto/aead.h"

#include <doctest/doctest.h>

#include "support/vectors.h"

using namespace mls;

namespace {

struct Inputs {
  Bytes key, nonce;
  explicit Inputs(const Suite& suite) : key(suite.Nk, 7), nonce(suite.Nn, 9) {}
};

void CheckRefused(const Result<Secret>& opened) {
  REQUIRE_FALSE(opened.ok());
  CHECK(opened.error() == Error::DECRYPT_FAILED);
}

}  // namespace

TEST_CASE("AeadOpen opens what AeadSeal sealed, empty texts and texts over several blocks included") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    const Inputs in(suite);
    for (std::size_t size : {0u, 1u, 15u, 16u, 17u, 1024u, 70'000u}) {
      const Bytes plaintext(size, 3), aad(size / 2, 4);
      const auto sealed = AeadSeal(suite, in.key, in.nonce, aad, plaintext);
      REQUIRE(sealed.ok());
      CHECK(sealed->size() == size + suite.Nt);
      const auto opened = AeadOpen(suite, in.key, in.nonce, aad, *sealed);
      REQUIRE(opened.ok());
      CHECK(Equal(*opened, plaintext));
    }
  }
}

TEST_CASE("AeadOpen refuses every single flipped bit with one error") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Inputs in(suite);
    Bytes aad{1, 2};
    Bytes sealed = *AeadSeal(suite, in.key, in.nonce, aad, AsView("plaintext"));
    for (Bytes* part : {&in.key, &in.nonce, &aad, &sealed}) {
      for (std::size_t bit = 0; bit < part->size() * 8; ++bit) {
        (*part)[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
        CheckRefused(AeadOpen(suite, in.key, in.nonce, aad, sealed));
        (*part)[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
      }
    }
    CHECK(AeadOpen(suite, in.key, in.nonce, aad, sealed).ok());
  }
}

TEST_CASE("AeadOpen refuses ciphertexts shorter than a tag and truncated ones") {
  for (const Suite& suite : AllSuites()) {
    const Inputs in(suite);
    const Bytes sealed = *AeadSeal(suite, in.key, in.nonce, {}, AsView("text"));
    for (std::size_t size = 0; size < sealed.size(); ++size) {
      CheckRefused(AeadOpen(suite, in.key, in.nonce, {}, View(sealed).first(size)));
    }
  }
}

TEST_CASE("keys and nonces have one size") {
  for (const Suite& suite : AllSuites()) {
    const Inputs in(suite);
    const Bytes sealed = *AeadSeal(suite, in.key, in.nonce, {}, AsView("text"));
    for (std::size_t size : {0u, 11u, 13u, 15u, 17u, 24u, 31u, 33u}) {
      const Bytes other(size, 7);
      CHECK(AeadSeal(suite, other, in.nonce, {}, {}).error() == Error::MISUSE);
      CHECK(AeadSeal(suite, in.key, other, {}, {}).error() == Error::MISUSE);
      CheckRefused(AeadOpen(suite, other, in.nonce, {}, sealed));
      CheckRefused(AeadOpen(suite, in.key, other, {}, sealed));
    }
  }
}

TEST_CASE("texts and AADs above what libcrypto counts are refused before they are read") {
  // Views of 2 GiB over one byte: whoever reads them crashes.
  const std::uint8_t byte = 0;
  const View huge(&byte, std::size_t{1} << 31);
  for (const Suite& suite : AllSuites()) {
    const Inputs in(suite);
    CHECK(AeadSeal(suite, in.key, in.nonce, huge, {}).error() == Error::TOO_LARGE);
    CHECK(AeadSeal(suite, in.key, in.nonce, {}, huge).error() == Error::TOO_LARGE);
    CheckRefused(AeadOpen(suite, in.key, in.nonce, huge, Bytes(16)));
    CheckRefused(AeadOpen(suite, in.key, in.nonce, {}, huge));
  }
}

TEST_CASE("a failed call leaves nothing behind for the next one on the thread") {
  for (const Suite& suite : AllSuites()) {
    const Inputs in(suite);
    const Bytes sealed = *AeadSeal(suite, in.key, in.nonce, AsView("a"), AsView("text"));
    Bytes tampered = sealed;
    tampered[0] ^= 1;
    for (int round = 0; round < 3; ++round) {
      CheckRefused(AeadOpen(suite, in.key, in.nonce, AsView("a"), tampered));
      CHECK(*AeadSeal(suite, in.key, in.nonce, AsView("a"), AsView("text")) == sealed);
      CHECK(Equal(*AeadOpen(suite, in.key, in.nonce, AsView("a"), sealed), AsView("text")));
    }
  }
}
