// GroupContext (RFC 9420 §8.1): what all members of an epoch agree on.
#pragma once

#include "identity/extension.h"

namespace mls {

struct GroupContext {
  ProtocolVersion version = ProtocolVersion::mls10;
  CipherSuite cipher_suite = CipherSuite::MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519;
  Bytes group_id;
  std::uint64_t epoch = 0;
  Bytes tree_hash;
  Bytes confirmed_transcript_hash;
  Extensions extensions;
  static constexpr auto kWire = Fields(
      &GroupContext::version, &GroupContext::cipher_suite, &GroupContext::group_id, &GroupContext::epoch,
      &GroupContext::tree_hash, &GroupContext::confirmed_transcript_hash, &GroupContext::extensions);
  bool operator==(const GroupContext&) const = default;
};

}  // namespace mls
