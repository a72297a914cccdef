// EncodedList<T>: a vector T<V> that stays as it is encoded (RFC 9420 §2.1.2).
//
// A Commit in a large group holds a ciphertext for each member, of which a member needs one and a tracker
// none; and a hundred thousand proposals of seven bytes each, which would be structures of hundreds before
// anybody knows who sent them. Reading the list checks the encoding of every element and takes one allocation
// for all; an element is decoded where it is used. Since an encoding is unique, lists are equal exactly if
// their bytes are.
#pragma once

#include <iterator>
#include <span>
#include <vector>

#include "wire/codec.h"

namespace mls {

template <class T>
class EncodedList {
 public:
  // Iterator decodes one element after the other; each is gone with the next.
  class Iterator {
   public:
    explicit Iterator(View bytes) : rest_(Reader::Again(bytes)) { ++*this; }
    const T& operator*() const { return element_; }
    Iterator& operator++() {
      at_end_ = rest_.empty();
      if (!at_end_) wire::Read(rest_, element_ = T{});
      return *this;
    }
    bool operator==(std::default_sentinel_t) const { return at_end_; }

   private:
    Reader rest_;
    T element_{};
    bool at_end_ = false;
  };

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
  Iterator begin() const { return Iterator(bytes_); }
  std::default_sentinel_t end() const { return {}; }
  // list[i] decodes an element, i below count(), after skipping those before it.
  T operator[](std::size_t i) const {
    assert(i < count_);
    Reader in = Reader::Again(bytes_);
    for (; i > 0; --i) Skip(in);
    T element{};
    wire::Read(in, element);
    return element;
  }

  // ForEach decodes one element after the other and gives each away, until an error: a T&& to keep or to let
  // go, and a View of its bytes in the list.
  template <class Each>
  Status ForEach(Each each) const {
    for (Reader in = Reader::Again(bytes_); !in.empty();) {
      const View from = in.rest();
      T element{};
      wire::Read(in, element);
      const View encoded = from.first(from.size() - in.rest().size());
      if (Status done = each(std::move(element), encoded); !done.ok()) return done;
    }
    return kOk;
  }

  // Decode gives all elements.
  std::vector<T> Decode() const {
    std::vector<T> elements(count_);
    Reader in = Reader::Again(bytes_);
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
  template <class Field>
  static constexpr bool IsOpaque(Field T::*) {
    return wire::Opaque<Field>;
  }

  // Skip checks an element as wire::Read does and leaves it where it is. A struct of opaque fields is not
  // even decoded for that; another one is, and gone afterwards.
  static void Skip(Reader& in) {
    if constexpr (std::apply([](auto... field) { return (IsOpaque(field) && ...); }, T::kWire)) {
      std::apply([&](auto... field) { (SkipField(in, field), ...); }, T::kWire);
    } else {
      const std::size_t mark = in.allowance();
      T element{};
      wire::Read(in, element);
      in.Regain(mark);
    }
  }
  template <class Field>
  static void SkipField(Reader& in, Field T::*) {
    (void)in.Vector();
  }

  Bytes bytes_;
  std::size_t count_ = 0;
};

}  // namespace mls
