#include "message/proposal.h"

#include <doctest/doctest.h>

#include "message/commit.h"
#include "support/encodings.h"
#include "support/random_value.h"

using namespace mls;
using mls::test::RandomValue;
using mls::test::SeededRandom;

namespace {

constexpr auto kVote = static_cast<ProposalType>(0xF001);
constexpr auto kNote = static_cast<ProposalType>(0xF002);
constexpr auto kUnheardOf = static_cast<ProposalType>(0xF003);

using Path = CustomProposalType::Path;
using External = CustomProposalType::External;
const std::vector<CustomProposalType> kCustom = {{kVote, Path::optional, External::allowed},
                                                 {kNote, Path::required, External::refused}};

Proposal Of(ProposalType type) { return {CustomProposal{type, {}}}; }

}  // namespace

TEST_CASE("a proposal starts with its registry value") {
  const auto starts = [](const Proposal& proposal, unsigned value) {
    const Bytes encoded = Encode(proposal);
    return proposal.type() == static_cast<ProposalType>(value) && encoded[0] == value >> 8 &&
           encoded[1] == (value & 0xff);
  };
  CHECK(starts({Add{}}, 1));
  CHECK(starts({Update{}}, 2));
  CHECK(starts({Remove{}}, 3));
  CHECK(starts({PreSharedKey{}}, 4));
  CHECK(starts({ReInit{}}, 5));
  CHECK(starts({ExternalInit{}}, 6));
  CHECK(starts({GroupContextExtensions{}}, 7));
  CHECK(starts(Of(kVote), 0xF001));
}

TEST_CASE("proposals of unknown and GREASE types survive a round trip") {
  SeededRandom random(21);
  std::vector<std::uint16_t> types(GreaseValues().begin(), GreaseValues().end());
  types.insert(types.end(), {0x0000, 0x0008, 0xF000, 0xFFFF});
  for (const std::uint16_t type : types) {
    const Proposal proposal{CustomProposal{static_cast<ProposalType>(type), random.Some(100)}};
    const auto decoded = Decode<Proposal>(Encode(proposal));
    REQUIRE(decoded.ok());
    CHECK(*decoded == proposal);
    REQUIRE(decoded->As<CustomProposal>() != nullptr);
    CHECK(decoded->As<CustomProposal>()->data.size() == 100);
    CHECK(decoded->As<Add>() == nullptr);
  }
}

TEST_CASE("R8.4-04, R8.4-05: PSK types and resumption usages are closed") {
  const PreSharedKeyID id{ResumptionPsk{ResumptionPSKUsage::branch, {1, 2}, 3}, {4}};
  Bytes encoded = Encode(id);
  REQUIRE(Decode<PreSharedKeyID>(encoded).ok());
  for (const std::uint8_t psktype : {0, 3, 255}) {
    encoded[0] = psktype;
    CHECK_FALSE(Decode<PreSharedKeyID>(encoded).ok());
  }
  encoded[0] = 2;
  for (const std::uint8_t usage : {0, 4, 255}) {
    encoded[1] = usage;
    CHECK_FALSE(Decode<PreSharedKeyID>(encoded).ok());
  }
}

TEST_CASE("a commit holds proposals by value or by reference and nothing else") {
  const std::vector<ProposalOrRef> list{{ProposalByReference{Bytes(32, 7)}},
                                        {ProposalByValue{{Remove{{5}}}}}};
  const Commit commit{EncodedList<ProposalOrRef>(list), std::nullopt};
  Bytes encoded = Encode(commit);
  const auto decoded = Decode<Commit>(encoded);
  REQUIRE(decoded.ok());
  CHECK(*decoded == commit);
  for (const std::uint8_t kind : {0, 3, 255}) {
    encoded[1] = kind;  // ProposalOrRefType of the first entry, after the header of the list
    CHECK_FALSE(Decode<Commit>(encoded).ok());
  }
}

TEST_CASE("R2.1.1-01: the presence octet of a commit's path is 0 or 1") {
  SeededRandom random(22);
  Bytes without = Encode(Commit{});
  REQUIRE(without.size() == 2);
  for (const std::uint8_t presence : {1, 2, 255}) {
    without[1] = presence;
    CHECK_FALSE(Decode<Commit>(without).ok());
  }
  Bytes with = Encode(Commit{{}, RandomValue<UpdatePath>(random)});
  REQUIRE(Decode<Commit>(with).ok());
  for (const std::uint8_t presence : {0, 2, 255}) {
    with[1] = presence;
    CHECK_FALSE(Decode<Commit>(with).ok());
  }
}

TEST_CASE("which proposals need a path (RFC 9420 §17.4)") {
  CHECK_FALSE(RequiresPath({Add{}}, kCustom));
  CHECK(RequiresPath({Update{}}, kCustom));
  CHECK(RequiresPath({Remove{}}, kCustom));
  CHECK_FALSE(RequiresPath({PreSharedKey{}}, kCustom));
  CHECK_FALSE(RequiresPath({ReInit{}}, kCustom));
  CHECK(RequiresPath({ExternalInit{}}, kCustom));
  CHECK(RequiresPath({GroupContextExtensions{}}, kCustom));
  CHECK_FALSE(RequiresPath(Of(kVote), kCustom));
  CHECK(RequiresPath(Of(kNote), kCustom));
  CHECK(RequiresPath(Of(kUnheardOf), kCustom));
  CHECK(RequiresPath(Of(kVote), {}));
}

TEST_CASE("which proposals an external sender may send (RFC 9420 §17.4)") {
  CHECK(MayBeExternal(ProposalType::add, kCustom));
  CHECK_FALSE(MayBeExternal(ProposalType::update, kCustom));
  CHECK(MayBeExternal(ProposalType::remove, kCustom));
  CHECK(MayBeExternal(ProposalType::psk, kCustom));
  CHECK(MayBeExternal(ProposalType::reinit, kCustom));
  CHECK_FALSE(MayBeExternal(ProposalType::external_init, kCustom));
  CHECK(MayBeExternal(ProposalType::group_context_extensions, kCustom));
  CHECK(MayBeExternal(kVote, kCustom));
  CHECK_FALSE(MayBeExternal(kNote, kCustom));
  CHECK_FALSE(MayBeExternal(kUnheardOf, kCustom));
  CHECK_FALSE(MayBeExternal(kVote, {}));
}

TEST_CASE("custom types are found by their number") {
  REQUIRE(FindCustomType(kCustom, kNote) != nullptr);
  CHECK(FindCustomType(kCustom, kNote)->path == Path::required);
  CHECK(FindCustomType(kCustom, kUnheardOf) == nullptr);
}

TEST_CASE(
    "a commit may have as many proposals as the limits say, and reading makes no structures of tiny ones") {
  std::vector<ProposalOrRef> list;
  for (std::size_t i = 0; i < Limits().max_proposals_per_commit; ++i) {
    list.push_back({ProposalByValue{{Remove{{static_cast<std::uint32_t>(i)}}}}});
  }
  const auto removing = Decode<Commit>(Encode(Commit{EncodedList<ProposalOrRef>(list), std::nullopt}));
  REQUIRE(removing.ok());
  CHECK(removing->proposals.Decode() == list);
  // 4 MiB of empty references would be structures of 840 MB; whoever decodes them looks at their number
  // before.
  Bytes references(4u << 20);
  for (std::size_t i = 0; i < references.size(); i += 2) references[i] = 2;
  const auto tiny = Decode<Commit>(Encode(references, std::uint8_t{0}));
  REQUIRE(tiny.ok());
  CHECK(tiny->proposals.count() == references.size() / 2);
}
