// The rows of a group on their way between clients: sealed anew under a transfer's key, or under the
// client's.
#include "args.h"
#include "bulk.h"
#include "client.h"
#include "rows.h"

namespace mls::binding {

namespace {

enum class Way : std::uint8_t { out, in };

struct Transfer {
  Bytes scope;  // of the group in this client
  Secret key;   // of the transfer
  Bytes name;   // of its rows, in place of a scope's
  Way way = Way::out;
};

Result<Bytes> Resealed(const ClientKeys& keys, Transfer transfer, std::vector<Bytes> slices) {
  auto ours = keys.RowsOf(transfer.scope);
  if (!ours.ok()) return ours.error();
  auto sealer = Sealer::ForScope(transfer.key, transfer.name);
  if (!sealer.ok()) return sealer.error();
  SealedRows theirs(std::move(*sealer));
  SystemRandom random;
  if (transfer.way == Way::out) return ours->Reseal(std::move(slices), theirs, random);
  return theirs.Reseal(std::move(slices), *ours, random);
}

}  // namespace

Napi::Value ClientHolder::Reseal(const Napi::CallbackInfo& info) {
  const Napi::Object options = ObjectOf(info[0], "options");
  Transfer transfer;
  transfer.scope = BytesOf(options.Get("scope"), "scope");
  transfer.key = SecretOf(options.Get("key"), "key");
  transfer.name = BytesOf(options.Get("name"), "name");
  transfer.way = Choice<Way>(options.Get("way"), "way", {{"out", Way::out}, {"in", Way::in}});
  std::vector<Bytes> slices = RowsIn::Take(options.Get("rows"), "rows");
  return Async(info.Env(),
               [keys = keys(info.Env()), transfer = std::move(transfer),
                slices = std::move(slices)]() mutable -> Result<Reply> {
                 auto packed = Resealed(*keys, std::move(transfer), std::move(slices));
                 if (!packed.ok()) return packed.error();
                 return Reply([packed = std::move(*packed)](Napi::Env env, Filler& filler) mutable {
                   return filler.Uint8Array(env, std::move(packed));
                 });
               });
}

}  // namespace mls::binding
