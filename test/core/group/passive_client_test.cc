// The official passive-client vectors: a member that only listens, through the real group code.
#include <doctest/doctest.h>

#include "support/tally.h"
#include "support/vectors.h"
#include "support/world.h"

namespace mls::test {
namespace {

using Psks = std::map<Bytes, Bytes>;

std::vector<std::optional<Secret>> AnswerPsks(const std::vector<PreSharedKeyID>& ids, const Psks& psks) {
  std::vector<std::optional<Secret>> answers;
  for (const PreSharedKeyID& id : ids) {
    const auto* external = std::get_if<ExternalPsk>(&id.body);
    const auto found = external == nullptr ? psks.end() : psks.find(external->psk_id);
    answers.push_back(found == psks.end() ? std::nullopt : std::optional(Secret::Copy(found->second)));
  }
  return answers;
}

// Some vectors for P-521 give scalars without their leading zero; ours have a fixed size (RFC 9180 §7.1.2).
Secret PrivateKey(const Json& hex, std::size_t size) {
  Bytes key = FromHex(hex);
  if (key.size() < size) key.insert(key.begin(), size - key.size(), 0);
  return Secret::Copy(key);
}

Group JoinFromVector(const Json& vector, const Psks& psks, const Policy& policy, const Env& env) {
  const auto key_package = Must(DecodeMessage(FromHex(vector["key_package"]), policy.limits));
  const auto welcome = Must(DecodeMessage(FromHex(vector["welcome"]), policy.limits));
  JoinInput input;
  input.key_package = std::get<KeyPackageMessage>(key_package.body).key_package;
  const Suite& suite = *FindSuite(input.key_package.cipher_suite);
  input.keys = {PrivateKey(vector["init_priv"], suite.Nsk), PrivateKey(vector["encryption_priv"], suite.Nsk),
                PrivateKey(vector["signature_priv"], suite.Nsigsk)};
  if (!vector["ratchet_tree"].is_null()) input.ratchet_tree = FromHex(vector["ratchet_tree"]);
  input.policy = policy;
  StagedJoin staged = Must(Group::StageJoin(std::get<Welcome>(welcome.body), std::move(input), env));
  Must(Group::OpenJoin(staged, AnswerPsks(staged.questions.psks, psks), env));
  const Answers answers = AcceptAll(staged.questions);
  return Must(Group::CompleteJoin(std::move(staged), answers, env));
}

void Deliver(Group& group, View message, const Psks& psks, const Env& env) {
  StagedMessage staged = Must(group.Stage(message, env));
  Answers answers = AcceptAll(staged.questions);
  answers.psks = AnswerPsks(staged.questions.psks, psks);
  Must(group.Apply(Must(group.Complete(std::move(staged), answers, env)).change));
}

// A restart: the state as rows and back, which must not make a difference.
Group Restart(const Group& group, const Policy& policy, const Env& env) {
  const MemoryRows rows = World::Saved(group);
  Group loaded = Must(Group::Load(rows, policy, env));
  CHECK(World::Saved(loaded) == rows);
  return loaded;
}

void RunVector(const Json& vector, const Env& env) {
  Policy policy;
  policy.lifetimes = Policy::Lifetimes::ignore;  // those of the vectors are long past, or without end
  policy.limits.max_lifetime = ~std::uint64_t{0};
  Psks psks;
  for (const Json& psk : vector["external_psks"]) psks[FromHex(psk["psk_id"])] = FromHex(psk["psk"]);
  Group group = JoinFromVector(vector, psks, policy, env);
  REQUIRE(ToHex(group.epoch_authenticator()) == vector["initial_epoch_authenticator"]);
  std::size_t count = 0;
  for (const Json& epoch : vector["epochs"]) {
    for (const Json& proposal : epoch["proposals"]) Deliver(group, FromHex(proposal), psks, env);
    if (++count % 8 == 1) group = Restart(group, policy, env);
    Deliver(group, FromHex(epoch["commit"]), psks, env);
    REQUIRE(ToHex(group.epoch_authenticator()) == epoch["epoch_authenticator"]);
  }
}

void RunKind(const std::string& kind) {
  SeededRandom random(1);
  const Env env{kNow, &random, nullptr};
  for (const VectorFile& file : FindVectors(kind)) {
    Tally tally(file.set, kind);
    std::size_t index = 0;
    for (const Json& vector : file.json) {
      CAPTURE(file.path.string());
      CAPTURE(index);
      ++index;
      bool passed = false;
      try {
        RunVector(vector, env);
        passed = true;
      } catch (const std::exception& error) {
        MESSAGE(std::string(error.what()));
      }
      CHECK(tally.Count(passed));
    }
  }
}

TEST_CASE("passive client joins by Welcome") { RunKind("passive-client-welcome"); }
TEST_CASE("passive client handles commits") { RunKind("passive-client-handling-commit"); }
TEST_CASE("passive client follows a random group") { RunKind("passive-client-random"); }

}  // namespace
}  // namespace mls::test
