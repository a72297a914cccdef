#include "client.h"

#include "args.h"
#include "bulk.h"
#include "error.h"
#include "watch.h"

namespace mls::binding {

Result<SealedRows> ClientKeys::RowsOf(View scope) const {
  auto sealer = Sealer::ForScope(sealing_key_, scope);
  if (!sealer.ok()) return sealer.error();
  return SealedRows(std::move(*sealer));
}

Result<GroupStatePtr> ClientKeys::NewState(View scope) const {
  auto rows = RowsOf(scope);
  if (!rows.ok()) return rows.error();
  return std::make_shared<GroupState>(std::move(*rows));
}

Result<ClientKeys::ProfilePtr> ClientKeys::Profile(const Suite& suite) const {
  const std::lock_guard lock(mutex_);
  const auto found = profiles_.find(suite.id);
  if (found == profiles_.end()) return Error::MISUSE;
  return found->second;
}

void ClientKeys::SetProfile(const Suite& suite, MemberProfile profile) {
  const std::lock_guard lock(mutex_);
  profiles_.insert_or_assign(suite.id, std::make_shared<const MemberProfile>(std::move(profile)));
}

std::vector<CipherSuite> ClientKeys::suites() const {
  const std::lock_guard lock(mutex_);
  std::vector<CipherSuite> all;
  for (const auto& [suite, profile] : profiles_) all.push_back(suite);
  return all;
}

ClientKeys::KeyPackagePtr ClientKeys::FindKeyPackage(const Bytes& reference) const {
  const std::lock_guard lock(mutex_);
  const auto found = key_packages_.find(reference);
  return found == key_packages_.end() ? nullptr : found->second;
}

void ClientKeys::AddKeyPackage(Bytes reference, KeyPackagePtr stored) {
  const std::lock_guard lock(mutex_);
  key_packages_.insert_or_assign(std::move(reference), std::move(stored));
}

void ClientKeys::RemoveKeyPackage(const Bytes& reference) {
  const std::lock_guard lock(mutex_);
  key_packages_.erase(reference);
}

std::map<Bytes, ClientKeys::KeyPackagePtr> ClientKeys::key_packages() const {
  const std::lock_guard lock(mutex_);
  return key_packages_;
}

Napi::Function ClientHolder::Define(Napi::Env env) {
  return DefineClass(
      env, "Client",
      {InstanceMethod<&ClientHolder::Load>("load"), InstanceMethod<&ClientHolder::AddSigner>("addSigner"),
       InstanceMethod<&ClientHolder::PutPsk>("putPsk"), InstanceMethod<&ClientHolder::OpenPsk>("openPsk"),
       InstanceMethod<&ClientHolder::PskKey>("pskKey"), InstanceMethod<&ClientHolder::Close>("close"),
       InstanceMethod<&ClientHolder::GenerateKeyPackages>("generateKeyPackages"),
       InstanceMethod<&ClientHolder::ImportKeyPackage>("importKeyPackage"),
       InstanceMethod<&ClientHolder::DeleteKeyPackages>("deleteKeyPackages"),
       InstanceMethod<&ClientHolder::FindKeyPackage>("findKeyPackage"),
       InstanceMethod<&ClientHolder::ProposeOwnAdd>("proposeOwnAdd"),
       InstanceMethod<&ClientHolder::CreateGroup>("createGroup"), InstanceMethod<&ClientHolder::Join>("join"),
       InstanceMethod<&ClientHolder::JoinExternally>("joinExternally"),
       InstanceMethod<&ClientHolder::Succeed>("succeed"),
       InstanceMethod<&ClientHolder::LoadGroup>("loadGroup"),
       InstanceMethod<&ClientHolder::OpenInbox>("openInbox"),
       InstanceMethod<&ClientHolder::Reseal>("reseal")});
}

ClientHolder::ClientHolder(const Napi::CallbackInfo& info) : Napi::ObjectWrap<ClientHolder>(info) {
  const Napi::Object options = ObjectOf(info[0], "options");
  Secret sealing_key = SecretOf(options.Get("sealingKey"), "sealingKey");
  Sealer sealer =
      ValueOrThrow(info.Env(), Sealer::ForScope(sealing_key, ViewOf(options.Get("scope"), "scope")));
  keys_ = std::make_shared<ClientKeys>(std::move(sealing_key), std::move(sealer));
}

const ClientKeysPtr& ClientHolder::keys(Napi::Env env) const {
  if (keys_ == nullptr) Throw(env, Error::CLOSED);
  return keys_;
}

void ClientHolder::Close(const Napi::CallbackInfo&) {
  if (keys_ != nullptr) ThePool().Post([keys = std::move(keys_)] {});
  keys_ = nullptr;
}

namespace {

// LoadClient fills `keys` with the signers and key packages of the client's rows.
Status LoadClient(ClientKeys& keys, const MemoryRows& rows) {
  Status signers = rows.Scan(RowKey(RowTag::signer), [&](View key, View value) -> Status {
    auto loaded = LoadSigner(key, value);
    if (!loaded.ok()) return loaded.error();
    keys.SetProfile(*loaded->first, std::move(loaded->second));
    return kOk;
  });
  if (!signers.ok()) return signers;
  return rows.Scan(RowKey(RowTag::key_package), [&](View key, View value) -> Status {
    auto loaded = LoadKeyPackage(key, value);
    if (!loaded.ok()) return loaded.error();
    keys.AddKeyPackage(ToBytes(key.subspan(1)), std::make_shared<const StoredKeyPackage>(std::move(*loaded)));
    return kOk;
  });
}

struct SignerRequest {
  const Suite* suite = nullptr;
  Credential credential;
  Capabilities more;  // types beyond the RFC's
  Extensions leaf_extensions;
  std::optional<Secret> private_key;
  std::shared_ptr<const KnownCertificates> known_certificates;
};

Result<MemberProfile> MakeProfile(SignerRequest request, Random& random) {
  MemberProfile profile;
  auto capabilities = DefaultCapabilities(random);
  if (!capabilities.ok()) return capabilities.error();
  const auto append = [](auto& to, const auto& from) { to.insert(to.end(), from.begin(), from.end()); };
  append(capabilities->extensions, request.more.extensions);
  append(capabilities->proposals, request.more.proposals);
  append(capabilities->credentials, request.more.credentials);
  profile.capabilities = std::move(*capabilities);
  profile.credential = std::move(request.credential);
  profile.leaf_extensions = std::move(request.leaf_extensions);
  if (request.private_key) {
    auto public_key = SignaturePublicKey(*request.suite, *request.private_key);
    if (!public_key.ok()) return public_key.error();
    profile.signature_key = std::move(*public_key);
    profile.signature_private_key = std::move(*request.private_key);
  } else {
    auto pair = GenerateSignatureKeyPair(*request.suite, random);
    if (!pair.ok()) return pair.error();
    profile.signature_key = std::move(pair->public_key);
    profile.signature_private_key = std::move(pair->private_key);
  }
  // What others would refuse is refused here (RFC 9420 §5.3).
  Status valid = ValidateCredential(*request.suite, profile.credential, profile.signature_key, Limits{},
                                    request.known_certificates.get());
  if (!valid.ok()) return valid.error();
  return profile;
}

template <class Type>
std::vector<Type> MoreTypes(Napi::Value value, const char* name) {
  std::vector<Type> types;
  const Napi::Array list = ArrayOf(value, name);
  for (std::uint32_t i = 0; i < list.Length(); ++i) {
    types.push_back(Type(static_cast<std::uint16_t>(Uint32Of(list.Get(i), name) & 0xFFFF)));
  }
  return types;
}

}  // namespace

Napi::Value ClientHolder::Load(const Napi::CallbackInfo& info) {
  std::vector<Bytes> slices = RowsIn::Take(info[0], "rows");
  return Async(info.Env(), [keys = keys(info.Env()), slices = std::move(slices)]() mutable -> Result<Reply> {
    auto rows = OpenRows(&keys->sealer(), std::move(slices));
    if (!rows.ok()) return rows.error();
    if (Status loaded = LoadClient(*keys, *rows); !loaded.ok()) return loaded.error();
    KeyPackageColumns columns;
    for (const auto& [reference, stored] : keys->key_packages()) columns.Add(reference, *stored);
    return Reply([suites = keys->suites(), columns = std::move(columns)](
                     Napi::Env env, Filler& filler) mutable -> Napi::Value {
      Napi::Object object = Napi::Object::New(env);
      Napi::Array list = Napi::Array::New(env, suites.size());
      for (std::uint32_t i = 0; i < suites.size(); ++i) {
        list.Set(i, Napi::Number::New(env, static_cast<double>(suites[i])));
      }
      object.Set("suites", list);
      object.Set("keyPackages", ToJs(env, std::move(columns), filler));
      return object;
    });
  });
}

Napi::Value ClientHolder::AddSigner(const Napi::CallbackInfo& info) {
  const Napi::Object options = ObjectOf(info[0], "signer");
  SignerRequest request;
  request.suite = &SuiteOf(options.Get("suite"), "suite");
  request.credential = CredentialOf(options.Get("credential"));
  request.more.extensions = MoreTypes<ExtensionType>(options.Get("extensionTypes"), "extensionTypes");
  request.more.proposals = MoreTypes<ProposalType>(options.Get("proposalTypes"), "proposalTypes");
  request.more.credentials = MoreTypes<CredentialType>(options.Get("credentialTypes"), "credentialTypes");
  request.leaf_extensions = ExtensionsOf(options.Get("leafExtensions"), "leafExtensions");
  if (const auto key = options.Get("signaturePrivateKey"); !IsNothing(key)) {
    request.private_key = SecretOf(key, "signaturePrivateKey");
  }
  request.known_certificates = ValueOrThrow(info.Env(), KnownCertificatesOf(info[1]));
  return Async(
      info.Env(), [keys = keys(info.Env()), request = std::move(request)]() mutable -> Result<Reply> {
        SystemRandom random;
        const Suite& suite = *request.suite;
        auto profile = MakeProfile(std::move(request), random);
        if (!profile.ok()) return profile.error();
        Batch batch;
        SaveSigner(suite, *profile, batch);
        auto packed = PackBatch(&keys->sealer(), batch);
        if (!packed.ok()) return packed.error();
        Bytes signature_key = profile->signature_key;
        keys->SetProfile(suite, std::move(*profile));
        return Reply(
            [packed = std::move(*packed), signature_key = std::move(signature_key)](Napi::Env env, Filler&) {
              Napi::Object object = Napi::Object::New(env);
              object.Set("batch", ToJs(env, View(packed)));
              object.Set("signatureKey", ToJs(env, View(signature_key)));
              return Napi::Value(object);
            });
      });
}

Napi::Value ClientHolder::PutPsk(const Napi::CallbackInfo& info) {
  Batch batch;
  batch.PutSecret(ValueOrThrow(info.Env(), PskRow(ViewOf(info[0], "id"))), SecretOf(info[1], "secret"));
  return ToJs(info.Env(), View(ValueOrThrow(info.Env(), PackBatch(&keys(info.Env())->sealer(), batch))));
}

Napi::Value ClientHolder::OpenPsk(const Napi::CallbackInfo& info) {
  const Bytes key = ValueOrThrow(info.Env(), PskRow(ViewOf(info[0], "id")));
  Secret secret = ValueOrThrow(info.Env(), keys(info.Env())->sealer().Open(key, ViewOf(info[1], "sealed")));
  return SecretHolder::New(info.Env(), std::move(secret));
}

Napi::Value ClientHolder::PskKey(const Napi::CallbackInfo& info) {
  return ToJs(info.Env(), View(ValueOrThrow(info.Env(), PskRow(ViewOf(info[0], "id")))));
}

}  // namespace mls::binding
