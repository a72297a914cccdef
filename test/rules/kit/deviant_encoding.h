// DeviantEncoding: the encoding of any structure with one length, presence octet or element written as RFC
// 9420 §2.1 does not allow, and all lengths around it right. Made from the same field lists as the codec
// (wire/codec.h).
#pragma once

#include "message/mls_message.h"

namespace mls::test {

enum class Deviance : std::uint8_t {
  none,
  two_byte_length,   // of a vector below 64 bytes
  four_byte_length,  // of a vector below 16,384 bytes
  reserved_prefix,   // the two top bits of the length are set
  presence,          // of an optional: `octet`
};

class DeviantEncoding {
 public:
  // The `target`-th place where `deviance` is possible is written so; with none, all are as they should be.
  explicit DeviantEncoding(Deviance deviance = Deviance::none, std::size_t target = 0, std::uint8_t octet = 0)
      : deviance_(deviance), target_(target), octet_(octet) {}

  // Of gives the encoding. Places() is then the number of places that there were.
  template <class T>
  Bytes Of(const T& value) {
    places_ = 0;
    return Put(value);
  }
  std::size_t places() const { return places_; }

 private:
  static void Append(Bytes& to, View bytes) { to.insert(to.end(), bytes.begin(), bytes.end()); }

  bool IsTarget(Deviance deviance) { return deviance_ == deviance && places_++ == target_; }

  Bytes Vector(View content) {
    const auto size = static_cast<std::uint32_t>(content.size());
    Bytes out(LengthSize(size));
    Writer(out).Length(size);
    const auto byte = [&](int shift) { return static_cast<std::uint8_t>(size >> shift); };
    if (size < 64 && IsTarget(Deviance::two_byte_length)) out = {0x40, byte(0)};
    if (size < 16'384 && IsTarget(Deviance::four_byte_length)) out = {0x80, 0, byte(8), byte(0)};
    if (IsTarget(Deviance::reserved_prefix)) out[0] = octet_;
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
    for (const T& element : elements) Append(content, Put(element));
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
};

}  // namespace mls::test
