// Reaches: what is behind the membership tag and the signature of a PublicMessage: senders, proposals,
// commits. Holds: LiveGroup::Receive. Input: a byte of choices, then the content from its sender on, or with
// kWhole from its group_id on. It is signed and tagged as it stands, decodable or not.
#include "kit/raw_public.h"
#include "support/content.h"
#include "support/mutate.h"

namespace mls::fuzz {

namespace {

enum Choice : std::uint8_t {
  kSuite = 1,
  kSigner = 2 | 4,  // the insider, the external senders, the stranger
  kNoContext = 8,
  kNoTag = 16,
  kConfirmation = 32,
  kWhole = 64,
};

const Secret& SignerOf(const LiveGroup& group, std::uint8_t choice) {
  const Secret* signers[] = {&group.insider.signer, &group.keys[0].private_key, &group.keys[1].private_key,
                             &group.stranger.profile.signature_private_key};
  return *signers[(choice & kSigner) >> 1];
}

}  // namespace

void FuzzOne(View bytes) {
  Input input(bytes);
  const std::uint8_t choice = input.Byte();
  LiveGroup& group = LiveGroup::Of(choice & kSuite);
  RawPublic raw;
  raw.content = (choice & kWhole) != 0 ? ToBytes(input.Rest()) : Joined(group.Framing(), input.Rest());
  raw.signer = &SignerOf(group, choice);
  if ((choice & kNoContext) != 0) raw.context = RawPublic::Context::left_out;
  if ((choice & kNoTag) != 0) raw.tag = RawPublic::Tag::without;
  if ((choice & kConfirmation) != 0) raw.confirmation_tag = Bytes(group.suite().Nh, 1);
  group.Receive(MakeRawPublic(group.insider, raw));
}

std::vector<Seed> Seeds() {
  std::vector<Seed> seeds;
  for (const std::uint8_t suite : {0, 1}) {
    for (const auto& [name, content] : ContentSeeds(LiveGroup::Of(suite))) {
      std::uint8_t choice = suite;
      if (std::holds_alternative<CommitContent>(content.body)) choice |= kConfirmation;
      if (content.sender.sender_type == SenderType::external) choice |= 2 | kNoContext | kNoTag;
      if (content.sender.sender_type == SenderType::new_member_proposal) choice |= 6 | kNoContext | kNoTag;
      if (content.sender.sender_type == SenderType::new_member_commit) choice |= 6 | kNoTag;
      seeds.push_back({name + "-" + std::to_string(suite), Joined({choice}, Encode(content))});
    }
  }
  return seeds;
}

}  // namespace mls::fuzz

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned seed) {
  return mls::fuzz::Mutated<mls::fuzz::Content>(data, size, max_size, seed, 1);
}
