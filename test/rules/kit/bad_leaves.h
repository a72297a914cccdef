// One bad leaf for each rule of RFC 9420 §7.3 that a leaf breaks alone or among the others.
#pragma once

#include "kit/leaf_routes.h"

namespace mls::test {

constexpr ExtensionType kUnlistedExtension{0xF001};
constexpr ProposalType kUnlistedProposal{0xF001};

struct BadLeaf {
  std::string_view rule;
  LeafForgery forgery;
  Error expected;
  Error in_tree = Error::INVALID_TREE;
  CompanyOptions options = Scene::Open();
  // Where it depends on the other members, a proposal is judged when it is committed.
  std::span<const Route> routes = kAllRoutes;
};

// Requires: a group with required_capabilities, all of whose clients list what the group requires.
CompanyOptions Requires(const RequiredCapabilities& required);

BadLeaf LacksRequiredExtension();
BadLeaf LacksRequiredProposal();
BadLeaf LacksRequiredCredential();
BadLeaf LacksVersion();
BadLeaf LacksSuite(const Suite& suite);
BadLeaf CredentialNotListed(std::vector<CredentialType> listed);
BadLeaf CredentialNotOfAll(const Suite& suite);    // an X.509 leaf where member 0 lists basic alone
BadLeaf LacksCredentialInUse(const Suite& suite);  // an X.509 leaf that lists X.509 alone
BadLeaf ExtensionNotListed(ExtensionType type);
// `other` is a signature key that is not the leaf's.
BadLeaf SignedBy(const Secret& other);

std::vector<BadLeaf> AllBadLeaves(const Suite& suite, const Secret& other);
void Check(const Suite& suite, const BadLeaf& bad);

}  // namespace mls::test
