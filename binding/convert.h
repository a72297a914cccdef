// Engine values to JavaScript. The shapes are those of lib/native.ts.
#pragma once

#include <napi.h>

#include "task.h"

namespace mls::binding {

inline Napi::String Text(Napi::Env env, const char* text) { return Napi::String::New(env, text); }
// Number is for integers up to 53 bits and for the numbers of enums.
template <class E>
Napi::Number Number(Napi::Env env, E value) {
  return Napi::Number::New(env, static_cast<double>(value));
}

Napi::Value ToJs(Napi::Env env, View bytes);  // a Uint8Array with a copy
Napi::Value ToJs(Napi::Env env, const Credential& credential);
Napi::Value ToJs(Napi::Env env, const Extensions& extensions);
Napi::Value ToJs(Napi::Env env, const Capabilities& capabilities);
Napi::Value ToJs(Napi::Env env, const Sender& sender);
Napi::Value ToJs(Napi::Env env, const PreSharedKeyID& id);
Napi::Value ToJs(Napi::Env env, const ReInit& reinit);
Napi::Value ToJs(Napi::Env env, const Proposal& proposal);
Napi::Value ToJs(Napi::Env env, const CredentialQuestion& question);
Napi::Value ToJs(Napi::Env env, const ReceivedCommit& commit);
Napi::Value ToJs(Napi::Env env, const CachedProposal& proposal);
Napi::Value ToJs(Napi::Env env, const std::vector<LeafIndex>& leaves);  // a Uint32Array
// Numbers makes a typed array of a column.
template <class Array, class T>
Array Numbers(Napi::Env env, const std::vector<T>& column) {
  Array array = Array::New(env, column.size());
  if (!column.empty()) std::memcpy(array.Data(), column.data(), column.size() * sizeof(T));
  return array;
}
inline Napi::Value ToJs(Napi::Env env, std::uint64_t number) { return Napi::BigInt::New(env, number); }

// Packed: many byte strings in one buffer (lib/native.ts).
struct Packed {
  Bytes bytes;
  std::vector<std::uint32_t> offsets{0};
  void Add(View one);
};
Napi::Value ToJs(Napi::Env env, Packed packed, Filler& filler);

// StateView is a copy of what a group or tracker shows of its state, to be converted on another thread.
struct StateView {
  PublicEpochPtr epoch;
  std::vector<CachedProposalPtr> proposals;
  std::optional<ReInit> reinit;
  // Of a group only.
  std::optional<Phase> phase;
  LeafIndex self;
  Bytes epoch_authenticator;
  // A commit may have megabytes, so a state names it by its digest; the message comes with a load or refresh.
  struct Pending {
    std::uint64_t id = 0;
    Digest digest;
    std::optional<Bytes> message;
  };
  std::vector<Pending> pending;
  std::vector<KnownEpoch> epochs;

  static StateView Of(const Group& group);  // without `pending`
  static StateView Of(const Tracker& tracker);
};
// Messages of pending commits move out of `state`.
Napi::Value ToJs(Napi::Env env, StateView& state, Filler& filler);

// Members of one page, as columns (lib/native.ts). A page ends after `count` members, or kBytes.
struct MembersView {
  static constexpr std::size_t kBytes = 1u << 16;
  std::vector<std::uint32_t> leaf_indexes;
  std::vector<std::uint16_t> credential_types;
  std::vector<std::uint32_t> counts;   // six a member: parts of the credential, four capabilities, extensions
  std::vector<std::uint16_t> numbers;  // capabilities in the order of lib/native.ts, types of extensions
  Packed strings;                      // signature key, encryption key, parts of the credential, extensions
  std::optional<LeafIndex> next;
  static MembersView Of(const RatchetTree& tree, LeafIndex from, std::size_t count);

 private:
  void Add(LeafIndex index, const LeafNode& leaf);
};
Napi::Value ToJs(Napi::Env env, MembersView view, Filler& filler);

}  // namespace mls::binding
