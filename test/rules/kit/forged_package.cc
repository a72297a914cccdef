#include "kit/forged_package.h"

namespace mls::test {

KeyPackage Recruiting::Forge(const PackageForgery& forgery, const Client& client) {
  const Secret& owner = client.profile.signature_private_key;
  KeyPackage package = world.NewKeyPackageOf(client).key_package;
  Run(forgery.leaf, package.leaf_node);
  Must(SignLeafNode(of, package.leaf_node, forgery.leaf_signer == nullptr ? owner : *forgery.leaf_signer, {},
                    {}));
  Run(forgery.signed_leaf, package.leaf_node);
  Run(forgery.package, package);
  package.signature = Must(SignWithLabel(of, forgery.signer == nullptr ? owner : *forgery.signer,
                                         "KeyPackageTBS", {EncodeUnsigned(package)}));
  Run(forgery.signed_package, package);
  return package;
}

void Recruiting::Refuses(const KeyPackage& package, Error expected) {
  CAPTURE(of.name);
  RefusesToAdd(1, package, expected);
  Scene::Refuses(1, Insider(*this, 2).Public(Proposal{Add{package}}), expected);
  CommitForgery commit;
  commit.proposals = {Value({Add{package}})};
  Scene::Refuses(1, ForgeCommit(Insider(*this, 2), std::move(commit)).message, expected);
}

void Recruiting::Takes(const KeyPackage& package) {
  CAPTURE(of.name);
  CHECK(SaysToAdd(1, package) == "taken");
  CHECK_NOTHROW(Commit(0, Proposing({Add{package}})));
}

}  // namespace mls::test
