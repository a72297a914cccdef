// Messages that come out of order, twice, or after their epoch (RFC 9420 §9.2, §15.3).
#include "support/company.h"

namespace mls::test {
namespace {

// Reads: the text, or the error's name.
std::string Read(Company& company, std::size_t receiver, View message) {
  const MemoryRows before = World::Saved(company[receiver]);
  const auto received = company.TryReceive(receiver, message);
  if (!received.ok()) {
    CHECK(before == World::Saved(company[receiver]));
    return std::string(Describe(received.error()).name);
  }
  const Bytes& data = std::get<ApplicationMessage>(*received).data;
  return {data.begin(), data.end()};
}

TEST_CASE("a member tells of which epochs it still holds keys and resumption PSKs") {
  World world(77);
  const Suite& suite = AllSuites().front();
  Policy policy;
  policy.limits.max_past_epochs = 2;
  policy.limits.max_resumption_psks = 4;
  Group alice = world.NewGroup(world.NewClient(suite, "alice"), policy);
  for (int i = 0; i < 7; ++i) world.CommitNow(alice, {});
  std::vector<std::uint64_t> readable, resumable;
  for (const KnownEpoch& one : alice.KnownEpochs()) {
    if (one.readable) readable.push_back(one.epoch);
    if (one.resumption) resumable.push_back(one.epoch);
  }
  CHECK(readable == std::vector<std::uint64_t>{5, 6, 7});
  CHECK(resumable == std::vector<std::uint64_t>{3, 4, 5, 6, 7});
}

TEST_CASE("messages of an epoch may come in any order, each once") {
  ForEverySuite([](const Suite& suite, Restarts restarts) {
    Company company(suite, 2, restarts);
    std::vector<Bytes> messages;
    for (int i = 0; i < 20; ++i) messages.push_back(company.Send(0, std::to_string(i)));
    for (const int i : {19, 0, 18, 1, 10, 17, 2, 5, 3, 4}) {
      CHECK(Read(company, 1, messages[static_cast<std::size_t>(i)]) == std::to_string(i));
      CHECK(Read(company, 1, messages[static_cast<std::size_t>(i)]) == "KEY_CONSUMED");
    }
    company.Chat();
  });
}

TEST_CASE("a receiver steps forward within its limit and keeps the newest keys") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Policy policy;
    policy.limits.max_forward_steps = 8;
    policy.limits.max_skipped_keys_per_sender = 4;
    Company company(suite, 2, {Restarts::never, policy, {}});
    std::vector<Bytes> messages;
    for (int i = 0; i < 30; ++i) messages.push_back(company.Send(0, std::to_string(i)));
    CHECK(Read(company, 1, messages[9]) == "LIMIT_EXCEEDED");
    CHECK(Read(company, 1, messages[8]) == "8");
    CHECK(Read(company, 1, messages[3]) == "KEY_CONSUMED");  // passed over, and dropped
    CHECK(Read(company, 1, messages[4]) == "4");
    CHECK(Read(company, 1, messages[7]) == "7");
    CHECK(Read(company, 1, messages[18]) == "LIMIT_EXCEEDED");
    CHECK(Read(company, 1, messages[17]) == "17");
    CHECK(Read(company, 1, messages[16]) == "16");
  }
}

TEST_CASE("Limits: max_past_epochs: messages of n past epochs are read, of one before not") {
  ForEverySuite([](const Suite& suite, Restarts restarts) {
    Company company(suite, 3, restarts);
    std::vector<Bytes> first, second;
    for (int epoch = 1; epoch <= 5; ++epoch) {
      first.push_back(company.Send(0, "first"));
      second.push_back(company.Send(0, "second"));
      company.Commit(static_cast<std::size_t>(epoch) % 3);
    }
    for (int epoch = 5; epoch >= 1; --epoch) {
      const auto i = static_cast<std::size_t>(epoch - 1);
      const bool known = epoch >= 3;  // max_past_epochs is 3, and the present one is 6
      CHECK(Read(company, 1, second[i]) == (known ? "second" : "WRONG_EPOCH"));
      CHECK(Read(company, 1, first[i]) == (known ? "first" : "WRONG_EPOCH"));
      CHECK(Read(company, 1, first[i]) == (known ? "KEY_CONSUMED" : "WRONG_EPOCH"));
    }
    company.Chat();
  });
}

TEST_CASE("Limits: max_past_epoch_age: n seconds after its end an epoch is read, later not") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Policy policy;
    policy.limits.max_past_epoch_age = 100;
    Company company(suite, 2, {Restarts::always, policy, {}});
    const Bytes old = company.Send(0, "old");
    company.Commit(0);  // epoch 1 ends now
    const Bytes newer = company.Send(0, "newer");
    company.world.env.now += 100;
    company.Commit(0);
    const Bytes third = company.Send(0, "third");
    CHECK(Read(company, 1, old) == "old");
    company.world.env.now += 1;
    company.Commit(0);
    CHECK(Read(company, 1, old) == "WRONG_EPOCH");
    CHECK(Read(company, 1, newer) == "newer");
    CHECK(Read(company, 1, third) == "third");
  }
}

TEST_CASE("a group may keep no past epoch") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Policy policy;
    policy.limits.max_past_epochs = 0;
    Company company(suite, 2, {Restarts::always, policy, {}});
    const Bytes late = company.Send(0, "late");
    company.Commit(0);
    CHECK(Read(company, 1, late) == "WRONG_EPOCH");
    company.Chat();
  }
}

TEST_CASE("a late message is verified under the key that its sender had then") {
  ForEverySuite([](const Suite& suite, Restarts restarts) {
    Company company(suite, 4, restarts);
    const Bytes by_removed = company.Send(2, "by the former owner of leaf 2");
    const Bytes by_renewed = company.Send(1, "under the former key");
    LeafChange change;
    change.signature_key = Must(GenerateSignatureKeyPair(suite, company.world.random));
    CommitOptions renew;
    renew.leaf = std::move(change);
    company.Commit(1, std::move(renew));
    company.Commit(0, Proposing({Remove{{2}}}));
    const std::size_t heir = company.Hire(3);
    CHECK(company[heir].self() == LeafIndex{2});
    const Bytes by_heir = company.Send(heir, "by the new owner");
    CHECK(Read(company, 0, by_heir) == "by the new owner");
    CHECK(Read(company, 0, by_removed) == "by the former owner of leaf 2");
    CHECK(Read(company, 3, by_removed) == "by the former owner of leaf 2");
    CHECK(Read(company, 0, by_renewed) == "under the former key");
    CHECK(Read(company, heir, by_removed) == "WRONG_EPOCH");  // from before its time
    company.Chat();
  });
}

TEST_CASE("a late message may come from a part of the tree that is gone") {
  ForEverySuite([](const Suite& suite, Restarts restarts) {
    Company company(suite, 5, restarts);
    const Bytes late = company.Send(4, "from leaf 4 of 8");
    company.Commit(0, Proposing({Remove{{4}}}));
    CHECK(company[0].tree().width() == 4);
    CHECK(Read(company, 1, late) == "from leaf 4 of 8");
    company.Chat();
  });
}

TEST_CASE("a late handshake, a late message of ours and a spoilt late message have their errors") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    for (const WireFormat format : {WireFormat::mls_public_message, WireFormat::mls_private_message}) {
      Policy policy;
      policy.handshake_format = format;
      Company company(suite, 3, {Restarts::never, policy, {}});
      const Bytes ours = company.Send(1, "ours");
      Bytes late = company.Send(0, "late");
      const Bytes proposal = company.ProposeUpdate(0);
      const NewCommit lost = company.MakeCommit(2);
      company.Commit(1);
      CHECK(Read(company, 1, proposal) == "WRONG_EPOCH");
      CHECK(Read(company, 1, lost.message) == "WRONG_EPOCH");
      CHECK(Read(company, 1, ours) == "OWN_MESSAGE");
      late.back() ^= 1;
      CHECK(Read(company, 1, late) == "DECRYPT_FAILED");
      late.back() ^= 1;
      CHECK(Read(company, 1, late) == "late");
    }
  }
}

}  // namespace
}  // namespace mls::test
