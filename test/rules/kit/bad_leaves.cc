#include "kit/bad_leaves.h"

#include "group/certificates.h"

namespace mls::test {

namespace {

void BecomeX509(const Suite& suite, LeafNode& leaf, std::vector<CredentialType> listed) {
  leaf.credential = MakeX509(suite, "certified", leaf.signature_key);
  leaf.capabilities.credentials = std::move(listed);
}

}  // namespace

CompanyOptions Requires(const RequiredCapabilities& required) {
  CompanyOptions options = Scene::Open();
  options.extensions = {MakeExtension(required)};
  options.dress = [required](Client& client) {
    Capabilities& listed = client.profile.capabilities;
    for (const ExtensionType type : required.extension_types) listed.extensions.push_back(type);
    for (const ProposalType type : required.proposal_types) listed.proposals.push_back(type);
  };
  return options;
}

BadLeaf LacksRequiredExtension() {
  BadLeaf bad{"R7.3-03", {}, Error::UNSUPPORTED_CAPABILITY};
  bad.options = Requires({{kUnlistedExtension}, {}, {}});
  bad.forgery.leaf = [](LeafNode& leaf) { std::erase(leaf.capabilities.extensions, kUnlistedExtension); };
  return bad;
}

BadLeaf LacksRequiredProposal() {
  BadLeaf bad{"R7.3-04", {}, Error::UNSUPPORTED_CAPABILITY};
  bad.options = Requires({{}, {kUnlistedProposal}, {}});
  bad.forgery.leaf = [](LeafNode& leaf) { std::erase(leaf.capabilities.proposals, kUnlistedProposal); };
  return bad;
}

BadLeaf LacksRequiredCredential() {
  BadLeaf bad{"R7.3-05", {}, Error::UNSUPPORTED_CAPABILITY};
  bad.options = Requires({{}, {}, {CredentialType::x509}});
  bad.forgery.leaf = [](LeafNode& leaf) { leaf.capabilities.credentials = {CredentialType::basic}; };
  return bad;
}

BadLeaf LacksVersion() {
  BadLeaf bad{"R7.3-06", {}, Error::UNSUPPORTED_CAPABILITY};
  bad.forgery.leaf = [](LeafNode& leaf) { leaf.capabilities.versions = {ProtocolVersion{2}}; };
  return bad;
}

BadLeaf LacksSuite(const Suite& suite) {
  BadLeaf bad{"R7.3-06", {}, Error::UNSUPPORTED_CAPABILITY};
  bad.forgery.leaf = [id = suite.id](LeafNode& leaf) { std::erase(leaf.capabilities.cipher_suites, id); };
  return bad;
}

// In a tree the types in use are compared first, of all members at once.
BadLeaf CredentialNotListed(std::vector<CredentialType> listed) {
  BadLeaf bad{"R7.2-04", {}, Error::INVALID_LEAF_NODE, Error::UNSUPPORTED_CREDENTIAL};
  bad.forgery.leaf = [listed = std::move(listed)](LeafNode& leaf) { leaf.capabilities.credentials = listed; };
  return bad;
}

BadLeaf CredentialNotOfAll(const Suite& suite) {
  BadLeaf bad{"R7.3-07", {}, Error::UNSUPPORTED_CREDENTIAL, Error::UNSUPPORTED_CREDENTIAL};
  bad.options.dress = [](Client& client) {
    if (client.name == "member 0") client.profile.capabilities.credentials = {CredentialType::basic};
  };
  bad.forgery.leaf = [&suite](LeafNode& leaf) {
    BecomeX509(suite, leaf, {CredentialType::basic, CredentialType::x509});
  };
  bad.routes = kListedRoutes;
  return bad;
}

BadLeaf LacksCredentialInUse(const Suite& suite) {
  BadLeaf bad{"R7.3-08", {}, Error::UNSUPPORTED_CREDENTIAL, Error::UNSUPPORTED_CREDENTIAL};
  bad.forgery.leaf = [&suite](LeafNode& leaf) { BecomeX509(suite, leaf, {CredentialType::x509}); };
  bad.routes = kListedRoutes;
  return bad;
}

BadLeaf ExtensionNotListed(ExtensionType type) {
  BadLeaf bad{"R7.3-12", {}, Error::INVALID_LEAF_NODE};
  bad.forgery.leaf = [type](LeafNode& leaf) {
    std::erase(leaf.capabilities.extensions, type);
    leaf.extensions.push_back({type, {}});
  };
  return bad;
}

BadLeaf SignedBy(const Secret& other) {
  BadLeaf bad{"R7.3-02", {}, Error::BAD_LEAF_SIGNATURE};
  bad.forgery.signer = &other;
  return bad;
}

std::vector<BadLeaf> AllBadLeaves(const Suite& suite, const Secret& other) {
  return {SignedBy(other),
          LacksRequiredExtension(),
          LacksRequiredProposal(),
          LacksRequiredCredential(),
          LacksVersion(),
          LacksSuite(suite),
          CredentialNotListed({CredentialType::x509}),
          CredentialNotOfAll(suite),
          LacksCredentialInUse(suite),
          ExtensionNotListed(kUnlistedExtension)};
}

void Check(const Suite& suite, const BadLeaf& bad) {
  CAPTURE(bad.rule);
  CheckRoutes(suite, bad.routes, bad.forgery, bad.expected, bad.in_tree, bad.options);
}

}  // namespace mls::test
