// Faults that were published and fixed in ts-mls (LukaJCB), tried on this engine; the tests are as those of
// openmls_test.cc.
#include "kit/lists.h"

namespace mls::test {
namespace {

// Pull request 627: the keys of a path were not compared with those in the tree, nor with each other; who
// repeats a key can leave members at nodes whose private key others hold.
TEST_CASE("ts-mls 627: a path with a key that is there already, or twice in it") {
  Scene scene(AnySuite(), 6);
  for (std::size_t i = 6; i-- > 0;) scene.Commit(i);
  const Insider insider(scene, 2);
  const Bytes taken = ToBytes(scene[0].tree().PublicKey(LeafIndex{4}));
  CommitForgery again;
  again.public_keys = [&](std::vector<Bytes>& keys) { keys.at(0) = taken; };
  scene.Refuses(1, ForgeCommit(insider, again).message, Error::DUPLICATE_ENCRYPTION_KEY);
  CommitForgery twice;
  twice.public_keys = [](std::vector<Bytes>& keys) { keys.at(0) = keys.at(1); };
  scene.Refuses(1, ForgeCommit(insider, twice).message, Error::DUPLICATE_ENCRYPTION_KEY);
  scene.GoesOn();
}

// Pull request 625: what a group requires of its members was looked at in some places and not in others.
TEST_CASE("ts-mls 625: required capabilities hold for Add, Update and path alike") {
  Scene scene(AnySuite(), 4);
  const auto lacking = [](LeafNode& leaf) { std::erase(leaf.capabilities.extensions, kCustomExtension); };
  for (std::size_t i = 0; i < 4; ++i) {
    Capable(scene, i, [](Capabilities& one) { one.extensions.push_back(kCustomExtension); });
  }
  RequiredCapabilities required;
  required.extension_types = {kCustomExtension};
  scene.Commit(0, Proposing(Requiring(required)));
  scene.Refuses(kReceiver, Insider(scene, kForger).Public(AddOf(scene, "newcomer")),
                Error::UNSUPPORTED_CAPABILITY);
  BothRefuse(scene, {AddOf(scene, "newcomer")}, Error::UNSUPPORTED_CAPABILITY);
  scene.Refuses(kReceiver, Insider(scene, kForger).Public(UpdateOf(scene, kForger, lacking)),
                Error::UNSUPPORTED_CAPABILITY);
  CommitForgery forgery;
  forgery.leaf = lacking;
  scene.Refuses(kReceiver, ForgeCommit(Insider(scene, kForger), forgery).message,
                Error::UNSUPPORTED_CAPABILITY);
  scene.GoesOn();
}

// Issue 440: a member who was removed by a Commit that removed others too failed inside instead of being out.
TEST_CASE("ts-mls 440: members who are removed together are all told so") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 7);
    CommitOptions options;
    for (const std::uint32_t leaf : {1u, 2u, 5u, 6u}) options.proposals.push_back({Remove{{leaf}}});
    scene.Commit(0, std::move(options));
    for (const std::size_t out : {1u, 2u, 5u, 6u}) CHECK(scene[out].phase() == Phase::removed);
    scene.GoesOn();
  }
}

// Pull request 484: a joiner who said that it had been a member was let in where no such leaf was.
TEST_CASE("ts-mls 484: coming back to a leaf that is blank or beyond the tree") {
  Scene scene(AnySuite(), 4);
  scene.Commit(0, Proposing({Remove{{3}}}));
  const Client client = scene.world.NewClient(AnySuite(), "stranger");
  for (const std::uint32_t leaf : {3u, 4u, 0x80000000u, 0xFFFFFFFFu}) {
    ExternalJoinOptions options;
    options.resync = LeafIndex{leaf};
    CHECK(ErrorOf(scene.TryJoinByCommit(client, scene.Info(0), std::move(options))) == Error::INVALID_REMOVE);
    CommitForgery forgery;
    forgery.proposals = {Value({Remove{{leaf}}})};
    scene.Refuses(1, ForgeExternalCommit(Insider(scene, 0), client, forgery).message, Error::INVALID_REMOVE);
  }
  scene.GoesOn();
}

// Pull request 647: an Update of the member at leaf 0 was refused, since 0 was taken for "nobody".
TEST_CASE("ts-mls 647: the member at leaf 0 is a member like any other") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 3);
    scene.Deliver(0, scene.ProposeUpdate(0));
    const Bytes before = ToBytes(scene[1].tree().PublicKey(LeafIndex{0}));
    scene.Commit(1);
    CHECK_FALSE(Equal(scene[1].tree().PublicKey(LeafIndex{0}), before));
    scene.Commit(2, Proposing({Remove{{0}}}));
    CHECK(scene[0].phase() == Phase::removed);
    scene.Chat();
  }
}

}  // namespace
}  // namespace mls::test
