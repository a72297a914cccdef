// The codec: one declaration per RFC struct gives its encoding, decoding and size (RFC 9420 §2.1).
//
//   struct Remove {
//     std::uint32_t removed;
//     static constexpr auto kWire = Fields(&Remove::removed);
//   };
//
// A field is an unsigned integer or enum (big-endian), Bytes, Secret or View (opaque<V>), std::array
// (opaque[n]), std::optional (optional<T>), std::vector (T<V>), a struct with kWire, or a std::variant: the
// `select` of a struct whose alternatives each name their tag in `kTag` (an alternative without one takes
// every other tag and has a member `tag`; it must be the last). When(tag, value, field) is a field that is
// there only if `tag` has that value. A type with Size/Write/Read members encodes itself. Enums for which
// IsKnown(e) exists are closed: another value is malformed. A View that is read points into the input.
#pragma once

#include <array>
#include <optional>
#include <tuple>
#include <type_traits>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "wire/cursor.h"

namespace mls {

template <class Struct, class Tag, class Member>
struct WhenField {
  Tag Struct::* tag;
  Tag value;
  Member Struct::* member;
};

template <class Struct, class Tag, class Member>
constexpr auto When(Tag Struct::* tag, std::type_identity_t<Tag> value, Member Struct::* member) {
  return WhenField<Struct, Tag, Member>{tag, value, member};
}

template <class... F>
constexpr auto Fields(F... fields) {
  return std::tuple<F...>(fields...);
}

namespace wire {

template <class T>
concept HasWire = requires { T::kWire; };
template <class T>
concept EncodesItself = requires(const T& t, T& u, Writer& w, Reader& r) {
  t.Size();
  t.Write(w);
  u.Read(r);
};
template <class T>
concept Number = std::is_unsigned_v<T> || std::is_enum_v<T>;
template <class T>
concept ClosedEnum = std::is_enum_v<T> && requires(T e) { IsKnown(e); };
template <class T>
concept Opaque = std::is_same_v<T, Bytes> || std::is_same_v<T, Secret> || std::is_same_v<T, View>;

template <class T>
struct Shape : std::false_type {};
template <class T>
struct Shape<std::optional<T>> {
  static constexpr bool optional = true, vector = false, variant = false, array = false;
};
template <class T>
struct Shape<std::vector<T>> {
  static constexpr bool optional = false, vector = true, variant = false, array = false;
};
template <std::size_t N>
struct Shape<std::array<std::uint8_t, N>> {
  static constexpr bool optional = false, vector = false, variant = false, array = true;
};
template <class... T>
struct Shape<std::variant<T...>> {
  static constexpr bool optional = false, vector = false, variant = true, array = false;
};

template <class T>
std::size_t Size(const T& value);
template <class T>
void Write(Writer& out, const T& value);
template <class T>
void Read(Reader& in, T& value);

template <class Body>
auto TagOf(const Body& body) {
  if constexpr (requires { Body::kTag; }) {
    return Body::kTag;
  } else {
    return body.tag;
  }
}

template <std::size_t I, class... T>
void ReadAlternative(Reader& in, std::variant<T...>& value,
                     decltype(TagOf(std::declval<std::variant_alternative_t<0, std::variant<T...>>>())) tag) {
  using Body = std::variant_alternative_t<I, std::variant<T...>>;
  if constexpr (requires { Body::kTag; }) {
    if (tag == Body::kTag) {
      Read(in, value.template emplace<I>());
    } else if constexpr (I + 1 < sizeof...(T)) {
      ReadAlternative<I + 1>(in, value, tag);
    } else {
      in.Fail();
    }
  } else {
    Body& body = value.template emplace<I>();
    body.tag = tag;
    Read(in, body);
  }
}

template <class T, class F>
std::size_t FieldSize(const T& value, const F& field) {
  if constexpr (requires { field.tag; }) {
    return value.*(field.tag) == field.value ? Size(value.*(field.member)) : 0;
  } else {
    return Size(value.*field);
  }
}

template <class T, class F>
void WriteField(Writer& out, const T& value, const F& field) {
  if constexpr (requires { field.tag; }) {
    if (value.*(field.tag) == field.value) Write(out, value.*(field.member));
  } else {
    Write(out, value.*field);
  }
}

template <class T, class F>
void ReadField(Reader& in, T& value, const F& field) {
  if constexpr (requires { field.tag; }) {
    if (value.*(field.tag) == field.value) Read(in, value.*(field.member));
  } else {
    Read(in, value.*field);
  }
}

template <class T>
std::size_t ElementsSize(const std::vector<T>& elements) {
  if constexpr (Number<T>) {
    return elements.size() * sizeof(T);
  } else {
    std::size_t size = 0;
    for (const T& element : elements) size += Size(element);
    return size;
  }
}

template <class T>
std::size_t Size(const T& value) {
  if constexpr (EncodesItself<T>) {
    return value.Size();
  } else if constexpr (Number<T>) {
    return sizeof(T);
  } else if constexpr (Opaque<T>) {
    return VectorSize(value.size());
  } else if constexpr (HasWire<T>) {
    return std::apply([&](const auto&... field) { return (std::size_t{0} + ... + FieldSize(value, field)); },
                      T::kWire);
  } else if constexpr (Shape<T>::optional) {
    return 1 + (value ? Size(*value) : 0);
  } else if constexpr (Shape<T>::vector) {
    return VectorSize(ElementsSize(value));
  } else if constexpr (Shape<T>::array) {
    return value.size();
  } else {
    static_assert(Shape<T>::variant, "not a wire type");
    return std::visit([](const auto& body) { return sizeof(TagOf(body)) + Size(body); }, value);
  }
}

template <class T>
void Write(Writer& out, const T& value) {
  if constexpr (EncodesItself<T>) {
    value.Write(out);
  } else if constexpr (std::is_enum_v<T>) {
    out.Uint(static_cast<std::underlying_type_t<T>>(value));
  } else if constexpr (Number<T>) {
    out.Uint(value);
  } else if constexpr (Opaque<T>) {
    out.Vector(value);
  } else if constexpr (HasWire<T>) {
    std::apply([&](const auto&... field) { (WriteField(out, value, field), ...); }, T::kWire);
  } else if constexpr (Shape<T>::optional) {
    out.Uint(static_cast<std::uint8_t>(value ? 1 : 0));
    if (value) Write(out, *value);
  } else if constexpr (Shape<T>::vector) {
    out.Length(ElementsSize(value));
    for (const auto& element : value) Write(out, element);
  } else if constexpr (Shape<T>::array) {
    out.Put(value);
  } else {
    static_assert(Shape<T>::variant, "not a wire type");
    std::visit(
        [&](const auto& body) {
          Write(out, TagOf(body));
          Write(out, body);
        },
        value);
  }
}

template <class T>
void Read(Reader& in, T& value) {
  if constexpr (EncodesItself<T>) {
    value.Read(in);
  } else if constexpr (std::is_enum_v<T>) {
    value = static_cast<T>(in.Uint<std::underlying_type_t<T>>());
    if constexpr (ClosedEnum<T>) {
      if (!IsKnown(value)) in.Fail();
    }
  } else if constexpr (Number<T>) {
    value = in.Uint<T>();
  } else if constexpr (std::is_same_v<T, Bytes>) {
    value = ToBytes(in.Vector());
  } else if constexpr (std::is_same_v<T, Secret>) {
    value = Secret::Copy(in.Vector());
  } else if constexpr (std::is_same_v<T, View>) {
    value = in.Vector();
  } else if constexpr (HasWire<T>) {
    std::apply([&](const auto&... field) { (ReadField(in, value, field), ...); }, T::kWire);
  } else if constexpr (Shape<T>::optional) {
    const auto present = in.Uint<std::uint8_t>();
    if (present > 1) in.Fail();  // RFC 9420 §2.1.1: the presence octet is 0 or 1
    value.reset();
    if (present == 1 && in.ok()) Read(in, value.emplace());
  } else if constexpr (Shape<T>::vector) {
    Reader elements = in.Elements();
    value.clear();
    while (!elements.empty()) {
      elements.Charge(
          3 * sizeof(typename T::value_type));  // a vector that grows holds its old and its new memory
      if (elements.ok()) Read(elements, value.emplace_back());
    }
    in.Return(elements);
  } else if constexpr (Shape<T>::array) {
    const View bytes = in.Take(value.size());
    if (in.ok()) std::memcpy(value.data(), bytes.data(), value.size());
  } else {
    static_assert(Shape<T>::variant, "not a wire type");
    decltype(TagOf(std::declval<std::variant_alternative_t<0, T>>())) tag{};
    Read(in, tag);
    if (in.ok()) ReadAlternative<0>(in, value, tag);
  }
}

}  // namespace wire

// Encoded is an already encoded part: it is written as it is.
struct Encoded {
  View bytes;
  std::size_t Size() const { return bytes.size(); }
  void Write(Writer& out) const { out.Put(bytes); }
  void Read(Reader& in) { bytes = in.Take(in.rest().size()); }
};

// EncodedSize gives the bytes of the encodings of `values`, one after the other.
template <class... T>
std::size_t EncodedSize(const T&... values) {
  return (std::size_t{0} + ... + wire::Size(values));
}

// Encode gives the encodings of `values`, one after the other, in one allocation.
template <class... T>
Bytes Encode(const T&... values) {
  Bytes bytes(EncodedSize(values...));
  Writer out(bytes);
  (wire::Write(out, values), ...);
  assert(out.full());
  return bytes;
}

// EncodeSecret is Encode for structures that hold secrets.
template <class... T>
Secret EncodeSecret(const T&... values) {
  Secret bytes(EncodedSize(values...));
  Writer out(bytes.span());
  (wire::Write(out, values), ...);
  assert(out.full());
  return bytes;
}

// Unsigned is a signed struct without its last field, the signature. It is written, never read.
template <class T>
struct Unsigned {
  const T& value;
  static constexpr std::size_t kLast = std::tuple_size_v<std::remove_cvref_t<decltype(T::kWire)>> - 1;

  std::size_t Size() const { return wire::Size(value) - wire::FieldSize(value, std::get<kLast>(T::kWire)); }
  void Write(Writer& out) const {
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      (wire::WriteField(out, value, std::get<I>(T::kWire)), ...);
    }(std::make_index_sequence<kLast>());
  }
  void Read(Reader& in) { in.Fail(); }
};

// EncodeUnsigned gives the encoding of a signed struct without its signature, and what follows it.
template <class T, class... More>
Bytes EncodeUnsigned(const T& value, const More&... more) {
  return Encode(Unsigned<T>{value}, more...);
}

// Decode reads a T that takes up the whole input: MALFORMED, or LIMIT_EXCEEDED for lists that would take much
// more memory than their encoding.
template <class T>
Result<T> Decode(View input) {
  Reader in(input);
  T value{};
  wire::Read(in, value);
  if (!in.done()) return in.error();
  return value;
}

// DecodeStored reads a row that we wrote ourselves: what its lists take in memory was paid for when it was
// made, so that no allowance is asked. STORAGE_DAMAGED.
template <class T>
Result<T> DecodeStored(View row) {
  Reader in = Reader::Again(row);
  T value{};
  wire::Read(in, value);
  if (!in.done()) return Error::STORAGE_DAMAGED;
  return value;
}

// DecodePrefix reads a T from the front of `in` and leaves the rest.
template <class T>
Result<T> DecodePrefix(Reader& in) {
  T value{};
  wire::Read(in, value);
  if (!in.ok()) return in.error();
  return value;
}

}  // namespace mls
