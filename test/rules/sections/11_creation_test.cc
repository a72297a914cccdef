// RFC 9420 §11: the initial state of a group.
#include <set>

#include "kit/lists.h"

namespace mls::test {
namespace {

TEST_CASE("R11-02: the initial state of a group") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    CompanyOptions options = Scene::Open();
    options.extensions = {MakeExtension(RequiredCapabilities{{}, {}, {CredentialType::basic}})};
    Scene scene(suite, 1, options);
    const Insider creator(scene, 0);
    const GroupContext& context = creator.epoch->context;
    CHECK(context.version == ProtocolVersion::mls10);
    CHECK(context.cipher_suite == suite.id);
    CHECK(context.group_id.size() == suite.Nh);
    CHECK(context.epoch == 0);
    CHECK(context.confirmed_transcript_hash.empty());
    CHECK(context.extensions == options.extensions);
    const RatchetTree& tree = scene[0].tree();
    CHECK(tree.width() == 1);
    CHECK(tree.member_count() == 1);
    const LeafNode leaf = tree.Leaf({0});
    CHECK(leaf.credential == scene.client(0).profile.credential);
    CHECK(leaf.leaf_node_source == LeafNodeSource::key_package);
    // RFC 9420 §7.8: TreeHashInput of the one leaf.
    Bytes input = {1, 0, 0, 0, 0, 1};
    const Bytes encoded = Encode(leaf);
    input.insert(input.end(), encoded.begin(), encoded.end());
    CHECK(Equal(context.tree_hash, Must(Hash(suite, {input}))));
    // RFC 9420 §8.2: the interim transcript hash over a tag of the empty confirmed one.
    const Bytes tag = ToBytes(Must(Mac(suite, creator.confirmation_key, {View()})));
    CHECK(Equal(creator.epoch->interim_transcript_hash, Must(Hash(suite, {Encode(tag)}))));
    for (const Secret* secret :
         {&creator.init_secret, &creator.exporter_secret, &creator.membership_key, &creator.resumption_psk}) {
      CHECK(secret->size() == suite.Nh);
    }
    scene.Hire(0, 2);
    scene.GoesOn();
  }
}

TEST_CASE("R11-02, R11-03: no two groups share an epoch secret or, unless told so, an id") {
  // A tenth of the table's 100,000 keeps the test to seconds.
  constexpr std::size_t kGroups = 10'000;
  SystemRandom random;
  const Env env{kNow, &random, nullptr};
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    World world(1);
    const Client client = world.NewClient(suite, "creator");
    std::set<Bytes> ids, secrets;
    const bool cheap = &suite == &AllSuites()[0];
    const std::size_t count = cheap ? kGroups : 50;
    for (std::size_t i = 0; i < count; ++i) {
      const Group group = Must(Group::Create({&suite, {}, {}, {}}, client.profile, env));
      if (group.context().group_id.size() != suite.Nh) FAIL("RFC 9420 §11: Nh bytes");
      ids.insert(group.context().group_id);
      secrets.insert(ToBytes(group.epoch_authenticator()));  // stands for the secret it is derived from
    }
    CHECK(ids.size() == count);
    CHECK(secrets.size() == count);
  }
}

}  // namespace
}  // namespace mls::test
