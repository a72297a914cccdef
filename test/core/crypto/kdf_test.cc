#include "crypto/kdf.h"

#include <doctest/doctest.h>

#include "base/counters.h"
#include "support/vectors.h"

using namespace mls;
using mls::test::FromHex;
using mls::test::ToHex;

namespace {

const Suite& kSha256 = *FindSuite(CipherSuite::MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519);
const Suite& kSha384 = *FindSuite(CipherSuite::MLS_256_DHKEMP384_AES256GCM_SHA384_P384);
const Suite& kSha512 = *FindSuite(CipherSuite::MLS_256_DHKEMP521_AES256GCM_SHA512_P521);

std::string HashHex(const Suite& suite, std::initializer_list<View> parts) {
  return ToHex(*Hash(suite, parts));
}

}  // namespace

TEST_CASE("Hash is SHA-2 (FIPS 180-4 examples)") {
  CHECK(HashHex(kSha256, {AsView("abc")}) ==
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(HashHex(kSha256, {}) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(HashHex(kSha384, {AsView("abc")}).substr(0, 32) == "cb00753f45a35e8bb5a03d699ac65007");
  CHECK(HashHex(kSha512, {AsView("abc")}).substr(0, 32) == "ddaf35a193617abacc417349ae204131");
  CHECK(Hash(kSha384, {})->size() == 48);
  CHECK(Hash(kSha512, {})->size() == 64);
}

TEST_CASE("Hash takes parts as if they were joined") {
  for (const Suite& suite : AllSuites()) {
    const Bytes data(300, 0x5a);
    const View view(data);
    CHECK(HashHex(suite, {view}) ==
          HashHex(suite, {view.first(1), {}, view.subspan(1, 128), view.subspan(129)}));
  }
}

TEST_CASE("Mac is HMAC for keys below, at and above the block size (RFC 4231)") {
  CHECK(ToHex(*Mac(kSha256, Bytes(20, 0x0b), {AsView("Hi There")})) ==
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  CHECK(ToHex(*Mac(kSha256, Bytes(131, 0xaa),
                   {AsView("Test Using Larger "), AsView("Than Block-Size Key - Hash Key First")})) ==
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
  for (const Suite& suite : AllSuites()) {
    const std::size_t block = suite.Nh == 32 ? 64 : 128;
    // A key of a whole block and the same key with a zero behind it differ: the longer one is hashed first.
    CHECK_FALSE(*Mac(suite, Bytes(block, 1), {}) == *Mac(suite, Bytes(block + 1, 1), {}));
    // A shorter key is padded with zeros.
    Bytes padded(block - 1, 1);
    const Digest before = *Mac(suite, padded, {AsView("x")});
    padded.push_back(0);
    CHECK(before == *Mac(suite, padded, {AsView("x")}));
  }
}

TEST_CASE("Expand gives prefixes of one stream and stops at 255 blocks (RFC 5869 §2.3)") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    const Secret prk = *Extract(suite, AsView("salt"), AsView("ikm"));
    CHECK(prk.size() == suite.Nh);
    const std::size_t most = 255u * suite.Nh;
    const auto all = Expand(suite, prk, AsView("info"), most);
    REQUIRE(all.ok());
    CHECK(all->size() == most);
    for (std::size_t length :
         {std::size_t{0}, std::size_t{1}, std::size_t{suite.Nh}, std::size_t{suite.Nh} + 1}) {
      const auto some = Expand(suite, prk, AsView("info"), length);
      REQUIRE(some.ok());
      CHECK(Equal(*some, all->view().first(length)));
    }
    const auto above = Expand(suite, prk, AsView("info"), most + 1);
    REQUIRE_FALSE(above.ok());
    CHECK(above.error() == Error::LIMIT_EXCEEDED);
  }
}

TEST_CASE("the counters count what the public functions do") {
  const Counters before = Count();
  REQUIRE(Hash(kSha256, {}).ok());
  REQUIRE(Mac(kSha256, {}, {}).ok());
  REQUIRE(Expand(kSha256, Bytes(32), {}, 32).ok());
  CHECK(Count().hashes - before.hashes == 1);
  CHECK(Count().macs - before.macs == 1);
  CHECK(Count().expands - before.expands == 1);
}
