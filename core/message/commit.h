// Commit (RFC 9420 §12.4): a list of proposals, by value or by reference, and perhaps a new path.
#pragma once

#include "message/proposal.h"
#include "tree/treekem.h"
#include "wire/encoded_list.h"

namespace mls {

enum class ProposalOrRefType : std::uint8_t { proposal = 1, reference = 2 };
constexpr bool IsKnown(ProposalOrRefType type) {
  return type == ProposalOrRefType::proposal || type == ProposalOrRefType::reference;
}

struct ProposalByValue {
  static constexpr ProposalOrRefType kTag = ProposalOrRefType::proposal;
  Proposal proposal;
  static constexpr auto kWire = Fields(&ProposalByValue::proposal);
  bool operator==(const ProposalByValue&) const = default;
};

struct ProposalByReference {
  static constexpr ProposalOrRefType kTag = ProposalOrRefType::reference;
  Bytes reference;  // ProposalRef, Nh bytes
  static constexpr auto kWire = Fields(&ProposalByReference::reference);
  bool operator==(const ProposalByReference&) const = default;
};

struct ProposalOrRef {
  std::variant<ProposalByValue, ProposalByReference> body;
  static constexpr auto kWire = Fields(&ProposalOrRef::body);
  bool operator==(const ProposalOrRef&) const = default;
};

struct Commit {
  EncodedList<ProposalOrRef> proposals;
  std::optional<UpdatePath> path;
  static constexpr auto kWire = Fields(&Commit::proposals, &Commit::path);
  bool operator==(const Commit&) const = default;
};

}  // namespace mls
