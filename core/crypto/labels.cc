#include "crypto/labels.h"

#include "base/check.h"
#include "base/counters.h"
#include "crypto/hkdf.h"
#include "wire/codec.h"

namespace mls {

namespace {

constexpr std::string_view kPrefix = "MLS 1.0 ";  // RFC 9420 §5.1.2, §5.1.3, §8

// PrefixedLabel is the `opaque label<V>` that every labelled input starts with.
struct PrefixedLabel {
  std::string_view label;
  std::size_t Size() const { return VectorSize(kPrefix.size() + label.size()); }
  void Write(Writer& out) const {
    out.Length(kPrefix.size() + label.size());
    out.Put(AsView(kPrefix));
    out.Put(AsView(label));
  }
  void Read(Reader& in) { in.Fail(); }  // labels are compared through the primitives, never read
};

// VectorLength is the header of a vector whose content is hashed where it lies.
class VectorLength {
 public:
  explicit VectorLength(std::size_t length) : size_(LengthSize(length)) {
    Writer({bytes_.data(), size_}).Length(length);
  }
  View view() const { return {bytes_.data(), size_}; }

 private:
  std::array<std::uint8_t, 4> bytes_;
  std::size_t size_;
};

constexpr std::size_t kMaxLabelSize = kMaxVectorSize - kPrefix.size();

Result<LabelledContent> Joined(std::string_view label, std::initializer_list<View> parts) {
  std::size_t size = 0;
  for (View part : parts) size += part.size();
  MLS_TRY(content, LabelledContent::Make(label, size));
  Writer out(content.room());
  for (View part : parts) out.Put(part);
  return std::move(content);
}

}  // namespace

Result<LabelledContent> LabelledContent::Make(std::string_view label, std::size_t size) {
  MLS_REQUIRE(label.size() <= kMaxLabelSize && size <= kMaxVectorSize,
              TOO_LARGE);  // RFC 9420 §2.1.2: 30 bits
  const PrefixedLabel prefixed{label};
  LabelledContent content{Bytes(prefixed.Size() + VectorSize(size)), size};
  Writer out(content.encoded);
  prefixed.Write(out);
  out.Length(size);
  return content;
}

// KDFLabel { uint16 length; opaque label<V> = "MLS 1.0 " + Label; opaque context<V>; } (RFC 9420 §8)
Result<Secret> ExpandWithLabel(const Suite& suite, View secret, std::string_view label, View context,
                               std::size_t length) {
  static_assert(255 * kMaxHashSize <= 0xffff);  // so HkdfExpand refuses what does not fit into the uint16
  MLS_REQUIRE(label.size() <= kMaxLabelSize && context.size() <= kMaxVectorSize,
              TOO_LARGE);  // RFC 9420 §2.1.2: 30 bits
  ++Count().expands;
  std::array<std::uint8_t, 2> size;
  Writer(size).Uint(static_cast<std::uint16_t>(length));
  return HkdfExpand(suite.kdf, secret,
                    {size, VectorLength(kPrefix.size() + label.size()).view(), AsView(kPrefix), AsView(label),
                     VectorLength(context.size()).view(), context},
                    length);
}

Result<Secret> DeriveSecret(const Suite& suite, View secret, std::string_view label) {
  return ExpandWithLabel(suite, secret, label, {}, suite.Nh);
}

Result<Secret> DeriveTreeSecret(const Suite& suite, View secret, std::string_view label,
                                std::uint32_t generation, std::size_t length) {
  std::array<std::uint8_t, 4> context;
  Writer(context).Uint(generation);
  return ExpandWithLabel(suite, secret, label, context, length);
}

Result<Bytes> SignWithLabel(const Suite& suite, View private_key, std::string_view label,
                            std::initializer_list<View> content) {
  MLS_TRY(joined, Joined(label, content));
  return Sign(suite, private_key, joined.encoded);
}

Status VerifyWithLabel(const Suite& suite, View public_key, std::string_view label,
                       std::initializer_list<View> content, View signature) {
  MLS_TRY(joined, Joined(label, content));
  return Verify(suite, public_key, joined.encoded, signature);
}

// EncryptContext { opaque label<V> = "MLS 1.0 " + Label; opaque context<V>; } (RFC 9420 §5.1.3)
Result<HpkeInfo> EncryptionContext(const Suite& suite, std::string_view label, View context) {
  MLS_REQUIRE(label.size() <= kMaxLabelSize && context.size() <= kMaxVectorSize,
              TOO_LARGE);  // RFC 9420 §2.1.2: 30 bits
  return HpkeInfo::Make(suite, Encode(PrefixedLabel{label}, context));
}

Result<HPKECiphertext> EncryptWithLabel(const Suite& suite, View public_key, std::string_view label,
                                        View context, View plaintext, Random& random) {
  MLS_TRY(info, EncryptionContext(suite, label, context));
  MLS_TRY(entropy, random.TakeSecret(suite.Nsk));
  return HpkeSeal(info, public_key, plaintext, entropy);
}

Result<Secret> DecryptWithLabel(const Suite& suite, View private_key, View public_key, std::string_view label,
                                View context, const HPKECiphertext& ciphertext) {
  MLS_TRY(info, EncryptionContext(suite, label, context));
  return HpkeOpen(info, private_key, public_key, ciphertext);
}

// RefHashInput { opaque label<V>; opaque value<V>; } (RFC 9420 §5.2)
Result<Digest> RefHash(const Suite& suite, std::string_view label, View value) {
  MLS_REQUIRE(label.size() <= kMaxVectorSize && value.size() <= kMaxVectorSize,
              TOO_LARGE);  // RFC 9420 §2.1.2: 30 bits
  return Hash(suite,
              {VectorLength(label.size()).view(), AsView(label), VectorLength(value.size()).view(), value});
}

Result<Digest> MakeKeyPackageRef(const Suite& suite, View encoded_key_package) {
  return RefHash(suite, "MLS 1.0 KeyPackage Reference", encoded_key_package);
}

Result<Digest> MakeProposalRef(const Suite& suite, View encoded_authenticated_content) {
  return RefHash(suite, "MLS 1.0 Proposal Reference", encoded_authenticated_content);
}

}  // namespace mls
