// A fuzz target: a function over bytes, and the inputs that it starts from.
//
// Each file of targets/ defines FuzzOne and Seeds. `target --seeds=FOLDER` writes the seeds and ends, which
// is how the corpus is made (scripts/fuzz.cjs); otherwise libFuzzer runs FuzzOne. An input is bad when
// FuzzOne ends the process: by a sanitizer, by an exception, or because Expect was told that something does
// not hold.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "support/input.h"

namespace mls::fuzz {

struct Seed {
  std::string name;
  Bytes bytes;
};

// FuzzOne gives one input to the code under test. It is the same for the same bytes, whatever came before.
void FuzzOne(View bytes);
std::vector<Seed> Seeds();

// NoteTaken: the input was accepted in the end. Of seeds it is told how many are, so that a target which only
// ever refuses is seen.
void NoteTaken();

// Expect ends the process unless what must hold does.
void Expect(bool holds, const char* what);
// ExpectSound: no input, however made, is an INTERNAL error.
void ExpectSound(Error error);
template <class T>
void ExpectSound(const Result<T>& result) {
  if (!result.ok()) ExpectSound(result.error());
}

}  // namespace mls::fuzz
