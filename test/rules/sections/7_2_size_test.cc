// RFC 9420 §7.2: the size of what a leaf holds is bounded, though the RFC names no bound.
#include <algorithm>
#include <chrono>

#include "kit/bad_leaves.h"
#include "kit/forged_package.h"

namespace mls::test {
namespace {

using Clock = std::chrono::steady_clock;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int kSlower = 20;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr int kSlower = 20;
#else
constexpr int kSlower = 1;
#endif
#else
constexpr int kSlower = 1;
#endif

// MedianOf gives the median time of five runs.
template <class Work>
Clock::duration MedianOf(Work work) {
  std::vector<Clock::duration> times;
  for (int i = 0; i < 5; ++i) {
    const Clock::time_point begin = Clock::now();
    work();
    times.push_back(Clock::now() - begin);
  }
  std::sort(times.begin(), times.end());
  return times[2];
}

Hook<LeafNode> WithExtension(std::size_t size) {
  return [size](LeafNode& leaf) {
    leaf.capabilities.extensions.push_back(kUnlistedExtension);
    leaf.extensions.push_back({kUnlistedExtension, Bytes(size)});
  };
}

Hook<LeafNode> WithCapabilities(std::size_t count) {
  return [count](LeafNode& leaf) { leaf.capabilities.proposals.resize(count, ProposalType{0x7777}); };
}

Hook<LeafNode> WithCertificates(std::size_t count) {
  return [count](LeafNode& leaf) {
    leaf.credential = {X509Credential{std::vector<Certificate>(count, Certificate{{1, 2, 3}})}};
  };
}

TEST_CASE("R7.2-15: size of unknown extensions, credentials and lists is bounded") {
  const Suite& suite = AllSuites().front();
  const Limits limits;
  for (const auto& change :
       {WithExtension(limits.max_leaf_node_size), WithCapabilities(65535), WithCertificates(100'000)}) {
    LeafForgery forgery;
    forgery.leaf = change;
    CheckRoutes(suite, kAllRoutes, forgery, Error::LIMIT_EXCEEDED, Error::LIMIT_EXCEEDED);
  }
  // Below the bound all of them are a leaf like any other, but for the number of certificates.
  LeafForgery large;
  large.leaf = [](LeafNode& leaf) {
    WithExtension(40'000)(leaf);
    WithCapabilities(5'000)(leaf);
  };
  TakesRoutes(suite, kAllRoutes, large);
}

TEST_CASE("R7.2-15: what is too large is refused before it is copied or verified") {
  const Suite& suite = AllSuites().front();
  const Limits limits;
  Recruiting scene(suite);
  for (const auto& change : {WithExtension(50u << 20), WithCapabilities(65535), WithCertificates(100'000)}) {
    // Our own Add: the package is in memory already.
    PackageForgery forgery;
    forgery.leaf = change;
    const KeyPackage package = scene.Forge(forgery);
    scene.NotInJournal();
    const Extensions none;
    const LeafRules rules{&suite, &limits, nullptr, &none, nullptr, LeafNodeSource::key_package, kNow};
    const std::uint64_t verified = Count().signature_verifications;
    Error said = Error::INTERNAL;
    const auto took = MedianOf([&] {
      const Status valid = ValidateKeyPackage(package, rules);
      said = valid.ok() ? Error::INTERNAL : valid.error();
    });
    CHECK(said == Error::LIMIT_EXCEEDED);
    CHECK(took < std::chrono::milliseconds(10) * kSlower);
    CHECK(Count().signature_verifications == verified);

    // In a tree: nothing is kept of a leaf that is too large.
    const Bytes tree = EncodeNodes({AnyNode(package.leaf_node)});
    const std::uint64_t decoded = Count().leaves_decoded;
    const auto read = MedianOf([&] {
      const auto outcome = RatchetTree::DecodeExtension(suite, tree, limits);
      said = outcome.ok() ? Error::INTERNAL : outcome.error();
    });
    CHECK(said == Error::LIMIT_EXCEEDED);
    CHECK(read < std::chrono::milliseconds(10) * kSlower);
    CHECK(Count().leaves_decoded == decoded);
  }
  scene.GoesOn();
}

}  // namespace
}  // namespace mls::test
