// Nothing is allocated for a declared length before the bytes are there: the largest request for memory, seen
// by an operator new of our own, while hostile messages are read. Sanitizers bring theirs; there this is not
// looked at.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <new>

#include "message/mls_message.h"
#include "support/random_value.h"

namespace {
thread_local std::size_t largest_request = 0;
}  // namespace

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define NODE_MLS_SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define NODE_MLS_SANITIZED
#endif
#endif

#ifndef NODE_MLS_SANITIZED
#define NODE_MLS_SEES_REQUESTS

// Not inlined: g++ would see half of a pair, and take it for a mismatch.
#ifdef __GNUC__
#define NODE_MLS_APART __attribute__((noinline))
#else
#define NODE_MLS_APART
#endif

NODE_MLS_APART void* operator new(std::size_t size) {
  largest_request = std::max(largest_request, size);
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
NODE_MLS_APART void operator delete(void* memory) noexcept { std::free(memory); }
NODE_MLS_APART void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

#endif

namespace mls {
namespace {

// LargestOf gives the largest request while `bytes` are read as a message.
std::size_t LargestOf(View bytes) {
  largest_request = 0;
  (void)DecodeMessage(bytes, {}).ok();
  return largest_request;
}

TEST_CASE("R2.1.2-05: no length declared anywhere in a message makes the reader ask for that much") {
  test::SeededRandom random(18);
  constexpr std::size_t kSmall = 64u << 10;
  Bytes claim(4, 0xBF);  // 2^30 - 1 bytes follow
  std::fill(claim.begin() + 1, claim.end(), std::uint8_t{0xFF});
  std::size_t seen = 0;
  for (int i = 0; i < 400; ++i) {
    Bytes bytes = Encode(test::RandomValue<MLSMessage>(random));
    for (int claims = 0; claims < 20; ++claims) {
      Bytes hostile = bytes;
      const std::size_t at = random.Below(hostile.size());
      hostile.resize(std::max(hostile.size(), at + 4));
      std::copy(claim.begin(), claim.end(), hostile.begin() + static_cast<std::ptrdiff_t>(at));
      const std::size_t request = LargestOf(hostile);
      seen = std::max(seen, request);
      // Elements in memory are larger than on the wire, and a vector doubles.
      REQUIRE(request <= std::max(kSmall, 64 * hostile.size()));
    }
  }
#ifdef NODE_MLS_SEES_REQUESTS
  CHECK(seen > 0);
#endif
}

TEST_CASE("the requests of this program are seen") {
  largest_request = 0;
  const auto block = std::make_unique<Bytes>(123'456);
  CHECK(block->size() == 123'456);
#ifdef NODE_MLS_SEES_REQUESTS
  CHECK(largest_request >= 123'456);
#endif
}

}  // namespace
}  // namespace mls
