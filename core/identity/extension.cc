#include "identity/extension.h"

#include <algorithm>

#include "base/check.h"
#include "crypto/signature.h"

namespace mls {

namespace {

constexpr std::uint16_t kGrease[] = {0x0A0A, 0x1A1A, 0x2A2A, 0x3A3A, 0x4A4A, 0x5A5A, 0x6A6A, 0x7A7A,
                                     0x8A8A, 0x9A9A, 0xAAAA, 0xBABA, 0xCACA, 0xDADA, 0xEAEA};

// RFC 9420 §17.3, column "Message(s)". The RFC gives receivers no rule; ours is strict for its own five
// types, since each of them means nothing, or something dangerous, in another place.
bool MayStandIn(ExtensionType type, ExtensionPlace place) {
  switch (type) {
    case ExtensionType::application_id:
      return place == ExtensionPlace::leaf_node;
    case ExtensionType::ratchet_tree:
    case ExtensionType::external_pub:
      return place == ExtensionPlace::group_info;
    case ExtensionType::required_capabilities:
    case ExtensionType::external_senders:
      return place == ExtensionPlace::group_context;
    default:
      return true;
  }
}

}  // namespace

const Bytes* FindExtension(const Extensions& extensions, ExtensionType type) {
  for (const Extension& extension : extensions) {
    if (extension.extension_type == type) return &extension.extension_data;
  }
  return nullptr;
}

Status ValidateExtensions(const Extensions& extensions, ExtensionPlace place, const Limits& limits) {
  MLS_REQUIRE(extensions.size() <= limits.max_extensions, LIMIT_EXCEEDED);  // RFC 9420 §13.4: bounded work
  std::vector<ExtensionType> types;
  types.reserve(extensions.size());
  for (const Extension& extension : extensions) {
    MLS_REQUIRE(MayStandIn(extension.extension_type, place),
                INVALID_EXTENSION);  // RFC 9420 §17.3: its own place only
    types.push_back(extension.extension_type);
  }
  std::sort(types.begin(), types.end());
  const bool unique = std::adjacent_find(types.begin(), types.end()) == types.end();
  MLS_REQUIRE(unique, DUPLICATE_EXTENSION);  // RFC 9420 §13.4: at most one extension of a type
  return kOk;
}

Status ValidateExternalSenders(const Suite& suite, const Extensions& group_context_extensions,
                               const Limits& limits, const KnownCertificates* known) {
  MLS_TRY(extension, ReadExtension<ExternalSenders>(group_context_extensions));
  if (!extension) return kOk;
  MLS_REQUIRE(extension->senders.size() <= limits.max_external_senders,
              LIMIT_EXCEEDED);  // RFC 9420 §12.1.8.1
  for (const ExternalSender& sender : extension->senders) {
    MLS_DO(
        ValidateSignatureKey(suite, sender.signature_key));  // RFC 9420 §12.1.8.1: keys of the group's suite
    MLS_DO(ValidateCredential(suite, sender.credential, sender.signature_key, limits, known));
  }
  return kOk;
}

std::span<const std::uint16_t> GreaseValues() { return kGrease; }

Result<std::uint16_t> RandomGrease(Random& random) {
  std::uint8_t byte = 0;
  MLS_DO(random.Fill({&byte, 1}));
  return kGrease[byte % std::size(kGrease)];
}

}  // namespace mls
