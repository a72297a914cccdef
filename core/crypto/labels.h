// The labelled forms of the primitives, under which alone the protocol uses them: KDF (RFC 9420 §8),
// signatures (§5.1.2), public-key encryption (§5.1.3) and hash references (§5.2). Labels are given without
// "MLS 1.0 ".
#pragma once

#include <string_view>

#include "base/random.h"
#include "crypto/hpke.h"
#include "crypto/kdf.h"
#include "crypto/signature.h"
#include "wire/codec.h"

namespace mls {

// ExpandWithLabel gives `length` bytes; LIMIT_EXCEEDED above 255·Nh, TOO_LARGE for a label or context
// above 2^30 bytes.
Result<Secret> ExpandWithLabel(const Suite& suite, View secret, std::string_view label, View context,
                               std::size_t length);
// DeriveSecret is ExpandWithLabel with an empty context and Nh bytes.
Result<Secret> DeriveSecret(const Suite& suite, View secret, std::string_view label);
// DeriveTreeSecret has the generation as its context (RFC 9420 §9.1).
Result<Secret> DeriveTreeSecret(const Suite& suite, View secret, std::string_view label,
                                std::uint32_t generation, std::size_t length);

// SignWithLabel and VerifyWithLabel take the content in parts: they copy it once, behind the label.
Result<Bytes> SignWithLabel(const Suite& suite, View private_key, std::string_view label,
                            std::initializer_list<View> content);
Status VerifyWithLabel(const Suite& suite, View public_key, std::string_view label,
                       std::initializer_list<View> content, View signature);

// SignContent { opaque label<V> = "MLS 1.0 " + Label; opaque content<V>; } (RFC 9420 §5.1.2) in one piece, as
// EdDSA takes it: first without its content, for which there is room at the end. TOO_LARGE above 2^30 bytes.
struct LabelledContent {
  Bytes encoded;
  std::size_t size;  // of the content
  static Result<LabelledContent> Make(std::string_view label, std::size_t size);
  std::span<std::uint8_t> room() { return std::span(encoded).last(size); }
  View content() const { return View(encoded).last(size); }
};

// SignUnsigned and VerifyUnsigned take a struct whose last field is the signature, and encode it behind the
// label: a GroupInfo may be many megabytes.
template <class T>
Result<LabelledContent> UnsignedContent(std::string_view label, const T& value) {
  const Unsigned<T> content{value};
  auto made = LabelledContent::Make(label, content.Size());
  if (!made.ok()) return made;
  Writer out(made->room());
  content.Write(out);
  return made;
}
template <class T>
Result<Bytes> SignUnsigned(const Suite& suite, View private_key, std::string_view label, const T& value) {
  const auto content = UnsignedContent(label, value);
  if (!content.ok()) return content.error();
  return Sign(suite, private_key, content->encoded);
}
template <class T>
Status VerifyUnsigned(const Suite& suite, View public_key, std::string_view label, const T& value) {
  const auto content = UnsignedContent(label, value);
  if (!content.ok()) return content.error();
  return Verify(suite, public_key, content->encoded, value.signature);
}

// EncryptionContext prepares EncryptWithLabel for one label and context, so that many recipients share its
// hashes.
Result<HpkeInfo> EncryptionContext(const Suite& suite, std::string_view label, View context);
Result<HPKECiphertext> EncryptWithLabel(const Suite& suite, View public_key, std::string_view label,
                                        View context, View plaintext, Random& random);
Result<Secret> DecryptWithLabel(const Suite& suite, View private_key, View public_key, std::string_view label,
                                View context, const HPKECiphertext& ciphertext);

// RefHash takes its whole label (RFC 9420 §5.2).
Result<Digest> RefHash(const Suite& suite, std::string_view label, View value);
Result<Digest> MakeKeyPackageRef(const Suite& suite, View encoded_key_package);
Result<Digest> MakeProposalRef(const Suite& suite, View encoded_authenticated_content);

}  // namespace mls
