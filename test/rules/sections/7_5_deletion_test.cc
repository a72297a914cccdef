// RFC 9420 §7.5: path secrets, node secrets and key pairs that a Commit outdates are deleted, in what is
// stored and in the memory of the process. Files of stores: test/rules/api.
#include <algorithm>
#include <cstring>
#include <fstream>
#include <sstream>

#include "kit/scene.h"
#include "tree/treekem.h"

namespace mls::test {
namespace {

// Sanitizers keep copies of their own.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif
#else
constexpr bool kSanitized = false;
#endif

#ifdef __linux__
constexpr bool kSeesMemory = !kSanitized;
#else
constexpr bool kSeesMemory = false;
#endif

constexpr std::uint8_t kMask = 0x5A;

// A needle is a key that was masked, so that looking for it does not put it into memory.
using Needle = Bytes;

Needle Mask(View key) {
  Needle needle = ToBytes(key);
  for (std::uint8_t& byte : needle) byte ^= kMask;
  return needle;
}

bool IsAt(const std::uint8_t* place, const Needle& needle) {
  for (std::size_t i = 0; i < needle.size(); ++i) {
    if ((place[i] ^ kMask) != needle[i]) return false;
  }
  return true;
}

std::size_t CountIn(const std::uint8_t* begin, const std::uint8_t* end, const Needle& needle) {
  std::size_t count = 0;
  while (end - begin >= static_cast<std::ptrdiff_t>(needle.size())) {
    const auto rest = static_cast<std::size_t>(end - begin) - needle.size() + 1;
    begin = static_cast<const std::uint8_t*>(std::memchr(begin, needle[0] ^ kMask, rest));
    if (begin == nullptr) break;
    count += IsAt(begin, needle);
    ++begin;
  }
  return count;
}

// CountInMemory looks through all writable memory of this process.
std::size_t CountInMemory(const Needle& needle) {
  std::ifstream maps("/proc/self/maps");
  std::size_t count = 0;
  for (std::string line; std::getline(maps, line);) {
    std::istringstream fields(line);
    std::uintptr_t from = 0, to = 0;
    char dash = 0;
    std::string rights;
    fields >> std::hex >> from >> dash >> to >> rights;
    if (rights.rfind("rw", 0) != 0 || line.find("[v") != std::string::npos) continue;
    count += CountIn(reinterpret_cast<const std::uint8_t*>(from), reinterpret_cast<const std::uint8_t*>(to),
                     needle);
  }
  return count;
}

std::size_t CountInRows(const MemoryRows& rows, const Needle& needle) {
  std::size_t count = 0;
  for (const auto& [key, value] : rows.rows()) {
    const View bytes = value;
    if (!bytes.empty()) count += CountIn(bytes.data(), bytes.data() + bytes.size(), needle);
  }
  return count;
}

// KeysOf gives the private keys that a member holds, masked.
std::map<NodeIndex, Needle> KeysOf(Scene& scene, std::size_t member) {
  const MemoryRows rows = World::Saved(scene[member]);
  const PrivateKeys keys = Must(PrivateKeys::Decode(*rows.Get(RowKey(RowTag::keys))));
  std::map<NodeIndex, Needle> needles;
  for (const auto& [node, key] : keys.keys()) needles[node] = Mask(key);
  return needles;
}

void IsThere(Scene& scene, std::size_t member, const Needle& needle) {
  CHECK(CountInRows(scene.store(member), needle) > 0);
  if (kSeesMemory) CHECK(CountInMemory(needle) > 0);
}

void IsGone(Scene& scene, const Needle& needle) {
  for (std::size_t i = 0; i < scene.size(); ++i) {
    CHECK(CountInRows(scene.store(i), needle) == 0);
    CHECK(CountInRows(World::Saved(scene[i]), needle) == 0);
  }
  if (kSeesMemory) CHECK(CountInMemory(needle) == 0);
}

TEST_CASE("R7.5-07: outdated path secrets, node secrets and key pairs are deleted") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 4);
    scene.Commit(2);
    // Member 1 holds the key of its leaf and, given by member 2, that of the root.
    const std::map<NodeIndex, Needle> before = KeysOf(scene, 1);
    REQUIRE(before.contains(NodeIndex(3)));
    REQUIRE(before.contains(LeafIndex{1}));
    const Needle& root = before.at(NodeIndex(3));
    const Needle& leaf = before.at(LeafIndex{1});
    IsThere(scene, 1, root);
    scene.Commit(2);  // a path of another: the root's key is outdated, the leaf's is not
    IsGone(scene, root);
    IsThere(scene, 1, leaf);

    const std::map<NodeIndex, Needle> own = KeysOf(scene, 1);
    scene.Commit(1);  // a path of its own
    for (const auto& [node, needle] : own) IsGone(scene, needle);

    // A key that no path replaces, but whose node becomes blank: member 0 goes, and 1 is blank from then on.
    scene.Commit(0);
    const Needle shared = KeysOf(scene, 1).at(NodeIndex(1));
    IsThere(scene, 1, shared);
    scene.Commit(2, Proposing({Remove{{0}}}));
    IsGone(scene, shared);
  }
}

}  // namespace
}  // namespace mls::test
