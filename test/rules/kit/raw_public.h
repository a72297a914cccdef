// PublicMessages put together from bytes, for what no decoded message can say: types that do not exist,
// fields too many or too few. The signature and the membership tag are right for exactly these bytes
// (RFC 9420 §6.1, §6.2).
#pragma once

#include "kit/insider.h"

namespace mls::test {

struct RawPublic {
  Bytes content;  // an encoded FramedContent, or what is sent in its place
  enum class Context : std::uint8_t { signed_too, left_out } context = Context::signed_too;
  const Secret* signer = nullptr;           // default: the insider's
  std::optional<Bytes> signature{};         // default: that of `signer`
  std::optional<Bytes> confirmation_tag{};  // default: none, as if it were no Commit
  enum class Tag : std::uint8_t { with, without } tag = Tag::with;
  Bytes appended{};  // after everything else
};

// MakeRawPublic gives the MLSMessage.
Bytes MakeRawPublic(const Insider& insider, const RawPublic& raw);

// ContentTypeAt is where the content type of an encoded FramedContent stands; SenderAt the sender.
std::size_t SenderAt(const FramedContent& content);
std::size_t ContentTypeAt(const FramedContent& content);

// Opened is the PublicMessage that an MLSMessage holds; Closed the PrivateMessage.
inline PublicMessage Opened(View message) {
  return std::get<PublicMessage>(Must(DecodeMessage(message, {})).body);
}
inline PrivateMessage Closed(View message) {
  return std::get<PrivateMessage>(Must(DecodeMessage(message, {})).body);
}

// Flipped is `bytes` with one bit changed; bit 0 is the lowest of the first byte.
inline Bytes Flipped(View bytes, std::size_t bit) {
  Bytes changed = ToBytes(bytes);
  changed.at(bit / 8) ^= static_cast<std::uint8_t>(1u << (bit % 8));
  return changed;
}
// BitsOf gives every bit of `size` bytes to try; where a try is slow, one bit of each byte, each place in
// turn.
std::vector<std::size_t> BitsOf(const Suite& suite, std::size_t size);

}  // namespace mls::test
