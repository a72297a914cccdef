#include "support/allocations.h"

#include <cstdlib>
#include <new>

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define NODE_MLS_SANITIZED
#endif
#endif
#else
#define NODE_MLS_SANITIZED
#endif

namespace mls::test {

Allocations& SeenAllocations() {
  thread_local Allocations seen;
  return seen;
}

bool SeesAllocations() {
#ifdef NODE_MLS_SANITIZED
  return false;
#else
  return true;
#endif
}

}  // namespace mls::test

#ifndef NODE_MLS_SANITIZED

// Not inlined: g++ would see half of a pair, and take it for a mismatch.
#ifdef __GNUC__
#define NODE_MLS_APART __attribute__((noinline))
#else
#define NODE_MLS_APART
#endif

namespace {

// Before each block stands its size.
constexpr std::size_t kHead = alignof(std::max_align_t);
static_assert(sizeof(std::size_t) <= kHead);

void Free(void* memory) noexcept {
  if (memory == nullptr) return;
  auto* block = static_cast<unsigned char*>(memory) - kHead;
  mls::test::SeenAllocations().live -= static_cast<std::ptrdiff_t>(*reinterpret_cast<std::size_t*>(block));
  std::free(block);
}

}  // namespace

NODE_MLS_APART void* operator new(std::size_t size) {
  mls::test::Allocations& seen = mls::test::SeenAllocations();
  auto* block = static_cast<unsigned char*>(std::malloc(kHead + size));
  if (block == nullptr) throw std::bad_alloc();
  *reinterpret_cast<std::size_t*>(block) = size;
  seen.live += static_cast<std::ptrdiff_t>(size);
  seen.peak = std::max(seen.peak, seen.live);
  seen.largest = std::max(seen.largest, size);
  return block + kHead;
}
NODE_MLS_APART void operator delete(void* memory) noexcept { Free(memory); }
NODE_MLS_APART void operator delete(void* memory, std::size_t) noexcept { Free(memory); }

#endif
