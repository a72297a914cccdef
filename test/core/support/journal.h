// Journal: what the members of a Company were given, for a reader that lets others live through the same.
#pragma once

#include <optional>

#include "message/key_package.h"

namespace mls::test {

// Verdict on what was given: no error if it was taken.
using Outcome = std::optional<Error>;

class Journal {
 public:
  virtual ~Journal() = default;
  // A Welcome was opened with the keys of `package`; `member` is none when it was refused.
  virtual void Joins(std::optional<std::size_t> member, View welcome, const NewKeyPackage& package,
                     View ratchet_tree, Outcome outcome) = 0;
  virtual void Receives(std::size_t member, View message, Outcome outcome) = 0;
  // `member` did something of its own accord, with randomness that nobody else can have.
  virtual void Acts(std::size_t member) = 0;
};

}  // namespace mls::test
