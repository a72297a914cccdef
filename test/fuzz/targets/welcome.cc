// Reaches: joining by Welcome (RFC 9420 §12.4.3.1): the Welcome itself, then what it seals, sealed again
// around changes. Holds: a newcomer who is refused joins by the genuine Welcome; a group that was joined
// saves and loads as what it is. Input: a byte that says what is given. kBytes: an MLSMessage. kSecrets:
// GroupSecrets to be sealed. kInfo: a GroupInfo to be sealed. kEdits: edits of GroupInfo, tree and
// GroupSecrets, with tree hash, confirmation tag and signature made right.
#include "support/edit.h"
#include "support/mutate.h"
#include "support/newcomer.h"

namespace mls::fuzz {

namespace {

enum Kind : std::uint8_t { kBytes, kSecrets, kInfo, kEdits };

const Newcomer& NewcomerOf(std::size_t suite) {
  static std::map<std::size_t, std::unique_ptr<Newcomer>> made;
  std::unique_ptr<Newcomer>& one = made[suite % 2];
  if (one == nullptr) one = std::make_unique<Newcomer>(LiveGroup::Of(suite));
  return *one;
}

Bytes Made(const Newcomer& newcomer, Kind kind, Input& input) {
  const Bytes secrets = ToBytes(EncodeSecret(newcomer.secrets));
  if (kind == kBytes) return ToBytes(input.Rest());
  if (kind == kSecrets) return newcomer.Seal(Encode(newcomer.info), input.Rest());
  if (kind == kInfo) return newcomer.Seal(input.Rest(), secrets);
  const Edit of_info = Edit::Read(input), of_tree = Edit::Read(input), of_secrets = Edit::Read(input);
  GroupInfo info = newcomer.info;
  if (!of_tree.empty()) SetTree(newcomer.group.suite(), info, of_tree.In(TreeOf(info)));
  of_info.Change(info);
  newcomer.Mend(info);
  return newcomer.Seal(Encode(info), of_secrets.In(secrets));
}

}  // namespace

void FuzzOne(View bytes) {
  Input input(bytes);
  const std::uint8_t choice = input.Byte();
  const Newcomer& newcomer = NewcomerOf(choice >> 2);
  const auto joined = newcomer.Join(Made(newcomer, static_cast<Kind>(choice & 3), input));
  ExpectSound(joined);
  if (joined.ok()) {
    NoteTaken();
    ExpectWhole(*joined);
  } else if (Describe(joined.error()).fault != Fault::malformed) {
    Expect(newcomer.Join(newcomer.genuine).ok(), "the genuine Welcome is taken after one that was refused");
  }
}

std::vector<Seed> Seeds() {
  std::vector<Seed> seeds;
  for (const std::uint8_t suite : {0, 1}) {
    const Newcomer& newcomer = NewcomerOf(suite);
    const std::string ending = "-" + std::to_string(suite);
    const auto add = [&](const char* name, Kind kind, View rest) {
      seeds.push_back({name + ending, Joined({static_cast<std::uint8_t>(suite << 2 | kind)}, rest)});
    };
    add("welcome", kBytes, newcomer.genuine);
    add("secrets", kSecrets, EncodeSecret(newcomer.secrets));
    add("info", kInfo, Encode(newcomer.info));
    add("no-edits", kEdits, Bytes(15, 0));
    const std::size_t tree = TreeOf(newcomer.info).size();
    for (std::size_t at = 0; at < tree; at += tree / 8) {
      Bytes edits(5, 0);
      Append(edits, Edit::Encode(static_cast<std::uint16_t>(at), 1, Bytes{1}));
      add(("tree-edited-" + std::to_string(at)).c_str(), kEdits, edits);
      add(("info-edited-" + std::to_string(at)).c_str(), kEdits,
          Edit::Encode(static_cast<std::uint16_t>(at), 1, Bytes{1}));
    }
    Bytes more_secrets(10, 0);
    Append(more_secrets, Edit::Encode(40, 2, Bytes{1}));
    add("secrets-edited", kEdits, more_secrets);
  }
  return seeds;
}

}  // namespace mls::fuzz

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned seed) {
  using namespace mls::fuzz;
  const int kind = size == 0 ? kEdits : data[0] & 3;
  if (kind == kBytes) return Mutated<mls::MLSMessage>(data, size, max_size, seed, 1);
  if (kind == kSecrets) return Mutated<mls::GroupSecrets>(data, size, max_size, seed, 1);
  if (kind == kInfo) return Mutated<mls::GroupInfo>(data, size, max_size, seed, 1);
  return LLVMFuzzerMutate(data, size, max_size);
}
