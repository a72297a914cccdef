// The labelled forms of the primitives, under which alone the protocol uses them: KDF (RFC 9420 §8),
// signatures (§5.1.2), public-key encryption (§5.1.3) and hash references (§5.2). Labels are given without
// "MLS 1.0 ".
#pragma once

#include <string_view>

#include "base/random.h"
#include "crypto/hpke.h"
#include "crypto/kdf.h"
#include "crypto/signature.h"

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
