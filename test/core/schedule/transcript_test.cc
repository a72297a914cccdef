#include "schedule/transcript.h"

#include <doctest/doctest.h>

#include "message/framed_content.h"
#include "schedule/key_schedule.h"
#include "support/tally.h"
#include "support/vectors.h"

namespace mls::test {
namespace {

bool TranscriptHolds(const Json& json) {
  const Suite& suite = *FindSuite(static_cast<CipherSuite>(json["cipher_suite"].get<std::uint16_t>()));
  const auto decoded = Decode<AuthenticatedContent>(FromHex(json["authenticated_content"]));
  if (!decoded.ok()) return false;
  const EncodedContent content(*decoded);
  const View confirmation_tag = content->auth.confirmation_tag;

  const auto confirmed = ConfirmedTranscriptHash(suite, FromHex(json["interim_transcript_hash_before"]),
                                                 content.TranscriptPart(), content->auth.signature);
  if (!confirmed.ok() || !Equal(*confirmed, FromHex(json["confirmed_transcript_hash_after"]))) return false;
  const auto interim = InterimTranscriptHash(suite, *confirmed, confirmation_tag);
  if (!interim.ok() || !Equal(*interim, FromHex(json["interim_transcript_hash_after"]))) return false;
  const auto tag = ConfirmationTag(suite, FromHex(json["confirmation_key"]), *confirmed);
  return tag.ok() && ConstantTimeEqual(*tag, confirmation_tag);
}

TEST_CASE("transcript: official vectors") {
  for (const VectorFile& file : FindVectors("transcript-hashes")) {
    Tally tally(file.set, "transcript-hashes");
    for (const Json& json : file.json) CHECK(tally.Count(TranscriptHolds(json)));
  }
}

TEST_CASE("transcript: the first epoch starts from an empty interim hash") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    const auto confirmed = ConfirmedTranscriptHash(suite, {}, Bytes{1, 2, 3}, Bytes{7, 8});
    const auto hash = Hash(suite, {Bytes{1, 2, 3, 2, 7, 8}});
    REQUIRE((confirmed.ok() && hash.ok()));
    CHECK(*confirmed == *hash);
    CHECK(confirmed->size() == suite.Nh);
  }
}

TEST_CASE("transcript: the interim hash covers the tag's length") {
  const Suite& suite = AllSuites()[0];
  const Bytes tag(32, 7);
  const auto whole = InterimTranscriptHash(suite, {}, tag);
  const auto cut = InterimTranscriptHash(suite, {}, View(tag).first(31));
  REQUIRE((whole.ok() && cut.ok()));
  CHECK(!(*whole == *cut));
  Bytes input = tag;
  input.insert(input.begin(), 32);
  CHECK(*whole == *Hash(suite, {input}));
}

}  // namespace
}  // namespace mls::test
