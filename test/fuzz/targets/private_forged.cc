// Reaches: what is behind the encryption of a PrivateMessage: sender data, generations, padding, contents,
// signature. Holds: LiveGroup::Receive. Input: a byte of choices, the leaf and the generation that the sender
// data names and the one whose key encrypts, a byte of padding, then content type and body. They are signed,
// padded and encrypted as they stand, decodable or not.
#include "support/content.h"
#include "support/mutate.h"

namespace mls::fuzz {

namespace {

enum Choice : std::uint8_t {
  kSuite = 1,
  kOtherLeaf = 2,        // the sender data names another leaf than the insider's
  kOtherGeneration = 4,  // and another generation
  kFarGeneration = 8,    // a large one
  kUnsigned = 16,
  kConfirmation = 32,
  kOtherRatchet = 64,
  kOddPadding = 128,  // not all zeros
};

Bytes Plaintext(const LiveGroup& group, std::uint8_t choice, std::uint8_t padding, View typed_body) {
  const Insider& insider = group.insider;
  Bytes signed_part = Encode(ProtocolVersion::mls10, WireFormat::mls_private_message);
  Append(signed_part, group.Framing());
  Append(signed_part, Encode(Sender::Member(insider.self), Bytes()));
  Append(signed_part, typed_body);
  Bytes signature(group.suite().Nsigpk, 1);
  if ((choice & kUnsigned) == 0) {
    signature = Must(
        SignWithLabel(group.suite(), insider.signer, "FramedContentTBS", {signed_part, insider.context()}));
  }
  Bytes plaintext = ToBytes(typed_body.subspan(1));
  Append(plaintext, Encode(signature));
  if ((choice & kConfirmation) != 0) Append(plaintext, Encode(Bytes(group.suite().Nh, 1)));
  plaintext.resize(plaintext.size() + padding, (choice & kOddPadding) != 0 ? 1 : 0);
  return plaintext;
}

}  // namespace

void FuzzOne(View bytes) {
  Input input(bytes);
  const std::uint8_t choice = input.Byte();
  const std::uint8_t leaf = input.Byte(), generation = input.Byte(), padding = input.Byte();
  View typed_body = input.Rest();
  const Bytes nothing = {0};
  if (typed_body.empty()) typed_body = nothing;
  LiveGroup& group = LiveGroup::Of(choice & kSuite);
  PrivateForgery forgery;
  if ((choice & kOtherLeaf) != 0) forgery.leaf = LeafIndex{leaf};
  if ((choice & kOtherGeneration) != 0) forgery.key_generation = generation;
  if ((choice & kFarGeneration) != 0) forgery.generation = 0x01010101u * generation;
  const bool application = typed_body[0] == static_cast<std::uint8_t>(ContentType::application);
  if ((choice & kOtherRatchet) != 0) {
    forgery.ratchet = application ? RatchetType::handshake : RatchetType::application;
  } else {
    forgery.ratchet = application ? RatchetType::application : RatchetType::handshake;
  }
  forgery.header = [&](PrivateMessage& message) {
    message.content_type = static_cast<ContentType>(typed_body[0]);
  };
  forgery.plaintext = [&](Bytes& plaintext) { plaintext = Plaintext(group, choice, padding, typed_body); };
  group.Receive(group.insider.Private(group.insider.Data(), forgery));
}

std::vector<Seed> Seeds() {
  std::vector<Seed> seeds;
  for (const std::uint8_t suite : {0, 1}) {
    for (const auto& [name, content] : ContentSeeds(LiveGroup::Of(suite))) {
      if (content.sender.sender_type != SenderType::member) continue;
      std::uint8_t choice = suite;
      if (std::holds_alternative<CommitContent>(content.body)) choice |= kConfirmation;
      seeds.push_back({name + "-" + std::to_string(suite), Joined({choice, 0, 0, 0}, Encode(content.body))});
    }
  }
  const ContentBody data = ApplicationContent{ToBytes(AsView("forged"))};
  seeds.push_back({"data", Joined({0, 0, 0, 0}, Encode(data))});
  seeds.push_back({"data-padded", Joined({0, 0, 0, 40}, Encode(data))});
  seeds.push_back({"data-ahead", Joined({kOtherGeneration, 0, 9, 3}, Encode(data))});
  seeds.push_back({"data-of-another", Joined({kOtherLeaf, 5, 0, 0}, Encode(data))});
  seeds.push_back({"data-too-far", Joined({kFarGeneration, 0, 9, 3}, Encode(data))});
  return seeds;
}

}  // namespace mls::fuzz

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned seed) {
  return mls::fuzz::Mutated<mls::ContentBody>(data, size, max_size, seed, 4);
}
