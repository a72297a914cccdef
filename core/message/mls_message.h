// MLSMessage (RFC 9420 §6): the outermost structure on the wire.
#pragma once

#include "message/private_message.h"
#include "message/public_message.h"
#include "message/welcome.h"

namespace mls {

struct GroupInfoMessage {
  static constexpr WireFormat kTag = WireFormat::mls_group_info;
  GroupInfo group_info;
  static constexpr auto kWire = Fields(&GroupInfoMessage::group_info);
  bool operator==(const GroupInfoMessage&) const = default;
};

struct KeyPackageMessage {
  static constexpr WireFormat kTag = WireFormat::mls_key_package;
  KeyPackage key_package;
  static constexpr auto kWire = Fields(&KeyPackageMessage::key_package);
  bool operator==(const KeyPackageMessage&) const = default;
};

struct MLSMessage {
  ProtocolVersion version = ProtocolVersion::mls10;
  std::variant<PublicMessage, PrivateMessage, Welcome, GroupInfoMessage, KeyPackageMessage> body;
  static constexpr auto kWire = Fields(&MLSMessage::version, &MLSMessage::body);
  bool operator==(const MLSMessage&) const = default;

  WireFormat wire_format() const {
    return std::visit([](const auto& one) { return one.kTag; }, body);
  }
};

// DecodeMessage reads what arrived: LIMIT_EXCEEDED, UNSUPPORTED_VERSION, UNSUPPORTED_WIRE_FORMAT, MALFORMED;
// also INVALID_KEY_PACKAGE when a KeyPackage says another version than its envelope (RFC 9420 §10).
Result<MLSMessage> DecodeMessage(View bytes, const Limits& limits);

template <class T>
Bytes EncodeMessage(T body) {
  return Encode(MLSMessage{ProtocolVersion::mls10, std::move(body)});
}

}  // namespace mls
