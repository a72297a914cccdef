// Transcript hashes (RFC 9420 §8.2): a running hash over every Commit that led to an epoch.
#pragma once

#include "crypto/kdf.h"

namespace mls {

// ConfirmedTranscriptHash of the new epoch; `confirmed_input` is the encoded ConfirmedTranscriptHashInput of
// its Commit.
Result<Digest> ConfirmedTranscriptHash(const Suite& suite, View interim_transcript_hash,
                                       View confirmed_input);
// InterimTranscriptHash of the same epoch, from the Commit's confirmation tag.
Result<Digest> InterimTranscriptHash(const Suite& suite, View confirmed_transcript_hash,
                                     View confirmation_tag);

}  // namespace mls
