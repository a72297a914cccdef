#include "group/public_epoch.h"

#include <doctest/doctest.h>

#include "schedule/transcript.h"
#include "support/world.h"

namespace mls::test {
namespace {

struct Founded {
  World world{71};
  Group group;
  explicit Founded(const Suite& suite, Extensions extensions = {})
      : group(world.NewGroup(world.NewClient(suite, "alice"), {}, std::move(extensions))) {
    for (int i = 0; i < 20; ++i) {
      world.AddMember(group, {}, world.NewClient(suite, "member " + std::to_string(i)));
    }
  }
  MemoryRows Rows() const {
    Batch batch;
    group.tree().Save(batch, nullptr);
    MemoryRows rows;
    rows.Apply(batch);
    return rows;
  }
};

TEST_CASE("MakePublicEpoch reads the context once: transcript, encoding, extensions") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    World world(72);
    const Client sender = world.NewClient(suite, "external");
    const RequiredCapabilities required{{}, {ProposalType::add}, {CredentialType::basic}};
    const ExternalSenders senders{{{sender.profile.signature_key, sender.profile.credential}}};
    const Group group = world.NewGroup(world.NewClient(suite, "alice"), {},
                                       {MakeExtension(required), MakeExtension(senders)});
    const Bytes tag(suite.Nh, 5);
    const PublicEpochPtr epoch = Must(MakePublicEpoch(group.context(), group.tree(), tag));
    CHECK(epoch->context == group.context());
    CHECK(epoch->encoded_context == Encode(group.context()));
    CHECK(epoch->confirmation_tag == tag);
    CHECK(Equal(epoch->interim_transcript_hash,
                Must(InterimTranscriptHash(suite, group.context().confirmed_transcript_hash, tag))));
    REQUIRE(epoch->required_or_null() != nullptr);
    CHECK(*epoch->required_or_null() == required);
    CHECK(epoch->external_senders == senders.senders);
    CHECK(&epoch->suite() == &suite);

    GroupContext bare = group.context();
    bare.extensions.clear();
    const PublicEpochPtr without = Must(MakePublicEpoch(bare, group.tree(), tag));
    CHECK(without->required_or_null() == nullptr);
    CHECK(without->external_senders.empty());
    for (const ExtensionType type : {ExtensionType::required_capabilities, ExtensionType::external_senders}) {
      bare.extensions = {{type, {0xC0}}};
      CHECK(ErrorOf(MakePublicEpoch(bare, group.tree(), tag)) == Error::MALFORMED);
    }
  }
}

TEST_CASE("LoadPublicEpoch gives the epoch of the rows, and the tree hash tells damage") {
  const Suite& suite = AllSuites()[0];
  const Founded founded(suite);
  const MemoryRows rows = founded.Rows();
  const GroupContext& context = founded.group.context();
  const std::uint32_t width = founded.group.tree().width();
  const PublicEpochPtr loaded = Must(LoadPublicEpoch(context, width, {1}, rows, nullptr));
  CHECK(loaded->tree.RootHash() == founded.group.tree().RootHash());
  CHECK(loaded->tree.EncodeExtension() == founded.group.tree().EncodeExtension());
  const auto damaged = [&](const GroupContext& one, std::uint32_t wide, const MemoryRows& from) {
    return ErrorOf(LoadPublicEpoch(one, wide, {1}, from, nullptr)) == Error::STORAGE_DAMAGED;
  };
  GroupContext other = context;
  other.tree_hash.back() ^= 1;
  CHECK(damaged(other, width, rows));
  other = context;
  other.cipher_suite = CipherSuite{0x1234};
  CHECK(damaged(other, width, rows));
  CHECK(damaged(context, width / 2, rows));
  CHECK(damaged(context, 2 * width, rows));
  CHECK(damaged(context, width, MemoryRows()));
  for (const auto& [key, value] : rows.rows()) {
    MemoryRows fewer;
    for (const auto& [one, row] : rows.rows()) {
      if (one != key) fewer.Put(one, row);
    }
    CHECK(damaged(context, width, fewer));
  }
}

}  // namespace
}  // namespace mls::test
