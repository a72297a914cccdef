// Reaches: DecodeMessage for all five wire formats, and below it the codec of every structure that travels.
// Holds: what is accepted encodes to the very same bytes, of the size that was computed.
#include "support/mutate.h"
#include "support/newcomer.h"

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned seed) {
  return mls::fuzz::Mutated<mls::MLSMessage>(data, size, max_size, seed);
}

namespace mls::fuzz {

void FuzzOne(View bytes) {
  const auto message = DecodeMessage(bytes, {});
  ExpectSound(message);
  if (!message.ok()) return;
  NoteTaken();
  Expect(EncodedSize(*message) == bytes.size(), "the computed size is that of the input");
  Expect(Equal(Encode(*message), bytes), "what was decoded encodes to the same bytes");
}

std::vector<Seed> Seeds() {
  LiveGroup& group = LiveGroup::Of(0);
  std::vector<Seed> seeds = group.Genuine();
  seeds.push_back({"key-package", EncodeMessage(KeyPackageMessage{group.strangers_package.key_package})});
  seeds.push_back({"group-info", EncodeMessage(GroupInfoMessage{group.company.Info(0)})});
  seeds.push_back({"welcome", Newcomer(group).genuine});
  return seeds;
}

}  // namespace mls::fuzz
