// Transcript hashes (RFC 9420 §8.2): a running hash over every Commit that led to an epoch.
#pragma once

#include "crypto/kdf.h"

namespace mls {

// ConfirmedTranscriptHash of the new epoch; `content` is the wire format and FramedContent of its Commit as
// ConfirmedTranscriptHashInput encodes them, `signature` the Commit's.
Result<Digest> ConfirmedTranscriptHash(const Suite& suite, View interim_transcript_hash, View content,
                                       View signature);
// InterimTranscriptHash of the same epoch, from the Commit's confirmation tag.
Result<Digest> InterimTranscriptHash(const Suite& suite, View confirmed_transcript_hash,
                                     View confirmation_tag);

}  // namespace mls
