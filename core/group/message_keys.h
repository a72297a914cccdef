// MessageKeys: what one epoch needs to read and write PrivateMessages (RFC 9420 §6.3, §9).
//
// The current epoch and past ones read by the same code. Opening changes nothing: it gives the content and
// the change to the secret tree that the caller applies when the content has been accepted.
#pragma once

#include <functional>

#include "message/private_message.h"
#include "schedule/secret_tree.h"

namespace mls {

struct MessageKeys {
  Secret sender_data_secret;
  SecretTree secret_tree;
};

// MessageContext: the public side of the same epoch.
struct MessageContext {
  const Suite* suite = nullptr;
  View group_context;  // encoded
  LeafIndex self;
  // The signature key of a member of that epoch; empty for a blank leaf or one beyond the tree.
  std::function<View(LeafIndex)> signature_key;
};

struct OpenedMessage {
  Verified<AuthenticatedContent> content;
  SecretTreeChange change;
};

// OpenPrivateMessage decrypts and verifies (RFC 9420 §6.3): DECRYPT_FAILED, MALFORMED, UNKNOWN_SENDER,
// OWN_MESSAGE, KEY_CONSUMED, LIMIT_EXCEEDED, BAD_SIGNATURE.
Result<OpenedMessage> OpenPrivateMessage(const MessageKeys& keys, const MessageContext& context,
                                         const PrivateMessage& message, const Limits& limits);

struct SealedMessage {
  PrivateMessage message;
  SecretTreeChange change;
};

// SealPrivateMessage encrypts signed content of our own under our next generation (RFC 9420 §6.3.1).
Result<SealedMessage> SealPrivateMessage(const MessageKeys& keys, const Suite& suite,
                                         const AuthenticatedContent& content, PaddingPolicy padding,
                                         const Limits& limits, Random& random);

}  // namespace mls
