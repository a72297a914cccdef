// Reaches: joining by external Commit (RFC 9420 §12.4.3.2): the GroupInfo, its tree, the Commit that is made
// of it. Holds: a group that was joined saves and loads as what it is; members take or refuse our Commit as
// LiveGroup::Receive says, and the one made of an untouched GroupInfo they take. Input: choices, the leaf to
// be replaced, edits of GroupInfo and tree; or with kWhole a GroupInfo, signed again with kSign.
#include "support/edit.h"
#include "support/mutate.h"
#include "support/newcomer.h"

namespace mls::fuzz {

namespace {

enum Choice : std::uint8_t { kSuite = 1, kWhole = 2, kSign = 4, kResync = 8, kPsk = 16, kTreeApart = 32 };

struct Joining {
  GroupInfo info;
  Secret signer;  // the founder's
};

const Joining& JoiningOf(std::size_t suite) {
  static std::map<std::size_t, std::unique_ptr<Joining>> made;
  std::unique_ptr<Joining>& one = made[suite];
  if (one == nullptr) {
    LiveGroup& group = LiveGroup::Of(suite);
    const MemoryRows rows = World::Saved(group.company[0]);
    one = std::make_unique<Joining>(
        Joining{group.company.Info(0), Secret::Copy(*rows.Get(RowKey(RowTag::signer)))});
  }
  return *one;
}

Result<GroupInfo> Made(const LiveGroup& group, std::uint8_t choice, Input& input) {
  const Joining& joining = JoiningOf(choice & kSuite);
  GroupInfo info = joining.info;
  if ((choice & kWhole) != 0) {
    auto decoded = Decode<GroupInfo>(input.Rest());
    if (!decoded.ok()) return decoded.error();
    info = std::move(*decoded);
  } else {
    const Edit of_info = Edit::Read(input), of_tree = Edit::Read(input);
    if (!of_tree.empty()) SetTree(group.suite(), info, of_tree.In(TreeOf(info)));
    of_info.Change(info);
  }
  if ((choice & kSign) != 0 && !SignGroupInfo(group.suite(), info, joining.signer).ok())
    return Error::INVALID_KEY;
  return info;
}

Result<ExternalJoin> Join(const LiveGroup& group, GroupInfo info, std::uint8_t choice, LeafIndex former) {
  SeededRandom random(9);
  const Env env{kNow, &random, nullptr};
  ExternalJoinOptions options;
  options.profile = &group.stranger.profile;
  if ((choice & kResync) != 0) options.resync = former;
  if ((choice & kPsk) != 0)
    options.psks = {{ExternalPsk{ToBytes(AsView("psk"))}, Bytes(group.suite().Nh, 5)}};
  if ((choice & kTreeApart) != 0) options.ratchet_tree = group.receiver.tree().EncodeExtension();
  auto staged = Group::StageExternalJoin(info, std::move(options), env);
  if (!staged.ok()) return staged.error();
  const Answers answers = group.Answer(staged->questions);
  return Group::CompleteExternalJoin(std::move(*staged), answers, env);
}

}  // namespace

void FuzzOne(View bytes) {
  Input input(bytes);
  const std::uint8_t choice = input.Byte();
  const LeafIndex former{input.Byte()};
  LiveGroup& group = LiveGroup::Of(choice & kSuite);
  auto info = Made(group, choice, input);
  if (!info.ok()) return;
  const auto joined = Join(group, *info, choice, former);
  ExpectSound(joined);
  if (!joined.ok()) return;
  NoteTaken();
  ExpectWhole(*joined->group);
  const bool taken = group.Receive(joined->message);
  const GroupInfo& genuine = JoiningOf(choice & kSuite).info;
  info->signature = genuine.signature;
  if (*info == genuine && (choice & kResync) == 0)
    Expect(taken, "members take the commit of an honest joiner");
}

std::vector<Seed> Seeds() {
  std::vector<Seed> seeds;
  for (const std::uint8_t suite : {0, 1}) {
    const GroupInfo& info = JoiningOf(suite).info;
    const auto add = [&](const std::string& name, int choice, View rest) {
      Bytes front = {static_cast<std::uint8_t>(choice | suite), 4};
      seeds.push_back({name + "-" + std::to_string(suite), Joined(std::move(front), rest)});
    };
    for (const int choice : {0, +kSign, kSign | kResync, kSign | kPsk, kSign | kTreeApart}) {
      add("join-" + std::to_string(choice), choice, Bytes(10, 0));
    }
    add("whole", kWhole, Encode(info));
    add("whole-signed", kWhole | kSign, Encode(info));
    const std::size_t tree = TreeOf(info).size();
    for (std::size_t at = 0; at < tree; at += tree / 8) {
      const Bytes edit = Edit::Encode(static_cast<std::uint16_t>(at), 1, Bytes{1});
      add("info-edited-" + std::to_string(at), kSign, edit);
      add("tree-edited-" + std::to_string(at), kSign, Joined(Bytes(5, 0), edit));
    }
  }
  return seeds;
}

}  // namespace mls::fuzz

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned seed) {
  if (size > 0 && (data[0] & mls::fuzz::kWhole) != 0) {
    return mls::fuzz::Mutated<mls::GroupInfo>(data, size, max_size, seed, 2);
  }
  return LLVMFuzzerMutate(data, size, max_size);
}
