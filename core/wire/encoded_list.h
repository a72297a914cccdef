// EncodedList<T>: a vector T<V> that stays as it is encoded (RFC 9420 §2.1.2).
//
// A Commit in a large group holds a ciphertext for each member, of which a member needs one and a tracker
// none. Reading the list checks the encoding of every element and takes one allocation for all; an element is
// decoded where it is used. Since an encoding is unique, lists are equal exactly if their bytes are. A T is a
// struct of opaque fields.
#pragma once

#include <span>
#include <vector>

#include "wire/codec.h"

namespace mls {

template <class T>
class EncodedList {
 public:
  EncodedList() = default;
  explicit EncodedList(std::span<const T> elements) : count_(elements.size()) {
    std::size_t size = 0;
    for (const T& element : elements) size += wire::Size(element);
    bytes_.resize(size);
    Writer out(bytes_);
    for (const T& element : elements) wire::Write(out, element);
  }
  bool operator==(const EncodedList&) const = default;

  std::size_t count() const { return count_; }
  // list[i] decodes an element, i below count(), after skipping those before it.
  T operator[](std::size_t i) const {
    assert(i < count_);
    Reader in(bytes_);
    for (; i > 0; --i) Skip(in);
    T element{};
    wire::Read(in, element);
    return element;
  }

  // Decode gives all elements.
  std::vector<T> Decode() const {
    std::vector<T> elements(count_);
    Reader in(bytes_);
    for (T& element : elements) wire::Read(in, element);
    return elements;
  }

  std::size_t Size() const { return VectorSize(bytes_.size()); }
  void Write(Writer& out) const { out.Vector(bytes_); }
  void Read(Reader& in) {
    Reader elements = in.Elements();
    const View bytes = elements.rest();
    for (count_ = 0; !elements.empty(); ++count_) Skip(elements);
    in.Return(elements);
    bytes_ = in.ok() ? ToBytes(bytes) : Bytes();
  }

 private:
  // Skip checks an element as wire::Read does and leaves it where it is.
  static void Skip(Reader& in) {
    std::apply([&](auto... field) { (SkipField(in, field), ...); }, T::kWire);
  }
  template <wire::Opaque Field>
  static void SkipField(Reader& in, Field T::*) {
    (void)in.Vector();
  }

  Bytes bytes_;
  std::size_t count_ = 0;
};

}  // namespace mls
