// PastEpoch: what is kept of an epoch that ended, to read application messages that come late (RFC 9420
// §15.3).
//
// It holds no node key, no init or joiner secret: a context for signatures, the sender-data secret, the rest
// of the secret tree, and for the leaves an Undo: what the Commit that left the epoch changed. A leaf of
// epoch n is found by asking the undo of n, then of n + 1, and so on to the present tree.
#pragma once

#include <deque>
#include <map>

#include "group/message_keys.h"
#include "group/public_commit.h"

namespace mls {

// PastLeaf is a member as it was.
struct PastLeaf {
  LeafIndex leaf;
  Bytes signature_key;
  Credential credential;
  static constexpr auto kWire = Fields(&PastLeaf::leaf, &PastLeaf::signature_key, &PastLeaf::credential);
  bool operator==(const PastLeaf&) const = default;
};

// LeafRange: `count` leaves from `first` on.
struct LeafRange {
  LeafIndex first;
  std::uint32_t count = 0;
  static constexpr auto kWire = Fields(&LeafRange::first, &LeafRange::count);
};

// Undo holds the leaves that a Commit changed, as they were: members, and ranges of blank leaves (a bulk add
// fills one).
class Undo {
 public:
  static Undo Make(const PublicEpoch& before, const CommitPlan& plan, LeafIndex committer);
  // SignatureKey gives the former key of a leaf, empty if it was blank; nothing if the Commit did not touch
  // it.
  std::optional<View> SignatureKey(LeafIndex leaf) const;
  const std::vector<PastLeaf>& members() const { return members_; }
  // Restore makes the members after the Commit those before it.
  void Restore(std::map<LeafIndex, Credential>& members) const;
  Bytes Encode() const;
  static Result<Undo> Decode(View bytes);

 private:
  std::vector<PastLeaf> members_;  // by leaf
  std::vector<LeafRange> blank_;   // by leaf, apart from each other
};

struct PastEpoch {
  std::uint64_t epoch = 0;
  std::uint64_t ended = 0;  // seconds since 1970
  std::uint32_t width = 0;  // leaves of the secret tree
  Bytes group_context;      // encoded
  MessageKeys keys;
  Undo undo;

  // SaveHeader writes the rows of an epoch that is over, but for those of its secret tree.
  static void SaveHeader(std::uint64_t epoch, std::uint64_t ended, std::uint32_t width, View group_context,
                         const Secret& sender_data_secret, const Undo& undo, Batch& batch);
  void Save(Batch& batch) const;
  static void EraseRows(std::uint64_t epoch, Batch& batch);
  static Result<PastEpoch> Load(const Suite& suite, std::uint64_t epoch, View row, const Rows& rows);
};

// MembersOf lists the members of a tree; PastMembers makes them those of past[position].
std::map<LeafIndex, Credential> MembersOf(const RatchetTree& tree);
std::map<LeafIndex, Credential> PastMembers(const std::deque<PastEpoch>& past, std::size_t position,
                                            const RatchetTree& present);

// PastSignatureKey finds the key that `leaf` had in past[position]; `present` is the current tree.
View PastSignatureKey(const std::deque<PastEpoch>& past, std::size_t position, const RatchetTree& present,
                      LeafIndex leaf);

}  // namespace mls
