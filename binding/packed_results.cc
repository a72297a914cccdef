#include "packed_results.h"

#include "bytes_holder.h"
#include "convert.h"

namespace mls::binding {

bool PackedResults::Add(const ApplicationMessage& message) {
  if (message.data.size() + message.authenticated_data.size() >= kBelow) return false;
  Add(Kind::message, message.sender, message.epoch, message.data, message.authenticated_data);
  return true;
}

bool PackedResults::AddSent(View message) {
  if (message.size() >= kBelow) return false;
  Add(Kind::sent, LeafIndex{}, 0, message, {});
  return true;
}

void PackedResults::Add(Kind kind, LeafIndex sender, std::uint64_t epoch, View data,
                        View authenticated_data) {
  bytes_.insert(bytes_.end(), data.begin(), data.end());
  const auto data_end = static_cast<std::uint32_t>(bytes_.size());
  bytes_.insert(bytes_.end(), authenticated_data.begin(), authenticated_data.end());
  for (const std::uint64_t number :
       {std::uint64_t{static_cast<std::uint32_t>(kind)}, std::uint64_t{sender.value}, epoch >> 32, epoch,
        std::uint64_t{data_end}, std::uint64_t{bytes_.size()}}) {
    numbers_.push_back(static_cast<std::uint32_t>(number));
  }
}

Napi::Value PackedResults::ToJs(Napi::Env env) {
  if (numbers_.empty()) return env.Null();
  Napi::Object object = Napi::Object::New(env);
  object.Set("numbers", Numbers<Napi::Uint32Array>(env, numbers_));
  object.Set("bytes", BytesHolder::New(env, std::move(bytes_)));
  return object;
}

}  // namespace mls::binding
