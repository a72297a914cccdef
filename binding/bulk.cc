#include "bulk.h"

#include "args.h"
#include "environment.h"
#include "error.h"

namespace mls::binding {

Napi::Function Bulk::Define(Napi::Env env) {
  return DefineClass(env, "Bulk",
                     {InstanceMethod<&Bulk::Add>("add"), InstanceMethod<&Bulk::AddPacked>("addPacked"),
                      InstanceMethod<&Bulk::Clear>("clear"), InstanceAccessor<&Bulk::Count>("count")});
}

std::vector<Bytes>& Bulk::Open(Napi::Env env) {
  if (closed_) ThrowType(env, "Bulk", "one that was not used yet");
  return *items_;
}

void Bulk::Add(const Napi::CallbackInfo& info) {
  const Napi::Array items = ArrayOf(info[0], "items");
  const std::uint32_t from = Uint32Of(info[1], "from");
  const std::uint32_t to = Uint32Of(info[2], "to");
  if (to > items.Length()) ThrowType(info.Env(), "to", "an index of items");
  for (std::uint32_t i = from; i < to; ++i) {
    Napi::HandleScope scope(info.Env());
    Bytes one = BytesOf(items.Get(i), "items");  // a getter may do anything, to this Bulk too
    Open(info.Env()).push_back(std::move(one));
  }
}

void Bulk::AddPacked(const Napi::CallbackInfo& info) {
  const Napi::Object packed = ObjectOf(info[0], "packed");
  const Napi::Value whole = packed.Get("bytes"), offsets = packed.Get("offsets");
  const View bytes = ViewOf(whole, "packed.bytes");
  if (!offsets.IsTypedArray() || offsets.As<Napi::TypedArray>().TypedArrayType() != napi_uint32_array) {
    ThrowType(info.Env(), "packed.offsets", "a Uint32Array");
  }
  const auto list = offsets.As<Napi::Uint32Array>();
  const std::size_t from = Uint32Of(info[1], "from");
  const std::size_t to = Uint32Of(info[2], "to");
  if (to >= list.ElementLength()) ThrowType(info.Env(), "to", "an index of the byte strings");
  std::vector<Bytes>& open = Open(info.Env());
  for (std::size_t i = from; i < to; ++i) {
    const std::uint32_t begin = list[i], end = list[i + 1];
    if (begin > end || end > bytes.size())
      ThrowType(info.Env(), "packed.offsets", "rising offsets into bytes");
    open.push_back(ToBytes(bytes.subspan(begin, end - begin)));
  }
}

// Work that reads the items keeps them until it has ended.
void Bulk::Clear(const Napi::CallbackInfo&) {
  items_ = std::make_shared<std::vector<Bytes>>();
  closed_ = true;
}

Napi::Value Bulk::Count(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(items_->size()));
}

BulkItems Bulk::ItemsOf(Napi::Value value, const char* name) {
  Bulk& bulk = Held(value, name, "a Bulk");
  bulk.closed_ = true;
  return bulk.items_;
}

Napi::Function RowsIn::Define(Napi::Env env) {
  return DefineClass(env, "Rows", {InstanceMethod<&RowsIn::Add>("add")});
}

void RowsIn::Add(const Napi::CallbackInfo& info) { slices_.push_back(BytesOf(info[0], "rows")); }

std::vector<Bytes> RowsIn::Take(Napi::Value value, const char* name) {
  return std::exchange(Held(value, name, "rows of the addon").slices_, {});
}

Napi::Function SecretHolder::Define(Napi::Env env) {
  return DefineClass(
      env, "Secret",
      {InstanceAccessor<&SecretHolder::Size>("size"), InstanceMethod<&SecretHolder::Close>("close")});
}

SecretHolder::SecretHolder(const Napi::CallbackInfo& info)
    : Holder<SecretHolder>(info), secret_(SecretOf(info[0], "secret")) {}

Napi::Value SecretHolder::New(Napi::Env env, Secret secret) {
  Napi::Object holder = Environment::Of(env).secret.New({Napi::Uint8Array::New(env, 0)});
  Unwrap(holder)->secret_ = std::move(secret);
  return holder;
}

Secret SecretHolder::CloneOf(Napi::Value value, const char* name) {
  const SecretHolder& held = Held(value, name, "a secret of the addon");
  if (held.closed_) Throw(value.Env(), Error::CLOSED);
  return held.secret_.Clone();
}

Napi::Value SecretHolder::Size(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(secret_.size()));
}

// Close wipes it now; V8 would do so when it collects, perhaps never.
void SecretHolder::Close(const Napi::CallbackInfo&) {
  secret_ = Secret();
  closed_ = true;
}

}  // namespace mls::binding
