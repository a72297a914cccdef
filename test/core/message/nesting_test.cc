// Nesting is bounded: how deep a structure holds others is fixed by its type. No structure of RFC 9420
// contains itself, so no input can make a decoder go deeper; one that did would not compile here.
#include <doctest/doctest.h>

#include <algorithm>

#include "message/mls_message.h"

namespace mls {
namespace {

template <class T>
constexpr std::size_t Depth();

// DepthOf a field, plain or conditional.
template <class T, class M>
constexpr std::size_t DepthOf(M T::*) {
  return Depth<M>();
}
template <class Field>
constexpr std::size_t DepthOf(const Field& field) {
  return DepthOf(field.member);
}

template <class... Body>
constexpr std::size_t DepthOfVariant(const std::variant<Body...>*) {
  return std::max({Depth<Body>()...});
}

template <class T>
constexpr std::size_t DepthOfElements(const EncodedList<T>*) {
  return Depth<T>();
}

template <class T>
constexpr std::size_t Depth() {
  if constexpr (requires(const T* list) { DepthOfElements(list); }) {
    return DepthOfElements(static_cast<const T*>(nullptr));
  } else if constexpr (std::is_same_v<T, AuthenticatedContent> || std::is_same_v<T, PublicMessage>) {
    return 1 + Depth<FramedContent>();  // their other fields are byte strings
  } else if constexpr (wire::HasWire<T>) {
    return std::apply([](const auto&... field) { return 1 + std::max({std::size_t{0}, DepthOf(field)...}); },
                      T::kWire);
  } else if constexpr (std::is_enum_v<T> || wire::Number<T> || std::is_same_v<T, Bytes> ||
                       std::is_same_v<T, Secret>) {
    return 0;
  } else if constexpr (wire::Shape<T>::vector || wire::Shape<T>::optional) {
    return Depth<typename T::value_type>();
  } else if constexpr (wire::Shape<T>::variant) {
    return DepthOfVariant(static_cast<const T*>(nullptr));
  } else {
    return 0;
  }
}

TEST_CASE("the deepest message is fourteen structures deep, whatever is inside") {
  CHECK(Depth<Extension>() == 1);
  CHECK(Depth<Credential>() == 3);
  CHECK(Depth<LeafNode>() == 4);
  CHECK(Depth<KeyPackage>() == 5);
  CHECK(Depth<Proposal>() == 7);
  // MLSMessage, PublicMessage, FramedContent, CommitContent, Commit, ProposalOrRef, ProposalByValue,
  // Proposal, …
  CHECK(Depth<MLSMessage>() == 14);
}

TEST_CASE("input that opens a list at every byte ends at the depth of its type") {
  // Each byte announces that much more: the outer length is checked against the input before the inner one is
  // read.
  for (const std::uint8_t byte : {0x01, 0x3F, 0x7F, 0x80, 0xBF}) {
    Bytes bytes(1u << 20, byte);
    for (const std::uint8_t format : {1, 2, 3, 4, 5}) {
      std::copy_n(Bytes{0, 1, 0, format}.begin(), 4, bytes.begin());
      CHECK_FALSE(DecodeMessage(bytes, {}).ok());
    }
  }
}

}  // namespace
}  // namespace mls
