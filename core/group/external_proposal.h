// Proposals from outside the group (RFC 9420 §12.1.8): by somebody whom external_senders names, or by a
// client that wants to be added.
//
// They are PublicMessages signed without the group's context, so nothing of the group is needed but its id
// and its epoch: a proposal is good for one epoch. Whether members act on one is their choice.
#pragma once

#include "message/mls_message.h"

namespace mls {

// ProposeAsExternal gives the MLSMessage of a proposal by entry `sender_index` of external_senders
// (§12.1.8.1), with that entry's signature key: INVALID_SENDER_TYPE for a type that an external sender may
// not send; of custom types the members' policies decide.
Result<Bytes> ProposeAsExternal(const Suite& suite, View group_id, std::uint64_t epoch,
                                std::uint32_t sender_index, View signature_private_key, Proposal proposal);

// ProposeOwnAdd gives the MLSMessage with which the owner of a key package asks to be added, signed with the
// key of its leaf: UNSUPPORTED_CIPHERSUITE, INVALID_KEY when `signature_private_key` is not that of the leaf.
Result<Bytes> ProposeOwnAdd(KeyPackage key_package, View signature_private_key, View group_id,
                            std::uint64_t epoch);

}  // namespace mls
