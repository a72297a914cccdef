#include "message/proposal.h"

namespace mls {

const CustomProposalType* FindCustomType(std::span<const CustomProposalType> types, ProposalType type) {
  for (const CustomProposalType& one : types) {
    if (one.type == type) return &one;
  }
  return nullptr;
}

bool RequiresPath(const Proposal& proposal, std::span<const CustomProposalType> custom) {
  switch (proposal.type()) {
    case ProposalType::add:
    case ProposalType::psk:
    case ProposalType::reinit:
      return false;
    case ProposalType::update:
    case ProposalType::remove:
    case ProposalType::external_init:
    case ProposalType::group_context_extensions:
      return true;
    default:
      break;
  }
  const CustomProposalType* type = FindCustomType(custom, proposal.type());
  return type == nullptr || type->path == CustomProposalType::Path::required;
}

bool MayBeExternal(ProposalType type, std::span<const CustomProposalType> custom) {
  switch (type) {
    case ProposalType::add:
    case ProposalType::remove:
    case ProposalType::psk:
    case ProposalType::reinit:
    case ProposalType::group_context_extensions:
      return true;
    case ProposalType::update:
    case ProposalType::external_init:
      return false;
    default:
      break;
  }
  const CustomProposalType* known = FindCustomType(custom, type);
  return known != nullptr && known->external == CustomProposalType::External::allowed;
}

}  // namespace mls
