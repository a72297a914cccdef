#include "base/pool.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <limits>
#include <mutex>
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

  void Work() {
    for (;;) {
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
  std::deque<std::shared_ptr<Job>> jobs;
  std::vector<std::thread> threads;
  bool stopping = false;

  void Loop() {
    std::unique_lock lock(mutex);
    for (;;) {
      wake.wait(lock, [&] { return stopping || !jobs.empty(); });
      if (stopping) return;
      std::shared_ptr<Job> job = jobs.front();
      if (job->exhausted()) {
        jobs.pop_front();
        continue;
      }
      {
        std::lock_guard enter(job->mutex);
        ++job->helpers;
      }
      lock.unlock();
      job->Work();
      {
        std::lock_guard leave(job->mutex);
        if (--job->helpers == 0) job->idle.notify_all();
      }
      lock.lock();
    }
  }
};

Pool::Pool(std::size_t threads) : impl_(std::make_unique<Impl>()) {
  for (std::size_t i = 1; i < threads; ++i) impl_->threads.emplace_back([this] { impl_->Loop(); });
}

Pool::~Pool() {
  {
    std::lock_guard lock(impl_->mutex);
    impl_->stopping = true;
  }
  impl_->wake.notify_all();
  for (std::thread& thread : impl_->threads) thread.join();
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
  job->Work();
  {
    // No thread may enter the job from here on: `body` dies with this call.
    std::lock_guard lock(impl_->mutex);
    std::erase(impl_->jobs, job);
  }
  std::unique_lock lock(job->mutex);
  job->idle.wait(lock, [&] { return job->helpers == 0; });
}

Status ParallelFor(Pool* pool, std::size_t count, std::size_t grain,
                   const std::function<Status(std::size_t)>& body) {
  if (pool == nullptr) {
    for (std::size_t i = 0; i < count; ++i) {
      if (Status status = body(i); !status.ok()) return status;
    }
    return kOk;
  }
  std::mutex mutex;
  std::size_t first = std::numeric_limits<std::size_t>::max();
  Error error = Error::INTERNAL;
  std::atomic<std::size_t> stop_after{first};
  pool->Run(count, grain, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      if (i > stop_after.load(std::memory_order_relaxed)) return;
      Status status = body(i);
      if (status.ok()) continue;
      std::lock_guard lock(mutex);
      if (i < first) {
        first = i;
        error = status.error();
        stop_after.store(i, std::memory_order_relaxed);
      }
      return;
    }
  });
  if (first != std::numeric_limits<std::size_t>::max()) return error;
  return kOk;
}

}  // namespace mls
