// The ways by which a KeyPackage comes to a member: it is asked to add its owner, somebody proposes that, and
// somebody commits it (RFC 9420 §10.1).
#pragma once

#include "kit/forged_commit.h"
#include "kit/scene.h"

namespace mls::test {

// PackageOf makes a key package, changed and signed again, both parts.
inline NewKeyPackage PackageOf(Scene& scene, const Client& client, const Hook<KeyPackage>& change) {
  NewKeyPackage package = scene.world.NewKeyPackageOf(client);
  Run(change, package.key_package);
  Sign(*client.suite, package.key_package, client.profile.signature_private_key);
  return package;
}

// RefusesPackage: member 1 says `expected` on each way, member 2 being the forger.
inline void RefusesPackage(Scene& scene, const KeyPackage& package, Error expected) {
  scene.RefusesToAdd(1, package, expected);
  const Insider insider(scene, 2);
  scene.Refuses(1, insider.Public(Proposal{Add{package}}), expected);
  CommitForgery forgery;
  forgery.proposals = {Value({Add{package}})};
  scene.Refuses(1, ForgeCommit(insider, std::move(forgery)).message, expected);
}

// TakesPackage: its owner is added and joins.
inline void TakesPackage(Scene& scene, const Client& client, const NewKeyPackage& package) {
  scene.Accepts(1, Insider(scene, 2).Public(Proposal{Add{package.key_package}}));
  CommitOptions options = Proposing({Add{package.key_package}});
  options.cached = CommitOptions::Cached::ignore;
  const NewCommit commit = scene.Commit(0, std::move(options));
  scene.Enter(client, scene.JoinByWelcome(commit.welcomes.at(0).message, package));
  scene.GoesOn();
}

}  // namespace mls::test
