#include "tree/index.h"

#include <algorithm>
#include <iterator>

#include "tree/fingerprint.h"

namespace mls {

namespace {

// A bucket is a page: small enough to copy for one change, large enough that a tree has few of them.
constexpr std::size_t kFullBucket = 48;
constexpr std::size_t kSparseBucket = 8;
// Values that wait to be counted, and entries that count nothing, beyond as many as are counted.
constexpr std::size_t kManyFresh = 4096;
constexpr std::size_t kManyZeros = 64;

}  // namespace

bool KeySet::Holds(std::uint64_t fingerprint) const {
  const Bucket* bucket = buckets_.Find(BucketOf(fingerprint));
  return bucket != nullptr && std::find(bucket->begin(), bucket->end(), fingerprint) != bucket->end();
}

bool KeySet::Has(View key) const { return Holds(Fingerprint(key)); }

void KeySet::Add(View key) {
  const std::uint64_t fingerprint = Fingerprint(key);
  ++size_;
  if (Holds(fingerprint)) {
    ++duplicates_;
    ++copies_[fingerprint];
    return;
  }
  buckets_.Write(BucketOf(fingerprint)).push_back(fingerprint);
  if (size_ - duplicates_ > kFullBucket * bucket_count_) Resize(2 * bucket_count_);
}

void KeySet::Remove(View key) {
  const std::uint64_t fingerprint = Fingerprint(key);
  if (const auto copies = copies_.find(fingerprint); copies != copies_.end()) {
    if (--copies->second == 0) copies_.erase(copies);
    --duplicates_;
    --size_;
    return;
  }
  Bucket& bucket = buckets_.Write(BucketOf(fingerprint));
  const auto entry = std::find(bucket.begin(), bucket.end(), fingerprint);
  if (entry == bucket.end()) return;
  *entry = bucket.back();
  bucket.pop_back();
  --size_;
  if (bucket_count_ > 1 && size_ - duplicates_ < kSparseBucket * bucket_count_) Resize(bucket_count_ / 2);
}

void KeySet::Resize(std::size_t bucket_count) {
  const PageTable<Bucket> former = std::move(buckets_);
  buckets_ = PageTable<Bucket>();
  bucket_count_ = bucket_count;
  former.ForEach([&](std::size_t, const Bucket& bucket) {
    for (std::uint64_t fingerprint : bucket) buckets_.Write(BucketOf(fingerprint)).push_back(fingerprint);
  });
}

bool TreeIndex::AllSupport(ExtensionType type) const {
  return IsDefault(type) ||
         MembersWith(KeyOf(Counted::extension, static_cast<std::uint16_t>(type))) == members_;
}

bool TreeIndex::AllSupport(ProposalType type) const {
  return IsDefault(type) ||
         MembersWith(KeyOf(Counted::proposal, static_cast<std::uint16_t>(type))) == members_;
}

bool TreeIndex::AllSupport(CredentialType type) const {
  return MembersWith(KeyOf(Counted::credential, static_cast<std::uint16_t>(type))) == members_;
}

std::vector<CredentialType> TreeIndex::CredentialTypesInUse() const {
  std::vector<CredentialType> types;
  if (!counts_) return types;
  const auto first =
      std::lower_bound(counts_->begin(), counts_->end(), KeyOf(Counted::credential_in_use, 0), Before);
  for (auto entry = first; entry != counts_->end(); ++entry) {
    if (entry->members == 0) continue;
    types.push_back(static_cast<CredentialType>(entry->key & 0xffff));
  }
  return types;
}

bool TreeIndex::SupportsAllCredentialsInUse(const Capabilities& capabilities) const {
  std::vector<CredentialType> supported = capabilities.credentials;
  std::sort(supported.begin(), supported.end());
  const std::vector<CredentialType> in_use = CredentialTypesInUse();
  return std::includes(supported.begin(), supported.end(), in_use.begin(), in_use.end());
}

// KeysOf gives what one member adds to the counts, each value once and in order.
std::vector<std::uint32_t> TreeIndex::KeysOf(const LeafNodeView& leaf) {
  std::vector<std::uint32_t> keys;
  keys.reserve((leaf.extension_types.size() + leaf.proposal_types.size() + leaf.credential_types.size()) / 2 +
               1);
  const auto collect = [&](Counted counted, View values) {
    for (Reader in(values); in.ok() && !in.empty();) keys.push_back(KeyOf(counted, in.Uint<std::uint16_t>()));
  };
  collect(Counted::extension, leaf.extension_types);
  collect(Counted::proposal, leaf.proposal_types);
  collect(Counted::credential, leaf.credential_types);
  keys.push_back(KeyOf(Counted::credential_in_use, static_cast<std::uint16_t>(leaf.credential_type)));
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  return keys;
}

std::uint32_t TreeIndex::MembersWith(std::uint32_t key) const {
  if (!counts_) return 0;
  const auto entry = std::lower_bound(counts_->begin(), counts_->end(), key, Before);
  return entry == counts_->end() || entry->key != key ? 0 : entry->members;
}

void TreeIndex::AddMember(const LeafNodeView& leaf, Merge merge) {
  ++members_;
  encryption_keys_.Add(leaf.encryption_key);
  signature_keys_.Add(leaf.signature_key);
  if (!counts_) counts_ = Shared<std::vector<Entry>>(std::vector<Entry>());
  std::vector<Entry>& counts = counts_.Write();
  auto entry = counts.begin();
  for (std::uint32_t key : KeysOf(leaf)) {
    entry = std::lower_bound(entry, counts.end(), key, Before);
    if (entry != counts.end() && entry->key == key) {
      if (entry->members++ == 0) --zeros_;
    } else {
      fresh_.push_back(key);
    }
  }
  if (merge == Merge::now || fresh_.size() > kManyFresh + counts.size()) MergeCounts();
}

// New values are merged in at once: a leaf may list tens of thousands, and so many leaves one each.
void TreeIndex::MergeCounts() {
  if (fresh_.empty()) return;
  std::sort(fresh_.begin(), fresh_.end());
  std::vector<Entry> fresh;
  for (const std::uint32_t key : fresh_) {
    if (fresh.empty() || fresh.back().key != key) fresh.push_back({key, 0});
    ++fresh.back().members;
  }
  fresh_ = std::vector<std::uint32_t>();
  std::vector<Entry>& counts = counts_.Write();
  std::vector<Entry> merged;
  merged.reserve(counts.size() + fresh.size());
  std::merge(counts.begin(), counts.end(), fresh.begin(), fresh.end(), std::back_inserter(merged),
             [](const Entry& a, const Entry& b) { return a.key < b.key; });
  counts = std::move(merged);
}

void TreeIndex::RemoveMember(const LeafNodeView& leaf) {
  --members_;
  encryption_keys_.Remove(leaf.encryption_key);
  signature_keys_.Remove(leaf.signature_key);
  std::vector<Entry>& counts = counts_.Write();
  auto entry = counts.begin();
  for (std::uint32_t key : KeysOf(leaf)) {
    entry = std::lower_bound(entry, counts.end(), key, Before);
    if (entry != counts.end() && entry->key == key && --entry->members == 0) ++zeros_;
  }
  if (zeros_ <= kManyZeros + counts.size() / 4) return;
  std::erase_if(counts, [](const Entry& one) { return one.members == 0; });
  zeros_ = 0;
}

}  // namespace mls
