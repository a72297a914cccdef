#include "group/external_proposal.h"

#include "base/check.h"

namespace mls {

namespace {

Result<Bytes> SignProposal(const Suite& suite, View group_id, std::uint64_t epoch, Sender sender,
                           View signature_private_key, Proposal proposal) {
  FramedContent content{ToBytes(group_id), epoch, sender, {}, ProposalContent{std::move(proposal)}};
  MLS_TRY(verified,
          SignContent(suite, WireFormat::mls_public_message, std::move(content), signature_private_key, {}));
  MLS_TRY(message, ProtectPublic(suite, *verified, {}, {}));
  return EncodeMessage(std::move(message));
}

}  // namespace

Result<Bytes> ProposeAsExternal(const Suite& suite, View group_id, std::uint64_t epoch,
                                std::uint32_t sender_index, View signature_private_key, Proposal proposal) {
  const bool custom = proposal.As<CustomProposal>() != nullptr;
  MLS_REQUIRE(custom || MayBeExternal(proposal.type(), {}),
              INVALID_SENDER_TYPE);  // RFC 9420 §12.1.8: an Update or ExternalInit is its sender's own
  return SignProposal(suite, group_id, epoch, Sender::External(sender_index), signature_private_key,
                      std::move(proposal));
}

Result<Bytes> ProposeOwnAdd(KeyPackage key_package, View signature_private_key, View group_id,
                            std::uint64_t epoch) {
  const Suite* suite = FindSuite(key_package.cipher_suite);
  MLS_REQUIRE(suite != nullptr, UNSUPPORTED_CIPHERSUITE);  // RFC 9420 §17.1: one we speak
  MLS_TRY(signature_key, SignaturePublicKey(*suite, signature_private_key));
  MLS_REQUIRE(signature_key == key_package.leaf_node.signature_key,
              INVALID_KEY);  // RFC 9420 §6.1: the key that receivers will verify it under
  return SignProposal(*suite, group_id, epoch, Sender::NewMemberProposal(), signature_private_key,
                      {Add{std::move(key_package)}});
}

}  // namespace mls
