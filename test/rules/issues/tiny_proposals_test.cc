// A Commit of very many proposals, two bytes each, was read into structures of hundreds of bytes before
// anybody had counted them, or knew who sent it: 64 MiB for less than 400 KB.
#include "kit/forged_commit.h"
#include "kit/scene.h"
#include "support/allocations.h"

namespace mls::test {
namespace {

// Tiny is a list of `count` references of no bytes.
EncodedList<ProposalOrRef> Tiny(std::size_t count) {
  Bytes list(2 * count);
  for (std::size_t i = 0; i < list.size(); i += 2) list[i] = 2;
  return Must(Decode<EncodedList<ProposalOrRef>>(Encode(list)));
}

CommitForgery With(EncodedList<ProposalOrRef> list) {
  CommitForgery forgery;
  forgery.content = [list = std::move(list)](FramedContent& content) {
    std::get<CommitContent>(content.body).commit.proposals = list;
  };
  return forgery;
}
CommitForgery Listing(std::size_t count) { return With(Tiny(count)); }

// Custom lists `count` proposals of a type that nobody has agreed on, of no bytes.
EncodedList<ProposalOrRef> Custom(std::size_t count) {
  const Proposal proposal{CustomProposal{ProposalType{0xF123}, {}}};
  return EncodedList<ProposalOrRef>(
      std::vector<ProposalOrRef>(count, ProposalOrRef{ProposalByValue{proposal}}));
}

void RefusesWithin(Scene& scene, const Bytes& message, Error expected = Error::LIMIT_EXCEEDED) {
  scene.Refuses(1, message, expected);
  const Allocations seen = AllocationsOf([&] { (void)scene[1].Stage(message, scene.world.env).ok(); });
  CHECK(seen.peak <= static_cast<std::ptrdiff_t>(4 * message.size() + (1u << 20)));
}

TEST_CASE("issue: tiny proposals are counted before they are decoded") {
  Scene scene(AllSuites().front(), 3);
  const Insider insider(scene, 2);
  const std::size_t most = Limits{}.max_proposals_per_commit;
  RefusesWithin(scene, ForgeCommit(insider, Listing(most + 1)).message);
  RefusesWithin(scene, ForgeCommit(insider, Listing(most)).message, Error::UNKNOWN_PROPOSAL);
  RefusesWithin(scene, ForgeCommit(insider, With(Custom(most))).message);
  // A joiner lists an ExternalInit, a Remove and PSKs at most, and anybody can be a joiner.
  const std::size_t few = 2 + Limits{}.max_psks_per_commit;
  const Client stranger = scene.world.NewClient(AllSuites().front(), "stranger");
  RefusesWithin(scene, ForgeExternalCommit(insider, stranger, Listing(few + 1)).message);
  RefusesWithin(scene, ForgeExternalCommit(insider, stranger, Listing(1'000'000)).message);
  scene.Refuses(1, ForgeExternalCommit(insider, stranger, Listing(few)).message,
                Error::INVALID_PROPOSAL_LIST);
  scene.GoesOn();
}

TEST_CASE("Bounds: proposals by value weigh 640 bytes each, but for Adds and Removes") {
  Scene scene(AllSuites().front(), 3);
  const Insider insider(scene, 2);
  // As many as a mebibyte and three times the list have room for, and one more.
  std::size_t most = (1u << 20) / kProposalWeight;
  while ((most + 1) * kProposalWeight <= (1u << 20) + 3 * Custom(most + 1).Size()) ++most;
  scene.Refuses(1, ForgeCommit(insider, With(Custom(most))).message, Error::UNSUPPORTED_PROPOSAL);
  scene.Refuses(1, ForgeCommit(insider, With(Custom(most + 1))).message, Error::LIMIT_EXCEEDED);
  scene.GoesOn();
}

}  // namespace
}  // namespace mls::test
