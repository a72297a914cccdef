// The one shape of asynchronous work: arguments are copied on the JavaScript thread, the work runs on the
// native pool without an environment, its reply is made on the JavaScript thread again and settles a promise.
//
//    Async(env, work) ──▶ pool: work() ──▶ Reply or Error ──▶ queue ──▶ one call for all that are ready ──▶
//    settled
//
// An environment may end (worker.terminate(), process.exit()) while work is under way. The work then runs to
// its end, and its reply is dropped: neither it nor the work may own anything of the environment.
#pragma once

#include <napi.h>

#include <condition_variable>
#include <deque>
#include <mutex>

#include "mls.h"
#include "unique_function.h"

namespace mls::binding {

// ThePool has the threads that all environments share. It is started on first use and never ends: threads
// that run while the process exits must find it.
Pool& ThePool();
// PoolThreads gives the number of its threads, or of those that it will start; until it starts, `wanted`
// (unless 0) becomes that number.
std::size_t PoolThreads(std::size_t wanted);

class Filler;
// Reply makes the value; with `filler` large byte strings are filled off the JavaScript thread.
using Reply = UniqueFunction<Napi::Value(Napi::Env, Filler&)>;
using Work = UniqueFunction<Result<Reply>()>;

// Filler collects the byte strings that are still to be copied into their ArrayBuffers.
class Filler {
 public:
  static constexpr std::size_t kFrom = 1u << 20;  // bytes; copying less takes under 0.1 ms
  // Uint8Array makes one that holds `bytes`, at the latest when the promise settles.
  Napi::Value Uint8Array(Napi::Env env, Bytes bytes);
  bool empty() const { return copies_.empty(); }
  void Run();  // on any thread, while the ArrayBuffers live

 private:
  struct Copy {
    std::uint8_t* to;
    Bytes from;
  };
  std::vector<Copy> copies_;
};

// Completions brings replies back to one environment. It is shared with the work under way; everything of
// Node-API in it belongs to the JavaScript thread.
class Completions : public std::enable_shared_from_this<Completions> {
 public:
  // Start is called once per environment, on its thread.
  static std::shared_ptr<Completions> Start(Napi::Env env);

  Napi::Promise Add(Napi::Env env, Work work);
  // Call runs `call` on the JavaScript thread; false when the environment has ended.
  bool Call(UniqueFunction<void(Napi::Env)> call);
  // Hold keeps the environment's event loop alive until Release, which is called as often.
  void Hold(Napi::Env env);
  void Release(Napi::Env env);

 private:
  struct Waker;
  static void Drain(Napi::Env env, Napi::Function, Completions* self, void*);
  using Wake = Napi::TypedThreadSafeFunction<Completions, void, &Completions::Drain>;

  void Settle(Napi::Env env, napi_deferred deferred, Result<Reply> reply);
  void Fill(Napi::Env env, napi_deferred deferred, Napi::Value value, Filler filler);
  void Close();

  Wake wake_;
  std::size_t held_ = 0;  // JavaScript thread alone
  std::mutex mutex_;
  std::condition_variable filled_;
  std::deque<UniqueFunction<void(Napi::Env)>> calls_;
  std::size_t filling_ = 0;
  bool closed_ = false;
};

Napi::Promise Async(Napi::Env env, Work work);

}  // namespace mls::binding
