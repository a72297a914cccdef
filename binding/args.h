// Arguments: JavaScript values to engine values, copied. lib/ has checked what people pass; what is wrong
// here is a TypeError that names the argument.
#pragma once

#include <napi.h>

#include "mls.h"

namespace mls::binding {

[[noreturn]] void ThrowType(Napi::Env env, const char* name, const char* expected);

// View of a Uint8Array's bytes, good until JavaScript runs again.
View ViewOf(Napi::Value value, const char* name);
Bytes BytesOf(Napi::Value value, const char* name);
Secret SecretOf(Napi::Value value, const char* name);
std::string StringOf(Napi::Value value, const char* name);
std::uint32_t Uint32Of(Napi::Value value, const char* name);
std::uint64_t Uint64Of(Napi::Value value, const char* name);   // a bigint
std::uint64_t SecondsOf(Napi::Value value, const char* name);  // a number
bool BoolOf(Napi::Value value, const char* name);
Napi::Object ObjectOf(Napi::Value value, const char* name);
Napi::Array ArrayOf(Napi::Value value, const char* name);
bool IsNothing(Napi::Value value);  // null or undefined

const Suite& SuiteOf(Napi::Value value, const char* name);  // UNSUPPORTED_CIPHERSUITE
Credential CredentialOf(Napi::Value value);
Extensions ExtensionsOf(Napi::Value value, const char* name);
// KnownCertificatesOf gives null for an empty list: INVALID_CREDENTIAL.
Result<std::shared_ptr<const KnownCertificates>> KnownCertificatesOf(Napi::Value value);
Policy PolicyOf(Napi::Value value);

// Choice reads one of a few words.
template <class E>
struct Word {
  const char* text;
  E value;
};
template <class E, std::size_t N>
E Choice(Napi::Value value, const char* name, const Word<E> (&words)[N]) {
  const std::string text = StringOf(value, name);
  for (const Word<E>& word : words) {
    if (text == word.text) return word.value;
  }
  ThrowType(value.Env(), name, "one of its words");
}

inline constexpr Word<TreePlace> kTreePlaces[] = {{"inside", TreePlace::inside}, {"apart", TreePlace::apart}};
inline constexpr Word<CommitOptions::Welcomes> kWelcomes[] = {
    {"one-for-all", CommitOptions::Welcomes::one_for_all}, {"one-each", CommitOptions::Welcomes::one_each}};

// What the own leaf becomes; a fresh signature key is drawn by the work.
struct LeafChangeRequest {
  LeafChange change;
  bool rotate_signature_key = false;
};
LeafChangeRequest LeafChangeOf(Napi::Value value);

// NewProposal is a proposal still to be made: PSKs lack their nonce, Updates their keys.
struct NewProposal {
  std::optional<Proposal> ready;
  std::optional<std::variant<ExternalPsk, ResumptionPsk>> psk;
  std::optional<Bytes> key_package;  // MLSMessage or bare, not decoded yet
  std::optional<LeafChangeRequest> update;
};
NewProposal NewProposalOf(Napi::Value value);

// DecodeKeyPackage takes an MLSMessage or a bare KeyPackage: MALFORMED, WRONG_WIRE_FORMAT.
Result<KeyPackage> DecodeKeyPackage(View bytes, const Limits& limits);

}  // namespace mls::binding
