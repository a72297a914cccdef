#include "needs.h"

#include "args.h"
#include "bulk.h"
#include "convert.h"
#include "environment.h"
#include "error.h"

namespace mls::binding {

Reply Done(Reply reply) {
  return [reply = std::move(reply)](Napi::Env env, Filler& filler) mutable -> Napi::Value {
    Napi::Object object = Napi::Object::New(env);
    object.Set("done", reply(env, filler));
    return object;
  };
}

Reply Ask(Asking asking) {
  return [asking = std::move(asking)](Napi::Env env, Filler&) mutable -> Napi::Value {
    Napi::Object object = Napi::Object::New(env);
    object.Set("needs", NewNeeds(env, std::move(asking)));
    return object;
  };
}

Napi::Value NewNeeds(Napi::Env env, Asking asking) {
  return Environment::Of(env).needs.New({Napi::External<Asking>::New(env, &asking)});
}

Trust TrustOf(Napi::Value value) { return BoolOf(value, "trust") ? Trust::all : Trust::ask; }

Napi::Function Needs::Define(Napi::Env env) {
  return DefineClass(
      env, "Needs",
      {InstanceAccessor<&Needs::CredentialCount>("credentialCount"), InstanceAccessor<&Needs::Psks>("psks"),
       InstanceAccessor<&Needs::Commit>("commit"), InstanceMethod<&Needs::Credentials>("credentials"),
       InstanceMethod<&Needs::Answer>("answer")});
}

Needs::Needs(const Napi::CallbackInfo& info) : Napi::ObjectWrap<Needs>(info) {
  if (!info[0].IsExternal()) ThrowType(info.Env(), "Needs", "to be made by the addon");
  asking_ = std::move(*info[0].As<Napi::External<Asking>>().Data());
}

Napi::Value Needs::CredentialCount(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(asking_.questions.credentials.size()));
}

Napi::Value Needs::Credentials(const Napi::CallbackInfo& info) {
  const std::uint32_t from = Uint32Of(info[0], "from");
  const std::uint32_t to = Uint32Of(info[1], "to");
  const auto& all = asking_.questions.credentials;
  if (from > to || to > all.size()) ThrowType(info.Env(), "to", "an index of the credentials");
  Napi::Array slice = Napi::Array::New(info.Env(), to - from);
  for (std::uint32_t i = from; i < to; ++i) {
    Napi::HandleScope scope(info.Env());
    slice.Set(i - from, ToJs(info.Env(), all[i]));
  }
  return slice;
}

Napi::Value Needs::Psks(const Napi::CallbackInfo& info) {
  const auto& all = asking_.questions.psks;
  Napi::Array psks = Napi::Array::New(info.Env(), all.size());
  for (std::uint32_t i = 0; i < all.size(); ++i) psks.Set(i, ToJs(info.Env(), all[i]));
  return psks;
}

Napi::Value Needs::Commit(const Napi::CallbackInfo& info) {
  return asking_.commit ? ToJs(info.Env(), *asking_.commit) : info.Env().Null();
}

Napi::Value Needs::Answer(const Napi::CallbackInfo& info) {
  Answers answers;
  if (IsNothing(info[0])) {
    answers.credentials.assign(asking_.questions.credentials.size(), Verdict::accept);
  } else {
    for (const std::uint8_t verdict : ViewOf(info[0], "verdicts")) {
      if (verdict > static_cast<std::uint8_t>(Verdict::failed)) ThrowType(info.Env(), "verdicts", "verdicts");
      answers.credentials.push_back(Verdict{verdict});
    }
  }
  const Napi::Array psks = ArrayOf(info[1], "psks");
  for (std::uint32_t i = 0; i < psks.Length(); ++i) {
    const Napi::Value psk = psks.Get(i);
    if (IsNothing(psk)) {
      answers.psks.emplace_back();
    } else {
      answers.psks.emplace_back(SecretHolder::CloneOf(psk, "psks"));
    }
  }
  const std::uint64_t now = SecondsOf(info[2], "now");
  if (!asking_.resume) Throw(info.Env(), Error::MISUSE);
  return Async(info.Env(), [resume = std::move(asking_.resume), answers = std::move(answers), now]() mutable {
    return resume(std::move(answers), now);
  });
}

}  // namespace mls::binding
