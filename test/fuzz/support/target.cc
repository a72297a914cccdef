#include "support/target.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string_view>

namespace mls::fuzz {

void Expect(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

void ExpectSound(Error error) { Expect(error != Error::INTERNAL, "no input is an INTERNAL error"); }

namespace {

bool taken = false;

}  // namespace

void NoteTaken() { taken = true; }

namespace {

void WriteSeeds(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  const std::vector<Seed> seeds = Seeds();
  std::size_t count = 0;
  for (const Seed& seed : seeds) {
    taken = false;
    FuzzOne(seed.bytes);
    count += taken ? 1 : 0;
    std::ofstream file(folder / seed.name, std::ios::binary);
    file.write(reinterpret_cast<const char*>(seed.bytes.data()),
               static_cast<std::streamsize>(seed.bytes.size()));
    if (!file) throw std::runtime_error("a seed cannot be written");
  }
  std::printf("%zu seeds, %zu of them are taken\n", seeds.size(), count);
}

}  // namespace
}  // namespace mls::fuzz

extern "C" int LLVMFuzzerInitialize(int* count, char*** words) {
  constexpr std::string_view kSeeds = "--seeds=";
  for (int i = 1; i < *count; ++i) {
    const std::string_view word = (*words)[i];
    if (!word.starts_with(kSeeds)) continue;
    mls::fuzz::WriteSeeds(word.substr(kSeeds.size()));
    std::fflush(stdout);
    std::_Exit(0);
  }
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  mls::fuzz::FuzzOne({data, size});
  return 0;
}
