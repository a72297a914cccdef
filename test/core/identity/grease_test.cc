#include "identity/grease.h"

#include <doctest/doctest.h>

namespace mls {
namespace {

TEST_CASE("R13.5-10: fifteen values of each registry are nobody's own") {
  std::size_t none = 0;
  for (std::uint32_t value = 0; value <= 0xFFFF; ++value) {
    const bool ours = MayBeOurs(ExtensionType(value));
    CHECK(ours == MayBeOurs(ProposalType(value)));
    CHECK(ours == MayBeOurs(CredentialType(value)));
    none += ours ? 0 : 1;
  }
  CHECK(none == 15);
  CHECK_FALSE(MayBeOurs(ExtensionType{0x0A0A}));
  CHECK_FALSE(MayBeOurs(ExtensionType{0xEAEA}));
  CHECK(MayBeOurs(ExtensionType{0xFAFA}));  // of the private range
}

TEST_CASE("R13.5-10: one GREASE value in a list spoils it") {
  const ExtensionType grease{0x3A3A}, other{0xF001};
  CHECK(MayBeOurs(Extensions{}));
  CHECK(MayBeOurs(Extensions{{other, {}}, {ExtensionType::external_senders, {}}}));
  CHECK_FALSE(MayBeOurs(Extensions{{other, {}}, {grease, {}}}));
  CHECK(MayBeOurs(RequiredCapabilities{{other}, {ProposalType::add}, {CredentialType::basic}}));
  CHECK_FALSE(MayBeOurs(RequiredCapabilities{{other, grease}, {}, {}}));
  CHECK_FALSE(MayBeOurs(RequiredCapabilities{{}, {ProposalType{0x3A3A}}, {}}));
  CHECK_FALSE(MayBeOurs(RequiredCapabilities{{}, {}, {CredentialType{0x3A3A}}}));
}

}  // namespace
}  // namespace mls
