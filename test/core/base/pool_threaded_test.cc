#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include "base/pool.h"

using namespace mls;

namespace {

// Visits counts how often a run calls each index.
std::vector<int> Visits(Pool& pool, std::size_t count, std::size_t grain) {
  std::vector<std::atomic<int>> visits(count);
  pool.Run(count, grain, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) ++visits[i];
  });
  return {visits.begin(), visits.end()};
}

}  // namespace

TEST_CASE("Run calls every index once, whatever the threads, the count and the grain") {
  for (std::size_t threads : {1u, 2u, 4u}) {
    Pool pool(threads);
    CHECK(pool.threads() == threads);
    for (std::size_t count : {0u, 1u, 2u, 7u, 1000u}) {
      for (std::size_t grain : {0u, 1u, 3u, 1000u, 5000u}) {
        CAPTURE(threads);
        CAPTURE(count);
        CAPTURE(grain);
        CHECK(Visits(pool, count, grain) == std::vector<int>(count, 1));
      }
    }
  }
}

TEST_CASE("chunks are no longer than the grain when threads share the work") {
  Pool pool(3);
  std::atomic<std::size_t> longest{0};
  pool.Run(1000, 7, [&](std::size_t begin, std::size_t end) {
    std::size_t seen = longest.load();
    while (seen < end - begin && !longest.compare_exchange_weak(seen, end - begin)) {
    }
  });
  CHECK(longest.load() == 7);
}

TEST_CASE("Run returns only when every chunk that was started has ended") {
  Pool pool(4);
  for (int round = 0; round < 50; ++round) {
    std::atomic<int> inside{0};
    pool.Run(16, 1, [&](std::size_t, std::size_t) {
      ++inside;
      std::this_thread::yield();
      --inside;
    });
    CHECK(inside.load() == 0);
  }
}

TEST_CASE("several threads run on one pool, and a body may run again on it") {
  Pool pool(3);
  std::vector<std::thread> callers;
  std::atomic<int> wrong{0};
  for (int caller = 0; caller < 4; ++caller) {
    callers.emplace_back([&] {
      for (int round = 0; round < 50; ++round) {
        if (Visits(pool, 100, 3) != std::vector<int>(100, 1)) ++wrong;
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  std::atomic<int> inner{0};
  pool.Run(10, 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      pool.Run(10, 1, [&](std::size_t b, std::size_t e) { inner += static_cast<int>(e - b); });
    }
  });
  CHECK(wrong.load() == 0);
  CHECK(inner.load() == 100);
}

TEST_CASE("ParallelFor gives the error of the lowest failing index, with and without a pool") {
  Pool one(1), four(4);
  for (Pool* pool : {static_cast<Pool*>(nullptr), &one, &four}) {
    for (int round = 0; round < 50; ++round) {
      const Status status = ParallelFor(pool, 500, 2, [](std::size_t i) -> Status {
        if (i == 101) return Error::MALFORMED;
        if (i > 101 && i % 3 == 0) return Error::INTERNAL;
        return kOk;
      });
      REQUIRE_FALSE(status.ok());
      CHECK(status.error() == Error::MALFORMED);
    }
    std::atomic<std::size_t> sum{0};
    CHECK(ParallelFor(pool, 100, 3, [&](std::size_t i) -> Status {
            sum += i;
            return kOk;
          }).ok());
    CHECK(sum.load() == 4950);
    CHECK(ParallelFor(pool, 0, 1, [](std::size_t) -> Status { return Error::INTERNAL; }).ok());
  }
}

TEST_CASE("a pool that never ran ends at once") {
  for (int round = 0; round < 20; ++round) Pool pool(4);
}

TEST_CASE(
    "posted tasks run on threads of the pool, each once, in the order they were posted when there is one") {
  std::vector<int> order;
  std::atomic<int> ran{0};
  {
    Pool pool(2);
    for (int i = 0; i < 100; ++i) {
      pool.Post([&order, &ran, i] {
        order.push_back(i);
        ++ran;
      });
    }
    while (ran.load() < 100) std::this_thread::yield();
  }
  std::vector<int> expected(100);
  for (int i = 0; i < 100; ++i) expected[static_cast<std::size_t>(i)] = i;
  CHECK(order == expected);
}

TEST_CASE("a helper leaves a long run for a posted task, which does not wait for the run's end") {
  Pool pool(2);
  std::atomic<bool> task_ran{false};
  std::atomic<std::size_t> chunks{0};
  std::size_t chunks_when_posted = 0;
  pool.Run(20'000, 1, [&](std::size_t begin, std::size_t) {
    ++chunks;
    if (begin == 100) {
      chunks_when_posted = chunks.load();
      pool.Post([&] { task_ran = true; });
    }
    // The caller's own chunks go on until the task has run; the helper could only run it by leaving.
    if (begin > 100) {
      for (int spin = 0; spin < 200 && !task_ran; ++spin) std::this_thread::yield();
    }
    if (begin == 19'999) CHECK(task_ran.load());
  });
  while (!task_ran) std::this_thread::yield();
  CHECK(chunks.load() == 20'000);
  CHECK(chunks_when_posted > 0);
}

TEST_CASE("a watched pool shares the threads, tells how far the work is and ends it when asked") {
  Pool pool(3);
  Watch watch;
  Pool watched(pool, watch);
  CHECK(watched.threads() == 3);
  REQUIRE(ParallelFor(&watched, 100, 7, [](std::size_t) { return Status(kOk); }, "first").ok());
  CHECK(std::string(watch.phase.load()) == "first");
  CHECK(watch.done.load() == 100);
  CHECK(watch.total.load() == 100);

  std::atomic<int> calls{0};
  const Status status = ParallelFor(
      &watched, 10'000, 1,
      [&](std::size_t i) {
        ++calls;
        if (i == 50) watch.aborted = true;
        return Status(kOk);
      },
      "second");
  CHECK(!status.ok());
  CHECK(status.error() == Error::ABORTED);
  CHECK(calls.load() < 10'000);
  CHECK(watch.total.load() == 10'000);
  // The pool whose threads it shares works on.
  CHECK(ParallelFor(&pool, 10, 1, [](std::size_t) { return Status(kOk); }).ok());
}

TEST_CASE("memory that runs out in a chunk is an error of the whole, whichever thread had it") {
  Pool pool(4);
  for (std::size_t at : {0u, 1u, 500u, 999u}) {
    const Status status = ParallelFor(&pool, 1000, 1, [&](std::size_t i) -> Status {
      if (i == at) throw std::bad_alloc();
      return kOk;
    });
    REQUIRE_FALSE(status.ok());
    CHECK(status.error() == Error::INTERNAL);
    CHECK(ParallelFor(&pool, 1000, 1, [](std::size_t) { return Status(kOk); }).ok());
  }
}
