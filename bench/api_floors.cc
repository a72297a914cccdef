#include "api_floors.h"

#include <algorithm>
#include <bit>
#include <cstdio>
#include <memory>

#include "base/pool.h"
#include "costs.h"
#include "support/world.h"
#include "timing.h"

namespace mls::bench {

namespace {

constexpr std::size_t kContent = 1024;  // bytes of application data
constexpr double kBudget = 0.5;         // seconds for each floor
constexpr double kLeast = 1e-3;         // seconds of one reading of the clock, at least
constexpr std::size_t kReadings = 5;

struct Row {
  const char* name;  // as bench/api/world.ts calls it
  Floor floor;
  bool shared;  // whether the operation works on several threads
};

Sizes SizesOf(std::size_t members) {
  test::World world(0);
  const Suite& suite = *FindSuite(CipherSuite::MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519);
  const KeyPackage package = world.NewKeyPackageOf(world.NewClient(suite, "filler-100")).key_package;
  Sizes sizes;
  sizes.members = members;
  sizes.leaf = Encode(package.leaf_node).size();
  sizes.key_package = Encode(package).size();
  sizes.path = static_cast<std::size_t>(std::bit_width(members - 1));
  sizes.group_info = 300 + members * (sizes.leaf + 3);  // with a blank parent for each leaf
  sizes.aead = FloorAead::chacha20_poly1305;
  sizes.framing = Framing::private_message;
  return sizes;
}

std::vector<Row> RowsOf(std::size_t members) {
  const Sizes sizes = SizesOf(members);
  Sizes all = sizes, one = sizes, path = sizes;
  all.commit = 120 + (members - 1) * (sizes.key_package + 3);
  one.commit = 120 + sizes.key_package + 3;
  // Everybody else's leaf is unmerged, so each gets a seal of its own (RFC 9420 §7.6).
  const std::size_t seals = members - 1;
  path.commit = 250 + sizes.leaf + 34 * sizes.path + 83 * seals;
  return {
      {"make a key package", KeyPackageFloor(sizes), false},
      {"add all in one commit", AdmitFloor(all, members - 1), true},
      {"join", JoinFloor(sizes, 0), true},
      {"add one member", AdmitFloor(one, 1), true},
      {"process: one was added", ProcessAdmitFloor(one, 1), false},
      {"commit with new keys", CommitFloor(path, seals), true},
      // The receiver is the committer's neighbour, who learns the whole path.
      {"process: new keys", ProcessFloor(path, sizes.path), false},
      {"send 1 KiB", ProtectFloor(kContent, sizes.aead), false},
      {"receive 1 KiB", UnprotectFloor(kContent, sizes.aead), false},
  };
}

// SecondsOf gives the best of several readings: what else the machine does is no part of a floor.
double SecondsOf(const Floor& floor, Pool* pool) {
  floor.Prepare(pool);
  double best = LapseOf([&] { floor.Run(pool, 1); }).wall;
  // On several threads repetitions would be shared out too, as no single operation is.
  const bool once = pool != nullptr || best > kLeast;
  const std::size_t times = once ? 1 : static_cast<std::size_t>(kLeast / best) + 1;
  double spent = 0;
  for (std::size_t reading = 0; reading < kReadings || spent < kBudget; ++reading) {
    const double wall = LapseOf([&] { floor.Run(pool, times); }).wall;
    best = std::min(best, wall / static_cast<double>(times));
    spent += wall;
  }
  return best;
}

}  // namespace

bool WriteApiFloors(const std::string& path, const std::vector<std::size_t>& members, std::size_t threads) {
  std::FILE* file = std::fopen(path.c_str(), "w");
  if (file == nullptr) return false;
  const auto pool = threads > 1 ? std::make_unique<Pool>(threads) : nullptr;
  const char* comma = "";
  std::fprintf(file, "[");
  for (const std::size_t n : members) {
    for (const Row& row : RowsOf(n)) {
      std::fprintf(file, "%s\n  {\"row\": \"%s\", \"members\": %zu, \"threads\": %zu, \"seconds\": %.9f}",
                   comma, row.name, n, row.shared ? threads : 1,
                   SecondsOf(row.floor, row.shared ? pool.get() : nullptr));
      comma = ",";
    }
  }
  std::fprintf(file, "\n]\n");
  return std::fclose(file) == 0;
}

}  // namespace mls::bench
