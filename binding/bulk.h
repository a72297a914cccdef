// Containers that cross the boundary: many byte strings going in (Bulk), rows going in (Rows), key material
// that JavaScript holds without seeing it (Secret).
#pragma once

#include <napi.h>

#include "holder.h"
#include "mls.h"

namespace mls::binding {

// What a Bulk has collected; shared with the work that reads it, which may be done again.
using BulkItems = std::shared_ptr<const std::vector<Bytes>>;

class Bulk : public Holder<Bulk> {
 public:
  static Napi::Function Define(Napi::Env env);
  explicit Bulk(const Napi::CallbackInfo& info) : Holder<Bulk>(info) {}
  // ItemsOf gives what was collected; from then on nothing more is.
  static BulkItems ItemsOf(Napi::Value value, const char* name);

 private:
  void Add(const Napi::CallbackInfo& info);
  void AddPacked(const Napi::CallbackInfo& info);
  void Clear(const Napi::CallbackInfo& info);
  Napi::Value Count(const Napi::CallbackInfo& info);
  std::vector<Bytes>& Open(Napi::Env env);
  std::shared_ptr<std::vector<Bytes>> items_ = std::make_shared<std::vector<Bytes>>();
  bool closed_ = false;
};

class RowsIn : public Holder<RowsIn> {
 public:
  static Napi::Function Define(Napi::Env env);
  explicit RowsIn(const Napi::CallbackInfo& info) : Holder<RowsIn>(info) {}
  static std::vector<Bytes> Take(Napi::Value value, const char* name);

 private:
  void Add(const Napi::CallbackInfo& info);
  std::vector<Bytes> slices_;
};

class SecretHolder : public Holder<SecretHolder> {
 public:
  static Napi::Function Define(Napi::Env env);
  explicit SecretHolder(const Napi::CallbackInfo& info);
  static Napi::Value New(Napi::Env env, Secret secret);
  static Secret CloneOf(Napi::Value value, const char* name);

 private:
  Napi::Value Size(const Napi::CallbackInfo& info);
  void Close(const Napi::CallbackInfo& info);
  Secret secret_;
  bool closed_ = false;
};

}  // namespace mls::binding
