#include "identity/extension.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "support/clients.h"
#include "support/encodings.h"
#include "support/error_of.h"
#include "support/random_value.h"

using namespace mls;
using mls::test::ErrorOf;
using mls::test::kLimits;
using mls::test::RandomValue;
using mls::test::SeededRandom;

namespace {

constexpr auto kPrivate = static_cast<ExtensionType>(0xF001);
constexpr auto kGrease = static_cast<ExtensionType>(0x1A1A);

Error At(ExtensionPlace place, Extensions extensions) {
  return ErrorOf(ValidateExtensions(extensions, place, kLimits));
}

constexpr ExtensionPlace kPlaces[] = {ExtensionPlace::key_package, ExtensionPlace::leaf_node,
                                      ExtensionPlace::group_context, ExtensionPlace::group_info};

// SenderFor gives an entry that passes every rule.
ExternalSender SenderFor(const Suite& suite, SeededRandom& random) {
  return {GenerateSignatureKeyPair(suite, random)->public_key, Credential::Basic(AsView("server"))};
}

Error ExternalSendersError(const Suite& suite, const ExternalSenders& senders) {
  return ErrorOf(ValidateExternalSenders(suite, {MakeExtension(senders)}, kLimits, nullptr));
}

}  // namespace

TEST_CASE("unknown and GREASE extensions survive a round trip with their data") {
  SeededRandom random(91);
  Extensions extensions;
  for (const std::uint16_t value : GreaseValues()) {
    extensions.push_back({static_cast<ExtensionType>(value), random.Some(random.Below(100))});
  }
  extensions.push_back({ExtensionType::reserved, {}});
  extensions.push_back({static_cast<ExtensionType>(0xFFFF), random.Some(70000)});
  CHECK(test::ComesBack(extensions));
  for (const ExtensionPlace place : kPlaces) CHECK(At(place, extensions) == Error::INTERNAL);
}

TEST_CASE("an extension is found by its type") {
  const Extensions extensions = {{kPrivate, {1}}, {kGrease, {2}}};
  REQUIRE(FindExtension(extensions, kGrease) != nullptr);
  CHECK(*FindExtension(extensions, kGrease) == Bytes{2});
  CHECK(FindExtension(extensions, ExtensionType::external_pub) == nullptr);
  CHECK(FindExtension({}, kPrivate) == nullptr);
}

TEST_CASE_TEMPLATE("R2.1.2-11: a typed extension is read whole or not at all", T, RequiredCapabilities,
                   ExternalSenders, ExternalPub) {
  SeededRandom random(92);
  for (int i = 0; i < 20; ++i) {
    const T value = RandomValue<T>(random);
    Extension extension = MakeExtension(value);
    CHECK(extension.extension_type == T::kType);
    const auto read = ReadExtension<T>({{kPrivate, {}}, extension});
    REQUIRE(read.ok());
    CHECK(**read == value);
    extension.extension_data.push_back(0);
    CHECK(ReadExtension<T>({extension}).error() == Error::MALFORMED);
    extension.extension_data.resize(extension.extension_data.size() - 2);
    CHECK(ReadExtension<T>({extension}).error() == Error::MALFORMED);
  }
  const auto absent = ReadExtension<T>({{kPrivate, {}}});
  REQUIRE(absent.ok());
  CHECK_FALSE(absent->has_value());
}

TEST_CASE("R13.4-06 to R13.4-11: no type twice, in any place") {
  for (const ExtensionPlace place : kPlaces) {
    CHECK(At(place, {{kPrivate, {}}, {kGrease, {}}}) == Error::INTERNAL);
    CHECK(At(place, {{kPrivate, {1}}, {kPrivate, {1}}}) == Error::DUPLICATE_EXTENSION);
    CHECK(At(place, {{kPrivate, {1}}, {kGrease, {}}, {kPrivate, {2}}}) == Error::DUPLICATE_EXTENSION);
    CHECK(At(place, {{kGrease, {}}, {kGrease, {}}}) == Error::DUPLICATE_EXTENSION);
  }
}

TEST_CASE("R17.3-01: the RFC's own extensions stand where the registry places them") {
  const std::pair<ExtensionType, ExtensionPlace> placed[] = {
      {ExtensionType::application_id, ExtensionPlace::leaf_node},
      {ExtensionType::ratchet_tree, ExtensionPlace::group_info},
      {ExtensionType::required_capabilities, ExtensionPlace::group_context},
      {ExtensionType::external_pub, ExtensionPlace::group_info},
      {ExtensionType::external_senders, ExtensionPlace::group_context},
  };
  for (const auto& [type, own] : placed) {
    for (const ExtensionPlace place : kPlaces) {
      CHECK(At(place, {{type, {}}}) == (place == own ? Error::INTERNAL : Error::INVALID_EXTENSION));
    }
  }
}

TEST_CASE("R13.4-17: Limits: max_extensions: a list is bounded, at n and n + 1") {
  Extensions extensions;
  for (std::size_t i = 0; i < kLimits.max_extensions; ++i) {
    extensions.push_back({static_cast<ExtensionType>(0xF000 + i), {}});
  }
  CHECK(At(ExtensionPlace::leaf_node, extensions) == Error::INTERNAL);
  extensions.push_back({kPrivate, {}});
  CHECK(At(ExtensionPlace::leaf_node, extensions) == Error::LIMIT_EXCEEDED);
}

TEST_CASE("external senders have keys of the suite and credentials that hold") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    SeededRandom random(93);
    const ExternalSender good = SenderFor(suite, random);
    CHECK(ExternalSendersError(suite, {{good}}) == Error::INTERNAL);
    CHECK(ExternalSendersError(suite, {{good, SenderFor(suite, random)}}) == Error::INTERNAL);
    CHECK(ExternalSendersError(suite, {}) == Error::INTERNAL);

    ExternalSender bad = good;
    bad.signature_key.pop_back();
    CHECK(ExternalSendersError(suite, {{good, bad}}) == Error::INVALID_KEY);
    bad = good;
    for (const unsigned type : {0x0000u, 0x0003u, 0x1A1Au, 0xF000u}) {  // R5.3-03, R13.5-06
      bad.credential = {OpaqueCredential{static_cast<CredentialType>(type), {1, 2}}};
      CHECK(ExternalSendersError(suite, {{good, bad}}) == Error::UNSUPPORTED_CREDENTIAL);
    }
    bad.credential = {X509Credential{}};
    CHECK(ExternalSendersError(suite, {{bad}}) == Error::INVALID_CREDENTIAL);
  }
}

TEST_CASE("Limits: max_external_senders: n are taken, n + 1 refused, and malformed ones") {
  const Suite& suite = AllSuites()[0];
  SeededRandom random(94);
  Limits limits;
  limits.max_external_senders = 2;
  ExternalSenders senders{{SenderFor(suite, random), SenderFor(suite, random)}};
  CHECK(ValidateExternalSenders(suite, {MakeExtension(senders)}, limits, nullptr).ok());
  senders.senders.push_back(SenderFor(suite, random));
  CHECK(ValidateExternalSenders(suite, {MakeExtension(senders)}, limits, nullptr).error() ==
        Error::LIMIT_EXCEEDED);
  CHECK(
      ValidateExternalSenders(suite, {{ExtensionType::external_senders, {0xC0}}}, limits, nullptr).error() ==
      Error::MALFORMED);
  // R12.1.8.1: one bare ExternalSender is not the vector that the extension holds.
  CHECK_FALSE(ValidateExternalSenders(suite,
                                      {{ExtensionType::external_senders, Encode(SenderFor(suite, random))}},
                                      limits, nullptr)
                  .ok());
  CHECK(ValidateExternalSenders(suite, {}, limits, nullptr).ok());
}

TEST_CASE("GREASE: the fifteen values of RFC 9420 §13.5, each of them drawn") {
  const auto values = GreaseValues();
  CHECK(values.size() == 15);
  for (std::size_t i = 0; i < values.size(); ++i) CHECK(values[i] == 0x0A0A + 0x1010 * i);
  SeededRandom random(95);
  std::set<std::uint16_t> drawn;
  for (int i = 0; i < 1000; ++i) drawn.insert(*RandomGrease(random));
  CHECK(drawn == std::set<std::uint16_t>(values.begin(), values.end()));
  test::BrokenRandom broken;
  CHECK_FALSE(RandomGrease(broken).ok());
}

TEST_CASE("default types are those of the RFC") {
  for (const unsigned value : {1u, 2u, 3u, 4u, 5u}) CHECK(IsDefault(static_cast<ExtensionType>(value)));
  for (const unsigned value : {0u, 6u, 0x0A0Au, 0xFFFFu})
    CHECK_FALSE(IsDefault(static_cast<ExtensionType>(value)));
  for (unsigned value = 1; value <= 7; ++value) CHECK(IsDefault(static_cast<ProposalType>(value)));
  for (const unsigned value : {0u, 8u, 0x0A0Au, 0xFFFFu})
    CHECK_FALSE(IsDefault(static_cast<ProposalType>(value)));
}
