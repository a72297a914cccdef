#include "task.h"

#include <chrono>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <thread>

#include "environment.h"
#include "error.h"

#if defined(__linux__)
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace mls::binding {

namespace {

constexpr auto kTurn =
    std::chrono::milliseconds(2);  // the longest that one turn of the event loop settles replies

std::atomic<std::size_t> wanted_threads{0};
std::atomic<bool> pool_started{false};

// The JavaScript thread goes first where there are fewer cores than threads.
void LowerPriority() {
#if defined(__linux__)
  static_cast<void>(setpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid)), 5));
#endif
}

std::size_t ThreadsToStart() {
  if (const std::size_t wanted = wanted_threads.load(); wanted != 0) return wanted;
  if (const char* text = std::getenv("NODE_MLS_THREADS")) {
    const long count = std::strtol(text, nullptr, 10);
    if (count > 0 && count <= 1024) return static_cast<std::size_t>(count);
  }
  return std::max(1u, std::thread::hardware_concurrency());
}

}  // namespace

Pool& ThePool() {
  // All its threads are its own: its callers are event loops, which run nothing of it.
  static Pool& pool = [&]() -> Pool& {
    auto started = std::make_unique<Pool>(ThreadsToStart() + 1, LowerPriority);
    if (started->threads() == 1) throw std::runtime_error("no thread can be started");
    pool_started.store(true);
    return *started.release();
  }();
  return pool;
}

std::size_t PoolThreads(std::size_t wanted) {
  if (pool_started.load()) return ThePool().threads() - 1;
  if (wanted != 0) wanted_threads.store(wanted);
  return ThreadsToStart();
}

Napi::Value Filler::Uint8Array(Napi::Env env, Bytes bytes) {
  Napi::ArrayBuffer buffer = Napi::ArrayBuffer::New(env, bytes.size());
  const std::size_t size = bytes.size();
  auto* to = static_cast<std::uint8_t*>(buffer.Data());
  if (size >= kFrom) {
    copies_.push_back({to, std::move(bytes)});
  } else if (size > 0) {
    std::memcpy(to, bytes.data(), size);
  }
  return Napi::Uint8Array::New(env, size, buffer, 0);
}

void Filler::Run() {
  for (const Copy& copy : copies_) std::memcpy(copy.to, copy.from.data(), copy.from.size());
  copies_.clear();
}

std::shared_ptr<Completions> Completions::Start(Napi::Env env) {
  auto self = std::make_shared<Completions>();
  self->wake_ = Wake::New(env, "node-mls", 0, 1, self.get());
  self->wake_.Unref(env);
  // Added after the thread-safe function, so it runs before that function ends.
  env.AddCleanupHook([self] { self->Close(); });
  return self;
}

void Completions::Close() {
  std::unique_lock lock(mutex_);
  closed_ = true;
  calls_.clear();
  // Copies into ArrayBuffers of this environment end before they go.
  filled_.wait(lock, [&] { return filling_ == 0; });
}

bool Completions::Call(UniqueFunction<void(Napi::Env)> call) {
  std::lock_guard lock(mutex_);
  if (closed_) return false;
  calls_.push_back(std::move(call));
  if (calls_.size() == 1) wake_.NonBlockingCall();
  return true;
}

void Completions::Hold(Napi::Env env) {
  if (held_++ == 0) wake_.Ref(env);
}

void Completions::Release(Napi::Env env) {
  if (--held_ == 0) wake_.Unref(env);
}

void Completions::Drain(Napi::Env env, Napi::Function, Completions* self, void*) {
  if (env == nullptr) return;  // the environment ends
  const auto end = std::chrono::steady_clock::now() + kTurn;
  const std::shared_ptr<Completions> alive = self->shared_from_this();
  for (;;) {
    UniqueFunction<void(Napi::Env)> call;
    {
      std::lock_guard lock(self->mutex_);
      if (self->closed_ || self->calls_.empty()) return;
      call = std::move(self->calls_.front());
      self->calls_.pop_front();
    }
    {
      Napi::HandleScope scope(env);
      call(env);
    }
    std::lock_guard lock(self->mutex_);
    if (self->closed_ || self->calls_.empty()) return;
    if (std::chrono::steady_clock::now() < end) continue;
    self->wake_.NonBlockingCall();  // the rest in another turn
    return;
  }
}

void Completions::Settle(Napi::Env env, napi_deferred deferred, Result<Reply> reply) {
  Napi::Value value;
  bool resolved = reply.ok();
  Filler filler;
  try {
    value = resolved ? (*reply)(env, filler) : ToJs(env, reply.error()).Value();
  } catch (const Napi::Error& error) {
    resolved = false;
    value = error.Value();
  } catch (const std::exception&) {
    resolved = false;
    value = ToJs(env, Error::INTERNAL).Value();
  }
  if (resolved && !filler.empty()) return Fill(env, deferred, value, std::move(filler));
  if (resolved) {
    napi_resolve_deferred(env, deferred, value);
  } else {
    napi_reject_deferred(env, deferred, value);
  }
  Release(env);
}

void Completions::Fill(Napi::Env env, napi_deferred deferred, Napi::Value value, Filler filler) {
  napi_ref kept = nullptr;
  napi_create_reference(env, value, 1, &kept);
  ThePool().Post(
      [self = shared_from_this(), deferred, kept, filler = std::make_shared<Filler>(std::move(filler))] {
        {
          // Where the environment has ended, its ArrayBuffers are gone.
          std::lock_guard lock(self->mutex_);
          if (self->closed_) return;
          ++self->filling_;
        }
        filler->Run();
        {
          std::lock_guard lock(self->mutex_);
          --self->filling_;
        }
        self->filled_.notify_all();
        self->Call([self, deferred, kept](Napi::Env env) {
          napi_value value = nullptr;
          napi_get_reference_value(env, kept, &value);
          napi_delete_reference(env, kept);
          napi_resolve_deferred(env, deferred, value);
          self->Release(env);
        });
      });
}

Napi::Promise Completions::Add(Napi::Env env, Work work) {
  napi_deferred deferred = nullptr;
  napi_value promise = nullptr;
  if (napi_create_promise(env, &deferred, &promise) != napi_ok) throw Napi::Error::New(env);
  Hold(env);
  try {
    ThePool().Post([self = shared_from_this(), deferred, shared = std::make_shared<Work>(std::move(work))] {
      Work work = std::move(*shared);
      Result<Reply> reply = Error::INTERNAL;
      try {
        reply = work();
      } catch (const std::exception&) {
        reply = Error::INTERNAL;  // memory ran out
      }
      work = {};  // what the work held goes here, not on the JavaScript thread
      self->Call([self, deferred, reply = std::move(reply)](Napi::Env env) mutable {
        self->Settle(env, deferred, std::move(reply));
      });
    });
  } catch (const std::exception&) {
    Settle(env, deferred, Error::INTERNAL);  // there is no thread, or no memory to ask one: nobody else will
  }
  return Napi::Promise(env, promise);
}

Napi::Promise Async(Napi::Env env, Work work) {
  return Environment::Of(env).completions->Add(env, std::move(work));
}

}  // namespace mls::binding
