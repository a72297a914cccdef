// Pool: work over many members on several cores.
//
// ParallelFor splits [0, count) into chunks. The caller claims chunks by an atomic counter and runs them
// itself, idle threads of the pool claim others, and the caller returns when every chunk that was started has
// ended. It never runs foreign work while it waits. Without a pool everything runs on the caller's thread.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include "base/result.h"

namespace mls {

class Pool {
 public:
  // Pool(n) works with n threads in all, the caller's included; n = 1 starts none.
  explicit Pool(std::size_t threads);
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  std::size_t threads() const;

  // Run calls body(begin, end) for chunks of at most `grain` items that cover [0, count). `body` must be safe
  // to call from several threads at once.
  void Run(std::size_t count, std::size_t grain, const std::function<void(std::size_t, std::size_t)>& body);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// ParallelFor calls body(i) for every i below count; `pool` may be null. The result is the error of the
// lowest failing index, so that it does not depend on the number of threads.
Status ParallelFor(Pool* pool, std::size_t count, std::size_t grain,
                   const std::function<Status(std::size_t)>& body);

}  // namespace mls
