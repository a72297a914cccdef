// Vector files: found under NODE_MLS_VECTORS (official and Wycheproof) and under test/vectors (our own).
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/bytes.h"
#include "crypto/suite.h"

namespace mls::test {

using Json = nlohmann::json;

struct VectorFile {
  std::string set;  // "official" or "own"
  std::filesystem::path path;
  Json json;
};

// FindVectors gives every file of a kind such as "tree-math": the official one when NODE_MLS_VECTORS holds it
// (a file is known by the start of its name), and our own under test/vectors.
std::vector<VectorFile> FindVectors(const std::string& kind);

// FindWycheproof gives the files in folders named wycheproof* whose name starts with `name`.
std::vector<VectorFile> FindWycheproof(const std::string& name);

Bytes FromHex(const std::string& hex);
inline Bytes FromHex(const char* hex) { return FromHex(std::string(hex)); }
inline Bytes FromHex(const Json& json) { return FromHex(json.get<std::string>()); }
// FromHex with a size puts zeros in front: some vectors give P-521 scalars without their leading ones.
Bytes FromHex(const Json& json, std::size_t size);
std::string ToHex(View bytes);

// SuiteOf gives the cipher suite that a case names.
const Suite& SuiteOf(const Json& vector);

}  // namespace mls::test
