// Forged key packages: changed, signed again inside and out, and offered in every way in which one arrives
// (RFC 9420 §10.1: "when a KeyPackage is downloaded by a group member, before it is used", and in an Add).
#pragma once

#include "kit/leaf_routes.h"

namespace mls::test {

struct PackageForgery {
  Hook<LeafNode> leaf;  // before its signature
  const Secret* leaf_signer = nullptr;
  Hook<LeafNode> signed_leaf;
  Hook<KeyPackage> package;  // before its signature
  const Secret* signer = nullptr;
  Hook<KeyPackage> signed_package;
};

// Recruiting: three members without a path; member 1 receives, member 2 forges.
struct Recruiting : Scene {
  explicit Recruiting(const Suite& suite, CompanyOptions options = Open())
      : Scene(suite, 1, std::move(options)), of(suite) {
    Hire(0, 2, Lean());
  }

  KeyPackage Forge(const PackageForgery& forgery) { return Forge(forgery, world.NewClient(of, "newcomer")); }
  KeyPackage Forge(const PackageForgery& forgery, const Client& client);
  // Refuses: asked to add it, by a received Add and by a Commit with one, member 1 says `expected`.
  void Refuses(const KeyPackage& package, Error expected);
  void Refuses(const PackageForgery& forgery, Error expected) { Refuses(Forge(forgery), expected); }
  using Scene::Refuses;
  // Takes: it may be added, and all take the Commit that does.
  void Takes(const KeyPackage& package);
  void Takes(const PackageForgery& forgery) { Takes(Forge(forgery)); }

  const Suite& of;
};

}  // namespace mls::test
