// RFC 9420 §12.2: what a committer prefers among the proposals that it has received.
#include "kit/lists.h"

namespace mls::test {
namespace {

TEST_CASE("R12.2-08: the creator prefers a Remove, else the latest Update") {
  for (const bool remove_first : {false, true}) {
    CAPTURE(remove_first);
    Scene scene(AllSuites()[0], 4);
    if (remove_first) scene.ProposeToAll(0, {Remove{{3}}});
    scene.Deliver(3, scene.ProposeUpdate(3));
    scene.Deliver(3, scene.ProposeUpdate(3));
    const ProposalOrRef latest = ReferenceToNewest(scene, kReceiver);
    CommitOptions options;
    const NewCommit updating = scene.MakeCommit(kReceiver, CommitOptions());
    scene.Apply(kReceiver, Must(scene[kReceiver].RejectCandidate(updating.id)));
    if (!remove_first) {
      CHECK(ListOf(updating.message) == std::vector{latest});
      scene.ProposeToAll(0, {Remove{{3}}});
    }
    const std::size_t position = remove_first ? 0 : 2;
    const ProposalOrRef removal = Reference(scene[kReceiver].proposals().in_order().at(position)->reference);
    const NewCommit commit = scene.Commit(kReceiver);
    CHECK(ListOf(commit.message) == std::vector{removal});
    CHECK(scene[3].phase() == Phase::removed);
    scene.GoesOn();
  }
}

TEST_CASE("R12.2-15: the creator prefers the other proposals over a ReInit") {
  for (const bool reinit_first : {true, false}) {
    CAPTURE(reinit_first);
    Scene scene(AllSuites()[0], 3);
    if (reinit_first) scene.ProposeToAll(0, ReInitOf(scene));
    scene.ProposeToAll(0, AddOf(scene));
    const ProposalOrRef add = ReferenceToNewest(scene, kReceiver);
    if (!reinit_first) scene.ProposeToAll(0, ReInitOf(scene));
    const NewCommit commit = scene.Commit(kReceiver);
    CHECK(ListOf(commit.message) == std::vector{add});
    // Sent again, it is the only one.
    scene.ProposeToAll(0, ReInitOf(scene));
    const ProposalOrRef reinit = ReferenceToNewest(scene, kReceiver);
    CHECK(ListOf(scene.Commit(kReceiver).message) == std::vector{reinit});
    CHECK(scene[0].phase() == Phase::suspended);
  }
}

}  // namespace
}  // namespace mls::test
