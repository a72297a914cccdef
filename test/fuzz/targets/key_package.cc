// Reaches: KeyPackage and LeafNode validation on the ways by which a key package comes to a member (RFC 9420
// §10.1). Holds: LiveGroup::Receive; what a member would not take from another it does not propose itself,
// and the other way round. Input: a byte of choices, then a KeyPackage.
#include "support/content.h"
#include "support/mutate.h"

namespace mls::fuzz {

namespace {

enum Choice : std::uint8_t { kSuite = 1, kSignLeaf = 2, kSignPackage = 4 };

}  // namespace

void FuzzOne(View bytes) {
  Input input(bytes);
  const std::uint8_t choice = input.Byte();
  auto package = Decode<KeyPackage>(input.Rest());
  ExpectSound(package);
  if (!package.ok()) return;
  LiveGroup& group = LiveGroup::Of(choice & kSuite);
  const Secret& signer = group.stranger.profile.signature_private_key;
  if ((choice & kSignLeaf) != 0) (void)SignLeafNode(group.suite(), package->leaf_node, signer, {}, {});
  if ((choice & kSignPackage) != 0) {
    package->signature =
        Must(SignWithLabel(group.suite(), signer, "KeyPackageTBS", {EncodeUnsigned(*package)}));
  }
  SeededRandom random(8);
  const Env env{kNow, &random, nullptr};
  const auto own = group.receiver.StageOwnProposal({Add{*package}}, {}, env);
  ExpectSound(own);
  const bool taken = group.Receive(group.insider.Public(Proposal{Add{*package}}));
  Expect(own.ok() == taken, "what a member takes it may propose");
}

std::vector<Seed> Seeds() {
  std::vector<Seed> seeds;
  for (const std::uint8_t suite : {0, 1}) {
    const LiveGroup& group = LiveGroup::Of(suite);
    for (const std::uint8_t choice : {+kSignLeaf | kSignPackage, +kSignPackage, 0}) {
      const auto all = static_cast<std::uint8_t>(choice | suite);
      seeds.push_back(
          {"package-" + std::to_string(all), Joined({all}, Encode(group.strangers_package.key_package))});
    }
  }
  return seeds;
}

}  // namespace mls::fuzz

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned seed) {
  return mls::fuzz::Mutated<mls::KeyPackage>(data, size, max_size, seed, 1);
}
