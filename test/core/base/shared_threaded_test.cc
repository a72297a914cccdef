#include <doctest/doctest.h>

#include <thread>
#include <vector>

#include "base/shared.h"

using namespace mls;

TEST_CASE("owners on several threads copy, write and drop") {
  const std::vector<int> first(100, 1);
  Shared<std::vector<int>> root(first);
  std::vector<std::thread> threads;
  std::vector<int> wrong(4, 0);
  for (std::size_t t = 0; t < wrong.size(); ++t) {
    threads.emplace_back([&wrong, t, copy = root]() mutable {
      for (int round = 0; round < 2000; ++round) {
        Shared<std::vector<int>> mine = copy;
        if (*mine != std::vector<int>(100, 1)) ++wrong[t];
        for (int& value : mine.Write()) value += static_cast<int>(t);
        if (*mine != std::vector<int>(100, 1 + static_cast<int>(t))) ++wrong[t];
      }
    });
  }
  root = Shared<std::vector<int>>();  // the threads' copies are the last owners
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == std::vector<int>(4, 0));
}
