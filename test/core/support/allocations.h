// Allocations: what this thread asks operator new for, seen by an operator new of our own (allocations.cc).
// Sanitizers bring theirs; under them nothing is seen. What libcrypto takes for itself is not in it.
#pragma once

#include <algorithm>
#include <cstddef>

namespace mls::test {

// SeesAllocations: not under a sanitizer. A function, since tests may be compiled without one
// (CMakeLists.txt).
bool SeesAllocations();

struct Allocations {
  std::ptrdiff_t live = 0;  // bytes asked for and not given back
  std::ptrdiff_t peak = 0;
  std::size_t largest = 0;  // request
};

// SeenAllocations are those of this thread.
Allocations& SeenAllocations();

// AllocationsOf gives the largest request of `step`, and how far the bytes in use rose at most.
template <class Step>
Allocations AllocationsOf(Step step) {
  SeenAllocations() = {};
  step();
  return SeenAllocations();
}

}  // namespace mls::test
