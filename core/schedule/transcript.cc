#include "schedule/transcript.h"

#include "wire/codec.h"

namespace mls {

Result<Digest> ConfirmedTranscriptHash(const Suite& suite, View interim_transcript_hash, View content,
                                       View signature) {
  return Hash(suite, {interim_transcript_hash, content, Encode(signature)});
}

Result<Digest> InterimTranscriptHash(const Suite& suite, View confirmed_transcript_hash,
                                     View confirmation_tag) {
  // InterimTranscriptHashInput is the tag alone, as opaque<V>.
  return Hash(suite, {confirmed_transcript_hash, Encode(confirmation_tag)});
}

}  // namespace mls
