// Raw messages: bytes that no structure can hold, put into a message before it is signed and tagged.
#pragma once

#include "kit/insider.h"

namespace mls::test {

// Replaced gives `bytes` with the one occurrence of `from` replaced by `to`.
inline Bytes Replaced(const Bytes& bytes, View from, View to) {
  const auto at = std::search(bytes.begin(), bytes.end(), from.begin(), from.end());
  REQUIRE(at != bytes.end());
  Bytes changed(bytes.begin(), at);
  changed.insert(changed.end(), to.begin(), to.end());
  changed.insert(changed.end(), at + static_cast<std::ptrdiff_t>(from.size()), bytes.end());
  return changed;
}

// RawPublic is the insider's PublicMessage of a proposal or application data, signed and tagged over content
// in which `from` was replaced by `to`.
inline Bytes RawPublic(const Insider& insider, const FramedContent& content, View from, View to) {
  Bytes message = Replaced(EncodeSignedPart(WireFormat::mls_public_message, content), from, to);
  const Bytes signature = Encode(
      Must(SignWithLabel(insider.suite(), insider.signer, "FramedContentTBS", {message, insider.context()})));
  const Bytes tag = Encode(
      ToBytes(Must(Mac(insider.suite(), insider.membership_key, {message, insider.context(), signature}))));
  message.insert(message.end(), signature.begin(), signature.end());
  message.insert(message.end(), tag.begin(), tag.end());
  return message;
}

}  // namespace mls::test
