#include "generate.h"

#include <cstdio>
#include <fstream>

namespace {

using mls::test::Json;

constexpr std::pair<const char*, Json (*)()> kKinds[] = {
    {"crypto-basics", mls::test::CryptoBasics},
    {"deserialization", mls::test::Deserialization},
    {"key-schedule", mls::test::KeySchedule},
    {"message-protection", mls::test::MessageProtection},
    {"messages", mls::test::Messages},
    {"passive-client-handling-commit", mls::test::PassiveClientHandlingCommit},
    {"passive-client-random", mls::test::PassiveClientRandom},
    {"passive-client-welcome", mls::test::PassiveClientWelcome},
    {"psk_secret", mls::test::PskSecrets},
    {"secret-tree", mls::test::SecretTrees},
    {"transcript-hashes", mls::test::TranscriptHashes},
    {"tree-math", mls::test::TreeMath},
    {"tree-operations", mls::test::TreeOperations},
    {"tree-validation", mls::test::TreeValidation},
    {"treekem", mls::test::TreeKem},
    {"welcome", mls::test::Welcomes},
};

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    std::fprintf(stderr, "usage: vector_gen <folder>\n");
    return 2;
  }
  for (const auto& [kind, make] : kKinds) {
    std::ofstream out(std::filesystem::path(arguments[1]) / (std::string(kind) + ".json"));
    out << make().dump() << '\n';
    if (!out.flush()) {
      std::fprintf(stderr, "cannot write %s\n", kind);
      return 1;
    }
  }
  return 0;
}
