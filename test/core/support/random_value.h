// RandomValue: random instances of any structure that the codec knows, made from the same field list
// (wire/codec.h). Sizes cluster around the places where a length changes its form, numbers around 0 and the
// largest.
#pragma once

#include "message/mls_message.h"
#include "support/seeded_random.h"

namespace mls::test {

namespace random_value {

inline std::size_t Length(SeededRandom& random) {
  static constexpr std::size_t kEdges[] = {0, 1, 32, 63, 64, 65, 300};
  return kEdges[random.Below(std::size(kEdges))];
}

inline Bytes RandomBytes(SeededRandom& random) { return random.Some(Length(random)); }

template <class T>
void Fill(SeededRandom& random, T& value);
template <class T>
void Fill(SeededRandom& random, EncodedList<T>& value);

template <class T>
T Number(SeededRandom& random) {
  switch (random.Below(4)) {
    case 0:
      return static_cast<T>(0);
    case 1:
      return static_cast<T>(~T{0});
    default:
      return static_cast<T>(random.Next());
  }
}

template <class E>
E Enumerator(SeededRandom& random) {
  using Value = std::underlying_type_t<E>;
  if constexpr (wire::ClosedEnum<E>) {
    for (;;) {
      const auto value = static_cast<E>(random.Below(8));
      if (IsKnown(value)) return value;
    }
  } else {
    // A registry: small numbers are mostly defined, others mostly not.
    return static_cast<E>(random.Below(2) == 0 ? static_cast<Value>(random.Below(8)) : Number<Value>(random));
  }
}

// Field fills a conditional field only when its condition holds, since the codec carries it only then.
template <class T, class F>
void Field(SeededRandom& random, T& value, const F& field) {
  if constexpr (requires { field.tag; }) {
    if (value.*(field.tag) == field.value) Fill(random, value.*(field.member));
  } else {
    Fill(random, value.*field);
  }
}

// UnknownTag gives a tag that no named alternative of the variant has.
template <class Tag, class... Body>
Tag UnknownTag(SeededRandom& random, const std::variant<Body...>&) {
  for (;;) {
    const Tag tag = Enumerator<Tag>(random);
    const auto is = [&]<class B>(const B*) {
      if constexpr (requires { B::kTag; }) {
        return tag == B::kTag;
      } else {
        return false;
      }
    };
    if (!(... || is(static_cast<const Body*>(nullptr)))) return tag;
  }
}

template <class... Body>
void Alternative(SeededRandom& random, std::variant<Body...>& value) {
  const std::size_t chosen = random.Below(sizeof...(Body));
  std::size_t i = 0;
  const auto consider = [&]<class B>(const B*) {
    if (i++ != chosen) return;
    B& body = value.template emplace<B>();
    if constexpr (!requires { B::kTag; }) body.tag = UnknownTag<decltype(body.tag)>(random, value);
    Fill(random, body);
  };
  (consider(static_cast<const Body*>(nullptr)), ...);
}

inline void FillAuth(SeededRandom& random, FramedContentAuthData& auth, ContentType type) {
  auth.signature = RandomBytes(random);
  if (type == ContentType::commit) auth.confirmation_tag = RandomBytes(random);
}

template <class T>
void Fill(SeededRandom& random, EncodedList<T>& value) {
  std::vector<T> elements;
  Fill(random, elements);
  value = EncodedList<T>(elements);
}

template <class T>
void Fill(SeededRandom& random, T& value) {
  if constexpr (std::is_same_v<T, AuthenticatedContent>) {
    value.wire_format = Enumerator<WireFormat>(random);
    Fill(random, value.content);
    FillAuth(random, value.auth, value.content.content_type());
  } else if constexpr (std::is_same_v<T, PublicMessage>) {
    Fill(random, value.content);
    FillAuth(random, value.auth, value.content.content_type());
    if (value.content.sender.sender_type == SenderType::member) value.membership_tag = RandomBytes(random);
  } else if constexpr (std::is_enum_v<T>) {
    value = Enumerator<T>(random);
  } else if constexpr (wire::Number<T>) {
    value = Number<T>(random);
  } else if constexpr (std::is_same_v<T, Bytes>) {
    value = RandomBytes(random);
  } else if constexpr (std::is_same_v<T, Secret>) {
    value = Secret::Copy(RandomBytes(random));
  } else if constexpr (wire::HasWire<T>) {
    std::apply([&](const auto&... field) { (Field(random, value, field), ...); }, T::kWire);
  } else if constexpr (wire::Shape<T>::optional) {
    if (random.Below(2) == 1) Fill(random, value.emplace());
  } else if constexpr (wire::Shape<T>::vector) {
    for (std::uint64_t left = random.Below(4); left > 0; --left) Fill(random, value.emplace_back());
  } else if constexpr (wire::Shape<T>::array) {
    (void)random.Fill(value);
  } else {
    static_assert(wire::Shape<T>::variant, "not a wire type");
    Alternative(random, value);
  }
}

}  // namespace random_value

template <class T>
T RandomValue(SeededRandom& random) {
  T value{};
  random_value::Fill(random, value);
  return value;
}

}  // namespace mls::test
