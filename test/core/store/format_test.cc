#include "store/format.h"

#include <doctest/doctest.h>

#include <fstream>
#include <sstream>

#include "support/vectors.h"

using namespace mls;
using mls::test::ToHex;

namespace {

Error ErrorOf(View row) {
  const Status status = CheckFormat(row);
  return status.ok() ? Error::INTERNAL : status.error();
}

}  // namespace

TEST_CASE("a row key is a tag and big-endian fields (docs/store-format.md)") {
  constexpr std::uint64_t kOne = 1;
  constexpr std::uint32_t kLeaf = 0x0a0b0c0d;
  CHECK(ToHex(RowKey(RowTag::context)) == "01");
  CHECK(ToHex(RowKey(RowTag::leaves, std::uint32_t{0})) == "0200000000");
  CHECK(ToHex(RowKey(RowTag::parents, std::uint32_t{15})) == "030000000f");
  CHECK(ToHex(RowKey(RowTag::epoch_secrets, kOne)) == "050000000000000001");
  CHECK(ToHex(RowKey(RowTag::ratchet, kOne, kLeaf, std::uint8_t{2})) == "0700000000000000010a0b0c0d02");
}

TEST_CASE("keys of one kind are neighbours in the order of their numbers, and a prefix names them") {
  Bytes former;
  for (const std::uint64_t epoch : {0ull, 1ull, 255ull, 256ull, 65'536ull, ~0ull}) {
    const Bytes key = RowKey(RowTag::secret_tree, epoch, std::uint32_t{9});
    CHECK(former < key);
    former = key;
    const Bytes prefix = RowKey(RowTag::secret_tree, epoch);
    CHECK(Equal(View(key).first(prefix.size()), prefix));
  }
  CHECK(former < RowKey(RowTag::ratchet));
}

namespace {

using Tags = std::vector<std::pair<RowTag, int>>;

// The rows of the table in one section of the document: tag and its two hex digits. Tags from 128 on are
// lib's.
std::map<int, std::string> TagsOfSection(const std::string& heading) {
  std::ifstream file(std::string(NODE_MLS_SOURCE_DIR) + "/docs/store-format.md");
  REQUIRE(file);
  std::map<int, std::string> rows;
  bool inside = false;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("## ")) inside = line == heading;
    int tag = 0;
    char key[3] = {};
    if (!inside || std::sscanf(line.c_str(), "| %d | `%2s", &tag, key) != 2 || tag >= 128) continue;
    CHECK(rows.emplace(tag, key).second);
  }
  return rows;
}

void CheckTags(const std::string& heading, const Tags& tags) {
  CAPTURE(heading);
  std::map<int, std::string> rows = TagsOfSection(heading);
  CHECK(rows.size() == tags.size());
  for (const auto& [tag, number] : tags) {
    CHECK(static_cast<int>(tag) == number);
    CHECK(rows[number] == ToHex(RowKey(tag)));
  }
}

}  // namespace

TEST_CASE("the tags are those of the document, each once") {
  CheckTags("## Keys", {{RowTag::context, 1},
                        {RowTag::leaves, 2},
                        {RowTag::parents, 3},
                        {RowTag::keys, 4},
                        {RowTag::epoch_secrets, 5},
                        {RowTag::secret_tree, 6},
                        {RowTag::ratchet, 7},
                        {RowTag::skipped, 8},
                        {RowTag::undo, 9},
                        {RowTag::update, 10},
                        {RowTag::proposal, 11},
                        {RowTag::pending, 12},
                        {RowTag::reinit, 14},
                        {RowTag::signer, 15},
                        {RowTag::inbox, 16},
                        {RowTag::resumption, 17},
                        {RowTag::epoch_key, 20},
                        {RowTag::removed, 21}});
  CheckTags("## Keys of a client", {{RowTag::psk, 13}, {RowTag::signer, 15}, {RowTag::key_package, 19}});
  CHECK(static_cast<int>(RowTag::sent) == 18);  // set aside, and never used for something else
}

TEST_CASE("CheckFormat: this version and earlier ones, not a later one, not a row that ends before it") {
  CHECK(ErrorOf(Encode(kFormatVersion)) == Error::INTERNAL);
  CHECK(ErrorOf(Encode(kFormatVersion, Bytes(100, 0xff))) == Error::INTERNAL);
  CHECK(ErrorOf(Encode(std::uint16_t{kFormatVersion + 1})) == Error::STORAGE_VERSION);
  CHECK(ErrorOf(Bytes{0xff, 0xff}) == Error::STORAGE_VERSION);
  CHECK(ErrorOf({}) == Error::STORAGE_DAMAGED);
  CHECK(ErrorOf(Bytes{0}) == Error::STORAGE_DAMAGED);
}
