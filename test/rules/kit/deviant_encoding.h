// DeviantEncoding: the encoding of any structure with one length, presence octet or element written as RFC
// 9420 §2.1 does not allow, and all lengths around it right. Made from the same field lists as the codec
// (wire/codec.h).
#pragma once

#include <doctest/doctest.h>

#include "message/mls_message.h"
#include "tree/hash_input.h"

namespace mls::test {

// RatchetTreeData is what a ratchet_tree extension holds (RFC 9420 §12.4.3.3).
struct LeafEntry {
  static constexpr NodeType kTag = NodeType::leaf;
  LeafNode leaf_node;
  static constexpr auto kWire = Fields(&LeafEntry::leaf_node);
};
struct ParentEntry {
  static constexpr NodeType kTag = NodeType::parent;
  ParentNode parent_node;
  static constexpr auto kWire = Fields(&ParentEntry::parent_node);
};
using RatchetTreeData = std::vector<std::optional<std::variant<LeafEntry, ParentEntry>>>;

enum class Deviance : std::uint8_t {
  none,
  two_byte_length,   // of a vector below 64 bytes
  four_byte_length,  // of a vector below 16,384 bytes
  reserved_prefix,   // the two top bits of the length are set
  presence,          // of an optional: `octet`
  beyond_input,      // the length is the largest there is, and four bytes follow
};

class DeviantEncoding {
 public:
  // The `target`-th place where `deviance` is possible is written so; with none, all are as they should be.
  explicit DeviantEncoding(Deviance deviance = Deviance::none, std::size_t target = 0, std::uint8_t octet = 0)
      : deviance_(deviance), target_(target), octet_(octet) {}

  // Of gives the encoding. places() is then the number of places that there were.
  template <class T>
  Bytes Of(const T& value) {
    Begin(0);
    return Put(value);
  }
  // OfPrivate gives that of a PrivateMessageContent without padding (RFC 9420 §6.3.1).
  Bytes OfPrivate(const AuthenticatedContent& content) {
    Begin(0);
    Bytes out = std::visit([&](const auto& body) { return Put(body); }, content.content.body);
    Append(out, PutAuth(content.auth, content.content.content_type()));
    return out;
  }
  // OfData gives extension_data, of one of the RFC's own types that have a structure.
  Bytes OfData(const Extension& extension) {
    Begin(2);  // extensions<V>, extension_data<V>
    switch (extension.extension_type) {
      case ExtensionType::ratchet_tree:
        return PutData<RatchetTreeData>(extension);
      case ExtensionType::required_capabilities:
        return PutData<RequiredCapabilities>(extension);
      case ExtensionType::external_pub:
        return PutData<ExternalPub>(extension);
      case ExtensionType::external_senders:
        return PutData<ExternalSenders>(extension);
      default:
        return extension.extension_data;
    }
  }
  std::size_t places() const { return places_; }
  // depth counts the vectors that the deviant one is in, and itself.
  std::size_t depth() const { return depth_of_target_; }

 private:
  static void Append(Bytes& to, View bytes) { to.insert(to.end(), bytes.begin(), bytes.end()); }

  void Begin(std::size_t depth) {
    places_ = 0;
    depth_ = depth;
  }

  bool IsTarget(Deviance deviance) {
    if (deviance_ != deviance || places_++ != target_) return false;
    depth_of_target_ = depth_ + 1;
    return true;
  }

  Bytes Vector(View content) {
    const auto size = static_cast<std::uint32_t>(content.size());
    Bytes out(LengthSize(size));
    Writer(out).Length(size);
    const auto byte = [&](int shift) { return static_cast<std::uint8_t>(size >> shift); };
    if (size < 64 && IsTarget(Deviance::two_byte_length)) out = {0x40, byte(0)};
    if (size < 16'384 && IsTarget(Deviance::four_byte_length)) out = {0x80, 0, byte(8), byte(0)};
    if (IsTarget(Deviance::reserved_prefix)) out[0] = octet_;
    if (IsTarget(Deviance::beyond_input)) return {0xBF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0};
    Append(out, content);
    return out;
  }

  Bytes PutAuth(const FramedContentAuthData& auth, ContentType type) {
    Bytes out = Vector(auth.signature);
    if (type == ContentType::commit) Append(out, Vector(auth.confirmation_tag));
    return out;
  }

  Bytes Put(const PublicMessage& message) {
    Bytes out = Put(message.content);
    Append(out, PutAuth(message.auth, message.content.content_type()));
    if (message.content.sender.sender_type == SenderType::member) Append(out, Vector(message.membership_tag));
    return out;
  }

  template <class T>
  Bytes PutData(const Extension& extension) {
    const auto value = Decode<T>(extension.extension_data);
    REQUIRE(value.ok());
    return Put(*value);
  }

  template <class T, class F>
  Bytes PutField(const T& value, const F& field) {
    if constexpr (requires { field.tag; }) {
      return value.*(field.tag) == field.value ? Put(value.*(field.member)) : Bytes();
    } else {
      return Put(value.*field);
    }
  }

  template <class T>
  Bytes PutElements(const std::vector<T>& elements) {
    Bytes content;
    ++depth_;
    for (const T& element : elements) Append(content, Put(element));
    --depth_;
    return Vector(content);
  }
  template <class T>
  Bytes Put(const EncodedList<T>& list) {
    return PutElements(list.Decode());
  }

  template <class T>
  Bytes Put(const T& value) {
    if constexpr (wire::Opaque<T>) {
      return Vector(value);
    } else if constexpr (wire::HasWire<T>) {
      return std::apply(
          [&](const auto&... field) {
            Bytes out;
            (Append(out, PutField(value, field)), ...);
            return out;
          },
          T::kWire);
    } else if constexpr (wire::Number<T>) {
      return Encode(value);
    } else if constexpr (wire::Shape<T>::array) {
      return Encode(value);
    } else if constexpr (wire::Shape<T>::optional) {
      Bytes out{static_cast<std::uint8_t>(value.has_value())};
      if (IsTarget(Deviance::presence)) out[0] = octet_;
      if (value) Append(out, Put(*value));
      return out;
    } else if constexpr (wire::Shape<T>::vector) {
      return PutElements(value);
    } else {
      return std::visit(
          [&](const auto& one) {
            Bytes out = Encode(wire::TagOf(one));
            Append(out, Put(one));
            return out;
          },
          value);
    }
  }

  Deviance deviance_;
  std::size_t target_;
  std::uint8_t octet_;
  std::size_t places_ = 0;
  std::size_t depth_ = 0;
  std::size_t depth_of_target_ = 0;
};

}  // namespace mls::test
