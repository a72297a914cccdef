// A client's key packages (RFC 9420 §10): made, imported, found for a Welcome, forgotten.
#include "args.h"
#include "bytes_holder.h"
#include "client.h"
#include "error.h"
#include "watch.h"

namespace mls::binding {

namespace {

KeyPackageUse UseOf(Napi::Value value) {
  return BoolOf(value, "lastResort") ? KeyPackageUse::last_resort : KeyPackageUse::once;
}

struct Request {
  const Suite* suite = nullptr;
  std::size_t count = 0;
  Lifetime lifetime;
  KeyPackageUse use = KeyPackageUse::once;
  Extensions extensions;
};

struct Made {
  Bytes reference;
  Bytes message;
  std::shared_ptr<const StoredKeyPackage> stored;
};

Result<std::vector<Made>> MakeAll(const ClientKeys& keys, const Request& request, const Env& env) {
  auto profile = keys.Profile(*request.suite);
  if (!profile.ok()) return profile.error();
  std::vector<Made> all(request.count);
  const auto make = [&](std::size_t i) -> Status {
    SystemRandom random;
    auto made = GenerateKeyPackage(*request.suite, **profile, request.lifetime, request.extensions, random);
    if (!made.ok()) return made.error();
    auto reference = KeyPackageRef(*request.suite, made->key_package);
    if (!reference.ok()) return reference.error();
    all[i].reference = ToBytes(*reference);
    all[i].message = EncodeMessage(KeyPackageMessage{made->key_package});
    all[i].stored = std::make_shared<const StoredKeyPackage>(
        StoredKeyPackage{std::move(made->key_package), std::move(made->keys), request.use});
    return kOk;
  };
  if (Status done = ParallelFor(env.pool, all.size(), 4, make, "key packages"); !done.ok())
    return done.error();
  return all;
}

// The keys that a Welcome has an entry for, if we hold one of them.
Result<Bytes> FindEntry(const ClientKeys& keys, View bytes) {
  auto message = DecodeMessage(bytes, Limits{});
  if (!message.ok()) return message.error();
  const auto* welcome = std::get_if<Welcome>(&message->body);
  if (welcome == nullptr) return Error::WRONG_WIRE_FORMAT;
  if (FindSuite(welcome->cipher_suite) == nullptr) return Error::UNSUPPORTED_CIPHERSUITE;  // RFC 9420 §17.1
  bool of_another_suite = false;
  for (const EncryptedGroupSecrets& entry : welcome->secrets) {
    const auto stored = keys.FindKeyPackage(entry.new_member);
    if (stored == nullptr) continue;
    if (stored->key_package.cipher_suite == welcome->cipher_suite) return entry.new_member;
    of_another_suite = true;
  }
  if (of_another_suite) return Error::CIPHERSUITE_MISMATCH;  // RFC 9420 §12.4.3.1
  return Bytes();
}

}  // namespace

KeyPackageView KeyPackageView::Of(const Bytes& reference, const StoredKeyPackage& stored) {
  return {reference, stored.key_package.cipher_suite, stored.key_package.leaf_node.lifetime.not_after,
          stored.use};
}

Napi::Value ToJs(Napi::Env env, const KeyPackageView& view) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("reference", ToJs(env, View(view.reference)));
  object.Set("suite", Napi::Number::New(env, static_cast<double>(view.suite)));
  object.Set("notAfter", ToJs(env, view.not_after));
  object.Set("lastResort", Napi::Boolean::New(env, view.use == KeyPackageUse::last_resort));
  return object;
}

void KeyPackageColumns::Add(const Bytes& reference, const StoredKeyPackage& stored) {
  references.Add(reference);
  suites.push_back(static_cast<std::uint16_t>(stored.key_package.cipher_suite));
  not_after.push_back(stored.key_package.leaf_node.lifetime.not_after);
  last_resort.push_back(stored.use == KeyPackageUse::last_resort ? 1 : 0);
}

Napi::Value ToJs(Napi::Env env, KeyPackageColumns columns, Filler& filler) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("references", ToJs(env, std::move(columns.references), filler));
  object.Set("suites", Numbers<Napi::Uint16Array>(env, columns.suites));
  object.Set("notAfter", Numbers<Napi::BigUint64Array>(env, columns.not_after));
  object.Set("lastResort", ToJs(env, View(columns.last_resort)));
  return object;
}

Napi::Value ClientHolder::GenerateKeyPackages(const Napi::CallbackInfo& info) {
  const Napi::Object options = ObjectOf(info[0], "options");
  Request request;
  request.suite = &SuiteOf(options.Get("suite"), "suite");
  request.count = Uint32Of(options.Get("count"), "count");
  request.lifetime = {Uint64Of(options.Get("notBefore"), "notBefore"),
                      Uint64Of(options.Get("notAfter"), "notAfter")};
  request.use = UseOf(options.Get("lastResort"));
  request.extensions = ExtensionsOf(options.Get("extensions"), "extensions");
  std::shared_ptr<Watch> watch = WatchHolder::Of(info[1]);
  return Async(
      info.Env(),
      [keys = keys(info.Env()), request = std::move(request),
       watch = std::move(watch)]() mutable -> Result<Reply> {
        const Surroundings surroundings(0, std::move(watch));
        auto made = MakeAll(*keys, request, surroundings);
        if (!made.ok()) return made.error();
        Batch batch;
        Packed messages;
        KeyPackageColumns columns;
        for (const Made& one : *made) {
          SaveKeyPackage(one.reference, *one.stored, batch);
          messages.Add(one.message);
          columns.Add(one.reference, *one.stored);
        }
        auto packed = PackBatch(&keys->sealer(), batch);
        if (!packed.ok()) return packed.error();
        for (Made& one : *made) keys->AddKeyPackage(std::move(one.reference), std::move(one.stored));
        return Reply([batch = std::move(*packed), messages = std::move(messages),
                      columns = std::move(columns)](Napi::Env env, Filler& filler) mutable -> Napi::Value {
          Napi::Object object = Napi::Object::New(env);
          object.Set("batch", filler.Uint8Array(env, std::move(batch)));
          object.Set("messages", ToJs(env, std::move(messages), filler));
          object.Set("infos", ToJs(env, std::move(columns), filler));
          return object;
        });
      });
}

Napi::Value ClientHolder::ImportKeyPackage(const Napi::CallbackInfo& info) {
  const Napi::Object options = ObjectOf(info[0], "options");
  Bytes encoded = BytesOf(options.Get("keyPackage"), "keyPackage");
  KeyPackageKeys private_keys{SecretOf(options.Get("initPrivateKey"), "initPrivateKey"),
                              SecretOf(options.Get("encryptionPrivateKey"), "encryptionPrivateKey"),
                              SecretOf(options.Get("signaturePrivateKey"), "signaturePrivateKey")};
  const KeyPackageUse use = UseOf(options.Get("lastResort"));
  return Async(info.Env(),
               [keys = keys(info.Env()), encoded = std::move(encoded), private_keys = std::move(private_keys),
                use]() mutable -> Result<Reply> {
                 auto key_package = DecodeKeyPackage(encoded, Limits{});
                 if (!key_package.ok()) return key_package.error();
                 const Suite* suite = FindSuite(key_package->cipher_suite);
                 if (suite == nullptr) return Error::UNSUPPORTED_CIPHERSUITE;
                 auto digest = KeyPackageRef(*suite, *key_package);
                 if (!digest.ok()) return digest.error();
                 Bytes reference = ToBytes(*digest);
                 auto stored = std::make_shared<const StoredKeyPackage>(
                     StoredKeyPackage{std::move(*key_package), std::move(private_keys), use});
                 if (Status fits = CheckImported(*suite, *stored); !fits.ok()) return fits.error();
                 Batch batch;
                 SaveKeyPackage(reference, *stored, batch);
                 auto packed = PackBatch(&keys->sealer(), batch);
                 if (!packed.ok()) return packed.error();
                 KeyPackageView view = KeyPackageView::Of(reference, *stored);
                 keys->AddKeyPackage(std::move(reference), std::move(stored));
                 return Reply([batch = std::move(*packed), view = std::move(view)](Napi::Env env,
                                                                                   Filler&) -> Napi::Value {
                   Napi::Object object = Napi::Object::New(env);
                   object.Set("batch", ToJs(env, View(batch)));
                   object.Set("info", ToJs(env, view));
                   return object;
                 });
               });
}

Napi::Value ClientHolder::DeleteKeyPackages(const Napi::CallbackInfo& info) {
  const Napi::Array references = ArrayOf(info[0], "references");
  Batch batch;
  for (std::uint32_t i = 0; i < references.Length(); ++i) {
    const Bytes reference = BytesOf(references.Get(i), "references");
    keys(info.Env())->RemoveKeyPackage(reference);
    batch.Delete(KeyPackageRow(reference));
  }
  return ToJs(info.Env(), View(ValueOrThrow(info.Env(), PackBatch(&keys(info.Env())->sealer(), batch))));
}

Napi::Value ClientHolder::FindKeyPackage(const Napi::CallbackInfo& info) {
  auto welcome = BytesHolder::Share(info[0], "welcome");
  return Async(info.Env(), [keys = keys(info.Env()), welcome = std::move(welcome)]() -> Result<Reply> {
    auto found = FindEntry(*keys, *welcome);
    if (!found.ok()) return found.error();
    return Reply([reference = std::move(*found)](Napi::Env env, Filler&) -> Napi::Value {
      return reference.empty() ? env.Null() : ToJs(env, View(reference));
    });
  });
}

Napi::Value ClientHolder::ProposeOwnAdd(const Napi::CallbackInfo& info) {
  Bytes reference = BytesOf(info[0], "reference");
  Bytes group_id = BytesOf(info[1], "groupId");
  const std::uint64_t epoch = Uint64Of(info[2], "epoch");
  return Async(info.Env(),
               [keys = keys(info.Env()), reference = std::move(reference), group_id = std::move(group_id),
                epoch]() -> Result<Reply> {
                 const auto stored = keys->FindKeyPackage(reference);
                 if (stored == nullptr) return Error::NO_MATCHING_KEY_PACKAGE;
                 auto message = mls::ProposeOwnAdd(stored->key_package, stored->keys.signature_private_key,
                                                   group_id, epoch);
                 if (!message.ok()) return message.error();
                 return Reply([message = std::move(*message)](Napi::Env env, Filler&) {
                   return ToJs(env, View(message));
                 });
               });
}

}  // namespace mls::binding
