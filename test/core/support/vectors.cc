#include "support/vectors.h"

#include <cstdlib>
#include <fstream>
#include <stdexcept>

namespace mls::test {

namespace {

namespace fs = std::filesystem;

bool IsWycheproof(const fs::path& path) {
  return path.parent_path().filename().string().rfind("wycheproof", 0) == 0;
}

void Collect(const fs::path& root, const std::string& name, bool wycheproof, const std::string& set,
             std::vector<VectorFile>& files) {
  if (root.empty() || !fs::is_directory(root)) return;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    const fs::path& path = entry.path();
    if (!entry.is_regular_file() || path.extension() != ".json" || IsWycheproof(path) != wycheproof) continue;
    const std::string stem = path.stem().string();
    // "welcome" must not find "welcome-join": after the kind comes the end, a digit or a dot.
    if (stem.rfind(name, 0) != 0) continue;
    if (stem.size() > name.size() && stem[name.size()] != '.' && stem[name.size()] != '_') continue;
    std::ifstream in(path);
    files.push_back({set, path, Json::parse(in)});
  }
}

fs::path External() {
  const char* path = std::getenv("NODE_MLS_VECTORS");
  return path == nullptr ? fs::path() : fs::path(path);
}

}  // namespace

std::vector<VectorFile> FindVectors(const std::string& kind) {
  std::vector<VectorFile> files;
  Collect(External(), kind, false, "official", files);
  Collect(fs::path(NODE_MLS_SOURCE_DIR) / "test" / "vectors", kind, false, "own", files);
  return files;
}

std::vector<VectorFile> FindWycheproof(const std::string& name) {
  std::vector<VectorFile> files;
  Collect(External(), name, true, "wycheproof", files);
  return files;
}

Bytes FromHex(const std::string& hex) {
  const auto digit = [](char c) -> unsigned {
    if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
    if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
    if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
    throw std::invalid_argument("not a hex digit");
  };
  Bytes bytes;
  bytes.reserve(hex.size() / 2);
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<std::uint8_t>(digit(hex[i]) << 4 | digit(hex[i + 1])));
  }
  return bytes;
}

Bytes FromHex(const Json& json, std::size_t size) {
  Bytes bytes = FromHex(json);
  if (bytes.size() < size) bytes.insert(bytes.begin(), size - bytes.size(), 0);
  return bytes;
}

std::string ToHex(View bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  hex.reserve(bytes.size() * 2);
  for (std::uint8_t byte : bytes) {
    hex.push_back(kDigits[byte >> 4]);
    hex.push_back(kDigits[byte & 15]);
  }
  return hex;
}

const Suite& SuiteOf(const Json& vector) {
  return *FindSuite(static_cast<CipherSuite>(vector["cipher_suite"].get<std::uint16_t>()));
}

}  // namespace mls::test
