// Reaches: the codec of every structure by itself, those of stored rows too.
// Holds: what is accepted encodes to the very same bytes, of the size that was computed.
// Input: which structure, then its bytes.
#include "group/past_epoch.h"
#include "message/client_rows.h"
#include "support/mutate.h"
#include "support/newcomer.h"
#include "tree/parent_node.h"

namespace mls::fuzz {

namespace {

struct Structure {
  const char* name;
  void (*decode)(View);
  std::size_t (*mutate)(std::uint8_t*, std::size_t, std::size_t, unsigned, std::size_t);
  Bytes (*make)(SeededRandom&);
};

template <class T>
constexpr Structure Of(const char* name) {
  return {name,
          [](View bytes) {
            const auto value = Decode<T>(bytes);
            ExpectSound(value);
            if (!value.ok()) return;
            NoteTaken();
            Expect(EncodedSize(*value) == bytes.size(), "the computed size is that of the input");
            Expect(Equal(EncodeSecret(*value), bytes), "what was decoded encodes to the same bytes");
          },
          &Mutated<T>, [](SeededRandom& random) { return ToBytes(EncodeSecret(RandomValue<T>(random))); }};
}

constexpr Structure kStructures[] = {
    Of<LeafNode>("leaf-node"),
    Of<ParentNode>("parent-node"),
    Of<KeyPackage>("key-package"),
    Of<Proposal>("proposal"),
    Of<Commit>("commit"),
    Of<UpdatePath>("update-path"),
    Of<GroupContext>("group-context"),
    Of<GroupInfo>("group-info"),
    Of<GroupSecrets>("group-secrets"),
    Of<Welcome>("welcome"),
    Of<AuthenticatedContent>("authenticated-content"),
    Of<SenderData>("sender-data"),
    Of<Credential>("credential"),
    Of<Extensions>("extensions"),
    Of<RequiredCapabilities>("required-capabilities"),
    Of<ExternalSenders>("external-senders"),
    Of<PreSharedKeyID>("psk-id"),
    Of<StoredKeyPackage>("stored-key-package"),
    Of<SignerRow>("signer-row"),
    Of<WelcomeMessage>("welcome-message"),
    Of<PastLeaf>("past-leaf"),
};

const Structure& Chosen(std::uint8_t choice) { return kStructures[choice % std::size(kStructures)]; }

}  // namespace

void FuzzOne(View bytes) {
  Input input(bytes);
  const std::uint8_t choice = input.Byte();
  Chosen(choice).decode(input.Rest());
}

std::vector<Seed> Seeds() {
  std::vector<Seed> seeds;
  SeededRandom random(7);
  for (std::uint8_t i = 0; i < std::size(kStructures); ++i) {
    for (const char* which : {"-1", "-2"}) {
      seeds.push_back({std::string(kStructures[i].name) + which, Joined({i}, kStructures[i].make(random))});
    }
  }
  const LiveGroup& group = LiveGroup::Of(0);
  seeds.push_back({"genuine-leaf-node", Joined({0}, Encode(group.receiver.tree().Leaf(LeafIndex{0})))});
  seeds.push_back({"genuine-group-context", Joined({6}, Encode(group.receiver.context()))});
  seeds.push_back({"genuine-group-info", Joined({7}, Encode(Newcomer(LiveGroup::Of(0)).info))});
  return seeds;
}

}  // namespace mls::fuzz

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned seed) {
  if (size == 0) return LLVMFuzzerMutate(data, size, max_size);
  return mls::fuzz::Chosen(data[0]).mutate(data, size, max_size, seed, 1);
}
