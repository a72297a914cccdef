// Sending: application data and proposals (RFC 9420 §6.3, §12.1).
#include "base/check.h"
#include "group/group.h"

namespace mls {

FramedContent Group::NewContent(ContentBody body, View authenticated_data) const {
  return {context().group_id, context().epoch, Sender::Member(self()), ToBytes(authenticated_data),
          std::move(body)};
}

Result<Bytes> Group::Frame(const AuthenticatedContent& content, WireFormat format, Change& change,
                           const Env& env) const {
  const std::size_t limit = policy().limits.max_message_size;
  if (format == WireFormat::mls_public_message) {
    MLS_TRY(message,
            ProtectPublic(suite(), content, local_.secrets.membership_key, local_.shared->encoded_context));
    Bytes encoded = EncodeMessage(std::move(message));
    MLS_REQUIRE(encoded.size() <= limit, TOO_LARGE);  // RFC 9420 §2.1.2: receivers have the same limit
    return encoded;
  }
  MLS_TRY(sealed, SealPrivateMessage(local_.messages, suite(), content, policy().padding, policy().limits,
                                     *env.random));
  local_.messages.secret_tree.SaveChange(sealed.change, change.batch);
  change.ratchet.emplace(context().epoch, std::move(sealed.change));
  Bytes encoded = EncodeMessage(std::move(sealed.message));
  MLS_REQUIRE(encoded.size() <= limit,
              TOO_LARGE);  // RFC 9420 §6.3.1: within what the AEAD and a receiver take
  return encoded;
}

Result<Done<Bytes>> Group::Protect(View data, View authenticated_data, const Env& env) const {
  MLS_DO(RequireActive());
  MLS_REQUIRE(data.size() + authenticated_data.size() <= policy().limits.max_message_size,
              TOO_LARGE);  // RFC 9420 §6.3.1: within what the AEAD and a receiver take
  const bool uncommitted = !proposals().empty() && candidates_.empty();
  MLS_REQUIRE(!uncommitted || policy().send_with_uncommitted_proposals == Policy::Uncommitted::allow,
              PENDING_PROPOSALS);  // RFC 9420 §12.4: commit first, so that a removed member reads no more
  MLS_TRY(content, SignContent(suite(), WireFormat::mls_private_message,
                               NewContent(ApplicationContent{ToBytes(data)}, authenticated_data),
                               signature_private_key_, local_.shared->encoded_context));
  Change change = NewChange();
  MLS_TRY(message, Frame(*content, WireFormat::mls_private_message, change, env));
  MLS_TRY(hash, Hash(suite(), {message}));
  change.sent = SentMessage{hash, ContentType::application};
  return Done<Bytes>{std::move(change), std::move(message)};
}

Result<Proposal> Group::MakePsk(std::variant<ExternalPsk, ResumptionPsk> psk, const Env& env) const {
  MLS_TRY(nonce, env.random->Take(suite().Nh));  // RFC 9420 §8.4: fresh for each injection
  return Proposal{PreSharedKey{{std::move(psk), std::move(nonce)}}};
}

Result<StagedOwnProposal> Group::StageOwnProposal(Proposal proposal, View authenticated_data,
                                                  const Env& env) const {
  MLS_DO(RequireActive());
  MLS_REQUIRE(proposal.type() != ProposalType::update,
              MISUSE);  // RFC 9420 §12.1.2: an Update is made by StageOwnUpdate
  MLS_DO(ValidateProposal(epoch(), context().extensions, epoch().required_or_null(), proposal,
                          Sender::Member(self()), Rules(env)));
  if (const auto* add = proposal.As<Add>()) {
    MLS_DO(VerifyKeyPackageSignatures(suite(), add->key_package));
    MLS_DO(CheckLifetime(add->key_package.leaf_node.lifetime, env.now));
  }
  StagedOwnProposal staged{version_, std::move(proposal), ToBytes(authenticated_data), std::nullopt, {}};
  QuestionsOf(epoch(), staged.proposal, Sender::Member(self()), staged.questions);
  return staged;
}

Result<StagedOwnProposal> Group::StageOwnUpdate(LeafChange change, View authenticated_data,
                                                const Env& env) const {
  MLS_DO(RequireActive());
  MLS_TRY(encryption, GenerateHpkeKeyPair(suite(), *env.random));
  UpdateKeys keys{{}, std::move(encryption.private_key), {}};
  LeafNode leaf = tree().Leaf(self());
  ChangeLeaf(leaf, change);  // RFC 9420 §12.1.2: the present leaf with the caller's changes and a fresh key
  if (change.signature_key) keys.signature_private_key = std::move(change.signature_key->private_key);
  leaf.encryption_key = std::move(encryption.public_key);
  leaf.leaf_node_source = LeafNodeSource::update;
  leaf.parent_hash.clear();
  const Secret& signer =
      keys.signature_private_key.empty() ? signature_private_key_ : keys.signature_private_key;
  MLS_DO(SignLeafNode(suite(), leaf, signer, context().group_id, self()));
  const Sender sender = Sender::Member(self());
  StagedOwnProposal staged{
      version_, {Update{std::move(leaf)}}, ToBytes(authenticated_data), std::move(keys), {}};
  MLS_DO(ValidateProposal(epoch(), context().extensions, epoch().required_or_null(), staged.proposal, sender,
                          Rules(env)));
  QuestionsOf(epoch(), staged.proposal, sender, staged.questions);
  return staged;
}

Result<Done<Bytes>> Group::CompleteOwnProposal(StagedOwnProposal staged, const Answers& answers,
                                               const Env& env) const {
  MLS_DO(RequireActive());
  MLS_REQUIRE(staged.version == version_, STALE_VERSION);  // RFC 9420 §12.1: a proposal is for one epoch
  MLS_DO(CheckVerdicts(staged.questions, answers));
  const WireFormat format = policy().handshake_format;
  MLS_TRY(content,
          SignContent(suite(), format,
                      NewContent(ProposalContent{std::move(staged.proposal)}, staged.authenticated_data),
                      signature_private_key_, local_.shared->encoded_context));
  Change change = NewChange();
  MLS_TRY(message, Frame(*content, format, change, env));
  MLS_TRY(reference, ProposalRef(suite(), *content));
  MLS_TRY(hash, Hash(suite(), {message}));
  CachedProposal cached{ToBytes(reference), ToBytes(hash), *content};
  MLS_DO(proposals().Validate(cached, policy().limits));
  if (staged.update) {
    staged.update->reference = cached.reference;
    change.batch.PutSecret(
        RowKey(RowTag::update, Encoded{cached.reference}),
        EncodeSecret(staged.update->encryption_private_key, staged.update->signature_private_key));
    change.update = std::move(staged.update);
  }
  change.proposed = cached.reference;
  // The same proposal made again has the same reference: it is cached, and saved, once.
  if (proposals().Find(cached.reference) != nullptr) {
    change.sent = SentMessage{hash, ContentType::proposal};
  } else {
    ProposalCache::SaveOne(cached, static_cast<std::uint32_t>(proposals().in_order().size()), change.batch);
    change.proposal = std::make_shared<const CachedProposal>(std::move(cached));
  }
  return Done<Bytes>{std::move(change), std::move(message)};
}

}  // namespace mls
