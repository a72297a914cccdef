// RFC 9420 §7.6: the ciphertexts of an UpdatePath, their number, order and context.
#include "kit/forged_commit.h"
#include "kit/leaf_routes.h"
#include "support/change_list.h"

namespace mls::test {
namespace {

using List = std::vector<HPKECiphertext>;

// Flat: five members without a path, so that each resolution is the leaves below. The path of member 2 is 5,
// 3, 7, with ciphertexts for leaf 3, leaves 0 and 1, leaf 4.
struct Flat : Scene {
  explicit Flat(const Suite& suite, CompanyOptions options = Open()) : Scene(suite, 1, std::move(options)) {
    Hire(0, 4, Lean());
  }
  Bytes Forged(std::size_t node, const std::function<void(List&)>& change) {
    CommitForgery forgery;
    forgery.path = [&](UpdatePath& path) {
      REQUIRE(path.nodes.size() == 3);
      ChangeList<HPKECiphertext>(path.nodes[node].encrypted_path_secret, change);
    };
    return ForgeCommit(Insider(*this, 2), forgery).message;
  }
};
constexpr std::size_t kOthers[] = {0, 1, 3, 4};

TEST_CASE("R7.6-01: number of ciphertexts equals the resolution size: fewer") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Flat scene(suite);
    for (const std::size_t node : {0u, 1u, 2u}) {
      const Bytes first = scene.Forged(node, [](List& list) { list.erase(list.begin()); });
      const Bytes last = scene.Forged(node, [](List& list) { list.pop_back(); });
      for (const std::size_t member : kOthers) {
        scene.Refuses(member, first, Error::INVALID_UPDATE_PATH);
        scene.Refuses(member, last, Error::INVALID_UPDATE_PATH);
      }
    }
    scene.GoesOn();
  }
}

TEST_CASE("R7.6-02: number of ciphertexts equals the resolution size: more") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Flat scene(suite);
    for (const std::size_t node : {0u, 1u, 2u}) {
      const Bytes message = scene.Forged(node, [](List& list) { list.push_back(list.back()); });
      for (const std::size_t member : kOthers) scene.Refuses(member, message, Error::INVALID_UPDATE_PATH);
    }
    scene.GoesOn();
  }
}

TEST_CASE("R7.6-03: ciphertexts are in resolution order") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Flat scene(suite);
    const Bytes message = scene.Forged(1, [](List& list) {
      REQUIRE(list.size() == 2);
      std::swap(list[0], list[1]);
    });
    for (const std::size_t member : {0u, 1u}) scene.Refuses(member, message, Error::DECRYPT_FAILED);
    // Whoever has their own in its place is not affected.
    Flat other(suite);
    other.Accepts(3, other.Forged(1, [](List& list) { std::swap(list[0], list[1]); }));
    scene.GoesOn();
  }
}

TEST_CASE("R7.6-04: HPKE context is the provisional GroupContext") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Flat scene(suite);
    const GroupContext now = scene[0].context();
    const Hook<GroupContext> contexts[] = {
        [&](GroupContext& context) { context = now; },
        [&](GroupContext& context) { context.tree_hash = now.tree_hash; },
        [&](GroupContext& context) { context.epoch = now.epoch; },
        [](GroupContext& context) { context.confirmed_transcript_hash.back() ^= 1; },
        [](GroupContext& context) { context.group_id.push_back(0); },
        [](GroupContext& context) { context.extensions.push_back({ExtensionType{0x7777}, {}}); }};
    for (const auto& change : contexts) {
      CommitForgery forgery;
      forgery.path_context = change;
      const Bytes message = ForgeCommit(Insider(scene, 2), forgery).message;
      for (const std::size_t member : kOthers) scene.Refuses(member, message, Error::DECRYPT_FAILED);
    }
    scene.GoesOn();
  }
}

TEST_CASE("R7.6-05: nodes ordered from leaf to root") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Flat scene(suite);
    const auto swapped = [](std::size_t a, std::size_t b) {
      return [=](UpdatePath& path) { std::swap(path.nodes.at(a), path.nodes.at(b)); };
    };
    CommitForgery forgery;
    forgery.path = swapped(0, 1);  // another number of ciphertexts in each
    scene.Refuses(1, ForgeCommit(Insider(scene, 2), forgery).message, Error::INVALID_UPDATE_PATH);
    forgery.path = swapped(0, 2);  // as many in both
    scene.Refuses(1, ForgeCommit(Insider(scene, 2), forgery).message, Error::PARENT_HASH_MISMATCH);
    // The keys alone, with parent hashes that fit them.
    CommitForgery keys;
    keys.public_keys = [](std::vector<Bytes>& all) { std::swap(all.at(0), all.at(2)); };
    for (const std::size_t member : kOthers)
      scene.Refuses(member, ForgeCommit(Insider(scene, 2), keys).message, Error::PATH_SECRET_MISMATCH);
    scene.GoesOn();
  }
}

}  // namespace
}  // namespace mls::test
