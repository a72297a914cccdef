#include "schedule/group_context.h"

#include <doctest/doctest.h>

#include <type_traits>

using namespace mls;

TEST_CASE("a GroupContext is its seven fields in the RFC's order (§8.1)") {
  const GroupContext context{ProtocolVersion::mls10,
                             CipherSuite::MLS_128_DHKEMP256_AES128GCM_SHA256_P256,
                             {0x61, 0x62},
                             0x0102030405060708,
                             {7},
                             {8, 9},
                             {{ExtensionType{0xF001}, {5}}}};
  const Bytes encoded = {0, 1,                          // version
                         0, 2,                          // cipher_suite
                         2, 0x61, 0x62,                 // group_id
                         1, 2,    3,    4, 5, 6, 7, 8,  // epoch
                         1, 7,                          // tree_hash
                         2, 8,    9,                    // confirmed_transcript_hash
                         4, 0xF0, 0x01, 1, 5};          // extensions
  CHECK(Encode(context) == encoded);
  const auto decoded = Decode<GroupContext>(encoded);
  REQUIRE(decoded.ok());
  CHECK(*decoded == context);
}

TEST_CASE("two contexts are equal when every field is") {
  const GroupContext context;
  const auto differs = [&](auto change) {
    GroupContext other = context;
    change(other);
    return !(other == context) && Encode(other) != Encode(context);
  };
  CHECK(context == GroupContext());
  CHECK(differs([](GroupContext& c) { c.version = ProtocolVersion::reserved; }));
  CHECK(differs([](GroupContext& c) { c.cipher_suite = CipherSuite{2}; }));
  CHECK(differs([](GroupContext& c) { c.group_id = {0}; }));
  CHECK(differs([](GroupContext& c) { c.epoch = 1; }));
  CHECK(differs([](GroupContext& c) { c.tree_hash = {0}; }));
  CHECK(differs([](GroupContext& c) { c.confirmed_transcript_hash = {0}; }));
  CHECK(differs([](GroupContext& c) { c.extensions = {{}}; }));
}
