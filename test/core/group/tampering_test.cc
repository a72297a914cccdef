// Tampered copies that arrive first, and forgeries by insiders: each has an error, changes nothing, and the
// genuine message is accepted afterwards.
#include "base/counters.h"
#include "support/company.h"

namespace mls::test {
namespace {

// Step: how far apart the spoilt bytes are; small for the small suites, larger where signatures are slow.
std::size_t StepFor(const Suite& suite, std::size_t size) {
  const bool slow = suite.Nh != 32;
  return slow ? size / 24 + 1 : 7;
}

// SpoilFirst gives a member every spoilt copy of a message before the message itself.
void SpoilFirst(Company& company, std::size_t receiver, const Bytes& genuine) {
  const MemoryRows saved = World::Saved(company[receiver]);
  const std::size_t step = StepFor(company[receiver].suite(), genuine.size());
  for (std::size_t at = 0; at < genuine.size(); at += step) {
    Bytes spoilt = genuine;
    spoilt[at] ^= static_cast<std::uint8_t>(1u << (at % 8));
    CAPTURE(at);
    CHECK_FALSE(company.TryReceive(receiver, spoilt).ok());
  }
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, genuine.size() / 2, genuine.size() - 1}) {
    CHECK_FALSE(company.TryReceive(receiver, View(genuine).first(size)).ok());
  }
  Bytes longer = genuine;
  longer.push_back(0);
  CHECK_FALSE(company.TryReceive(receiver, longer).ok());
  CHECK(saved == World::Saved(company[receiver]));
  company.Receive(receiver, genuine);
}

TEST_CASE("tampered application messages, proposals and commits harm nothing") {
  ForEverySuite([](const Suite& suite, Restarts) {
    for (const WireFormat format : {WireFormat::mls_public_message, WireFormat::mls_private_message}) {
      Policy policy;
      policy.handshake_format = format;
      Company company(suite, 3, {Restarts::never, policy, {}});
      SpoilFirst(company, 1, company.Send(0, "a message", "with data"));
      company.Receive(2, company.Send(0, "another"));
      const Bytes proposal = company.ProposeUpdate(2);
      company.Receive(0, proposal);
      SpoilFirst(company, 1, proposal);
      const NewCommit commit = company.MakeCommit(0);
      company.Accept(0, commit.id);
      SpoilFirst(company, 1, commit.message);
      company.Receive(2, commit.message);
      company.Chat();
    }
  });
}

TEST_CASE("a tampered external Commit harms nothing") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Company company(suite, 2);
    const Client client = company.world.NewClient(suite, "joiner");
    const ExternalJoin join = Must(company.TryJoinByCommit(client, company.Info(0)));
    SpoilFirst(company, 1, join.message);
  }
}

TEST_CASE("a tampered Welcome is refused, and the genuine one still opens") {
  ForEverySuite([](const Suite& suite, Restarts) {
    Company company(suite, 2);
    const Client client = company.world.NewClient(suite, "newcomer");
    const NewKeyPackage package = company.world.NewKeyPackageOf(client);
    const NewCommit commit = company.Commit(0, Proposing({Add{package.key_package}}));
    const Bytes& genuine = commit.welcomes.at(0).message;
    const std::size_t step = StepFor(suite, genuine.size());
    for (std::size_t at = 0; at < genuine.size(); at += step) {
      Bytes spoilt = genuine;
      spoilt[at] ^= static_cast<std::uint8_t>(1u << (at % 8));
      const auto message = DecodeMessage(spoilt, {});
      if (!message.ok() || !std::holds_alternative<Welcome>(message->body)) continue;
      CHECK_FALSE(company.TryJoin(spoilt, package).ok());
    }
    company.Enter(client, company.JoinByWelcome(genuine, package));
    company.Chat();
  });
}

// Forger is a member that has the group's secrets and breaks its rules: it reads them from its saved rows.
struct Forger {
  explicit Forger(Company& company, std::size_t number) : group(company[number]) {
    const std::uint64_t epoch = group.context().epoch;
    const MemoryRows rows = World::Saved(group);
    Secret secret;
    Reader in(*rows.Get(RowKey(RowTag::epoch_secrets, epoch)));
    for (int i = 0; i < 8; ++i) wire::Read(in, secret);  // the last of the row's secrets
    sender_data_secret = std::move(secret);
    signature_private_key = Secret::Copy(*rows.Get(RowKey(RowTag::signer)));
  }

  // Message is a PrivateMessage that claims to be of `leaf` and `generation`, with any key at all.
  Bytes Message(LeafIndex leaf, std::uint32_t generation, const KeyAndNonce& key) const {
    FramedContent content{group.context().group_id,
                          group.context().epoch,
                          Sender::Member(leaf),
                          {},
                          ApplicationContent{Bytes(4, 1)}};
    const auto signed_content =
        Must(SignContent(group.suite(), WireFormat::mls_private_message, std::move(content),
                         signature_private_key, group.epoch().encoded_context));
    return EncodeMessage(Must(
        ProtectPrivate(group.suite(), *signed_content, {leaf, generation, {}}, key, sender_data_secret, {})));
  }
  KeyAndNonce AnyKey() const { return {Secret(group.suite().Nk), Secret(group.suite().Nn)}; }

  Group& group;
  Secret sender_data_secret, signature_private_key;
};

TEST_CASE("a generation far ahead is refused before any key is derived") {
  ForEverySuite([](const Suite& suite, Restarts) {
    Company company(suite, 3);
    const Forger forger(company, 2);
    const MemoryRows before = World::Saved(company[1]);
    const std::uint32_t limit = Limits{}.max_forward_steps;
    for (const std::uint32_t generation : {limit + 1, 0x7FFFFFFFu, 0xFFFFFFFFu}) {
      const Bytes forged = forger.Message({2}, generation, forger.AnyKey());
      const Counters counted = Count();
      CHECK(ErrorOf(company.TryReceive(1, forged)) == Error::LIMIT_EXCEEDED);
      CHECK(Count().expands - counted.expands < 40);
    }
    // Up to the limit there is a key, but not this one.
    CHECK(ErrorOf(company.TryReceive(1, forger.Message({2}, limit, forger.AnyKey()))) ==
          Error::DECRYPT_FAILED);
    CHECK(before == World::Saved(company[1]));
    company.Chat();
  });
}

TEST_CASE("who claims to be nobody, oneself or another is refused") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Company company(suite, 4);
    company.Commit(0, Proposing({Remove{{3}}}));
    const Forger forger(company, 2);
    const MemoryRows before = World::Saved(company[1]);
    for (const std::uint32_t nobody : {3u, 4u, 0x7FFFFFFFu, 0x80000001u, 0xFFFFFFFFu}) {
      CHECK(ErrorOf(company.TryReceive(1, forger.Message({nobody}, 0, forger.AnyKey()))) ==
            Error::UNKNOWN_SENDER);
    }
    CHECK(ErrorOf(company.TryReceive(1, forger.Message({1}, 0, forger.AnyKey()))) == Error::OWN_MESSAGE);
    CHECK(ErrorOf(company.TryReceive(1, forger.Message({0}, 0, forger.AnyKey()))) == Error::DECRYPT_FAILED);
    CHECK(before == World::Saved(company[1]));
    company.Chat();
  }
}

TEST_CASE("an insider who encrypts under another's ratchet consumes nothing") {
  ForEverySuite([](const Suite& suite, Restarts restarts) {
    Company company(suite, 3, restarts);
    const Forger forger(company, 2);
    // Any member can derive the key of member 0's first message from the secret tree; here from a copy of
    // its own state, which has not seen that message yet.
    const MemoryRows rows = World::Saved(company[2]);
    const SecretTree tree = Must(SecretTree::Load(suite, 1, company[2].tree().width(), rows));
    const MessageKey key = Must(tree.Receive({LeafIndex{0}, RatchetType::application}, 0, {}));
    const MemoryRows before = World::Saved(company[1]);
    CHECK(ErrorOf(company.TryReceive(1, forger.Message({0}, 0, key.key_and_nonce))) == Error::BAD_SIGNATURE);
    CHECK(before == World::Saved(company[1]));
    company.Chat();
  });
}

TEST_CASE("messages of other groups, other epochs and other kinds have their errors") {
  Company company(AllSuites()[0], 2);
  Company other(AllSuites()[2], 2);
  const NewCommit commit = company.MakeCommit(0);
  CHECK(ErrorOf(company.TryReceive(1, other.Send(0, "x"))) == Error::WRONG_GROUP);
  CommitOptions open;
  open.format = WireFormat::mls_public_message;
  CHECK(ErrorOf(company.TryReceive(1, other.MakeCommit(0, std::move(open)).message)) == Error::WRONG_GROUP);
  company.Accept(0, commit.id);
  const Bytes early = company.Send(0, "of the next epoch");
  CHECK(ErrorOf(company.TryReceive(1, early)) == Error::FUTURE_EPOCH);
  company.Receive(1, commit.message);
  company.Receive(1, early);
  CHECK(ErrorOf(company.TryReceive(1, early)) == Error::KEY_CONSUMED);
  const NewKeyPackage package = company.world.NewKeyPackageOf(company.client(0));
  CHECK(ErrorOf(company.TryReceive(1, EncodeMessage(KeyPackageMessage{package.key_package}))) ==
        Error::WRONG_WIRE_FORMAT);
  CHECK(ErrorOf(company.TryReceive(1, EncodeMessage(GroupInfoMessage{company.Info(0)}))) ==
        Error::WRONG_WIRE_FORMAT);
}

TEST_CASE("application data in a PublicMessage is refused") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Company company(suite, 2);
    const Group& group = company[0];
    FramedContent content{
        group.context().group_id, 1, Sender::Member({0}), {}, ApplicationContent{Bytes(4, 1)}};
    const auto plain =
        Must(SignContent(group.suite(), WireFormat::mls_public_message, std::move(content),
                         company.client(0).profile.signature_private_key, group.epoch().encoded_context));
    const MemoryRows rows = World::Saved(group);
    Secret secret;
    Reader in(*rows.Get(RowKey(RowTag::epoch_secrets, std::uint64_t{1})));
    for (int i = 0; i < 4; ++i) wire::Read(in, secret);  // membership_key
    const auto message = Must(ProtectPublic(group.suite(), *plain, secret, group.epoch().encoded_context));
    CHECK(ErrorOf(company.TryReceive(1, EncodeMessage(message))) == Error::UNEXPECTED_PLAINTEXT);
  }
}

}  // namespace
}  // namespace mls::test
