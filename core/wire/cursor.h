// Reader and Writer: the only code that touches encoded bytes (RFC 9420 §2.1).
//
// Reader is a shrinking view. A failed read makes it failed for good: later reads give zeros and empty views,
// so a decoder checks once, at the end. No read allocates, and what a decoder allocates for the elements of
// lists is counted against an allowance: two bytes may stand for a structure of hundreds, so that the memory
// a message takes would otherwise be a large multiple of its size. With the allowance it is at most four
// times the input and 1 MiB: the bytes once, the elements three times. Writer fills a buffer whose size was
// computed before.
#pragma once

#include <cassert>

#include "base/bytes.h"
#include "base/result.h"

namespace mls {

// kMaxVectorSize is the longest vector that a length can name (RFC 9420 §2.1.2: 30 bits).
inline constexpr std::size_t kMaxVectorSize = (1u << 30) - 1;

// kDecodedElements is what the elements of all lists of one input may take in memory, beside three times the
// input. A list that may be long and whose elements are short on the wire is an EncodedList, which takes
// none.
inline constexpr std::size_t kDecodedElements = 1u << 20;

class Reader {
 public:
  explicit Reader(View input) : rest_(input), allowance_(kDecodedElements + 3 * input.size()) {}
  // Again reads what was read before, and so has its allowance behind it.
  static Reader Again(View input) {
    Reader in(input);
    in.allowance_ = static_cast<std::size_t>(-1);
    return in;
  }

  bool ok() const { return ok_; }
  bool empty() const { return rest_.empty(); }
  View rest() const { return rest_; }
  // done says that everything was read and nothing failed.
  bool done() const { return ok_ && rest_.empty(); }
  void Fail(Error why = Error::MALFORMED) {
    if (ok_) error_ = why;
    ok_ = false;
    rest_ = {};
  }
  // error says why the input is refused; MALFORMED too when it has bytes left over.
  Error error() const { return error_; }

  // Uint reads a big-endian unsigned integer of T's size.
  template <class T>
  T Uint() {
    const View bytes = Take(sizeof(T));
    T value = 0;
    for (std::uint8_t byte : bytes) value = static_cast<T>((static_cast<std::uint64_t>(value) << 8) | byte);
    return value;
  }

  // Take reads `size` bytes.
  View Take(std::size_t size) {
    if (size > rest_.size()) {
      Fail();
      return {};
    }
    const View taken = rest_.first(size);
    rest_ = rest_.subspan(size);
    return taken;
  }

  // Length reads a variable-size vector header (RFC 9420 §2.1.2) and checks that so many bytes are left.
  std::size_t Length();
  // Vector reads a header and its content.
  View Vector() { return Take(Length()); }

  // Elements reads a vector as a Reader of its own, and Return, called when that has been read, passes on
  // whether it failed. Between them the allowance is the inner Reader's.
  Reader Elements() {
    Reader elements(Vector());
    elements.allowance_ = allowance_;
    return elements;
  }
  void Return(const Reader& elements) {
    allowance_ = elements.allowance_;
    if (!elements.ok()) Fail(elements.error());
  }
  // Charge takes the memory of one element out of the allowance: LIMIT_EXCEEDED when there is none left.
  void Charge(std::size_t bytes) {
    if (bytes > allowance_) return Fail(Error::LIMIT_EXCEEDED);
    allowance_ -= bytes;
  }
  // Regain makes the allowance what it was at `mark`, once the elements since are gone.
  std::size_t allowance() const { return allowance_; }
  void Regain(std::size_t mark) { allowance_ = mark; }

 private:
  View rest_;
  std::size_t allowance_;
  bool ok_ = true;
  Error error_ = Error::MALFORMED;
};

class Writer {
 public:
  explicit Writer(Span output) : rest_(output) {}

  bool full() const { return rest_.empty(); }

  template <class T>
  void Uint(T value) {
    assert(rest_.size() >= sizeof(T));
    for (std::size_t i = sizeof(T); i-- > 0;) {
      rest_[i] = static_cast<std::uint8_t>(value);
      value = static_cast<T>(static_cast<std::uint64_t>(value) >> 8);
    }
    rest_ = rest_.subspan(sizeof(T));
  }

  void Put(View bytes) {
    assert(rest_.size() >= bytes.size());
    if (!bytes.empty()) std::memcpy(rest_.data(), bytes.data(), bytes.size());
    rest_ = rest_.subspan(bytes.size());
  }

  // Length writes the shortest header for a vector of `size` bytes (RFC 9420 §2.1.2).
  void Length(std::size_t size);
  void Vector(View bytes) {
    Length(bytes.size());
    Put(bytes);
  }

 private:
  Span rest_;
};

// LengthSize gives the bytes that the header of a vector of `size` bytes takes: 1, 2 or 4.
constexpr std::size_t LengthSize(std::size_t size) { return size < 64 ? 1 : size < 16384 ? 2 : 4; }
// VectorSize gives the bytes of a whole vector, header included.
constexpr std::size_t VectorSize(std::size_t size) { return LengthSize(size) + size; }

}  // namespace mls
