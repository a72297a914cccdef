// RFC 9420 §7.3: the lifetime of a leaf that we add holds now, whatever our policy says of received ones.
#include "kit/forged_package.h"

namespace mls::test {
namespace {

KeyPackage Lasting(Recruiting& scene, Lifetime lifetime) {
  PackageForgery forgery;
  forgery.leaf = [&](LeafNode& leaf) { leaf.lifetime = lifetime; };
  return scene.Forge(forgery);
}

// Asked to propose and asked to commit, a member says `expected`.
void RefusesOwn(Lifetime lifetime, Error expected) {
  for (const auto policy : {Policy::Lifetimes::check, Policy::Lifetimes::ignore}) {
    CompanyOptions options = Scene::Open();
    options.policy.lifetimes = policy;
    Recruiting scene(AllSuites().front(), options);
    const KeyPackage package = Lasting(scene, lifetime);
    scene.RefusesToAdd(1, package, expected);
    const MemoryRows before = World::Saved(scene[1]);
    const auto proposed = scene[1].StageOwnProposal({Add{package}}, {}, scene.world.env);
    CHECK(Scene::Name(proposed) == Describe(expected).name);
    CHECK(before == World::Saved(scene[1]));
    scene.GoesOn();
  }
}

TEST_CASE("R7.3-09: lifetime valid now when we send it: expired") {
  RefusesOwn({kNow - 1000, kNow - 1}, Error::EXPIRED);
  // An Add of somebody else that has expired while it waited is left out of our Commit, the rest goes in.
  for (const auto policy : {Policy::Lifetimes::check, Policy::Lifetimes::ignore}) {
    CompanyOptions options = Scene::Open();
    options.policy.lifetimes = policy;
    Recruiting scene(AllSuites().front(), options);
    scene.ProposeToAll(2, {Add{Lasting(scene, {kNow - 10, kNow + 100})}});
    scene.ProposeToAll(2, {Add{Lasting(scene, {kNow - 10, kNow + 1000})}});
    scene.world.env.now = kNow + 101;
    scene.Commit(1);
    CHECK(scene[0].tree().member_count() == 4);
    scene.GoesOn();
  }
}

TEST_CASE("R7.3-10: lifetime valid now when we send it: not yet valid") {
  RefusesOwn({kNow + 1, kNow + 1000}, Error::NOT_YET_VALID);
  // Received while we ignore lifetimes, it is still not committed by us.
  CompanyOptions options = Scene::Open();
  options.policy.lifetimes = Policy::Lifetimes::ignore;
  Recruiting scene(AllSuites().front(), options);
  const Bytes early = Insider(scene, 2).Public(Proposal{Add{Lasting(scene, {kNow + 1, kNow + 1000})}});
  for (const std::size_t member : {0u, 1u}) scene.Accepts(member, early);
  scene.Commit(1);
  CHECK(scene[0].tree().member_count() == 3);
  scene.GoesOn();
}

}  // namespace
}  // namespace mls::test
