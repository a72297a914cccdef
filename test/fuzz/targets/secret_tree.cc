// Reaches: SecretTree, its ratchets, its rows: any order of requests, sends, applied or dropped, with saving
// and loading. Holds: no key is given for use twice, a generation has one key, two generations have two, and
// what is kept stays within the limits. Input: the width, two limits, then seven bytes for each request.
#include <set>

#include "schedule/secret_tree.h"
#include "support/seeded_random.h"
#include "support/target.h"

namespace mls::fuzz {

namespace {

using KeyId = std::pair<RatchetId, std::uint32_t>;

constexpr std::uint32_t kEpoch = 5;
constexpr std::uint32_t kOwnLeaf = 0;  // sends; nobody receives from it

class Requests {
 public:
  explicit Requests(Input& input)
      : width_(1u << input.Below(5)),
        limits_(LimitsOf(input)),
        tree_(SecretTree::Create(suite_, kEpoch, width_, Secret::Copy(Bytes(suite_.Nh, 3)))) {
    Batch batch;
    tree_.Save(batch);
    rows_.Apply(batch);
  }

  void Make(Input& input) {
    const std::uint8_t kind = input.Byte();
    const LeafIndex leaf{static_cast<std::uint32_t>(input.Below(width_ + 1))};
    const RatchetId id{leaf, kind % 2 == 0 ? RatchetType::application : RatchetType::handshake};
    const auto number = static_cast<std::uint32_t>(input.Number(4));
    switch (kind >> 1 & 7) {
      case 0:
        return Reload();
      case 1:
        return Send({LeafIndex{kOwnLeaf}, id.type}, kind >= 128);
      case 2:
        return Receive(id, number, kind >= 128);  // anywhere
      default:
        return Receive(id, number % 64, kind >= 128);
    }
  }

 private:
  static Limits LimitsOf(Input& input) {
    Limits limits;
    limits.max_forward_steps = static_cast<std::uint32_t>(input.Below(64));
    limits.max_skipped_keys_per_sender = input.Below(16);
    limits.max_skipped_keys = input.Below(64);
    limits.reserved_generations = 1 + static_cast<std::uint32_t>(input.Below(8));
    return limits;
  }

  void Receive(RatchetId id, std::uint32_t generation, bool dropped) {
    if (id.leaf.value == kOwnLeaf && width_ > 1) return;
    auto key = tree_.Receive(id, generation, limits_);
    ExpectSound(key);
    if (!key.ok()) return;
    Expect(key->generation == generation, "the key is that of the generation asked for");
    Take(id, std::move(*key), dropped);
  }

  void Send(RatchetId id, bool dropped) {
    if (width_ == 1) return;
    auto key = tree_.Send(id, limits_);
    ExpectSound(key);
    if (key.ok()) Take(id, std::move(*key), dropped);
  }

  void Take(RatchetId id, MessageKey key, bool dropped) {
    const KeyId name{id, key.generation};
    Expect(!used_.contains(name), "no key is given after it was used");
    Bytes bytes = ToBytes(key.key_and_nonce.key);
    Append(bytes, key.key_and_nonce.nonce);
    const auto [known, is_new] = keys_.emplace(name, bytes);
    Expect(known->second == bytes, "a generation has one key");
    if (is_new) Expect(different_.insert(std::move(bytes)).second, "two generations have two keys");
    if (dropped) return;
    Batch batch;
    tree_.SaveChange(key.change, batch);
    tree_.Apply(std::move(key.change));
    rows_.Apply(batch);
    used_.insert(name);
    Expect(tree_.skipped_key_count() <= limits_.max_skipped_keys, "keys passed over stay within their limit");
    Expect(rows_.size() < 8 * width_ + 64, "rows stay few");
  }

  // Reload goes on from the rows: own generations may be skipped, none comes again.
  void Reload() {
    auto loaded = SecretTree::Load(suite_, kEpoch, width_, rows_);
    Expect(loaded.ok(), "what was saved loads");
    tree_ = std::move(*loaded);
    Batch batch;
    tree_.Save(batch);
    MemoryRows saved;
    saved.Apply(batch);
    Expect(saved == rows_, "what was loaded is what was saved");
  }

  const Suite& suite_ = AllSuites().front();
  std::uint32_t width_;
  Limits limits_;
  SecretTree tree_;
  MemoryRows rows_;
  std::set<KeyId> used_;
  std::map<KeyId, Bytes> keys_;
  std::set<Bytes> different_;
};

}  // namespace

void FuzzOne(View bytes) {
  Input input(bytes);
  Requests requests(input);
  for (int count = 0; !input.empty() && count < 64; ++count) requests.Make(input);
}

std::vector<Seed> Seeds() {
  std::vector<Seed> seeds;
  test::SeededRandom random(11);
  for (const std::size_t count : {1u, 4u, 16u, 64u}) {
    for (const std::uint8_t width : {0, 1, 2, 4}) {
      Bytes bytes = {width, 63, 15, 63, 4};
      Append(bytes, random.Some(6 * count));
      seeds.push_back({"width-" + std::to_string(1 << width) + "-requests-" + std::to_string(count), bytes});
    }
  }
  return seeds;
}

}  // namespace mls::fuzz
