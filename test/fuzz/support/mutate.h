// Mutations that know the wire format: one field of a decoded structure is changed and the whole encoded
// again, so that lengths around it stay right. Half of the time libFuzzer's own mutations of bytes are used
// instead.
#pragma once

#include "support/input.h"
#include "support/random_value.h"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

namespace mls::fuzz {

namespace mutate {

using test::SeededRandom;

template <class T>
void Change(SeededRandom& random, T& value);
template <class T>
void Change(SeededRandom& random, EncodedList<T>& value);

template <class T>
void ChangeElements(SeededRandom& random, std::vector<T>& elements) {
  const std::size_t at = elements.empty() ? 0 : random.Below(elements.size());
  const auto where = elements.begin() + static_cast<std::ptrdiff_t>(at);
  const std::uint64_t what = elements.empty() ? 0 : random.Below(8);
  if (what == 0) {
    elements.insert(where, test::RandomValue<T>(random));
  } else if (what == 1) {
    elements.erase(where);
  } else if (what == 2) {
    std::swap(elements[at], elements[random.Below(elements.size())]);
  } else if (what == 3) {
    if constexpr (std::is_copy_constructible_v<T>) elements.push_back(T(elements[at]));
  } else {
    Change(random, elements[at]);
  }
}

inline void ChangeBytes(SeededRandom& random, Bytes& bytes) {
  if (random.Below(8) == 0) {
    bytes = test::random_value::RandomBytes(random);
    return;
  }
  const std::size_t size = bytes.size();
  bytes.resize(size + 16);
  bytes.resize(LLVMFuzzerMutate(bytes.data(), size, bytes.size()));
}

template <class T>
void ChangeNumber(SeededRandom& random, T& value) {
  const std::uint64_t what = random.Below(4);
  if (what == 0) value = static_cast<T>(value + 1);
  if (what == 1) value = static_cast<T>(value - 1);
  if (what == 2) value = static_cast<T>(value ^ (T{1} << random.Below(8 * sizeof(T))));
  if (what == 3) value = test::random_value::Number<T>(random);
}

template <class T>
void ChangeField(SeededRandom& random, T& value, std::uint64_t chosen) {
  std::uint64_t i = 0;
  std::apply(
      [&](const auto&... field) {
        const auto consider = [&](const auto& one) {
          if (i++ != chosen) return;
          if constexpr (requires { one.tag; }) {
            if (value.*(one.tag) == one.value) Change(random, value.*(one.member));
          } else {
            Change(random, value.*one);
          }
        };
        (consider(field), ...);
      },
      T::kWire);
}

template <class... T>
void ChangeAlternative(SeededRandom& random, std::variant<T...>& value) {
  if (random.Below(8) == 0) return test::random_value::Fill(random, value);
  std::visit(
      [&](auto& body) {
        if constexpr (!requires { std::remove_cvref_t<decltype(body)>::kTag; }) {
          if (random.Below(4) == 0) return Change(random, body.tag);
        }
        Change(random, body);
      },
      value);
}

// ChangeFramed is for the messages that encode themselves: content, signature and tags.
inline void ChangeFramed(SeededRandom& random, FramedContent& content, FramedContentAuthData& auth) {
  const std::uint64_t what = random.Below(8);
  if (what == 0) return ChangeBytes(random, auth.signature);
  if (what == 1) return ChangeBytes(random, auth.confirmation_tag);
  Change(random, content);
}

template <class T>
void Change(SeededRandom& random, EncodedList<T>& value) {
  std::vector<T> elements = value.Decode();
  ChangeElements(random, elements);
  value = EncodedList<T>(elements);
}

template <class T>
void Change(SeededRandom& random, T& value) {
  if constexpr (std::is_same_v<T, PublicMessage>) {
    if (random.Below(10) == 0) return ChangeBytes(random, value.membership_tag);
    ChangeFramed(random, value.content, value.auth);
  } else if constexpr (std::is_same_v<T, AuthenticatedContent>) {
    if (random.Below(10) == 0) return Change(random, value.wire_format);
    ChangeFramed(random, value.content, value.auth);
  } else if constexpr (std::is_enum_v<T>) {
    value = test::random_value::Enumerator<T>(random);
  } else if constexpr (wire::Number<T>) {
    ChangeNumber(random, value);
  } else if constexpr (std::is_same_v<T, Bytes>) {
    ChangeBytes(random, value);
  } else if constexpr (std::is_same_v<T, Secret>) {
    Bytes bytes = ToBytes(value);
    ChangeBytes(random, bytes);
    value = Secret::Copy(bytes);
  } else if constexpr (wire::HasWire<T>) {
    ChangeField(random, value, random.Below(std::tuple_size_v<std::remove_cvref_t<decltype(T::kWire)>>));
  } else if constexpr (wire::Shape<T>::optional) {
    if (!value || random.Below(8) == 0) return test::random_value::Fill(random, value);
    Change(random, *value);
  } else if constexpr (wire::Shape<T>::vector) {
    ChangeElements(random, value);
  } else if constexpr (wire::Shape<T>::array) {
    value[random.Below(value.size())] ^= static_cast<std::uint8_t>(1u << random.Below(8));
  } else {
    ChangeAlternative(random, value);
  }
}

}  // namespace mutate

// Mutated is libFuzzer's custom mutator for inputs whose bytes from `front` on are an encoded T. It gives the
// new size.
template <class T>
std::size_t Mutated(std::uint8_t* data, std::size_t size, std::size_t max_size, unsigned seed,
                    std::size_t front = 0) {
  test::SeededRandom random(seed);
  if (size <= front || random.Below(2) == 0) return LLVMFuzzerMutate(data, size, max_size);
  auto value = Decode<T>({data + front, size - front});
  if (!value.ok()) return LLVMFuzzerMutate(data, size, max_size);
  for (std::uint64_t times = 1 + random.Below(3); times > 0; --times) mutate::Change(random, *value);
  const Secret encoded = EncodeSecret(*value);
  if (front + encoded.size() > max_size) return LLVMFuzzerMutate(data, size, max_size);
  std::memcpy(data + front, encoded.view().data(), encoded.size());
  return front + encoded.size();
}

}  // namespace mls::fuzz
