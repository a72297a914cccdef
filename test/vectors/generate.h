// Test vectors of our own making: the 16 kinds of the official ones, in their format, for all seven suites.
//
// They keep a plain clone honest about itself: what one version of the engine wrote, every later one reads.
// That the format is right is what the official vectors and other implementations say. Everything but ECDSA
// signatures follows from the seeds.
#pragma once

#include "support/vectors.h"
#include "support/world.h"

namespace mls::test {

// Each function gives all cases of one kind.
Json CryptoBasics();
Json Deserialization();

Json KeySchedule();
Json PskSecrets();
Json SecretTrees();
Json TranscriptHashes();

Json TreeMath();
Json TreeOperations();
Json TreeValidation();
Json TreeKem();

Json Messages();
Json MessageProtection();
Json Welcomes();

Json PassiveClientWelcome();
Json PassiveClientHandlingCommit();
Json PassiveClientRandom();

inline std::uint16_t Number(const Suite& suite) { return static_cast<std::uint16_t>(suite.id); }

// ForEachSuite gathers one case for each suite; the seed differs from suite to suite.
template <class Make>
Json ForEachSuite(std::uint64_t seed, Make make) {
  Json cases = Json::array();
  for (const Suite& suite : AllSuites()) {
    SeededRandom random(seed << 16 | Number(suite));
    Json made = make(suite, random);
    made["cipher_suite"] = Number(suite);
    cases.push_back(std::move(made));
  }
  return cases;
}

}  // namespace mls::test
