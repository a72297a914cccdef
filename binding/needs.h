// A step that may ask (DESIGN: the engine never calls out). It ends either as { done } or as { needs }, an
// object with the questions and the one method that goes on.
#pragma once

#include <napi.h>

#include "task.h"
#include "watch.h"

namespace mls::binding {

// What the application has to say before the step can go on. `resume` runs on the pool, once.
struct Asking {
  Questions questions;
  std::optional<ReceivedCommit> commit;  // what a staged commit will do
  UniqueFunction<Result<Reply>(Answers answers, std::uint64_t now)> resume;
};

Reply Done(Reply reply);
Reply Ask(Asking asking);
// Needs makes the object alone, for results that carry one.
Napi::Value NewNeeds(Napi::Env env, Asking asking);

// Trust says whether credentials are accepted without asking.
enum class Trust : std::uint8_t { ask, all };
Trust TrustOf(Napi::Value value);
inline bool MustAsk(const Questions& questions, Trust trust) {
  return !questions.psks.empty() || (trust == Trust::ask && !questions.credentials.empty());
}

// AskOrFinish goes on with finish(work, answers, env), at once or when the application has answered.
template <class Work, class Finish>
Result<Reply> AskOrFinish(Work work, const Questions& questions, Trust trust, const Env& env, Finish finish) {
  if (!MustAsk(questions, trust)) {
    const Answers all = AcceptAll(questions);
    return finish(std::move(work), all, env);
  }
  Asking asking;
  asking.questions = questions;
  asking.resume = [work = std::move(work), finish](Answers answers,
                                                   std::uint64_t now) mutable -> Result<Reply> {
    const Surroundings surroundings(now);
    return finish(std::move(work), answers, surroundings);
  };
  return Ask(std::move(asking));
}

class Needs : public Napi::ObjectWrap<Needs> {
 public:
  static Napi::Function Define(Napi::Env env);
  explicit Needs(const Napi::CallbackInfo& info);

 private:
  Napi::Value CredentialCount(const Napi::CallbackInfo& info);
  Napi::Value Credentials(const Napi::CallbackInfo& info);
  Napi::Value Psks(const Napi::CallbackInfo& info);
  Napi::Value Commit(const Napi::CallbackInfo& info);
  Napi::Value Answer(const Napi::CallbackInfo& info);
  Asking asking_;
};

}  // namespace mls::binding
