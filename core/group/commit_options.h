// What a caller says about a commit of its own, and what it gets (RFC 9420 §12.4.1).
#pragma once

#include <set>

#include "group/change.h"

namespace mls {

// LeafChange: what a member changes in its own leaf with an Update or a path (RFC 9420 §7.5).
struct LeafChange {
  std::optional<Credential> credential;
  std::optional<SignatureKeyPair> signature_key;
  std::optional<Capabilities> capabilities;
  std::optional<Extensions> extensions;
  bool empty() const { return !credential && !signature_key && !capabilities && !extensions; }
};

void ChangeLeaf(LeafNode& leaf, const LeafChange& change);

struct CommitOptions {
  std::vector<Proposal> proposals;  // by value
  enum class Cached : std::uint8_t { include, ignore } cached = Cached::include;
  enum class Path : std::uint8_t { always, when_required } path = Path::always;
  enum class Welcomes : std::uint8_t { one_for_all, one_each } welcomes = Welcomes::one_for_all;
  using Tree = TreePlace;
  Tree tree = Tree::inside;  // of the Welcome's GroupInfo
  using ExternalPub = ExternalPubPlace;
  ExternalPub external_pub = ExternalPub::leave_out;
  Extensions group_info_extensions;
  LeafChange leaf;  // needs a path, so a commit with one has it
  Bytes authenticated_data;
  std::optional<WireFormat> format;  // default: the policy's
  // Set by successor.cc alone: the usage that a resumption PSK of this Commit may have.
  std::optional<ResumptionPSKUsage> successor;
};

// StagedCommit is a commit of our own, planned and validated; its questions are the new credentials and the
// PSKs.
struct StagedCommit {
  std::uint64_t version = 0;
  std::shared_ptr<CommitOptions> options;     // owns the proposals by value
  Commit commit;                              // without a path
  std::vector<CachedProposalPtr> referenced;  // cached proposals in it; our own among them go by value
  std::set<Bytes> turned_down;                // ProposalRefs of those that answers left out
  std::optional<CommitPlan> plan;
  Questions questions;
};

struct NewCommit {
  std::uint64_t id = 0;
  Bytes message;                         // MLSMessage
  std::vector<WelcomeMessage> welcomes;  // to be sent when the commit was accepted (RFC 9420 §14)
  Bytes ratchet_tree;                    // with Tree::apart: the tree that the joiners need
};

}  // namespace mls
