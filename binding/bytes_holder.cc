#include "bytes_holder.h"

#include "args.h"
#include "convert.h"
#include "environment.h"

namespace mls::binding {

namespace {

// The range of two arguments within `size` bytes.
std::pair<std::size_t, std::size_t> RangeOf(const Napi::Value& from, const Napi::Value& to,
                                            std::size_t size) {
  const std::size_t begin = Uint32Of(from, "from");
  const std::size_t end = Uint32Of(to, "to");
  if (begin > end || end > size) ThrowType(from.Env(), "to", "an index of the bytes");
  return {begin, end - begin};
}

}  // namespace

Napi::Function BytesHolder::Define(Napi::Env env) {
  return DefineClass(
      env, "Bytes",
      {InstanceMethod<&BytesHolder::Add>("add"), InstanceMethod<&BytesHolder::Slice>("slice"),
       InstanceMethod<&BytesHolder::Clear>("clear"), InstanceAccessor<&BytesHolder::Size>("size")});
}

BytesHolder::BytesHolder(const Napi::CallbackInfo& info) : Holder<BytesHolder>(info) {
  bytes_->reserve(Uint32Of(info[0], "size"));
}

BytesHolder::~BytesHolder() { Drop(); }

// Unmapping many megabytes takes its time.
void BytesHolder::Drop() {
  if (bytes_->size() >= Filler::kFrom) ThePool().Post([bytes = std::move(bytes_)] {});
  bytes_ = nullptr;
}

Napi::Value BytesHolder::New(Napi::Env env, Bytes bytes) {
  Napi::Object holder = Environment::Of(env).bytes.New({Napi::Number::New(env, 0)});
  *Unwrap(holder)->bytes_ = std::move(bytes);
  return holder;
}

std::shared_ptr<const Bytes> BytesHolder::Share(Napi::Value value, const char* name) {
  BytesHolder& holder = Held(value, name, "bytes of the addon");
  holder.shared_ = true;
  return holder.bytes_;
}

void BytesHolder::Add(const Napi::CallbackInfo& info) {
  const View all = ViewOf(info[0], "bytes");
  const auto [begin, size] = RangeOf(info[1], info[2], all.size());
  if (shared_) ThrowType(info.Env(), "bytes", "nothing once they were passed on");
  const View slice = all.subspan(begin, size);
  bytes_->insert(bytes_->end(), slice.begin(), slice.end());
}

Napi::Value BytesHolder::Slice(const Napi::CallbackInfo& info) {
  const auto [begin, size] = RangeOf(info[0], info[1], bytes_->size());
  return ToJs(info.Env(), View(*bytes_).subspan(begin, size));
}

void BytesHolder::Clear(const Napi::CallbackInfo&) {
  auto nothing = std::make_shared<Bytes>();
  Drop();
  bytes_ = std::move(nothing);
}

Napi::Value BytesHolder::Size(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(bytes_->size()));
}

}  // namespace mls::binding
