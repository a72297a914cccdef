// What reading a message may ask for: nothing for a declared length before the bytes are there, and never
// more than four times the input and 1 MiB. Seen by an operator new of our own (support/allocations.h).
#include "support/allocations.h"

#include <doctest/doctest.h>

#include "message/mls_message.h"
#include "support/random_value.h"
#include "tree/ratchet_tree.h"

namespace mls::test {
namespace {

// LargestOf gives the largest request while `bytes` are read as a message.
std::size_t LargestOf(View bytes) {
  return AllocationsOf([&] { (void)DecodeMessage(bytes, {}).ok(); }).largest;
}

TEST_CASE("R2.1.2-05: no length declared anywhere in a message makes the reader ask for that much") {
  SeededRandom random(18);
  Bytes claim(4, 0xBF);  // 2^30 - 1 bytes follow
  std::fill(claim.begin() + 1, claim.end(), std::uint8_t{0xFF});
  std::size_t seen = 0;
  for (int i = 0; i < 400; ++i) {
    Bytes bytes = Encode(RandomValue<MLSMessage>(random));
    for (int claims = 0; claims < 20; ++claims) {
      Bytes hostile = bytes;
      const std::size_t at = random.Below(hostile.size());
      hostile.resize(std::max(hostile.size(), at + 4));
      std::copy(claim.begin(), claim.end(), hostile.begin() + static_cast<std::ptrdiff_t>(at));
      const std::size_t request = LargestOf(hostile);
      seen = std::max(seen, request);
      // Elements in memory are larger than on the wire, and a vector doubles.
      REQUIRE(request <= 64 * hostile.size());
    }
  }
  if (SeesAllocations()) CHECK(seen > 0);
}

TEST_CASE("the requests of this program are seen") {
  const Allocations seen = AllocationsOf([] {
    const auto block = std::make_unique<Bytes>(123'456);
    CHECK(block->size() == 123'456);
  });
  if (!SeesAllocations()) return;
  CHECK(seen.largest >= 123'456);
  CHECK(seen.peak >= 123'456);
  CHECK(seen.live == 0);
}

// Within says that `read` took no more than it may for an input of this size.
template <class Read>
bool Within(std::size_t size, Read read) {
  const Allocations seen = AllocationsOf(read);
  CAPTURE(size);
  CAPTURE(seen.peak);
  const bool within = seen.peak <= static_cast<std::ptrdiff_t>(4 * size + (1u << 20));
  CHECK(within);
  return within;
}

// Repeated is `element` again and again, as a list of about `size` bytes.
Bytes Repeated(const Bytes& element, std::size_t size) {
  Bytes list;
  while (list.size() < size) list.insert(list.end(), element.begin(), element.end());
  return list;
}

// The lists of a message, of the smallest elements that they can have. Each is put in the place of an honest
// one; what follows is there too, so that all of it is read.
const std::vector<std::pair<const char*, std::function<Bytes(std::size_t)>>> kHostile = {
    {"references", [](std::size_t size) { return Encode(Repeated({2, 0}, size), std::uint8_t{0}); }},
    {"removes",
     [](std::size_t size) { return Encode(Repeated({1, 0, 3, 0, 0, 0, 1}, size), std::uint8_t{0}); }},
    {"custom proposals",
     [](std::size_t size) { return Encode(Repeated({1, 0xF0, 0, 0}, size), std::uint8_t{0}); }},
    {"extensions inside of a proposal",
     [](std::size_t size) {
       return Encode(Encode(std::uint8_t{1}, std::uint16_t{7}, Repeated({0xF0, 0, 0}, size)),
                     std::uint8_t{0});
     }},
};

TEST_CASE("a Commit takes at most four times its size and 1 MiB to read") {
  for (const std::size_t size : {100u, 10'000u, 1u << 20, 8u << 20}) {
    for (const auto& [name, list] : kHostile) {
      CAPTURE(name);
      const Bytes commit = list(size);
      Within(commit.size(), [&] { (void)Decode<Commit>(commit).ok(); });
    }
  }
}

// Of<T> reads a T<V> of the smallest elements.
template <class T>
void SmallElements(const Bytes& element) {
  REQUIRE(Decode<T>(Encode(element)).ok());
  for (const std::size_t size : {100u, 10'000u, 1u << 20, 8u << 20}) {
    const Bytes list = Encode(Repeated(element, size));
    Within(list.size(), [&] { (void)Decode<T>(list).ok(); });
  }
}

TEST_CASE("no list takes more than four times its size and 1 MiB to read") {
  SmallElements<Extensions>({0xF0, 0, 0});
  SmallElements<std::vector<Certificate>>({0});
  SmallElements<std::vector<EncryptedGroupSecrets>>({0, 0, 0});
  SmallElements<std::vector<UpdatePathNode>>({0, 0});
  SmallElements<std::vector<PreSharedKeyID>>({1, 0, 0});
  SmallElements<std::vector<ExternalSender>>({0, 0, 1, 0});
  SmallElements<std::vector<ProtocolVersion>>({0, 1});
  SmallElements<std::vector<LeafIndex>>({0, 0, 0, 1});
  SmallElements<EncodedList<HPKECiphertext>>({0, 0});
  SmallElements<EncodedList<ProposalOrRef>>({2, 0});
}

TEST_CASE("no message, whole, cut or spoilt, takes more than four times its size and 1 MiB to read") {
  SeededRandom random(19);
  for (int i = 0; i < 500; ++i) {
    Bytes bytes = Encode(RandomValue<MLSMessage>(random));
    REQUIRE(Within(bytes.size(), [&] { (void)DecodeMessage(bytes, {}).ok(); }));
    bytes[random.Below(bytes.size())] ^= static_cast<std::uint8_t>(1 + random.Below(255));
    REQUIRE(Within(bytes.size(), [&] { (void)DecodeMessage(bytes, {}).ok(); }));
    bytes.resize(random.Below(bytes.size()) + 1);
    REQUIRE(Within(bytes.size(), [&] { (void)DecodeMessage(bytes, {}).ok(); }));
  }
  for (const std::uint8_t byte : {0x00, 0x01, 0x02, 0x3F, 0x7F, 0x80, 0xBF}) {
    Bytes bytes(8u << 20, byte);
    for (const std::uint8_t format : {1, 2, 3, 4, 5}) {
      std::copy_n(Bytes{0, 1, 0, format}.begin(), 4, bytes.begin());
      Within(bytes.size(), [&] { (void)DecodeMessage(bytes, {}).ok(); });
    }
  }
}

// A tree that is blank but for every n-th leaf, as an extension.
Bytes SparseTree(SeededRandom& random, std::size_t size, std::size_t n) {
  const Bytes leaf = Encode(std::uint8_t{1}, std::uint8_t{1}, RandomValue<LeafNode>(random));
  Bytes nodes;
  for (std::size_t node = 0; nodes.size() < size; ++node) {
    const bool member = node % 2 == 0 && node / 2 % n == 0;
    if (member) {
      nodes.insert(nodes.end(), leaf.begin(), leaf.end());
    } else {
      nodes.push_back(0);
    }
  }
  nodes.insert(nodes.end(), 1 + nodes.size() % 2, 0);
  return nodes;
}

TEST_CASE("a ratchet tree takes at most four times its size and 1 MiB to read") {
  SeededRandom random(20);
  Limits limits;
  limits.max_leaves = 1u << 24;
  const Suite& suite = AllSuites().front();
  for (const std::size_t size : {1'000u, 100'000u, 4u << 20}) {
    for (const std::size_t n : {1u, 2u, 16u, 64u, 1024u}) {
      CAPTURE(n);
      Bytes nodes = SparseTree(random, size, n);
      const Bytes tree = Encode(nodes);
      Within(tree.size(), [&] { (void)RatchetTree::DecodeExtension(suite, tree, limits).ok(); });
    }
    for (const std::uint8_t byte : {0x00, 0x01}) {
      const Bytes tree = Encode(Bytes(size, byte));
      Within(tree.size(), [&] { (void)RatchetTree::DecodeExtension(suite, tree, limits).ok(); });
    }
  }
}

}  // namespace
}  // namespace mls::test
