// TreeIndex: answers the questions that range over all nodes or all members (RFC 9420 §7.3, §12.4.2) without
// looking at them: is a key in use, do all members support something, which credential types are in use.
//
// Copy-on-write like the tree it belongs to; a change costs a bucket. It has multiset semantics, because a
// received tree may hold a key twice until it was validated. GREASE values are values like any other.
#pragma once

#include <map>
#include <vector>

#include "tree/leaf_view.h"
#include "tree/pages.h"

namespace mls {

// KeySet: a multiset of public keys, held as fingerprints in buckets, each once: those of a tree on its way
// may be many of few keys, and a bucket of copies would be searched for each.
class KeySet {
 public:
  bool Has(View key) const;
  void Add(View key);
  // Remove takes one occurrence out; the key must be in the set.
  void Remove(View key);
  // duplicates counts occurrences beyond the first of each key.
  std::size_t duplicates() const { return duplicates_; }
  std::size_t size() const { return size_; }

 private:
  using Bucket = std::vector<std::uint64_t>;
  bool Holds(std::uint64_t fingerprint) const;
  std::size_t BucketOf(std::uint64_t fingerprint) const { return fingerprint & (bucket_count_ - 1); }
  void Resize(std::size_t bucket_count);

  PageTable<Bucket> buckets_;
  std::map<std::uint64_t, std::size_t> copies_;  // beyond the first; none in a tree that was validated
  std::size_t bucket_count_ = 1;                 // a power of two
  std::size_t size_ = 0;
  std::size_t duplicates_ = 0;
};

class TreeIndex {
 public:
  // HasEncryptionKey: some leaf or parent has this key. HasSignatureKey: some member has it.
  bool HasEncryptionKey(View key) const { return encryption_keys_.Has(key); }
  bool HasSignatureKey(View key) const { return signature_keys_.Has(key); }
  // HasDuplicateKeys: two nodes share an encryption key, or two members a signature key.
  bool HasDuplicateKeys() const { return encryption_keys_.duplicates() + signature_keys_.duplicates() != 0; }

  std::uint32_t members() const { return members_; }
  // AllSupport: every member lists the type, or it is a default type (RFC 9420 §7.2).
  bool AllSupport(ExtensionType type) const;
  bool AllSupport(ProposalType type) const;
  bool AllSupport(CredentialType type) const;
  // CredentialTypesInUse, in increasing order.
  std::vector<CredentialType> CredentialTypesInUse() const;
  bool SupportsAllCredentialsInUse(const Capabilities& capabilities) const;

  // Changes, made by the tree that the index belongs to.
  // With Merge::later what no member had listed before is counted with that of others, at the latest by
  // MergeCounts; until then the index must not be asked for it. For many members at once.
  enum class Merge : std::uint8_t { now, later };
  void AddMember(const LeafNodeView& leaf, Merge merge = Merge::now);
  void MergeCounts();
  void RemoveMember(const LeafNodeView& leaf);
  void AddParentKey(View encryption_key) { encryption_keys_.Add(encryption_key); }
  void RemoveParentKey(View encryption_key) { encryption_keys_.Remove(encryption_key); }

 private:
  // What is counted; the upper half of a key, the 16-bit value is the lower half.
  enum class Counted : std::uint32_t { extension, proposal, credential, credential_in_use };
  struct Entry {
    std::uint32_t key;
    std::uint32_t members;
  };
  static bool Before(const Entry& entry, std::uint32_t key) { return entry.key < key; }
  static std::uint32_t KeyOf(Counted counted, std::uint16_t value) {
    return static_cast<std::uint32_t>(counted) << 16 | value;
  }
  static std::vector<std::uint32_t> KeysOf(const LeafNodeView& leaf);
  std::uint32_t MembersWith(std::uint32_t key) const;

  KeySet encryption_keys_;
  KeySet signature_keys_;
  Shared<std::vector<Entry>> counts_;  // by key
  std::size_t zeros_ = 0;              // entries that no member lists any more: some are left for a while
  std::vector<std::uint32_t> fresh_;   // keys that are not in counts_ yet, each as often as it was listed
  std::uint32_t members_ = 0;
};

}  // namespace mls
