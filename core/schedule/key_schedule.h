// The key schedule (RFC 9420 §8): from one epoch's init secret and the next commit to the next epoch's
// secrets.
//
//                     init_secret_[n-1]
//                           |
//     commit_secret --> KDF.Extract --> ExpandWithLabel("joiner", GroupContext_[n]) = joiner_secret
//                           |
//     psk_secret    --> KDF.Extract --> DeriveSecret("welcome") = welcome_secret
//                           |
//             ExpandWithLabel("epoch", GroupContext_[n]) = epoch_secret --> the secrets of EpochSecrets
#pragma once

#include "crypto/labels.h"

namespace mls {

// EpochSecrets: everything derived from one epoch_secret (RFC 9420 §8, Table 4). Each is Nh bytes.
struct EpochSecrets {
  Secret sender_data_secret;
  Secret encryption_secret;  // consumed by the secret tree
  Secret exporter_secret;
  Secret external_secret;
  Secret confirmation_key;
  Secret membership_key;
  Secret resumption_psk;
  Secret epoch_authenticator;
  Secret init_secret;
};

// JoinerSecret of the new epoch.
Result<Secret> JoinerSecret(const Suite& suite, View init_secret, View commit_secret, View group_context);
// MemberSecret mixes the PSKs into it; it is the parent of welcome_secret and epoch_secret.
Result<Secret> MemberSecret(const Suite& suite, View joiner_secret, View psk_secret);
Result<Secret> WelcomeSecret(const Suite& suite, View member_secret);
Result<Secret> EpochSecret(const Suite& suite, View member_secret, View group_context);
Result<EpochSecrets> DeriveEpochSecrets(const Suite& suite, View epoch_secret);

struct KeyAndNonce {
  Secret key;    // Nk bytes
  Secret nonce;  // Nn bytes
};
// WelcomeKey gives the key and nonce of encrypted_group_info (RFC 9420 §12.4.3.1).
Result<KeyAndNonce> WelcomeKey(const Suite& suite, View welcome_secret);
// SenderDataKey gives those of encrypted_sender_data for one ciphertext (RFC 9420 §6.3.2).
Result<KeyAndNonce> SenderDataKey(const Suite& suite, View sender_data_secret, View ciphertext);

// ConfirmationTag is MAC(confirmation_key, confirmed_transcript_hash) (RFC 9420 §6.1).
Result<Digest> ConfirmationTag(const Suite& suite, View confirmation_key, View confirmed_transcript_hash);

// ExportSecret is MLS-Exporter (RFC 9420 §8.5).
Result<Secret> ExportSecret(const Suite& suite, View exporter_secret, std::string_view label, View context,
                            std::size_t length);

// ExternalKeyPair derives external_priv and external_pub (RFC 9420 §8).
Result<HpkeKeyPair> ExternalKeyPair(const Suite& suite, View external_secret);

struct ExternalInitSecret {
  Bytes kem_output;
  Secret init_secret;
};
// SendExternalInit and ReceiveExternalInit are the two sides of RFC 9420 §8.3. INVALID_KEY for a bad
// external_pub, INVALID_EXTERNAL_INIT for a bad kem_output.
Result<ExternalInitSecret> SendExternalInit(const Suite& suite, View external_pub, Random& random);
Result<Secret> ReceiveExternalInit(const Suite& suite, View external_secret, View kem_output);

}  // namespace mls
