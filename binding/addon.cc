// The addon: what it exports to one environment. Node.js calls Start once for each environment that loads it.
#include <napi.h>

#include "args.h"
#include "bulk.h"
#include "bytes_holder.h"
#include "client.h"
#include "decode.h"
#include "environment.h"
#include "error.h"
#include "group.h"
#include "tracker.h"
#include "watch.h"

namespace mls::binding {

namespace {

Napi::Value Threads(const Napi::CallbackInfo& info) {
  const std::size_t count = IsNothing(info[0]) ? 0 : Uint32Of(info[0], "count");
  return Napi::Number::New(info.Env(), static_cast<double>(PoolThreads(count)));
}

// A proposal of an external sender (RFC 9420 §12.1.8.1). It needs no group, so it has no PSK nonce to draw.
Napi::Value ProposeExternally(const Napi::CallbackInfo& info) {
  const Napi::Object options = ObjectOf(info[0], "options");
  const Suite* suite = &SuiteOf(options.Get("suite"), "suite");
  Bytes group_id = BytesOf(options.Get("groupId"), "groupId");
  const std::uint64_t epoch = Uint64Of(options.Get("epoch"), "epoch");
  const std::uint32_t sender = Uint32Of(options.Get("senderIndex"), "senderIndex");
  Secret key = SecretOf(options.Get("signaturePrivateKey"), "signaturePrivateKey");
  NewProposal wanted = NewProposalOf(options.Get("proposal"));
  return Async(info.Env(),
               [suite, group_id = std::move(group_id), epoch, sender, key = std::move(key),
                wanted = std::move(wanted)]() mutable -> Result<Reply> {
                 if (wanted.psk) {
                   SystemRandom random;
                   auto nonce = random.Take(suite->Nh);
                   if (!nonce.ok()) return nonce.error();
                   PreSharedKey psk;
                   std::visit([&](auto& id) { psk.psk.body = std::move(id); }, *wanted.psk);
                   psk.psk.psk_nonce = std::move(*nonce);
                   wanted.ready = {std::move(psk)};
                 } else if (wanted.key_package) {
                   auto key_package = DecodeKeyPackage(*wanted.key_package, Limits{});
                   if (!key_package.ok()) return key_package.error();
                   wanted.ready = {Add{std::move(*key_package)}};
                 }
                 if (!wanted.ready) return Error::INVALID_SENDER_TYPE;
                 auto message =
                     ProposeAsExternal(*suite, group_id, epoch, sender, key, std::move(*wanted.ready));
                 if (!message.ok()) return message.error();
                 return Reply([message = std::move(*message)](Napi::Env env, Filler&) {
                   return ToJs(env, View(message));
                 });
               });
}

// CheckCertificates reads DER certificates as a policy's knownCertificates will be: INVALID_CREDENTIAL.
void CheckCertificates(const Napi::CallbackInfo& info) {
  static_cast<void>(ValueOrThrow(info.Env(), KnownCertificatesOf(info[0])));
}

Napi::Array Errors(Napi::Env env) {
  static constexpr const char* kFaults[] = {"malformed", "violation", "unsupported", "stale",   "limit",
                                            "misuse",    "crypto",    "storage",     "internal"};
  Napi::Array list = Napi::Array::New(env);
  for (const ErrorInfo& info : AllErrors()) {
    Napi::Array row = Napi::Array::New(env, 4);
    row.Set(0u, Napi::Number::New(env, static_cast<double>(info.error)));
    row.Set(1u, Napi::String::New(env, std::string(info.name)));
    row.Set(2u, binding::Text(env, kFaults[static_cast<std::size_t>(info.fault)]));
    row.Set(3u, Napi::String::New(env, std::string(info.section)));
    list.Set(list.Length(), row);
  }
  return list;
}

Napi::Array Suites(Napi::Env env) {
  Napi::Array list = Napi::Array::New(env);
  for (const Suite& suite : AllSuites()) {
    Napi::Object one = Napi::Object::New(env);
    one.Set("id", Napi::Number::New(env, static_cast<double>(suite.id)));
    one.Set("name", Napi::String::New(env, std::string(suite.name)));
    list.Set(list.Length(), one);
  }
  return list;
}

Napi::Object DefaultLimits(Napi::Env env) {
  Napi::Object object = Napi::Object::New(env);
  const Limits limits;
#define MLS_LIMIT(field, name) object.Set(name, Napi::Number::New(env, static_cast<double>(limits.field)));
#include "limits.def"
#undef MLS_LIMIT
  return object;
}

Napi::Function Defined(Napi::FunctionReference& kept, Napi::Function constructor) {
  kept = Napi::Persistent(constructor);
  return constructor;
}

Napi::Object Start(Napi::Env env, Napi::Object exports) {
  auto* own = new Environment;
  env.SetInstanceData(own);
  own->completions = Completions::Start(env);
  Defined(own->group, GroupHolder::Define(env));
  Defined(own->needs, Needs::Define(env));
  Defined(own->decoded, DecodedHolder::Define(env));
  exports.Set("Secret", Defined(own->secret, SecretHolder::Define(env)));
  exports.Set("Bulk", Bulk::Define(env));
  exports.Set("Bytes", Defined(own->bytes, BytesHolder::Define(env)));
  exports.Set("Rows", RowsIn::Define(env));
  exports.Set("Watch", WatchHolder::Define(env));
  exports.Set("Client", ClientHolder::Define(env));
  exports.Set("Tracker", TrackerHolder::Define(env));
  exports.Set("threads", Napi::Function::New(env, Threads, "threads"));
  exports.Set("checkCertificates", Napi::Function::New(env, CheckCertificates, "checkCertificates"));
  exports.Set("decode", Napi::Function::New(env, Decode, "decode"));
  exports.Set("proposeExternally", Napi::Function::New(env, ProposeExternally, "proposeExternally"));
  exports.Set("opensslVersion", Napi::String::New(env, std::string(LibcryptoVersion())));
  exports.Set("opensslBuild", Napi::String::New(env, LibcryptoBuild()));
  exports.Set("errors", Errors(env));
  exports.Set("suites", Suites(env));
  exports.Set("defaultLimits", DefaultLimits(env));
  return exports;
}

}  // namespace

}  // namespace mls::binding

static Napi::Object StartAddon(Napi::Env env, Napi::Object exports) {
  return mls::binding::Start(env, exports);
}
NODE_API_MODULE(NODE_GYP_MODULE_NAME, StartAddon)
