// Commits that a member or a stranger forges (RFC 9420 §12.4). Everything that does not depend on the broken
// rule is right: the tree and its hashes, the path and what it is sealed under, signature, membership tag and
// confirmation tag. Without hooks a forged Commit is an honest one, which the kit's own tests show.
#pragma once

#include "kit/insider.h"

namespace mls::test {

struct CommitForgery {
  std::vector<ProposalOrRef> proposals;
  enum class Path : std::uint8_t { with, without } path_is = Path::with;
  WireFormat format = WireFormat::mls_public_message;  // a stranger's is always public
  const Secret* content_signer = nullptr;              // default: the signer of the path's leaf
  const Secret* leaf_signer = nullptr;                 // default: the committer's
  const Bytes* signing_context = nullptr;              // default: the GroupContext of this epoch

  Hook<Extensions> extensions;             // of the new GroupContext
  Hook<RatchetTree> tree;                  // with the proposals applied, before the path
  Hook<std::vector<Bytes>> public_keys;    // of the path's nodes, leaf to root, before parent hashes
  Hook<LeafNode> leaf;                     // complete but for its signature
  Hook<LeafNode> signed_leaf;              // still put into the tree
  Hook<std::vector<Secret>> path_secrets;  // one for each node, before they are sealed
  Hook<GroupContext> path_context;         // what they are sealed under
  Hook<UpdatePath> path;                   // as sent; tree and secrets are as before
  Hook<FramedContent> content;             // before it is signed
  Hook<Bytes> confirmation_tag;
  Hook<AuthenticatedContent> signed_content;  // before the membership tag
};

struct ForgedCommit {
  Bytes message;      // MLSMessage
  GroupContext next;  // of the epoch it would lead to
  RatchetTree tree;   // of that epoch
  Secret joiner_secret;
  Secret epoch_secret;
  std::vector<PreSharedKeyID> psks;
  LeafIndex committer;
};

// ForgeCommit: a Commit of the insider.
ForgedCommit ForgeCommit(const Insider& insider, CommitForgery forgery);

// ForgeExternalCommit: a Commit by which `stranger` would join (RFC 9420 §12.4.3.2). `knows` gives the
// group's public state and external_pub. An ExternalInit is put before forgery.proposals unless `init` is
// `left_out`.
enum class Init : std::uint8_t { first, left_out };
ForgedCommit ForgeExternalCommit(const Insider& knows, const Client& stranger, CommitForgery forgery,
                                 Init init = Init::first);

// Value and Reference are entries of a list.
inline ProposalOrRef Value(Proposal proposal) { return {ProposalByValue{std::move(proposal)}}; }
inline ProposalOrRef Reference(Bytes reference) { return {ProposalByReference{std::move(reference)}}; }
// ReferenceTo names the newest proposal that `member` has cached.
ProposalOrRef ReferenceToNewest(Company& company, std::size_t member);

}  // namespace mls::test
