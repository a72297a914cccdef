// Saved groups that were damaged, and groups saved at their busiest moment (docs/store-format.md).
#include "support/company.h"

namespace mls::test {
namespace {

// Busy brings member 1 of a company into a state that has rows of every kind that an active group can have.
void MakeBusy(Company& company) {
  const Suite& suite = company[0].suite();
  for (int i = 0; i < 4; ++i) {
    const Bytes first = company.Send(0, "first");
    for (int j = 0; j < 3; ++j) company.Receive(1, company.Send(0, "later"));  // `first` is passed over
    company.Commit(static_cast<std::size_t>(i) % 2);
    if (i == 3) CHECK(std::holds_alternative<ApplicationMessage>(company.Receive(1, first)));
  }
  company.Send(0, "passed over");
  company.Receive(1, company.Send(0, "seen"));
  company.Deliver(2, company.ProposeUpdate(2));
  LeafChange change;
  change.signature_key = Must(GenerateSignatureKeyPair(suite, company.world.random));
  company.Deliver(1, company.ProposeUpdate(1, std::move(change)));
  const Client client = company.world.NewClient(suite, "newcomer");
  CommitOptions adding = Proposing({Add{company.world.NewKeyPackageOf(client).key_package}});
  adding.format = WireFormat::mls_public_message;
  company.MakeCommit(1, std::move(adding));
  CommitOptions renewing;
  renewing.leaf.signature_key = Must(GenerateSignatureKeyPair(suite, company.world.random));
  company.MakeCommit(1, std::move(renewing));
}

TEST_CASE("a group is saved and loaded at its busiest, and each of its plans still works") {
  ForEverySuite([](const Suite& suite, Restarts) {
    Company company(suite, 3);
    MakeBusy(company);
    const MemoryRows rows = World::Saved(company[1]);
    const auto load = [&] { return Must(Group::Load(rows, {}, company.world.env)); };
    CHECK(World::Saved(load()) == rows);
    REQUIRE(load().candidates().size() == 2);
    for (const std::size_t which : {0u, 1u}) {
      Group before = load(), other = Must(Group::Load(World::Saved(company[2]), {}, company.world.env));
      const CandidatePtr& candidate = before.candidates()[which];
      CHECK(candidate->message == company[1].candidates()[which]->message);
      CHECK(candidate->welcomes.size() == company[1].candidates()[which]->welcomes.size());
      const Bytes message = candidate->message;
      company.world.Receive(other, message);
      const auto echo = std::get<ReceivedCommit>(company.world.Receive(before, message));
      CHECK(echo.own);
      CHECK(World::Agree(before, other));
      company.world.Receive(other, company.world.Send(before, "on we go"));
      company.world.Receive(before, company.world.CommitNow(other, {}).message);
      company.world.Receive(other, company.world.CommitNow(before, {}).message);
      CHECK(World::Agree(before, other));
    }
    // Another member commits our Update: its private keys were saved, too.
    Group before = load(), other = Must(Group::Load(World::Saved(company[2]), {}, company.world.env));
    company.world.Receive(before, company.world.CommitNow(other, {}).message);
    company.world.Receive(other, company.world.Send(before, "signed with the new key"));
    CHECK(World::Agree(before, other));
  });
}

TEST_CASE("a suspended group and one that is joining are saved and loaded") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Company company(suite, 2, Restarts::always);
    const Client client = company.world.NewClient(suite, "joiner");
    company.JoinByCommit(client, company.Info(0));
    company.Commit(0, Proposing({ReInit{Bytes(4, 1), ProtocolVersion::mls10, suite.id, {}}}));
    for (std::size_t i = 0; i < 3; ++i) {
      const Group loaded = Must(Group::Load(company.store(i), {}, company.world.env));
      CHECK(loaded.phase() == Phase::suspended);
      CHECK(loaded.reinit() == company[i].reinit());
    }
  }
}

// LoadsOrSays: damage is either found and called damage, or what was loaded is a whole group that can be
// saved and loaded again.
bool LoadsOrSays(const MemoryRows& rows, const Env& env) {
  const auto group = Group::Load(rows, {}, env);
  if (!group.ok()) {
    if (group.error() != Error::STORAGE_DAMAGED && group.error() != Error::STORAGE_VERSION) {
      MESSAGE(std::string(Describe(group.error()).name));
    }
    return group.error() == Error::STORAGE_DAMAGED || group.error() == Error::STORAGE_VERSION;
  }
  const MemoryRows again = World::Saved(*group);
  const auto reloaded = Group::Load(again, {}, env);
  return reloaded.ok() && World::Saved(*reloaded) == again;
}

MemoryRows Without(const MemoryRows& rows, const Bytes& key) {
  MemoryRows fewer;
  for (const auto& [one, value] : rows.rows()) {
    if (one != key) fewer.Put(one, value);
  }
  return fewer;
}

template <class Damage>
void DamageEachRow(Damage damage) {
  Company company(AllSuites()[0], 3);
  MakeBusy(company);
  const MemoryRows rows = World::Saved(company[1]);
  for (const auto& [key, value] : rows.rows()) {
    const int tag = key.at(0);
    CAPTURE(tag);
    damage(rows, key, ToBytes(value.view()), company.world.env);
  }
}

TEST_CASE("a missing row") {
  DamageEachRow([](const MemoryRows& rows, const Bytes& key, const Bytes&, const Env& env) {
    CHECK(LoadsOrSays(Without(rows, key), env));
  });
}

TEST_CASE("a row cut short, or with a byte too many") {
  DamageEachRow([](const MemoryRows& rows, const Bytes& key, const Bytes& value, const Env& env) {
    const auto with = [&](Bytes damaged) {
      MemoryRows other = Without(rows, key);
      other.Put(key, damaged);
      return LoadsOrSays(other, env);
    };
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, value.size() / 2, value.size() - 1}) {
      CAPTURE(size);
      CHECK(with(Bytes(value.begin(), value.begin() + static_cast<std::ptrdiff_t>(size))));
    }
    Bytes longer = value;
    longer.push_back(0);
    CHECK(with(longer));
  });
}

TEST_CASE("a row with a changed byte") {
  DamageEachRow([](const MemoryRows& rows, const Bytes& key, const Bytes& value, const Env& env) {
    for (std::size_t at = 0; at < value.size(); at += value.size() / 40 + 1) {
      CAPTURE(at);
      Bytes damaged = value;
      damaged[at] ^= static_cast<std::uint8_t>(1u << (at % 8));
      MemoryRows other = Without(rows, key);
      other.Put(key, damaged);
      CHECK(LoadsOrSays(other, env));
    }
  });
}

TEST_CASE("a row under the key of another") {
  DamageEachRow([](const MemoryRows& rows, const Bytes& key, const Bytes& value, const Env& env) {
    for (const auto& [other_key, other] : rows.rows()) {
      if (other_key == key || other_key.at(0) != key.at(0)) continue;
      MemoryRows swapped = Without(Without(rows, key), other_key);
      swapped.Put(key, other);
      swapped.Put(other_key, value);
      CHECK(LoadsOrSays(swapped, env));
      break;
    }
  });
}

// PendingRow: a candidate as it is saved (docs/store-format.md).
struct PendingRow {
  std::uint64_t id = 0;
  Bytes message;
  std::vector<WelcomeMessage> welcomes;
  AuthenticatedContent content;
  Secret epoch_secret, path_keys, signature_private_key;
  static constexpr auto kWire =
      Fields(&PendingRow::id, &PendingRow::message, &PendingRow::welcomes, &PendingRow::content,
             &PendingRow::epoch_secret, &PendingRow::path_keys, &PendingRow::signature_private_key);
};

// Each row is well-formed. Together they are no state that there ever was.
TEST_CASE("a row that does not belong to the others is damage") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Company company(suite, 3);
    MakeBusy(company);
    const Group& group = company[1];
    const MemoryRows rows = World::Saved(group);
    const auto changed_in = [&](const MemoryRows& all, const Bytes& key,
                                const std::function<void(Bytes&)>& change) {
      Bytes value = ToBytes(*all.Get(key));
      change(value);
      MemoryRows other = Without(all, key);
      other.Put(key, value);
      return ErrorOf(Group::Load(other, {}, company.world.env));
    };
    const auto changed = [&](const Bytes& key, const std::function<void(Bytes&)>& change) {
      return changed_in(rows, key, change);
    };
    CHECK(changed(RowKey(RowTag::context), [](Bytes&) {}) == Error::INTERNAL);  // it loads
    // Our leaf stands before the phase (one byte) and the next candidate's number (eight): 3 is blank. Member
    // 2 has no candidate, whose signature would tell.
    CHECK(changed_in(World::Saved(company[2]), RowKey(RowTag::context),
                     [](Bytes& row) { row.at(row.size() - 10) = 3; }) == Error::STORAGE_DAMAGED);
    // So would the key of our leaf, which is not that of member 0; the phase, joining, active, suspended or
    // removed; and a number below those of the candidates.
    for (const Group* one : {&company[1], &company[2]}) {
      const MemoryRows saved = World::Saved(*one);
      const auto last = [&](std::size_t from_end, std::uint8_t byte) {
        return changed_in(saved, RowKey(RowTag::context),
                          [&](Bytes& row) { row.at(row.size() - from_end) = byte; });
      };
      CHECK(last(9, 2) == Error::INTERNAL);  // it loads
      CHECK(last(10, 0) == Error::STORAGE_DAMAGED);
      CHECK(last(9, 3) == Error::STORAGE_DAMAGED);
      CHECK(last(9, 4) == Error::STORAGE_DAMAGED);
      CHECK(last(1, 1) == (one->candidates().empty() ? Error::INTERNAL : Error::STORAGE_DAMAGED));
    }
    // The confirmation key is the third of the epoch's secrets, all of Nh bytes.
    const std::size_t size = Encode(Bytes(suite.Nh)).size();
    CHECK(changed(RowKey(RowTag::epoch_secrets, group.context().epoch),
                  [&](Bytes& row) { row.at(3 * size - 1) ^= 1; }) == Error::STORAGE_DAMAGED);

    const auto pending = [&](const std::function<void(PendingRow&)>& change) {
      return changed(RowKey(RowTag::pending, group.candidates()[0]->id), [&](Bytes& value) {
        PendingRow row = Must(Decode<PendingRow>(value));
        change(row);
        value = ToBytes(EncodeSecret(row).view());
      });
    };
    CHECK(pending([](PendingRow&) {}) == Error::INTERNAL);
    CHECK(pending([](PendingRow& row) { row.epoch_secret.span()[0] ^= 1; }) == Error::STORAGE_DAMAGED);
    CHECK(pending([](PendingRow& row) { row.content.auth.signature.back() ^= 1; }) == Error::STORAGE_DAMAGED);
    CHECK(pending([&](PendingRow& row) {
            row.content.content.body = ProposalContent{{Remove{{2}}}};
            row.content = Must(SignContent(suite, row.content.wire_format, row.content.content,
                                           company.client(1).profile.signature_private_key,
                                           group.epoch().encoded_context))
                              .Take();
          }) == Error::STORAGE_DAMAGED);
    CHECK(pending([](PendingRow& row) { row.path_keys.span()[0] ^= 0x40; }) == Error::STORAGE_DAMAGED);

    // A number of an epoch has eight bytes.
    for (const RowTag tag : {RowTag::epoch_secrets, RowTag::resumption}) {
      MemoryRows longer = Without(rows, {});
      Bytes key = RowKey(tag, group.context().epoch - 1);
      key.push_back(0);
      longer.Put(key, Bytes(suite.Nh));
      CHECK(ErrorOf(Group::Load(longer, {}, company.world.env)) == Error::STORAGE_DAMAGED);
    }
  }
}

// Its tree hash and its confirmed transcript hash are bound by the tree and by the confirmation tag; the rest
// by the secrets.
TEST_CASE("a context that is not that of the epoch's secrets is damage") {
  ForEverySuite([](const Suite& suite, Restarts) {
    Company company(suite, 2);
    const MemoryRows rows = World::Saved(company[1]);
    const Bytes row = ToBytes(*rows.Get(RowKey(RowTag::context)));
    const Bytes before = Encode(company[1].context());
    const auto with = [&](const std::function<void(GroupContext&)>& change) {
      GroupContext context = company[1].context();
      change(context);
      const Bytes encoded = Encode(context);
      Bytes changed = row;
      const auto place = changed.begin() + 2;  // behind the format
      const auto rest = changed.erase(place, place + static_cast<std::ptrdiff_t>(before.size()));
      changed.insert(rest, encoded.begin(), encoded.end());
      MemoryRows other = Without(rows, RowKey(RowTag::context));
      other.Put(RowKey(RowTag::context), changed);
      return ErrorOf(Group::Load(other, {}, company.world.env));
    };
    CHECK(with([](GroupContext&) {}) == Error::INTERNAL);  // it loads
    CHECK(with([](GroupContext& context) { context.group_id.at(0) ^= 1; }) == Error::STORAGE_DAMAGED);
    CHECK(with([](GroupContext& context) {
            context.extensions.push_back({ExtensionType{0xff01}, Bytes(1)});
          }) == Error::STORAGE_DAMAGED);
    CHECK(with([](GroupContext& context) { context.confirmed_transcript_hash.at(0) ^= 1; }) ==
          Error::STORAGE_DAMAGED);
  });
}

TEST_CASE("a suspended group whose ReInit was cut short, or lost, or one that is at work all the same") {
  Company company(AllSuites()[0], 2);
  company.Commit(0, Proposing({ReInit{Bytes(4, 1), ProtocolVersion::mls10, AllSuites()[0].id, {}}}));
  MemoryRows rows = Without(company.store(0), RowKey(RowTag::reinit));
  CHECK(ErrorOf(Group::Load(rows, {}, company.world.env)) == Error::STORAGE_DAMAGED);
  MemoryRows active = Without(company.store(0), {});
  Bytes context = ToBytes(*active.Get(RowKey(RowTag::context)));
  context.at(context.size() - 9) = 2;
  active.Put(RowKey(RowTag::context), context);
  CHECK(ErrorOf(Group::Load(active, {}, company.world.env)) == Error::STORAGE_DAMAGED);
  rows.Put(RowKey(RowTag::reinit), Bytes(1));
  CHECK(ErrorOf(Group::Load(rows, {}, company.world.env)) == Error::STORAGE_DAMAGED);
}

TEST_CASE("a Commit that covers an Update of ours whose private key is lost fails, and changes nothing") {
  Company company(AllSuites()[0], 3);
  company.Deliver(1, company.ProposeUpdate(1));
  const MemoryRows whole = World::Saved(company[1]);
  MemoryRows rows;
  for (const auto& [key, value] : whole.rows()) {
    if (RowTag(key.at(0)) != RowTag::update) rows.Put(key, value);
  }
  Group group = Must(Group::Load(rows, {}, company.world.env));
  const NewCommit commit = company.Commit(0);
  StagedMessage staged = Must(group.Stage(commit.message, company.world.env));
  const Answers answers = company.Answer(staged.questions);
  CHECK(ErrorOf(group.Complete(std::move(staged), answers, company.world.env)) == Error::STORAGE_DAMAGED);
  CHECK(World::Saved(group) == rows);
}

TEST_CASE("a newer format is told apart from damage; nothing at all is damage") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Company company(suite, 1);
    MemoryRows rows = World::Saved(company[0]);
    Bytes context = ToBytes(*rows.Get(RowKey(RowTag::context)));
    context[1] += 1;  // the format, two bytes
    rows.Put(RowKey(RowTag::context), context);
    CHECK(ErrorOf(Group::Load(rows, {}, company.world.env)) == Error::STORAGE_VERSION);
    CHECK(ErrorOf(Group::Load(MemoryRows(), {}, company.world.env)) == Error::STORAGE_DAMAGED);
    // A newer format need not even be readable as this one.
    rows.Put(RowKey(RowTag::context), Encode(std::uint16_t{kFormatVersion + 1}));
    CHECK(ErrorOf(Group::Load(rows, {}, company.world.env)) == Error::STORAGE_VERSION);
  }
}

}  // namespace
}  // namespace mls::test
