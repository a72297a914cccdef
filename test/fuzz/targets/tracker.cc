// Reaches: Tracker::Stage and Complete over a sequence of handshakes, forged and genuine; its rows.
// Holds: what a member takes the tracker takes, to the same epoch; what the tracker alone takes fails a
// member for a reason that needs a secret; what a tracker saves loads as what it is. Input: a byte of
// choices, then handshakes, each a byte that says how it is made and a part.
#include "kit/raw_public.h"
#include "support/content.h"
#include "support/mutate.h"

namespace mls::fuzz {

namespace {

enum Kind : std::uint8_t { kGenuine, kRaw, kForged, kOutside, kCommit };

struct Followed {
  LiveGroup& group;
  MemoryRows rows;  // of a tracker that has seen what the members have
  std::vector<Seed> genuine;
};

Env EnvOf(Random& random) { return {kNow, &random, nullptr}; }

Status Give(Tracker& tracker, const LiveGroup& group, View message) {
  SeededRandom random(12);
  auto staged = tracker.Stage(message, EnvOf(random));
  if (!staged.ok()) return staged.error();
  const Answers answers = group.Answer(staged->questions);
  return tracker.Complete(std::move(*staged), answers);
}

MemoryRows SavedOf(const Tracker& tracker) {
  Batch batch;
  tracker.Save(batch);
  MemoryRows rows;
  rows.Apply(batch);
  return rows;
}

const Followed& FollowedOf(std::size_t suite) {
  static std::map<std::size_t, std::unique_ptr<Followed>> made;
  std::unique_ptr<Followed>& one = made[suite % 2];
  if (one != nullptr) return *one;
  LiveGroup& group = LiveGroup::Of(suite);
  SeededRandom random(13);
  StagedSeed seed =
      Must(Tracker::StageSeed(MessageOf(group.company.Info(0)), {}, group.receiver.policy(), EnvOf(random)));
  const Answers answers = AcceptAll(seed.questions);
  Tracker tracker = Must(Tracker::CompleteSeed(std::move(seed), answers, group.receiver.policy()));
  for (const Bytes& proposal : group.proposed) Must(Give(tracker, group, proposal));
  one = std::make_unique<Followed>(Followed{group, SavedOf(tracker), group.Genuine()});
  return *one;
}

Bytes Forged(LiveGroup& group, Kind kind, View part) {
  RawPublic raw;
  raw.content = Joined(group.Framing(), part);
  if (kind == kOutside) {
    raw.signer = &group.keys[0].private_key;
    raw.context = RawPublic::Context::left_out;
    raw.tag = RawPublic::Tag::without;
  }
  if (kind == kCommit) raw.confirmation_tag = Bytes(group.suite().Nh, 1);
  return MakeRawPublic(group.insider, raw);
}

// NeedsSecret: reasons that no tracker can have.
bool NeedsSecret(Error error) {
  switch (error) {
    case Error::BAD_MEMBERSHIP_TAG:
    case Error::BAD_CONFIRMATION_TAG:
    case Error::DECRYPT_FAILED:
    case Error::PATH_SECRET_MISMATCH:
    case Error::INVALID_UPDATE_PATH:
    case Error::INVALID_EXTERNAL_INIT:
    case Error::MISSING_PSK:
    case Error::OWN_MESSAGE:
      return true;
    default:
      return false;
  }
}

}  // namespace

void FuzzOne(View bytes) {
  Input input(bytes);
  const Followed& followed = FollowedOf(input.Byte());
  LiveGroup& group = followed.group;
  SeededRandom random(14);
  Tracker tracker = Must(Tracker::Load(followed.rows, group.receiver.policy(), EnvOf(random)));
  for (int count = 0; !input.empty() && count < 8; ++count) {
    const auto kind = static_cast<Kind>(input.Byte() % 5);
    const View part = input.Part();
    Bytes message = kind == kRaw ? ToBytes(part) : Forged(group, kind, part);
    if (kind == kGenuine)
      message = followed.genuine[part.empty() ? 0 : part[0] % followed.genuine.size()].bytes;
    const Status given = Give(tracker, group, message);
    ExpectSound(given);
    if (given.ok()) NoteTaken();
    if (count > 0) continue;
    // The first finds member and tracker in the same epoch.
    const auto refused = group.Refusal(message, [&](const Group& next) {
      if (given.ok())
        Expect(next.context() == tracker.epoch().context, "tracker and members come to one epoch");
    });
    if (!refused && StartsWith(message, Encode(ProtocolVersion::mls10, WireFormat::mls_public_message))) {
      Expect(given.ok(), "what a member takes the tracker takes");
    }
    if (refused && given.ok())
      Expect(NeedsSecret(*refused), "what the tracker takes fails for a secret alone");
  }
  const MemoryRows rows = SavedOf(tracker);
  const auto loaded = Tracker::Load(rows, group.receiver.policy(), EnvOf(random));
  Expect(loaded.ok() && SavedOf(*loaded) == rows, "what a tracker saves loads as what it is");
}

std::vector<Seed> Seeds() {
  std::vector<Seed> seeds;
  const Followed& followed = FollowedOf(0);
  for (std::uint8_t i = 0; i < followed.genuine.size(); ++i) {
    Bytes bytes = {0, kGenuine};
    AppendPart(bytes, Bytes{i});
    seeds.push_back({"genuine-" + followed.genuine[i].name, bytes});
  }
  for (const auto& [name, content] : ContentSeeds(followed.group)) {
    const bool inside = content.sender.sender_type == SenderType::member;
    const bool commit = std::holds_alternative<CommitContent>(content.body);
    Bytes bytes = {0, commit ? kCommit : inside ? kForged : kOutside};
    AppendPart(bytes, Encode(content));
    bytes.push_back(kGenuine);
    AppendPart(bytes, Bytes{14});
    seeds.push_back({"forged-" + name, bytes});
  }
  return seeds;
}

}  // namespace mls::fuzz
