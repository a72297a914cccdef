#include "message/mls_message.h"

#include "base/check.h"

namespace mls {

Result<MLSMessage> DecodeMessage(View bytes, const Limits& limits) {
  MLS_REQUIRE(bytes.size() <= limits.max_message_size, LIMIT_EXCEEDED);  // RFC 9420 §2.1.2: storage is finite
  Reader header(bytes);
  const auto version = static_cast<ProtocolVersion>(header.Uint<std::uint16_t>());
  const auto wire_format = static_cast<WireFormat>(header.Uint<std::uint16_t>());
  MLS_REQUIRE(header.ok(), MALFORMED);  // RFC 9420 §6: version and wire format come first
  MLS_REQUIRE(version == ProtocolVersion::mls10,
              UNSUPPORTED_VERSION);  // RFC 9420 §6: the one version there is
  MLS_REQUIRE(wire_format >= WireFormat::mls_public_message && wire_format <= WireFormat::mls_key_package,
              UNSUPPORTED_WIRE_FORMAT);  // RFC 9420 §17.2: five formats
  MLS_TRY(message, Decode<MLSMessage>(bytes));
  if (const auto* package = std::get_if<KeyPackageMessage>(&message.body)) {
    MLS_REQUIRE(package->key_package.version == message.version,
                INVALID_KEY_PACKAGE);  // RFC 9420 §10: the same version inside and outside
  }
  return std::move(message);
}

}  // namespace mls
