#include "kit/raw_public.h"

namespace mls::test {

namespace {

void Append(Bytes& to, View bytes) { to.insert(to.end(), bytes.begin(), bytes.end()); }

}  // namespace

Bytes MakeRawPublic(const Insider& insider, const RawPublic& raw) {
  Bytes signed_part = Encode(ProtocolVersion::mls10, WireFormat::mls_public_message);
  Append(signed_part, raw.content);
  const Bytes context = raw.context == RawPublic::Context::signed_too ? insider.context() : Bytes();
  const Secret& signer = raw.signer == nullptr ? insider.signer : *raw.signer;
  const Bytes signature =
      raw.signature
          ? *raw.signature
          : Must(SignWithLabel(insider.suite(), signer, "FramedContentTBS", {signed_part, context}));
  Bytes auth = Encode(signature);
  if (raw.confirmation_tag) Append(auth, Encode(*raw.confirmation_tag));
  Bytes message = signed_part;
  Append(message, auth);
  if (raw.tag == RawPublic::Tag::with) {
    const auto tag = Must(Mac(insider.suite(), insider.membership_key, {signed_part, context, auth}));
    Append(message, Encode(ToBytes(tag)));
  }
  Append(message, raw.appended);
  return message;
}

std::size_t SenderAt(const FramedContent& content) {
  return VectorSize(content.group_id.size()) + sizeof(content.epoch);
}

std::size_t ContentTypeAt(const FramedContent& content) {
  return SenderAt(content) + Encode(content.sender).size() + VectorSize(content.authenticated_data.size());
}

std::vector<std::size_t> BitsOf(const Suite& suite, std::size_t size) {
  const bool all = &suite == &AllSuites().front();
  std::vector<std::size_t> bits;
  for (std::size_t at = 0; at < size; ++at) {
    for (std::size_t bit = 0; bit < 8; ++bit) {
      if (all || bit == at % 8) bits.push_back(8 * at + bit);
    }
  }
  return bits;
}

}  // namespace mls::test
