#include "tree/index.h"

#include <doctest/doctest.h>

#include <map>
#include <set>

#include "tree/model.h"

using namespace mls;
using namespace mls::test;

namespace {

// LeafWith: a leaf that lists the given types.
LeafNode LeafWith(SeededRandom& random, std::vector<ExtensionType> extensions,
                  std::vector<ProposalType> proposals, std::vector<CredentialType> credentials) {
  LeafNode leaf = RandomLeaf(random);
  leaf.capabilities.extensions = std::move(extensions);
  leaf.capabilities.proposals = std::move(proposals);
  leaf.capabilities.credentials = std::move(credentials);
  return leaf;
}

void Add(TreeIndex& index, const LeafNode& leaf) { index.AddMember(ViewLeafNode(Encode(leaf))); }
void Remove(TreeIndex& index, const LeafNode& leaf) { index.RemoveMember(ViewLeafNode(Encode(leaf))); }

constexpr auto Extension1 = static_cast<ExtensionType>(0xF001);
constexpr auto Extension2 = static_cast<ExtensionType>(0xF002);
constexpr auto Proposal1 = static_cast<ProposalType>(0xF001);

}  // namespace

TEST_CASE("key set: agrees with a multiset while it grows and shrinks") {
  SeededRandom random(1);
  KeySet keys;
  std::multiset<std::uint32_t> model;
  const auto key = [](std::uint32_t number) { return Encode(LeafIndex{number}); };
  for (int step = 0; step < 60'000; ++step) {
    const bool add = random.Below(100) < (step < 30'000 ? 70u : 25u);
    const auto number = static_cast<std::uint32_t>(random.Below(8000));
    if (add) {
      keys.Add(key(number));
      model.insert(number);
    } else if (const auto at = model.lower_bound(number); at != model.end()) {
      keys.Remove(key(*at));
      model.erase(at);
    }
    if (step % 500 != 0) continue;
    const std::set<std::uint32_t> distinct(model.begin(), model.end());
    REQUIRE(keys.size() == model.size());
    REQUIRE(keys.duplicates() == model.size() - distinct.size());
    for (std::uint32_t one = 0; one < 8000; one += 37)
      REQUIRE(keys.Has(key(one)) == (distinct.count(one) != 0));
  }
}

TEST_CASE("key set: many copies of one key") {
  KeySet keys;
  for (int i = 0; i < 5000; ++i) keys.Add(AsView("the same"));
  CHECK(keys.duplicates() == 4999);
  for (int i = 0; i < 4999; ++i) keys.Remove(AsView("the same"));
  CHECK(keys.duplicates() == 0);
  CHECK(keys.Has(AsView("the same")));
  keys.Remove(AsView("the same"));
  CHECK(!keys.Has(AsView("the same")));
  CHECK(keys.size() == 0);
}

TEST_CASE("index: what all members support, as members come and go") {
  SeededRandom random(2);
  TreeIndex index;
  const LeafNode both = LeafWith(random, {Extension1, Extension2}, {Proposal1}, {CredentialType::basic});
  const LeafNode one = LeafWith(random, {Extension1}, {}, {CredentialType::x509, CredentialType::basic});
  CHECK(index.AllSupport(Extension1));  // of nobody
  Add(index, both);
  CHECK(index.AllSupport(Extension1));
  CHECK(index.AllSupport(Extension2));
  CHECK(index.AllSupport(Proposal1));
  CHECK(index.AllSupport(CredentialType::basic));
  CHECK(!index.AllSupport(CredentialType::x509));
  Add(index, one);
  CHECK(index.AllSupport(Extension1));
  CHECK(!index.AllSupport(Extension2));
  CHECK(!index.AllSupport(Proposal1));
  CHECK(index.AllSupport(CredentialType::basic));
  Remove(index, both);
  CHECK(index.AllSupport(CredentialType::x509));
  CHECK(!index.AllSupport(Extension2));
  CHECK(index.members() == 1);
}

TEST_CASE("index: default types need not be listed, credential types have no default") {
  SeededRandom random(3);
  TreeIndex index;
  Add(index, LeafWith(random, {}, {}, {}));
  for (std::uint16_t type = 1; type <= 5; ++type) CHECK(index.AllSupport(static_cast<ExtensionType>(type)));
  for (std::uint16_t type = 1; type <= 7; ++type) CHECK(index.AllSupport(static_cast<ProposalType>(type)));
  CHECK(!index.AllSupport(ExtensionType::reserved));
  CHECK(!index.AllSupport(static_cast<ExtensionType>(6)));
  CHECK(!index.AllSupport(static_cast<ProposalType>(8)));
  CHECK(!index.AllSupport(CredentialType::basic));
}

TEST_CASE("index: a value that one leaf lists twice counts once") {
  SeededRandom random(4);
  TreeIndex index;
  Add(index, LeafWith(random, {Extension1, Extension1}, {}, {}));
  Add(index, LeafWith(random, {}, {}, {}));
  CHECK(!index.AllSupport(Extension1));
}

TEST_CASE("index: GREASE is a value like any other") {
  SeededRandom random(5);
  TreeIndex index;
  const auto grease = static_cast<ExtensionType>(0x0A0A);
  Add(index, LeafWith(random, {grease}, {}, {}));
  CHECK(index.AllSupport(grease));
  Add(index, LeafWith(random, {}, {}, {}));
  CHECK(!index.AllSupport(grease));
}

TEST_CASE("index: credential types in use") {
  SeededRandom random(6);
  TreeIndex index;
  CHECK(index.CredentialTypesInUse().empty());
  CHECK(index.SupportsAllCredentialsInUse({}));
  LeafNode basic = LeafWith(random, {}, {}, {CredentialType::basic});
  LeafNode x509 = LeafWith(random, {}, {}, {CredentialType::x509});
  x509.credential.body = X509Credential{};
  LeafNode unknown = LeafWith(random, {}, {}, {});
  unknown.credential.body = OpaqueCredential{static_cast<CredentialType>(0xF000), {}};
  Add(index, x509);
  Add(index, basic);
  Add(index, basic);
  CHECK(index.CredentialTypesInUse() == std::vector{CredentialType::basic, CredentialType::x509});
  CHECK(index.HasDuplicateKeys());
  Capabilities capabilities;
  capabilities.credentials = {CredentialType::x509, static_cast<CredentialType>(7), CredentialType::basic};
  CHECK(index.SupportsAllCredentialsInUse(capabilities));
  Add(index, unknown);
  CHECK(!index.SupportsAllCredentialsInUse(capabilities));
  Remove(index, unknown);
  Remove(index, basic);
  CHECK(!index.HasDuplicateKeys());
  Remove(index, x509);
  capabilities.credentials = {CredentialType::basic};
  CHECK(index.SupportsAllCredentialsInUse(capabilities));
}

TEST_CASE("index: long lists of values, in any order") {
  SeededRandom random(7);
  TreeIndex index;
  std::vector<LeafNode> leaves;
  std::map<std::uint16_t, int> counts;
  for (int i = 0; i < 20; ++i) {
    std::set<std::uint16_t> chosen;
    std::vector<ProposalType> types;
    for (int k = 0; k < 3000; ++k) {
      const auto value = static_cast<std::uint16_t>(random.Below(5000) + 8);
      types.push_back(static_cast<ProposalType>(value));
      if (chosen.insert(value).second) ++counts[value];
    }
    leaves.push_back(LeafWith(random, {}, types, {}));
    Add(index, leaves.back());
  }
  const auto agree = [&] {
    for (const auto& [value, count] : counts) {
      const bool all = static_cast<std::uint32_t>(count) == index.members();
      if (index.AllSupport(static_cast<ProposalType>(value)) != all) return false;
    }
    return true;
  };
  CHECK(agree());
  while (leaves.size() > 1) {
    Remove(index, leaves.back());
    leaves.pop_back();
    counts.clear();
    for (const LeafNode& leaf : leaves) {
      std::set<ProposalType> types(leaf.capabilities.proposals.begin(), leaf.capabilities.proposals.end());
      for (ProposalType type : types) ++counts[static_cast<std::uint16_t>(type)];
    }
    CHECK(agree());
  }
}

TEST_CASE("index: a copy does not see later changes") {
  SeededRandom random(8);
  TreeIndex index;
  const LeafNode first = LeafWith(random, {Extension1}, {}, {});
  const LeafNode second = LeafWith(random, {}, {}, {});
  Add(index, first);
  const TreeIndex before = index;
  Add(index, second);
  index.AddParentKey(AsView("parent"));
  CHECK(before.AllSupport(Extension1));
  CHECK(!before.HasSignatureKey(second.signature_key));
  CHECK(!before.HasEncryptionKey(AsView("parent")));
  CHECK(index.HasEncryptionKey(AsView("parent")));
  CHECK(!index.HasSignatureKey(AsView("parent")));
}
