#include "message/group_info.h"

#include <doctest/doctest.h>

#include "support/random_value.h"

using namespace mls;
using mls::test::RandomValue;
using mls::test::SeededRandom;

TEST_CASE("a signed GroupInfo verifies, in every suite") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    SeededRandom random(71);
    const auto keys = *GenerateSignatureKeyPair(suite, random);
    GroupInfo info = RandomValue<GroupInfo>(random);
    REQUIRE(SignGroupInfo(suite, info, keys.private_key).ok());
    CHECK(VerifyGroupInfo(suite, info, keys.public_key).ok());
    CHECK(VerifyGroupInfo(suite, *Decode<GroupInfo>(Encode(info)), keys.public_key).ok());
    CHECK(VerifyWithLabel(suite, keys.public_key, "GroupInfoTBS",
                          {Encode(info.group_context, info.extensions, info.confirmation_tag, info.signer)},
                          info.signature)
              .ok());
  }
}

TEST_CASE("R12.4.3-04: the signature covers every field and is the signer's") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    SeededRandom random(72);
    const auto keys = *GenerateSignatureKeyPair(suite, random);
    const auto other = *GenerateSignatureKeyPair(suite, random);
    GroupInfo good = RandomValue<GroupInfo>(random);
    REQUIRE(SignGroupInfo(suite, good, keys.private_key).ok());
    const auto error_of = [&](const GroupInfo& info, View key) {
      return VerifyGroupInfo(suite, info, key).error();
    };

    std::vector<GroupInfo> changed(10, good);
    changed[0].group_context.version = static_cast<ProtocolVersion>(0x1234);
    changed[1].group_context.cipher_suite = static_cast<CipherSuite>(0x1234);
    changed[2].group_context.group_id.push_back(0);
    changed[3].group_context.epoch += 1;
    changed[4].group_context.tree_hash.push_back(0);
    changed[5].group_context.confirmed_transcript_hash.push_back(0);
    changed[6].group_context.extensions.push_back({});
    changed[7].extensions.push_back({});
    changed[8].confirmation_tag.push_back(0);
    changed[9].signer.value += 1;
    for (const GroupInfo& info : changed) CHECK(error_of(info, keys.public_key) == Error::BAD_SIGNATURE);
    CHECK(error_of(good, other.public_key) == Error::BAD_SIGNATURE);
    good.signature.clear();
    CHECK(error_of(good, keys.public_key) == Error::BAD_SIGNATURE);
  }
}

TEST_CASE("R12.4.3-01: unknown and GREASE extensions of a GroupInfo survive and are valid") {
  SeededRandom random(73);
  GroupInfo info;
  for (const std::uint16_t value : GreaseValues()) {
    info.extensions.push_back({static_cast<ExtensionType>(value), random.Some(65536 / 16)});
  }
  info.extensions.push_back({static_cast<ExtensionType>(0xF001), random.Some(65536)});
  CHECK(*Decode<GroupInfo>(Encode(info)) == info);
  CHECK(ValidateExtensions(info.extensions, ExtensionPlace::group_info, Limits()).ok());
}
