#include "kit/forged_commit.h"

#include <algorithm>

#include "group/public_commit.h"
#include "schedule/transcript.h"

namespace mls::test {

namespace {

// Committer is who commits, from inside or outside.
struct Committer {
  Sender sender;
  std::optional<LeafIndex> leaf;  // none: the leftmost blank one
  LeafNode node;                  // what the path's leaf starts from
  const Secret* signer = nullptr;
  Secret init_secret;  // of the old epoch, or of the ExternalInit
};

// Applied is the outcome of a list that nobody has judged: what makes no sense is left out.
struct Applied {
  RatchetTree tree;
  Extensions extensions;
  std::vector<LeafIndex> added;
  std::vector<PreSharedKeyID> psks;
};

struct Entry {
  const Proposal* proposal;
  Sender sender;
};

std::vector<Entry> Resolve(const Group& group, const CommitForgery& forgery, const Sender& committer) {
  std::vector<Entry> entries;
  for (const ProposalOrRef& entry : forgery.proposals) {
    if (const auto* value = std::get_if<ProposalByValue>(&entry.body)) {
      entries.push_back({&value->proposal, committer});
      continue;
    }
    const auto cached = group.proposals().Find(std::get<ProposalByReference>(entry.body).reference);
    if (cached != nullptr) entries.push_back({&cached->proposal(), cached->sender()});
  }
  return entries;
}

Applied Apply(const PublicEpoch& epoch, const std::vector<Entry>& entries, const Committer& committer) {
  Applied applied{epoch.tree, epoch.context.extensions, {}, {}};
  std::vector<Bytes> added;
  for (const auto& [proposal, sender] : entries) {
    if (const auto* change = proposal->As<GroupContextExtensions>()) applied.extensions = change->extensions;
    if (const auto* psk = proposal->As<PreSharedKey>()) applied.psks.push_back(psk->psk);
    if (const auto* add = proposal->As<Add>()) added.push_back(Encode(add->key_package.leaf_node));
    if (const auto* update = proposal->As<Update>()) {
      const LeafIndex leaf = sender.leaf_index;
      if (leaf != committer.leaf && !applied.tree.IsBlank(leaf))
        applied.tree.UpdateLeaf(leaf, update->leaf_node);
    }
  }
  for (const auto& entry : entries) {
    const auto* remove = entry.proposal->As<Remove>();
    if (remove == nullptr || remove->removed == committer.leaf) continue;
    const bool there = remove->removed.value < applied.tree.width() && !applied.tree.IsBlank(remove->removed);
    if (there) applied.tree.RemoveLeaf(remove->removed);
  }
  if (!added.empty()) applied.added = applied.tree.AddLeaves(std::move(added));
  std::sort(applied.added.begin(), applied.added.end());
  return applied;
}

NodeIndex CopathChild(NodeIndex node, LeafIndex leaf) {
  return Contains(Left(node), leaf) ? Right(node) : Left(node);
}

struct MadePath {
  UpdatePath path;
  std::vector<NodeIndex> nodes;
  std::vector<Secret> path_secrets;
  Secret commit_secret;
};

// MakePath is RFC 9420 §7.5 step by step, with the hooks between the steps.
MadePath MakePath(const Insider& knows, RatchetTree& tree, LeafIndex leaf, const Committer& committer,
                  const CommitForgery& forgery) {
  const Suite& suite = knows.suite();
  SeededRandom& random = knows.company.world.random;
  tree.ExtendTo(leaf);
  Must(tree.UpdateHashes(nullptr));
  MadePath made;
  made.nodes = tree.FilteredDirectPath(leaf);
  std::vector<Bytes> public_keys;
  Secret path_secret = Must(random.TakeSecret(suite.Nh));
  for (std::size_t i = 0; i < made.nodes.size(); ++i) {
    public_keys.push_back(
        Must(DeriveKeyPair(suite, Must(DeriveSecret(suite, path_secret, "node")))).public_key);
    Secret next = Must(DeriveSecret(suite, path_secret, "path"));
    made.path_secrets.push_back(std::move(path_secret));
    path_secret = std::move(next);
  }
  made.commit_secret = std::move(path_secret);
  Run(forgery.public_keys, public_keys);

  tree.BlankDirectPath(leaf);
  Bytes parent_hash;
  for (std::size_t i = made.nodes.size(); i-- > 0;) {
    tree.SetParent(made.nodes[i], public_keys[i], parent_hash);
    parent_hash = ToBytes(Must(ParentHash(tree, made.nodes[i], CopathChild(made.nodes[i], leaf))));
  }
  LeafNode node = committer.node;
  node.encryption_key = Must(GenerateHpkeKeyPair(suite, random)).public_key;
  node.leaf_node_source = LeafNodeSource::commit;
  node.parent_hash = parent_hash;
  Run(forgery.leaf, node);
  const Secret& signer = forgery.leaf_signer == nullptr ? *committer.signer : *forgery.leaf_signer;
  Must(SignLeafNode(suite, node, signer, knows.epoch->context.group_id, leaf));
  Run(forgery.signed_leaf, node);
  tree.ReplaceLeaf(leaf, node);
  made.path.leaf_node = std::move(node);
  for (Bytes& key : public_keys) made.path.nodes.push_back({std::move(key), {}});
  return made;
}

void Seal(const Insider& knows, const RatchetTree& tree, LeafIndex leaf, MadePath& made,
          const Applied& applied, GroupContext context, const CommitForgery& forgery) {
  Run(forgery.path_secrets, made.path_secrets);
  Run(forgery.path_context, context);
  const Bytes encoded = Encode(context);
  for (std::size_t i = 0; i < made.nodes.size(); ++i) {
    std::vector<HPKECiphertext> sealed;
    for (const NodeIndex node : tree.Resolution(CopathChild(made.nodes[i], leaf))) {
      const bool added =
          IsLeaf(node) && std::binary_search(applied.added.begin(), applied.added.end(), LeafOf(node));
      if (added) continue;
      sealed.push_back(Must(EncryptWithLabel(knows.suite(), tree.PublicKey(node), "UpdatePathNode", encoded,
                                             made.path_secrets[i], knows.company.world.random)));
    }
    made.path.nodes[i].encrypted_path_secret = EncodedList<HPKECiphertext>(sealed);
  }
}

// PskSecretOf looks external PSKs up in the company; one that is not there has an arbitrary value.
Secret PskSecretOf(const Insider& knows, const std::vector<PreSharedKeyID>& ids) {
  std::vector<Bytes> values;
  for (const PreSharedKeyID& id : ids) {
    const auto known = knows.company.psks.find(Encode(id.body));
    values.push_back(known == knows.company.psks.end() ? Bytes(knows.suite().Nh, 7) : known->second);
  }
  const std::vector<View> views(values.begin(), values.end());
  return Must(PskSecret(knows.suite(), ids, views));
}

ForgedCommit Forge(const Insider& knows, Committer committer, CommitForgery forgery) {
  const Suite& suite = knows.suite();
  const PublicEpoch& epoch = *knows.epoch;
  const auto entries = Resolve(knows.company[knows.number], forgery, committer.sender);
  Applied applied = Apply(epoch, entries, committer);
  Run(forgery.extensions, applied.extensions);
  Run(forgery.tree, applied.tree);
  const LeafIndex leaf = committer.leaf.value_or(applied.tree.LeftmostBlankLeaf());

  Commit commit{EncodedList<ProposalOrRef>(forgery.proposals), std::nullopt};
  Secret commit_secret(suite.Nh);
  std::optional<MadePath> made;
  if (forgery.path_is == CommitForgery::Path::with)
    made = MakePath(knows, applied.tree, leaf, committer, forgery);
  Must(applied.tree.UpdateHashes(nullptr));
  GroupContext next = NextContext(epoch, applied.tree, applied.extensions);
  if (made) {
    Seal(knows, applied.tree, leaf, *made, applied, next, forgery);
    Run(forgery.path, made->path);
    commit.path = std::move(made->path);
    commit_secret = std::move(made->commit_secret);
  }

  FramedContent content{
      epoch.context.group_id, epoch.context.epoch, committer.sender, {}, CommitContent{std::move(commit)}};
  Run(forgery.content, content);
  const Secret& signer = forgery.content_signer == nullptr ? *committer.signer : *forgery.content_signer;
  const Bytes signing_context =
      forgery.signing_context == nullptr ? knows.context() : *forgery.signing_context;
  AuthenticatedContent framed = knows.SignWith(signer, signing_context, std::move(content), forgery.format);
  const Bytes signed_part = EncodeSignedPart(forgery.format, framed.content);
  next.confirmed_transcript_hash = ToBytes(Must(
      ConfirmedTranscriptHash(suite, epoch.interim_transcript_hash,
                              View(signed_part).subspan(sizeof(ProtocolVersion)), framed.auth.signature)));
  const Bytes next_context = Encode(next);
  ForgedCommit forged{{}, next, applied.tree, {}, {}, applied.psks, leaf};
  forged.joiner_secret = Must(JoinerSecret(suite, committer.init_secret, commit_secret, next_context));
  const Secret member_secret =
      Must(MemberSecret(suite, forged.joiner_secret, PskSecretOf(knows, applied.psks)));
  forged.epoch_secret = Must(EpochSecret(suite, member_secret, next_context));
  const Secret confirmation_key = Must(DeriveSecret(suite, forged.epoch_secret, "confirm"));
  framed.auth.confirmation_tag =
      ToBytes(Must(ConfirmationTag(suite, confirmation_key, next.confirmed_transcript_hash)));
  Run(forgery.confirmation_tag, framed.auth.confirmation_tag);
  Run(forgery.signed_content, framed);
  forged.message = forgery.format == WireFormat::mls_public_message ? knows.Public(std::move(framed))
                                                                    : knows.Private(framed);
  return forged;
}

}  // namespace

ForgedCommit ForgeCommit(const Insider& insider, CommitForgery forgery) {
  Committer committer{Sender::Member(insider.self), insider.self, insider.epoch->tree.Leaf(insider.self),
                      &insider.signer, insider.init_secret.Clone()};
  return Forge(insider, std::move(committer), std::move(forgery));
}

ForgedCommit ForgeExternalCommit(const Insider& knows, const Client& stranger, CommitForgery forgery,
                                 Init init) {
  const HpkeKeyPair external = Must(ExternalKeyPair(knows.suite(), knows.external_secret));
  ExternalInitSecret secret =
      Must(SendExternalInit(knows.suite(), external.public_key, knows.company.world.random));
  LeafNode node;
  node.signature_key = stranger.profile.signature_key;
  node.credential = stranger.profile.credential;
  node.capabilities = stranger.profile.capabilities;
  node.extensions = stranger.profile.leaf_extensions;
  if (init == Init::first) {
    forgery.proposals.insert(forgery.proposals.begin(), Value({ExternalInit{std::move(secret.kem_output)}}));
  }
  Committer committer{Sender::NewMemberCommit(), std::nullopt, std::move(node),
                      &stranger.profile.signature_private_key, std::move(secret.init_secret)};
  return Forge(knows, std::move(committer), std::move(forgery));
}

ProposalOrRef ReferenceToNewest(Company& company, std::size_t member) {
  return Reference(company[member].proposals().in_order().back()->reference);
}

}  // namespace mls::test
