#include "group/proposal_cache.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "support/error_of.h"
#include "support/seeded_random.h"

using namespace mls;
using mls::test::ErrorOf;
using mls::test::SeededRandom;

namespace {

const Suite& kSuite = AllSuites()[0];

AuthenticatedContent RemovingContent(std::uint32_t leaf) {
  return {WireFormat::mls_public_message,
          {{1, 2}, 7, Sender::Member({0}), {}, ProposalContent{{Remove{{leaf}}}}},
          {Bytes(64, 3), {}}};
}

CachedProposalPtr Removing(std::uint32_t leaf, const Suite& suite = kSuite) {
  CachedProposal cached{{}, {}, RemovingContent(leaf)};
  cached.reference = ToBytes(*ProposalRef(suite, cached.content));
  return std::make_shared<const CachedProposal>(std::move(cached));
}

}  // namespace

TEST_CASE("proposals are found by reference and listed in the order of arrival") {
  ProposalCache cache;
  CHECK(cache.empty());
  CHECK(cache.Find({}) == nullptr);
  std::vector<CachedProposalPtr> added;
  for (const std::uint32_t leaf : {5u, 1u, 9u, 3u}) {
    added.push_back(Removing(leaf));
    cache.Add(added.back());
  }
  CHECK_FALSE(cache.empty());
  CHECK(cache.in_order() == added);
  for (const CachedProposalPtr& one : added) CHECK(cache.Find(one->reference) == one);
  CHECK(cache.Find(Removing(4)->reference) == nullptr);
  Bytes prefix = added[0]->reference;
  prefix.pop_back();
  CHECK(cache.Find(prefix) == nullptr);
  cache.Clear();
  CHECK(cache.empty());
  CHECK(cache.Find(added[0]->reference) == nullptr);
}

TEST_CASE("a proposal that is there already is not added again") {
  ProposalCache cache;
  const CachedProposalPtr first = Removing(1);
  cache.Add(first);
  cache.Add(Removing(1));
  CHECK(cache.in_order() == std::vector{first});
  Limits limits;
  limits.max_cached_proposal_bytes = 2 * EncodedSize(first->content);  // it was counted once
  CHECK(cache.Validate(*Removing(2), limits).ok());
}

TEST_CASE("Limits: max_cached_proposals, max_cached_proposal_bytes: n are taken, n + 1 refused") {
  ProposalCache cache;
  Limits limits;
  const std::size_t size = EncodedSize(RemovingContent(0));
  limits.max_cached_proposals = 3;
  for (std::uint32_t leaf = 0; leaf < 3; ++leaf) {
    CHECK(cache.Validate(*Removing(leaf), limits).ok());
    cache.Add(Removing(leaf));
  }
  CHECK(ErrorOf(cache.Validate(*Removing(3), limits)) == Error::LIMIT_EXCEEDED);
  limits.max_cached_proposals = 4;
  CHECK(cache.Validate(*Removing(3), limits).ok());
  limits.max_cached_proposal_bytes = 4 * size;
  CHECK(cache.Validate(*Removing(3), limits).ok());
  limits.max_cached_proposal_bytes = 4 * size - 1;
  CHECK(ErrorOf(cache.Validate(*Removing(3), limits)) == Error::LIMIT_EXCEEDED);
  cache.Clear();
  CHECK(cache.Validate(*Removing(3), limits).ok());
  limits.max_cached_proposal_bytes = size;
  CHECK(cache.Validate(*Removing(3), limits).ok());  // Clear forgets the bytes too
}

TEST_CASE("saved and loaded, the cache has the same proposals in the same order") {
  for (const Suite& suite : AllSuites()) {
    ProposalCache cache;
    for (std::uint32_t i = 0; i < 300; ++i) cache.Add(Removing(999 - i, suite));  // numbers of two bytes too
    CachedProposal own = *Removing(7, suite);
    own.message = Bytes(32, 9);
    cache.Add(std::make_shared<const CachedProposal>(std::move(own)));
    Batch batch;
    cache.Save(batch);
    MemoryRows rows;
    rows.Apply(batch);
    CHECK(rows.size() == 301);
    const auto loaded = ProposalCache::Load(suite, rows);
    REQUIRE(loaded.ok());
    REQUIRE(loaded->in_order().size() == 301);
    for (std::size_t i = 0; i < 301; ++i) {
      const CachedProposal &a = *cache.in_order()[i], &b = *loaded->in_order()[i];
      REQUIRE(a.reference == b.reference);
      REQUIRE(a.message == b.message);
      REQUIRE(a.content == b.content);
    }
    CHECK(loaded->Find(Removing(7, suite)->reference)->message == Bytes(32, 9));
    Batch again;
    loaded->Save(again);
    MemoryRows same;
    same.Apply(again);
    CHECK(same == rows);
  }
}

TEST_CASE("rows of another shape are damaged") {
  const auto load = [](View row) {
    MemoryRows rows;
    rows.Put(RowKey(RowTag::proposal, std::uint32_t{0}), row);
    const auto loaded = ProposalCache::Load(kSuite, rows);
    return loaded.ok() ? Error::INTERNAL : loaded.error();
  };
  const Bytes good = Encode(Bytes(), RemovingContent(1));
  CHECK(load(good) == Error::INTERNAL);
  for (std::size_t size = 0; size < good.size(); ++size) {
    REQUIRE(load(View(good).first(size)) == Error::STORAGE_DAMAGED);
  }
  Bytes longer = good;
  longer.push_back(0);
  CHECK(load(longer) == Error::STORAGE_DAMAGED);
  AuthenticatedContent chat = RemovingContent(1);
  chat.content.body = ApplicationContent{{1}};
  CHECK(load(Encode(Bytes(), chat)) == Error::STORAGE_DAMAGED);
}
