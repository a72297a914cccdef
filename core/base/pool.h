// Pool: work over many members on several cores, and whole operations off their caller's thread.
//
// ParallelFor splits [0, count) into chunks. The caller claims chunks by an atomic counter and runs them
// itself, idle threads of the pool claim others, and the caller returns when every chunk that was started has
// ended. It never runs foreign work while it waits. Without a pool everything runs on the caller's thread.
//
// Post hands a whole operation to a thread of the pool. Operations go before chunks: a helper looks for them
// after each chunk, so that a bulk add does not delay a thousand other groups.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>

#include "base/result.h"

namespace mls {

// Watch is how far one operation is, to be read on another thread, and the wish to end it.
struct Watch {
  std::atomic<bool> aborted{false};
  std::atomic<const char*> phase{nullptr};  // a literal; null before the first
  std::atomic<std::size_t> done{0};         // of this phase, as total
  std::atomic<std::size_t> total{0};
};

class Pool {
 public:
  // Pool(n) works with n threads in all, the caller's included; n = 1 starts none. Each thread of its own
  // runs `on_start` first. Where the system gives fewer, threads() says how many there are.
  explicit Pool(std::size_t threads, void (*on_start)() = nullptr);
  // A second pool with the threads of `shared`, whose work is watched. Both outlive what they run.
  Pool(const Pool& shared, Watch& watch);
  // Chunks that run end first; operations that were posted and have not begun are dropped.
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  std::size_t threads() const;
  Watch* watch() const { return watch_; }

  // Post runs `task` on a thread of the pool's own; it has at least one.
  void Post(std::function<void()> task);

  // Run calls body(begin, end) for chunks of at most `grain` items that cover [0, count). `body` must be safe
  // to call from several threads at once.
  void Run(std::size_t count, std::size_t grain, const std::function<void(std::size_t, std::size_t)>& body);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
  Watch* watch_ = nullptr;
};

// ParallelFor calls body(i) for every i below count; `pool` may be null. The result is the error of the
// lowest failing index, whatever the threads, INTERNAL where memory runs out; ABORTED when the pool's watch
// asks for it, which is looked at before each chunk. `phase` names the work for who watches.
Status ParallelFor(Pool* pool, std::size_t count, std::size_t grain,
                   const std::function<Status(std::size_t)>& body, const char* phase = nullptr);

}  // namespace mls
