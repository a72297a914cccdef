#include "args.h"

#include <algorithm>
#include <limits>

#include "error.h"

namespace mls::binding {

void ThrowType(Napi::Env env, const char* name, const char* expected) {
  throw Napi::TypeError::New(env, std::string(name) + ": expected " + expected);
}

View ViewOf(Napi::Value value, const char* name) {
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array) {
    ThrowType(value.Env(), name, "a Uint8Array");
  }
  const auto array = value.As<Napi::Uint8Array>();
  return {array.Data(), array.ByteLength()};
}

Bytes BytesOf(Napi::Value value, const char* name) { return ToBytes(ViewOf(value, name)); }
Secret SecretOf(Napi::Value value, const char* name) { return Secret::Copy(ViewOf(value, name)); }

std::string StringOf(Napi::Value value, const char* name) {
  if (!value.IsString()) ThrowType(value.Env(), name, "a string");
  return value.As<Napi::String>().Utf8Value();
}

std::uint32_t Uint32Of(Napi::Value value, const char* name) {
  const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : -1;
  if (!(number >= 0 && number <= 4294967295.0) ||
      number != static_cast<double>(static_cast<std::uint32_t>(number))) {
    ThrowType(value.Env(), name, "an integer from 0 to 2^32 - 1");
  }
  return static_cast<std::uint32_t>(number);
}

std::uint64_t Uint64Of(Napi::Value value, const char* name) {
  if (!value.IsBigInt()) ThrowType(value.Env(), name, "a bigint");
  bool lossless = false;
  const std::uint64_t number = value.As<Napi::BigInt>().Uint64Value(&lossless);
  if (!lossless) ThrowType(value.Env(), name, "a bigint from 0 to 2^64 - 1");
  return number;
}

std::uint64_t SecondsOf(Napi::Value value, const char* name) {
  const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : -1;
  if (!(number >= 0 && number <= 9007199254740991.0)) ThrowType(value.Env(), name, "seconds since 1970");
  return static_cast<std::uint64_t>(number);
}

bool BoolOf(Napi::Value value, const char* name) {
  if (!value.IsBoolean()) ThrowType(value.Env(), name, "a boolean");
  return value.As<Napi::Boolean>().Value();
}

Napi::Object ObjectOf(Napi::Value value, const char* name) {
  if (!value.IsObject()) ThrowType(value.Env(), name, "an object");
  return value.As<Napi::Object>();
}

Napi::Array ArrayOf(Napi::Value value, const char* name) {
  if (!value.IsArray()) ThrowType(value.Env(), name, "an array");
  return value.As<Napi::Array>();
}

bool IsNothing(Napi::Value value) { return value.IsEmpty() || value.IsNull() || value.IsUndefined(); }

const Suite& SuiteOf(Napi::Value value, const char* name) {
  const std::uint32_t id = Uint32Of(value, name);
  const Suite* suite = id <= 0xFFFF ? FindSuite(CipherSuite(static_cast<std::uint16_t>(id))) : nullptr;
  if (suite == nullptr) Throw(value.Env(), Error::UNSUPPORTED_CIPHERSUITE);
  return *suite;
}

namespace {

template <class Type>
std::vector<Type> TypesOf(Napi::Value value, const char* name) {
  std::vector<Type> types;
  const Napi::Array array = ArrayOf(value, name);
  for (std::uint32_t i = 0; i < array.Length(); ++i) {
    const std::uint32_t type = Uint32Of(array.Get(i), name);
    if (type > 0xFFFF) ThrowType(value.Env(), name, "numbers of 16 bits");
    types.push_back(Type(static_cast<std::uint16_t>(type)));
  }
  return types;
}

std::uint16_t TypeOf(Napi::Value value, const char* name) {
  const std::uint32_t type = Uint32Of(value, name);
  if (type > 0xFFFF) ThrowType(value.Env(), name, "a number of 16 bits");
  return static_cast<std::uint16_t>(type);
}

Capabilities CapabilitiesOf(Napi::Value value) {
  const Napi::Object object = ObjectOf(value, "capabilities");
  return {{ProtocolVersion::mls10},
          TypesOf<CipherSuite>(object.Get("suites"), "capabilities.suites"),
          TypesOf<ExtensionType>(object.Get("extensions"), "capabilities.extensions"),
          TypesOf<ProposalType>(object.Get("proposals"), "capabilities.proposals"),
          TypesOf<CredentialType>(object.Get("credentials"), "capabilities.credentials")};
}

ReInit ReInitOf(const Napi::Object& object) {
  ReInit reinit;
  reinit.group_id = BytesOf(object.Get("groupId"), "groupId");
  reinit.cipher_suite = CipherSuite(TypeOf(object.Get("suite"), "suite"));
  reinit.extensions = ExtensionsOf(object.Get("extensions"), "extensions");
  return reinit;
}

}  // namespace

Credential CredentialOf(Napi::Value value) {
  const Napi::Object object = ObjectOf(value, "credential");
  const std::string type = StringOf(object.Get("type"), "credential.type");
  if (type == "basic") return Credential::Basic(ViewOf(object.Get("identity"), "credential.identity"));
  if (type == "x509") {
    X509Credential chain;
    const Napi::Array certificates = ArrayOf(object.Get("certificates"), "credential.certificates");
    for (std::uint32_t i = 0; i < certificates.Length(); ++i) {
      chain.certificates.push_back({BytesOf(certificates.Get(i), "credential.certificates")});
    }
    return {std::move(chain)};
  }
  OpaqueCredential other;
  other.tag = CredentialType(TypeOf(object.Get("credentialType"), "credential.credentialType"));
  other.data = BytesOf(object.Get("data"), "credential.data");
  return {std::move(other)};
}

Extensions ExtensionsOf(Napi::Value value, const char* name) {
  Extensions extensions;
  const Napi::Array array = ArrayOf(value, name);
  for (std::uint32_t i = 0; i < array.Length(); ++i) {
    const Napi::Object one = ObjectOf(array.Get(i), name);
    extensions.push_back({ExtensionType(TypeOf(one.Get("type"), name)), BytesOf(one.Get("data"), name)});
  }
  return extensions;
}

LeafChangeRequest LeafChangeOf(Napi::Value value) {
  LeafChangeRequest request;
  if (IsNothing(value)) return request;
  const Napi::Object object = ObjectOf(value, "leaf");
  if (const auto given = object.Get("credential"); !IsNothing(given)) {
    request.change.credential = CredentialOf(given);
  }
  if (const auto given = object.Get("capabilities"); !IsNothing(given)) {
    request.change.capabilities = CapabilitiesOf(given);
  }
  if (const auto given = object.Get("extensions"); !IsNothing(given)) {
    request.change.extensions = ExtensionsOf(given, "leaf.extensions");
  }
  if (const auto given = object.Get("rotateSignatureKey"); !IsNothing(given)) {
    request.rotate_signature_key = BoolOf(given, "leaf.rotateSignatureKey");
  }
  return request;
}

NewProposal NewProposalOf(Napi::Value value) {
  const Napi::Object object = ObjectOf(value, "proposal");
  const std::string type = StringOf(object.Get("type"), "proposal.type");
  NewProposal proposal;
  if (type == "add") {
    proposal.key_package = BytesOf(object.Get("keyPackage"), "keyPackage");
  } else if (type == "update") {
    proposal.update = LeafChangeOf(object.Get("leaf"));
  } else if (type == "remove") {
    proposal.ready = {Remove{LeafIndex{Uint32Of(object.Get("leafIndex"), "leafIndex")}}};
  } else if (type == "psk") {
    proposal.psk = ExternalPsk{BytesOf(object.Get("id"), "id")};
  } else if (type == "resumption-psk") {
    proposal.psk = ResumptionPsk{ResumptionPSKUsage::application, BytesOf(object.Get("groupId"), "groupId"),
                                 Uint64Of(object.Get("epoch"), "epoch")};
  } else if (type == "reinit") {
    proposal.ready = {ReInitOf(object)};
  } else if (type == "group-context-extensions") {
    proposal.ready = {GroupContextExtensions{ExtensionsOf(object.Get("extensions"), "extensions")}};
  } else if (type == "custom") {
    CustomProposal custom;
    custom.tag = ProposalType(TypeOf(object.Get("proposalType"), "proposalType"));
    custom.data = BytesOf(object.Get("data"), "data");
    proposal.ready = {std::move(custom)};
  } else {
    ThrowType(value.Env(), "proposal.type", "a type of proposal");
  }
  return proposal;
}

Result<KeyPackage> DecodeKeyPackage(View bytes, const Limits& limits) {
  // A bare KeyPackage and an MLSMessage both begin with version 1; the next field tells them apart: wire
  // format 5 against a cipher suite. Suite 5 is the same number, so what fails as one is read as the other.
  auto message = DecodeMessage(bytes, limits);
  if (message.ok()) {
    auto* key_package = std::get_if<KeyPackageMessage>(&message->body);
    if (key_package == nullptr) return Error::WRONG_WIRE_FORMAT;
    return std::move(key_package->key_package);
  }
  auto bare = mls::Decode<KeyPackage>(bytes);
  if (!bare.ok()) return message.error();
  return bare;
}

// LimitOf: Infinity is the largest that the engine can count to; what it cannot count to is no limit.
template <class T>
T LimitOf(Napi::Value value, const char* name) {
  constexpr T kMost = std::numeric_limits<T>::max();
  const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : -1;
  if (number == std::numeric_limits<double>::infinity()) return kMost;
  if (!(number >= 0 && number <= std::min(9007199254740991.0, static_cast<double>(kMost)))) {
    ThrowType(value.Env(), name, "a limit that the engine can count to");
  }
  return static_cast<T>(number);
}

Result<std::shared_ptr<const KnownCertificates>> KnownCertificatesOf(Napi::Value value) {
  std::vector<Bytes> certificates;
  const Napi::Array list = ArrayOf(value, "knownCertificates");
  if (list.Length() == 0) return std::shared_ptr<const KnownCertificates>();
  for (std::uint32_t i = 0; i < list.Length(); ++i) {
    certificates.push_back(BytesOf(list.Get(i), "knownCertificates"));
  }
  return KnownCertificates::Make(std::vector<View>(certificates.begin(), certificates.end()));
}

Policy PolicyOf(Napi::Value value) {
  const Napi::Object object = ObjectOf(value, "policy");
  Policy policy;
  const Napi::Object limits = ObjectOf(object.Get("limits"), "policy.limits");
#define MLS_LIMIT(field, name)                                                                  \
  if (const auto given = limits.Get(name); !IsNothing(given)) {                                 \
    policy.limits.field = LimitOf<decltype(policy.limits.field)>(given, "policy.limits." name); \
  }
#include "limits.def"
#undef MLS_LIMIT
  const Napi::Array custom = ArrayOf(object.Get("customProposals"), "policy.customProposals");
  for (std::uint32_t i = 0; i < custom.Length(); ++i) {
    const Napi::Object one = ObjectOf(custom.Get(i), "policy.customProposals");
    CustomProposalType type;
    type.type = ProposalType(TypeOf(one.Get("type"), "type"));
    type.path = Choice<CustomProposalType::Path>(
        one.Get("path"), "path",
        {{"required", CustomProposalType::Path::required}, {"optional", CustomProposalType::Path::optional}});
    type.external = BoolOf(one.Get("external"), "external") ? CustomProposalType::External::allowed
                                                            : CustomProposalType::External::refused;
    policy.custom_proposals.push_back(type);
  }
  policy.known_certificates = ValueOrThrow(value.Env(), KnownCertificatesOf(object.Get("knownCertificates")));
  policy.lifetimes =
      Choice<Policy::Lifetimes>(object.Get("lifetimes"), "policy.lifetimes",
                                {{"check", Policy::Lifetimes::check}, {"ignore", Policy::Lifetimes::ignore}});
  policy.external_commits =
      Choice<Policy::ExternalCommits>(object.Get("externalCommits"), "policy.externalCommits",
                                      {{"refuse", Policy::ExternalCommits::refuse},
                                       {"join", Policy::ExternalCommits::join},
                                       {"resync", Policy::ExternalCommits::resync}});
  policy.new_member_proposals = Choice<Policy::NewMemberProposals>(
      object.Get("newMemberProposals"), "policy.newMemberProposals",
      {{"refuse", Policy::NewMemberProposals::refuse}, {"allow", Policy::NewMemberProposals::allow}});
  policy.handshake_format = Choice<WireFormat>(
      object.Get("handshake"), "policy.handshake",
      {{"private", WireFormat::mls_private_message}, {"public", WireFormat::mls_public_message}});
  if (const auto durable = object.Get("durableEvents"); !IsNothing(durable)) {
    const bool wanted = BoolOf(durable, "policy.durableEvents");
    policy.events = wanted ? Policy::Events::durable : Policy::Events::transient;
  }
  policy.send_with_uncommitted_proposals = Choice<Policy::Uncommitted>(
      object.Get("sendWithUncommittedProposals"), "policy.sendWithUncommittedProposals",
      {{"refuse", Policy::Uncommitted::refuse}, {"allow", Policy::Uncommitted::allow}});
  const Napi::Value padding = object.Get("padding");
  if (padding.IsNumber()) {
    policy.padding = {PaddingPolicy::Kind::multiple, Uint32Of(padding, "policy.padding")};
  } else {
    policy.padding.kind = Choice<PaddingPolicy::Kind>(
        padding, "policy.padding",
        {{"none", PaddingPolicy::Kind::none}, {"padme", PaddingPolicy::Kind::padme}});
  }
  return policy;
}

}  // namespace mls::binding
