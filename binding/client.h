// NativeClient: a client's signers, key packages and PSKs, and the ways from them into groups.
#pragma once

#include <napi.h>

#include <map>
#include <mutex>

#include "group.h"

namespace mls::binding {

// ClientKeys is shared by the JavaScript object and the work under way.
class ClientKeys {
 public:
  ClientKeys(Secret sealing_key, Sealer sealer)
      : sealing_key_(std::move(sealing_key)), sealer_(std::move(sealer)) {}

  const Sealer& sealer() const { return sealer_; }
  // NewState makes the state of a group in its own scope.
  Result<GroupStatePtr> NewState(View scope) const;
  // RowsOf gives the sealed rows of a scope, before anything of it was read.
  Result<SealedRows> RowsOf(View scope) const;

  using ProfilePtr = std::shared_ptr<const MemberProfile>;
  // Profile: MISUSE when there is no signer for that suite.
  Result<ProfilePtr> Profile(const Suite& suite) const;
  void SetProfile(const Suite& suite, MemberProfile profile);
  std::vector<CipherSuite> suites() const;

  using KeyPackagePtr = std::shared_ptr<const StoredKeyPackage>;
  KeyPackagePtr FindKeyPackage(const Bytes& reference) const;  // null if unknown
  void AddKeyPackage(Bytes reference, KeyPackagePtr stored);
  void RemoveKeyPackage(const Bytes& reference);
  std::map<Bytes, KeyPackagePtr> key_packages() const;

 private:
  Secret sealing_key_;
  Sealer sealer_;
  mutable std::mutex mutex_;
  std::map<CipherSuite, ProfilePtr> profiles_;
  std::map<Bytes, KeyPackagePtr> key_packages_;
};
using ClientKeysPtr = std::shared_ptr<ClientKeys>;

class ClientHolder : public Napi::ObjectWrap<ClientHolder> {
 public:
  static Napi::Function Define(Napi::Env env);
  explicit ClientHolder(const Napi::CallbackInfo& info);

 private:
  // client.cc
  Napi::Value Load(const Napi::CallbackInfo& info);
  Napi::Value AddSigner(const Napi::CallbackInfo& info);
  Napi::Value PutPsk(const Napi::CallbackInfo& info);
  Napi::Value OpenPsk(const Napi::CallbackInfo& info);
  Napi::Value PskKey(const Napi::CallbackInfo& info);
  void Close(const Napi::CallbackInfo& info);
  // key_packages.cc
  Napi::Value GenerateKeyPackages(const Napi::CallbackInfo& info);
  Napi::Value ImportKeyPackage(const Napi::CallbackInfo& info);
  Napi::Value DeleteKeyPackages(const Napi::CallbackInfo& info);
  Napi::Value FindKeyPackage(const Napi::CallbackInfo& info);
  Napi::Value ProposeOwnAdd(const Napi::CallbackInfo& info);
  // joining.cc
  Napi::Value CreateGroup(const Napi::CallbackInfo& info);
  Napi::Value Join(const Napi::CallbackInfo& info);
  Napi::Value JoinExternally(const Napi::CallbackInfo& info);
  Napi::Value Succeed(const Napi::CallbackInfo& info);
  Napi::Value LoadGroup(const Napi::CallbackInfo& info);
  // moving.cc
  Napi::Value Reseal(const Napi::CallbackInfo& info);
  // run_steps.cc
  Napi::Value OpenInbox(const Napi::CallbackInfo& info);

  const ClientKeysPtr& keys(Napi::Env env) const;  // CLOSED
  ClientKeysPtr keys_;
};

// What a key package looks like from outside.
struct KeyPackageView {
  Bytes reference;
  CipherSuite suite;
  std::uint64_t not_after;
  KeyPackageUse use;
  static KeyPackageView Of(const Bytes& reference, const StoredKeyPackage& stored);
};
Napi::Value ToJs(Napi::Env env, const KeyPackageView& view);
// Many of them as columns, made on the pool: an object each would hold up the event loop.
struct KeyPackageColumns {
  Packed references;
  std::vector<std::uint16_t> suites;
  std::vector<std::uint64_t> not_after;
  Bytes last_resort;
  void Add(const Bytes& reference, const StoredKeyPackage& stored);
};
Napi::Value ToJs(Napi::Env env, KeyPackageColumns columns, Filler& filler);

}  // namespace mls::binding
