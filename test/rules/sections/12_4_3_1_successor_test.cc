// RFC 9420 §12.4.3.1, the last step: a Welcome to a group that follows another one, or branches from it.
#include "kit/impostor.h"

namespace mls::test {
namespace {

using Usage = ResumptionPSKUsage;

ReInit Announced(const Suite& suite, Extensions extensions = {}) {
  return {{'n', 'e', 'w'}, ProtocolVersion::mls10, suite.id, std::move(extensions)};
}
const Suite& Another(const Suite& suite) {
  const auto all = AllSuites();
  return all[(static_cast<std::size_t>(&suite - all.data()) + 1) % all.size()];
}

void Refuses(Scene& scene, const Impostor& impostor, Error expected) {
  CHECK(Scene::Name(impostor.Join(scene)) == Describe(expected).name);
}
void Takes(Scene& scene, const Impostor& impostor) { CHECK(Scene::Name(impostor.Join(scene)) == "taken"); }

// AfterReInit: a scene of two whose last Commit was a ReInit, and somebody who makes what it announces.
template <class Scenario>
void AfterReInit(Scenario scenario) {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 2);
    scene.Commit(0, Proposing({Announced(suite)}));
    Impostor good;
    good.usage = Usage::reinit;
    scenario(suite, scene, good);
    Takes(scene, good);
  }
}

TEST_CASE("R12.4.2-16: after a ReInit comes the Welcome that it announced, and no other") {
  AfterReInit([](const Suite& suite, Scene& scene, const Impostor& good) {
    const auto refused = [&](const auto& change) {
      Impostor bad = good;
      change(bad);
      Refuses(scene, bad, Error::REINIT_MISMATCH);
    };
    refused([](Impostor& one) { one.group_id = {1}; });
    refused([&](Impostor& one) { one.suite = &Another(suite); });
    refused([](Impostor& one) { one.extensions = {MakeExtension(RequiredCapabilities{})}; });
    refused([](Impostor& one) { one.commits_before = 1; });
    refused([](Impostor& one) { one.psk_epoch_offset = 1; });
    refused([](Impostor& one) { one.usage.reset(); });
    refused([](Impostor& one) { one.usage = Usage::application; });
    refused([](Impostor& one) { one.usage = Usage::branch; });
  });
}

TEST_CASE("R12.4.3.1-25: a successor is in epoch 1") {
  const auto in_epoch = [](std::uint64_t epoch) {
    return [epoch](GroupInfo& info) { info.group_context.epoch = epoch; };
  };
  AfterReInit([&](const Suite&, Scene& scene, Impostor good) {
    for (const std::uint64_t epoch : {std::uint64_t{0}, std::uint64_t{2}, ~std::uint64_t{0}}) {
      good.change = in_epoch(epoch);
      Refuses(scene, good, Error::REINIT_MISMATCH);
    }
    good.change = {};
    good.commits_before = 1;
    Refuses(scene, good, Error::REINIT_MISMATCH);
  });
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 2);
    Impostor branch;
    branch.usage = Usage::branch;
    for (const std::uint64_t epoch : {std::uint64_t{0}, std::uint64_t{2}, ~std::uint64_t{0}}) {
      branch.change = in_epoch(epoch);
      Refuses(scene, branch, Error::BRANCH_MISMATCH);
    }
    branch.change = {};
    branch.commits_before = 1;
    Refuses(scene, branch, Error::BRANCH_MISMATCH);
    branch.commits_before = 0;
    Takes(scene, branch);
    scene.GoesOn();
  }
}

TEST_CASE("R12.4.3.1-26: a reinit PSK is of a group that was re-initialised") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 2);
    Impostor good;
    good.usage = Usage::reinit;
    Refuses(scene, good, Error::REINIT_MISMATCH);
    scene.ProposeToAll(0, {Announced(suite)});  // proposed is not committed
    Refuses(scene, good, Error::REINIT_MISMATCH);
    scene.Commit(0);
    Takes(scene, good);
  }
}

TEST_CASE("R12.4.3.1-27: the new group is what the ReInit says") {
  AfterReInit([](const Suite& suite, Scene& scene, const Impostor& good) {
    const auto refused = [&](const auto& change) {
      Impostor bad = good;
      change(bad);
      Refuses(scene, bad, Error::REINIT_MISMATCH);
    };
    refused([](Impostor& one) { one.group_id.push_back(0); });
    refused([&](Impostor& one) { one.suite = &Another(suite); });
    refused([](Impostor& one) { one.extensions = {MakeExtension(RequiredCapabilities{})}; });
    refused([](Impostor& one) { one.extensions = {MakeExtension(ExternalSenders{})}; });
  });
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 2);
    ReInit reinit =
        Announced(suite, {MakeExtension(RequiredCapabilities{}), MakeExtension(ExternalSenders{})});
    scene.Commit(0, Proposing({reinit}));
    Impostor good;
    good.usage = Usage::reinit;
    Refuses(scene, good, Error::REINIT_MISMATCH);
    good.extensions = {reinit.extensions[0]};
    Refuses(scene, good, Error::REINIT_MISMATCH);
    good.extensions = {reinit.extensions[1], reinit.extensions[0]};  // in another order
    Refuses(scene, good, Error::REINIT_MISMATCH);
    good.extensions = reinit.extensions;
    Takes(scene, good);
    // Of a version that nobody speaks there is no such group.
    Scene later(suite, 2);
    ReInit next = Announced(suite);
    next.version = ProtocolVersion{2};
    later.Commit(0, Proposing({next}));
    good.extensions.clear();
    Refuses(later, good, Error::REINIT_MISMATCH);
  }
}

TEST_CASE("R12.4.3.1-28: a re-initialised group leaves nobody behind") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 4);
    scene.Commit(0, Proposing({Announced(suite)}));
    Impostor one;
    one.usage = Usage::reinit;
    Refuses(scene, one, Error::REINIT_MISMATCH);
    for (const char* left : {"member 2", "member 3"}) {
      one.others = {left};
      Refuses(scene, one, Error::REINIT_MISMATCH);
    }
    one.others = {"member 2", "somebody else"};
    Refuses(scene, one, Error::REINIT_MISMATCH);
    one.others = {"member 3", "member 2"};
    Takes(scene, one);
    one.others.push_back("somebody new");  // the RFC asks for the old members, and forbids no others
    Takes(scene, one);
  }
}

TEST_CASE("R12.4.3.1-29: a branch has the version and suite of its group") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 2);
    Impostor branch;
    branch.usage = Usage::branch;
    for (const Suite& other : AllSuites()) {
      if (other.id == suite.id) continue;
      branch.suite = &other;
      Refuses(scene, branch, Error::BRANCH_MISMATCH);
    }
    branch.suite = nullptr;
    // Another version is refused before: we speak none but the group's.
    branch.change = [](GroupInfo& info) { info.group_context.version = ProtocolVersion{2}; };
    Refuses(scene, branch, Error::UNSUPPORTED_VERSION);
    branch.change = {};
    Takes(scene, branch);
    scene.GoesOn();
  }
}

TEST_CASE("R12.4.3.1-30: a branch has members of its group only") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 4);
    Impostor branch;
    branch.usage = Usage::branch;
    branch.others = {"stranger"};
    Refuses(scene, branch, Error::BRANCH_MISMATCH);
    branch.others = {"member 2", "member 3", "stranger"};
    Refuses(scene, branch, Error::BRANCH_MISMATCH);
    branch.others = {"member 3"};
    Takes(scene, branch);
    scene.Commit(0, Proposing({Remove{{3}}}));  // no longer a member
    Refuses(scene, branch, Error::BRANCH_MISMATCH);
    branch.others = {"member 2"};
    Takes(scene, branch);
    scene.GoesOn();
  }
}

}  // namespace
}  // namespace mls::test
