// Proposals (RFC 9420 §12.1): the changes that a Commit can make.
//
// The seven types of the RFC are typed. Every other type is a CustomProposal, whose body is read as
// opaque<V>, the form that implementations agree on; whether it may be used is judged by the members'
// capabilities (§12.2).
#pragma once

#include <span>
#include <variant>

#include "message/key_package.h"
#include "schedule/psk.h"

namespace mls {

struct Add {
  static constexpr ProposalType kTag = ProposalType::add;
  KeyPackage key_package;
  static constexpr auto kWire = Fields(&Add::key_package);
  bool operator==(const Add&) const = default;
};

struct Update {
  static constexpr ProposalType kTag = ProposalType::update;
  LeafNode leaf_node;
  static constexpr auto kWire = Fields(&Update::leaf_node);
  bool operator==(const Update&) const = default;
};

struct Remove {
  static constexpr ProposalType kTag = ProposalType::remove;
  LeafIndex removed;
  static constexpr auto kWire = Fields(&Remove::removed);
  bool operator==(const Remove&) const = default;
};

struct PreSharedKey {
  static constexpr ProposalType kTag = ProposalType::psk;
  PreSharedKeyID psk;
  static constexpr auto kWire = Fields(&PreSharedKey::psk);
  bool operator==(const PreSharedKey&) const = default;
};

struct ReInit {
  static constexpr ProposalType kTag = ProposalType::reinit;
  Bytes group_id;
  ProtocolVersion version = ProtocolVersion::mls10;
  CipherSuite cipher_suite = CipherSuite::MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519;
  Extensions extensions;
  static constexpr auto kWire =
      Fields(&ReInit::group_id, &ReInit::version, &ReInit::cipher_suite, &ReInit::extensions);
  bool operator==(const ReInit&) const = default;
};

struct ExternalInit {
  static constexpr ProposalType kTag = ProposalType::external_init;
  Bytes kem_output;
  static constexpr auto kWire = Fields(&ExternalInit::kem_output);
  bool operator==(const ExternalInit&) const = default;
};

struct GroupContextExtensions {
  static constexpr ProposalType kTag = ProposalType::group_context_extensions;
  Extensions extensions;
  static constexpr auto kWire = Fields(&GroupContextExtensions::extensions);
  bool operator==(const GroupContextExtensions&) const = default;
};

struct CustomProposal {
  ProposalType tag = ProposalType::reserved;
  Bytes data;
  static constexpr auto kWire = Fields(&CustomProposal::data);
  bool operator==(const CustomProposal&) const = default;
};

struct Proposal {
  std::variant<Add, Update, Remove, PreSharedKey, ReInit, ExternalInit, GroupContextExtensions,
               CustomProposal>
      body;

  ProposalType type() const {
    return std::visit([](const auto& one) { return wire::TagOf(one); }, body);
  }
  template <class T>
  const T* As() const {
    return std::get_if<T>(&body);
  }
  static constexpr auto kWire = Fields(&Proposal::body);
  bool operator==(const Proposal&) const = default;
};

// CustomProposalType says how a group treats proposals of a type that the RFC does not define (§12.3: a new
// type has to say so). The list is an agreement of the application, the same at every member.
struct CustomProposalType {
  ProposalType type = ProposalType::reserved;
  enum class Path : std::uint8_t { optional, required } path = Path::required;           // RFC 9420 §12.4
  enum class External : std::uint8_t { refused, allowed } external = External::refused;  // RFC 9420 §12.1.8
};

// FindCustomType gives the entry for `type`, or null.
const CustomProposalType* FindCustomType(std::span<const CustomProposalType> types, ProposalType type);

// RequiresPath: a Commit that covers this proposal needs an UpdatePath (RFC 9420 §12.4, §17.4).
bool RequiresPath(const Proposal& proposal, std::span<const CustomProposalType> custom);
// MayBeExternal: an external sender may send it (RFC 9420 §12.1.8).
bool MayBeExternal(ProposalType type, std::span<const CustomProposalType> custom);

}  // namespace mls
