#include "base/pool.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <limits>
#include <mutex>
#include <new>
#include <system_error>
#include <thread>
#include <vector>

namespace mls {

namespace {

// One call of Run. Its chunks are claimed by `next`; `running` counts the claimed and unfinished ones.
struct Job {
  std::size_t count = 0;
  std::size_t grain = 1;
  const std::function<void(std::size_t, std::size_t)>* body = nullptr;
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::condition_variable idle;
  std::size_t helpers = 0;  // pool threads inside Work, under mutex

  // Work claims chunks until there are none, or, with `others`, until other work waits.
  void Work(const std::atomic<std::size_t>* others) {
    while (others == nullptr || others->load(std::memory_order_relaxed) == 0) {
      const std::size_t begin = next.fetch_add(grain, std::memory_order_relaxed);
      if (begin >= count) return;
      (*body)(begin, std::min(begin + grain, count));
    }
  }
  bool exhausted() const { return next.load(std::memory_order_relaxed) >= count; }
};

}  // namespace

struct Pool::Impl {
  std::mutex mutex;
  std::condition_variable wake;
  std::deque<std::function<void()>> tasks;
  std::atomic<std::size_t> waiting{0};  // tasks.size(), to be read without the mutex
  std::deque<std::shared_ptr<Job>> jobs;
  std::vector<std::thread> threads;
  bool stopping = false;

  void Loop() {
    std::unique_lock lock(mutex);
    for (;;) {
      wake.wait(lock, [&] { return stopping || !tasks.empty() || !jobs.empty(); });
      if (stopping) return;
      if (!tasks.empty()) {
        RunTask(lock);
      } else {
        HelpJob(lock);
      }
    }
  }

  // Both are called with the mutex held, let it go for the work, and hold it again.
  void RunTask(std::unique_lock<std::mutex>& lock) {
    std::function<void()> task = std::move(tasks.front());
    tasks.pop_front();
    waiting.store(tasks.size(), std::memory_order_relaxed);
    lock.unlock();
    task();
    task = nullptr;  // what it holds goes before the mutex is taken
    lock.lock();
  }
  void HelpJob(std::unique_lock<std::mutex>& lock) {
    std::shared_ptr<Job> job = jobs.front();
    if (job->exhausted()) {
      jobs.pop_front();
      return;
    }
    {
      std::lock_guard enter(job->mutex);
      ++job->helpers;
    }
    lock.unlock();
    job->Work(&waiting);
    {
      std::lock_guard leave(job->mutex);
      if (--job->helpers == 0) job->idle.notify_all();
    }
    lock.lock();
  }
};

Pool::Pool(std::size_t threads, void (*on_start)()) : impl_(std::make_shared<Impl>()) {
  impl_->threads.reserve(threads);
  const auto loop = [impl = impl_.get(), on_start] {
    if (on_start != nullptr) on_start();
    impl->Loop();
  };
  try {
    for (std::size_t i = 1; i < threads; ++i) impl_->threads.emplace_back(loop);
  } catch (const std::system_error&) {
    // The system gives no more: those that run do the work.
  }
}

Pool::Pool(const Pool& shared, Watch& watch) : impl_(shared.impl_), watch_(&watch) {}

Pool::~Pool() {
  if (watch_ != nullptr) return;  // the threads are another's
  {
    std::lock_guard lock(impl_->mutex);
    impl_->stopping = true;
  }
  impl_->wake.notify_all();
  for (std::thread& thread : impl_->threads) thread.join();
}

void Pool::Post(std::function<void()> task) {
  {
    std::lock_guard lock(impl_->mutex);
    impl_->tasks.push_back(std::move(task));
    impl_->waiting.store(impl_->tasks.size(), std::memory_order_relaxed);
  }
  impl_->wake.notify_one();
}

std::size_t Pool::threads() const { return impl_->threads.size() + 1; }

void Pool::Run(std::size_t count, std::size_t grain,
               const std::function<void(std::size_t, std::size_t)>& body) {
  grain = std::max<std::size_t>(grain, 1);
  if (impl_->threads.empty() || count <= grain) {
    if (count > 0) body(0, count);
    return;
  }
  auto job = std::make_shared<Job>();
  job->count = count;
  job->grain = grain;
  job->body = &body;
  {
    std::lock_guard lock(impl_->mutex);
    impl_->jobs.push_back(job);
  }
  impl_->wake.notify_all();
  job->Work(nullptr);
  {
    // No thread may enter the job from here on: `body` dies with this call.
    std::lock_guard lock(impl_->mutex);
    std::erase(impl_->jobs, job);
  }
  std::unique_lock lock(job->mutex);
  job->idle.wait(lock, [&] { return job->helpers == 0; });
}

namespace {

// Tried: where memory runs out on a thread of the pool, nobody above would catch it.
Status Tried(const std::function<Status(std::size_t)>& body, std::size_t i) {
  try {
    return body(i);
  } catch (const std::bad_alloc&) {
    return Error::INTERNAL;
  }
}

}  // namespace

Status ParallelFor(Pool* pool, std::size_t count, std::size_t grain,
                   const std::function<Status(std::size_t)>& body, const char* phase) {
  if (pool == nullptr) {
    for (std::size_t i = 0; i < count; ++i) {
      if (Status status = body(i); !status.ok()) return status;
    }
    return kOk;
  }
  Watch* watch = pool->watch();
  if (watch != nullptr && phase != nullptr) {
    watch->done.store(0, std::memory_order_relaxed);
    watch->total.store(count, std::memory_order_relaxed);
    watch->phase.store(phase, std::memory_order_release);
  }
  std::mutex mutex;
  std::size_t first = std::numeric_limits<std::size_t>::max();
  Error error = Error::INTERNAL;
  std::atomic<std::size_t> stop_after{first};
  const auto fail = [&](std::size_t at, Error with) {
    std::lock_guard lock(mutex);
    if (at >= first) return;
    first = at;
    error = with;
    stop_after.store(at, std::memory_order_relaxed);
  };
  pool->Run(count, grain, [&](std::size_t begin, std::size_t end) {
    if (watch != nullptr && watch->aborted.load(std::memory_order_relaxed)) return fail(0, Error::ABORTED);
    for (std::size_t i = begin; i < end; ++i) {
      if (i > stop_after.load(std::memory_order_relaxed)) return;
      Status status = Tried(body, i);
      if (!status.ok()) return fail(i, status.error());
    }
    if (watch != nullptr && phase != nullptr) watch->done.fetch_add(end - begin, std::memory_order_relaxed);
  });
  if (first != std::numeric_limits<std::size_t>::max()) return error;
  return kOk;
}

}  // namespace mls
