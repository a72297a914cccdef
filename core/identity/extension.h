// Extensions (RFC 9420 §7.2, §13.4): typed, otherwise opaque data in five places, and the ones that the RFC
// defines. Unknown ones are kept as they came.
#pragma once

#include <span>
#include <vector>

#include "base/limits.h"
#include "base/random.h"
#include "identity/credential.h"

namespace mls {

// Registry values (RFC 9420 §17.3, §17.4). Any 16-bit value may arrive.
enum class ExtensionType : std::uint16_t {
  reserved = 0,
  application_id = 1,
  ratchet_tree = 2,
  required_capabilities = 3,
  external_pub = 4,
  external_senders = 5,
};

enum class ProposalType : std::uint16_t {
  reserved = 0,
  add = 1,
  update = 2,
  remove = 3,
  psk = 4,
  reinit = 5,
  external_init = 6,
  group_context_extensions = 7,
};

enum class ProtocolVersion : std::uint16_t { reserved = 0, mls10 = 1 };

// IsDefault: the types that every client implements and never lists in capabilities (RFC 9420 §7.2).
constexpr bool IsDefault(ExtensionType type) {
  return type >= ExtensionType::application_id && type <= ExtensionType::external_senders;
}
constexpr bool IsDefault(ProposalType type) {
  return type >= ProposalType::add && type <= ProposalType::group_context_extensions;
}

struct Extension {
  ExtensionType extension_type = ExtensionType::reserved;
  Bytes extension_data;
  static constexpr auto kWire = Fields(&Extension::extension_type, &Extension::extension_data);
  bool operator==(const Extension&) const = default;
};

using Extensions = std::vector<Extension>;

struct RequiredCapabilities {
  static constexpr ExtensionType kType = ExtensionType::required_capabilities;
  std::vector<ExtensionType> extension_types;
  std::vector<ProposalType> proposal_types;
  std::vector<CredentialType> credential_types;
  static constexpr auto kWire =
      Fields(&RequiredCapabilities::extension_types, &RequiredCapabilities::proposal_types,
             &RequiredCapabilities::credential_types);
  bool operator==(const RequiredCapabilities&) const = default;
};

struct ExternalSender {
  Bytes signature_key;
  Credential credential;
  static constexpr auto kWire = Fields(&ExternalSender::signature_key, &ExternalSender::credential);
  bool operator==(const ExternalSender&) const = default;
};

// ExternalSenders: a vector on the wire, also when it has one entry (RFC 9420 §12.1.8.1).
struct ExternalSenders {
  static constexpr ExtensionType kType = ExtensionType::external_senders;
  std::vector<ExternalSender> senders;
  static constexpr auto kWire = Fields(&ExternalSenders::senders);
  bool operator==(const ExternalSenders&) const = default;
};

struct ExternalPub {
  static constexpr ExtensionType kType = ExtensionType::external_pub;
  Bytes external_pub;
  static constexpr auto kWire = Fields(&ExternalPub::external_pub);
  bool operator==(const ExternalPub&) const = default;
};

// FindExtension gives the data of the first extension of a type, or null.
const Bytes* FindExtension(const Extensions& extensions, ExtensionType type);

// MakeExtension wraps a typed extension.
template <class T>
Extension MakeExtension(const T& value) {
  return {T::kType, Encode(value)};
}

// ReadExtension decodes the extension of type T::kType when it is there; MALFORMED if its data is not exactly
// a T.
template <class T>
Result<std::optional<T>> ReadExtension(const Extensions& extensions) {
  const Bytes* data = FindExtension(extensions, T::kType);
  if (data == nullptr) return std::optional<T>();
  auto value = Decode<T>(*data);
  if (!value.ok()) return value.error();
  return std::optional<T>(std::move(*value));
}

// ExtensionPlace: the lists that extensions appear in. The registry says where each defined one may stand.
enum class ExtensionPlace : std::uint8_t { key_package, leaf_node, group_context, group_info };

// ValidateExtensions: no type twice (DUPLICATE_EXTENSION), not too many (LIMIT_EXCEEDED), and none of the
// RFC's own where the registry does not place it (INVALID_EXTENSION, RFC 9420 §17.3).
Status ValidateExtensions(const Extensions& extensions, ExtensionPlace place, const Limits& limits);

// ValidateExternalSenders decodes external_senders if present: keys that fit the suite (INVALID_KEY),
// credentials that hold (RFC 9420 §12.1.8.1).
Status ValidateExternalSenders(const Suite& suite, const Extensions& group_context_extensions,
                               const Limits& limits, const KnownCertificates* known);

// GREASE (RFC 9420 §13.5): values reserved to keep receivers honest. Senders only; no receiver looks for
// them.
std::span<const std::uint16_t> GreaseValues();
Result<std::uint16_t> RandomGrease(Random& random);

}  // namespace mls
