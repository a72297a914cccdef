// Receiving: a message is opened, verified and staged; completing it acts on it (RFC 9420 §6.2, §6.3, §12.1).
#include <algorithm>

#include "base/check.h"
#include "group/group.h"

namespace mls {

// An echo is known by its bytes before anything is decrypted: its keys went when it was sent (RFC 9420 §9.2).
// A message is hashed only where a hash may answer: most members of a large group have sent nothing.
Result<std::optional<StagedMessage>> Group::FindEcho(View bytes) const {
  StagedMessage echo;
  echo.version = version_;
  for (const CandidatePtr& candidate : candidates_) {
    if (!Equal(candidate->message, bytes)) continue;
    echo.own_candidate = candidate->id;
    return std::optional(std::move(echo));
  }
  if (sent_.empty() && proposals().empty()) return std::optional<StagedMessage>();
  MLS_TRY(hash, Hash(suite(), {bytes}));
  for (const SentMessage& sent : sent_) {
    if (sent.hash != hash) continue;
    echo.own = OwnMessage{sent.type};
    return std::optional(std::move(echo));
  }
  for (const CachedProposalPtr& proposal : proposals().in_order()) {
    if (!Equal(proposal->message, hash)) continue;
    echo.own = OwnMessage{ContentType::proposal};
    return std::optional(std::move(echo));
  }
  return std::optional<StagedMessage>();
}

Result<StagedMessage> Group::Stage(View bytes, const Env& env) const {
  MLS_REQUIRE(phase_ != Phase::removed, REMOVED);  // RFC 9420 §12.4.2: nothing is left to read with
  MLS_REQUIRE(phase_ != Phase::joining, MISUSE);   // RFC 9420 §14: our joining Commit is not accepted yet
  MLS_TRY(echo, FindEcho(bytes));
  if (echo) return std::move(*echo);

  MLS_TRY(message, DecodeMessage(bytes, policy().limits));
  if (auto* open = std::get_if<PublicMessage>(&message.body))
    return StagePublicMessage(std::move(*open), env);
  auto* closed = std::get_if<PrivateMessage>(&message.body);
  MLS_REQUIRE(closed != nullptr,
              WRONG_WIRE_FORMAT);  // RFC 9420 §6: other formats are not messages of a group
  return StagePrivateMessage(std::move(*closed), env);
}

Result<StagedMessage> Group::StagePublicMessage(PublicMessage message, const Env& env) const {
  MLS_DO(ValidateFraming(epoch(), message.content.group_id, message.content.epoch));
  MLS_REQUIRE(message.content.content_type() != ContentType::application,
              UNEXPECTED_PLAINTEXT);  // RFC 9420 §6: application data is always encrypted
  const View context_bytes = local_.shared->encoded_context;
  EncodedContent content(
      {WireFormat::mls_public_message, std::move(message.content), std::move(message.auth)});
  MLS_DO(CheckMembershipTag(suite(), content, message.membership_tag, local_.secrets.membership_key,
                            context_bytes));
  MLS_TRY(key, SenderKey(epoch(), content->content, policy()));
  const bool ours = content->content.sender == Sender::Member(self());
  MLS_REQUIRE(!ours, OWN_MESSAGE);  // RFC 9420 §12.4.2: a handshake of ours that we do not remember
  MLS_TRY(verified, VerifyContent(suite(), std::move(content), key, context_bytes));
  return StageContent(std::move(verified), env);
}

Result<StagedMessage> Group::StagePrivateMessage(PrivateMessage message, const Env& env) const {
  MLS_REQUIRE(Equal(message.group_id, context().group_id),
              WRONG_GROUP);  // RFC 9420 §6: group_id names the group
  if (message.content_type == ContentType::application && message.epoch < context().epoch) {
    return StagePastMessage(message);
  }
  MLS_DO(ValidateFraming(epoch(), message.group_id, message.epoch));
  const MessageContext where{&suite(), local_.shared->encoded_context, self(),
                             [&](LeafIndex leaf) { return tree().SignatureKey(leaf); }};
  MLS_TRY(opened, OpenPrivateMessage(local_.messages, where, message, policy().limits));
  message.ciphertext = Bytes();  // not beside all that is made of it
  MLS_TRY(staged, StageContent(std::move(opened.content), env));
  staged.ratchet.emplace(message.epoch, std::move(opened.change));
  return std::move(staged);
}

Result<StagedMessage> Group::StagePastMessage(const PrivateMessage& message) const {
  std::size_t position = 0;
  while (position < past_.size() && past_[position].epoch != message.epoch) ++position;
  MLS_REQUIRE(position < past_.size(), WRONG_EPOCH);  // RFC 9420 §15.3: late messages, within limits
  const PastEpoch& past = past_[position];
  const MessageContext where{&suite(), past.group_context, self(),
                             [&](LeafIndex leaf) { return PastSignatureKey(past_, position, tree(), leaf); }};
  MLS_TRY(opened, OpenPrivateMessage(past.keys, where, message, policy().limits));
  const FramedContent& content = opened.content->content;
  StagedMessage staged;
  staged.version = version_;
  staged.application = ApplicationMessage{content.sender.leaf_index, content.epoch,
                                          std::get<ApplicationContent>(content.body).application_data,
                                          content.authenticated_data};
  staged.ratchet.emplace(message.epoch, std::move(opened.change));
  return staged;
}

Result<StagedMessage> Group::StageContent(Verified<AuthenticatedContent> verified, const Env& env) const {
  const FramedContent& content = verified->content;
  const bool handshake = content.content_type() != ContentType::application;
  MLS_REQUIRE(!handshake || phase_ == Phase::active,
              GROUP_SUSPENDED);  // RFC 9420 §11.2: after a ReInit comes a Welcome
  StagedMessage staged;
  staged.version = version_;
  switch (content.content_type()) {
    case ContentType::application:
      staged.application = ApplicationMessage{content.sender.leaf_index, content.epoch,
                                              std::get<ApplicationContent>(content.body).application_data,
                                              content.authenticated_data};
      return staged;
    case ContentType::proposal: {
      MLS_TRY(proposal, mls::StageProposal(epoch(), proposals(), verified, Rules(env), staged.questions));
      staged.proposal = std::move(proposal);
      return staged;
    }
    case ContentType::commit: {
      MLS_TRY(commit, mls::StageCommit(epoch(), proposals(), std::move(verified), Rules(env)));
      // Whom a member removes needs neither its PSKs nor its newcomers: nothing may keep us from forgetting
      // the group (RFC 9420 §16.6). A stranger who replaces us has to be our successor.
      const auto& removed = commit.plan.removed;
      const bool leaving = commit.content->content.sender.sender_type == SenderType::member &&
                           std::binary_search(removed.begin(), removed.end(), self());
      if (!leaving) {
        staged.questions = commit.questions;
        MLS_TRY(psks, ForeignPsks(commit.plan.psks));
        staged.questions.psks = std::move(psks);
      }
      staged.commit = std::move(commit);
      return staged;
    }
  }
  return Error::MALFORMED;
}

Result<Done<Received>> Group::Complete(StagedMessage staged, const Answers& answers, const Env& env) const {
  MLS_REQUIRE(staged.version == version_, STALE_VERSION);  // RFC 9420 §14: staged against one state
  if (staged.own_candidate) {
    MLS_TRY(done, AcceptCandidate(*staged.own_candidate, env));
    return Done<Received>{std::move(done.change), std::move(done.output)};
  }
  if (staged.own) return Done<Received>{NewChange(), *staged.own};
  MLS_DO(CheckVerdicts(staged.questions, answers));
  if (staged.commit) return CompleteReceivedCommit(std::move(staged), answers, env);

  Change change = NewChange();
  if (staged.ratchet) {
    const auto& [at, use] = *staged.ratchet;
    if (at == context().epoch) {
      local_.messages.secret_tree.SaveChange(use, change.batch);
    } else {
      for (const PastEpoch& past : past_) {
        if (past.epoch == at) past.keys.secret_tree.SaveChange(use, change.batch);
      }
    }
    change.ratchet = std::move(staged.ratchet);
  }
  if (staged.application) return Done<Received>{std::move(change), std::move(*staged.application)};
  if (proposals().Find(staged.proposal->reference) == nullptr) {
    ProposalCache::SaveOne(*staged.proposal, static_cast<std::uint32_t>(proposals().in_order().size()),
                           change.batch);
    change.proposal = staged.proposal;
  }
  return Done<Received>{std::move(change), ReceivedProposal{staged.proposal}};
}

}  // namespace mls
