// Reaches: the ratchet_tree extension and what a joiner checks of it (RFC 9420 §7.8, §7.9, §12.4.3.1), behind
// a tree hash and a signature that are right. Holds: a tree that decodes encodes to the same bytes; a valid
// one is the same when saved and loaded, and everybody's credential is asked about. Input: choices, then the
// extension. With kSignLeaves every leaf is signed again by the member whose key it has.
#include "support/mutate.h"
#include "support/newcomer.h"
#include "tree/hash_input.h"

namespace mls::fuzz {

namespace {

enum Choice : std::uint8_t { kSuite = 1, kSignLeaves = 2, kLean = 4 };

// The nodes as the codec knows them, for mutations.
struct LeafEntry {
  static constexpr NodeType kTag = NodeType::leaf;
  LeafNode leaf_node;
  static constexpr auto kWire = Fields(&LeafEntry::leaf_node);
};
struct ParentEntry {
  static constexpr NodeType kTag = NodeType::parent;
  ParentNode parent_node;
  static constexpr auto kWire = Fields(&ParentEntry::parent_node);
};
using Entries = std::vector<std::optional<std::variant<LeafEntry, ParentEntry>>>;

// Lean: a group whose members were added without a path, and so has no parent nodes but unmerged leaves.
struct Lean {
  explicit Lean(const Suite& suite) : company(suite, 2) {
    CommitOptions options;
    options.path = CommitOptions::Path::when_required;
    company.Hire(1, 3, std::move(options));
    info = company.Info(0);
    signer = Secret::Copy(*World::Saved(company[0]).Get(RowKey(RowTag::signer)));
  }
  Company company;
  GroupInfo info;
  Secret signer;
};

struct Host {
  Company& company;
  const GroupInfo& info;
  const Secret& signer;
};

Host HostOf(std::uint8_t choice) {
  static std::map<std::uint8_t, std::unique_ptr<Newcomer>> warm;
  static std::map<std::uint8_t, std::unique_ptr<Lean>> lean;
  const std::uint8_t suite = choice & kSuite;
  if ((choice & kLean) != 0) {
    std::unique_ptr<Lean>& one = lean[suite];
    if (one == nullptr) one = std::make_unique<Lean>(AllSuites()[suite]);
    return {one->company, one->info, one->signer};
  }
  std::unique_ptr<Newcomer>& one = warm[suite];
  if (one == nullptr) one = std::make_unique<Newcomer>(LiveGroup::Of(suite));
  return {one->group.company, one->info, one->signer};
}

// SignLeaves signs each leaf with the key of the company's client that it names.
Bytes SignLeaves(const Host& host, Entries entries) {
  for (std::size_t i = 0; i < entries.size(); ++i) {
    auto* entry = entries[i] ? std::get_if<LeafEntry>(&*entries[i]) : nullptr;
    for (std::size_t who = 0; entry != nullptr && who < host.company.size(); ++who) {
      const MemberProfile& profile = host.company.client(who).profile;
      if (profile.signature_key != entry->leaf_node.signature_key) continue;
      const LeafIndex index{static_cast<std::uint32_t>(i / 2)};
      Must(SignLeafNode(host.company[0].suite(), entry->leaf_node, profile.signature_private_key,
                        host.info.group_context.group_id, index));
    }
  }
  return Encode(entries);
}

void ExpectStorable(const RatchetTree& tree) {
  Batch batch;
  tree.Save(batch, nullptr);
  MemoryRows rows;
  rows.Apply(batch);
  auto loaded = RatchetTree::Load(tree.suite(), tree.width(), rows);
  Expect(loaded.ok() && loaded->UpdateHashes(nullptr).ok(), "a tree that was saved loads");
  Expect(loaded->RootHash() == tree.RootHash(), "a tree that was saved loads as what it was");
}

}  // namespace

void FuzzOne(View bytes) {
  Input input(bytes);
  const std::uint8_t choice = input.Byte();
  Bytes extension = ToBytes(input.Rest());
  const Host host = HostOf(choice);
  const Suite& suite = host.company[0].suite();
  if ((choice & kSignLeaves) != 0) {
    auto entries = Decode<Entries>(extension);
    if (entries.ok()) extension = SignLeaves(host, std::move(*entries));
  }
  auto tree = RatchetTree::DecodeExtension(suite, extension, {});
  ExpectSound(tree);
  if (!tree.ok()) return;
  const Status hashed = tree->UpdateHashes(nullptr);
  ExpectSound(hashed);
  if (!hashed.ok()) return;
  Expect(Equal(tree->EncodeExtension(), extension), "what was decoded encodes to the same bytes");

  GroupInfo info = host.info;
  SetTree(suite, info, extension);
  Must(SignGroupInfo(suite, info, host.signer));
  SeededRandom random(10);
  Questions questions;
  const auto epoch = VerifyGroupInfoAndTree(info, {}, {}, {kNow, &random, nullptr}, questions);
  ExpectSound(epoch);
  if (!epoch.ok()) return;
  NoteTaken();
  ExpectStorable(*tree);
  Expect(questions.credentials.size() >= tree->member_count(), "everybody's credential is asked about");
}

std::vector<Seed> Seeds() {
  std::vector<Seed> seeds;
  for (const std::uint8_t suite : {0, 1}) {
    for (const std::uint8_t lean : {0, +kLean}) {
      for (const std::uint8_t sign : {0, +kSignLeaves}) {
        const auto choice = static_cast<std::uint8_t>(suite | lean | sign);
        seeds.push_back({"tree-" + std::to_string(choice), Joined({choice}, TreeOf(HostOf(choice).info))});
      }
    }
  }
  return seeds;
}

}  // namespace mls::fuzz

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned seed) {
  return mls::fuzz::Mutated<mls::fuzz::Entries>(data, size, max_size, seed, 1);
}
