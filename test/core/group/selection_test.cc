// Which received proposals a committer takes into its Commit (RFC 9420 §12.2, §12.4), and the lists that
// nobody accepts.
#include "support/company.h"

namespace mls::test {
namespace {

// Committed gives the list of a commit that was sent as a PublicMessage: for a reference the sender of the
// proposal and its type.
std::vector<std::pair<std::uint32_t, ProposalType>> Committed(Company& company, std::size_t by,
                                                              CommitOptions options = {}) {
  const ProposalCache cache = company[by].proposals();
  options.format = WireFormat::mls_public_message;
  const NewCommit commit = company.Commit(by, std::move(options));
  const MLSMessage message = Must(DecodeMessage(commit.message, {}));
  std::vector<std::pair<std::uint32_t, ProposalType>> list;
  for (const ProposalOrRef& entry : std::get<PublicMessage>(message.body).content.commit()->proposals) {
    if (const auto* reference = std::get_if<ProposalByReference>(&entry.body)) {
      const CachedProposalPtr cached = cache.Find(reference->reference);
      list.emplace_back(cached->sender().leaf_index.value, cached->proposal().type());
    } else {
      list.emplace_back(company[by].self().value, std::get<ProposalByValue>(entry.body).proposal.type());
    }
  }
  company.Chat();
  return list;
}
using List = std::vector<std::pair<std::uint32_t, ProposalType>>;

TEST_CASE("a Remove is taken over an Update of the same leaf, in either order") {
  ForEverySuite([](const Suite& suite, Restarts restarts) {
    Company company(suite, 4, restarts);
    company.Deliver(1, company.ProposeUpdate(1));
    company.ProposeToAll(2, {Remove{{1}}});
    CHECK(Committed(company, 0) == List{{2, ProposalType::remove}});
    company.ProposeToAll(2, {Remove{{3}}});
    company.Receive(0, company.ProposeUpdate(3));
    company.Receive(2, company.ProposeUpdate(3));
    CHECK(company[0].proposals().in_order().size() == 2);
    CHECK(Committed(company, 0) == List{{2, ProposalType::remove}});
  });
}

TEST_CASE("of several Updates of a leaf the latest is taken") {
  ForEverySuite([](const Suite& suite, Restarts restarts) {
    Company company(suite, 3, restarts);
    company.Deliver(1, company.ProposeUpdate(1));
    const Bytes latest = company.ProposeUpdate(1);
    company.Deliver(1, latest);
    const Bytes key = company[0].proposals().in_order()[1]->proposal().As<Update>()->leaf_node.encryption_key;
    CHECK(Committed(company, 2) == List{{1, ProposalType::update}});
    CHECK(Equal(company[0].tree().PublicKey(LeafIndex{1}), key));
  });
}

TEST_CASE("our own Update and a Remove of ourselves are left to others") {
  ForEverySuite([](const Suite& suite, Restarts restarts) {
    Company company(suite, 3, restarts);
    company.Deliver(0, company.ProposeUpdate(0));
    company.ProposeToAll(1, {Remove{{0}}});
    CHECK(Committed(company, 0).empty());
    company.ProposeToAll(0, {Remove{{0}}});  // a member proposes to leave
    CHECK(Committed(company, 2) == List{{0, ProposalType::remove}});
    CHECK(company[0].phase() == Phase::removed);
  });
}

TEST_CASE("a ReInit is taken only when there is nothing else") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Company company(suite, 3, Restarts::always);
    const Proposal reinit{ReInit{Bytes(4, 1), ProtocolVersion::mls10, suite.id, {}}};
    company.ProposeToAll(1, reinit);
    company.Deliver(2, company.ProposeUpdate(2));
    CHECK(Committed(company, 0) == List{{2, ProposalType::update}});
    company.ProposeToAll(1, reinit);
    CHECK(Committed(company, 0, Proposing({GroupContextExtensions{}})) ==
          List{{0, ProposalType::group_context_extensions}});
    company.ProposeToAll(1, reinit);
    company.Commit(0);
    CHECK(company[2].phase() == Phase::suspended);
  }
}

TEST_CASE("of two changes of the extensions, two Adds of one client, and one PSK twice, one is taken") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Company company(suite, 3, Restarts::always);
    company.psks[Encode(PreSharedKeyID{ExternalPsk{Bytes{1}}, {}}.body)] = Bytes(16, 3);
    const Client client = company.world.NewClient(suite, "newcomer");
    const Proposal psk = Must(company[0].MakePsk(ExternalPsk{Bytes{1}}, company.world.env));
    for (const std::size_t sender : {1u, 2u}) {
      company.ProposeToAll(sender, {GroupContextExtensions{}});
      company.ProposeToAll(sender, {Add{company.world.NewKeyPackageOf(client).key_package}});
      company.ProposeToAll(sender, psk);
    }
    const List list = Committed(company, 0);
    CHECK(list.size() == 3);
    CHECK(company[0].tree().member_count() == 4);
  }
}

TEST_CASE("what is valid by itself but fits no list does not keep anybody from committing") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Company company(suite, 3, Restarts::always);
    // A client with the signature key of a member: no list can add it.
    Client twin = company.world.NewClient(suite, "twin");
    twin.profile.signature_key = company.client(1).profile.signature_key;
    twin.profile.signature_private_key = company.client(1).profile.signature_private_key.Clone();
    company.ProposeToAll(2, {Add{company.world.NewKeyPackageOf(twin).key_package}});
    company.Deliver(1, company.ProposeUpdate(1));
    CHECK(Committed(company, 0) == List{{1, ProposalType::update}});
  }
}

TEST_CASE("of what fits one by one and not together, the first is taken") {
  constexpr ProposalType kNeeded{0xF123};
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    const Dress able = [&](Client& client) {
      if (client.name != "unable") client.profile.capabilities.proposals.push_back(kNeeded);
    };
    Company company(suite, 3, {Restarts::never, {}, {}, nullptr, able});
    const auto add = [&](const std::string& name) {
      return Proposal{Add{company.world.NewKeyPackageOf(company.world.NewClient(suite, name)).key_package}};
    };
    company.ProposeToAll(1,
                         {GroupContextExtensions{{MakeExtension(RequiredCapabilities{{}, {kNeeded}, {}})}}});
    company.ProposeToAll(2, add("unable"));
    company.ProposeToAll(2, add("able"));
    CHECK(Committed(company, 0) == List{{1, ProposalType::group_context_extensions}, {2, ProposalType::add}});
    CHECK(company[0].tree().member_count() == 4);
  }
}

TEST_CASE("a list that needs a proposal which the application turns down is refused") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Company company(suite, 3);
    const Env& env = company.world.env;
    Client heir = company.world.NewClient(suite, "heir");  // of the key that member 1 lays down
    heir.profile.signature_key = company.client(1).profile.signature_key;
    heir.profile.signature_private_key = company.client(1).profile.signature_private_key.Clone();
    LeafChange change;
    change.signature_key = Must(GenerateSignatureKeyPair(suite, company.world.random));
    company.Deliver(1, company.ProposeUpdate(1, std::move(change)));
    const StagedCommit staged =
        Must(company[0].StageCommit(Proposing({Add{company.world.NewKeyPackageOf(heir).key_package}}), env));
    REQUIRE(staged.questions.credentials.size() == 2);
    Answers answers = company.Answer(staged.questions);
    CHECK_FALSE(Must(company[0].RestageCommit(staged, answers, env)).has_value());
    answers.credentials[0] = Verdict::reject;
    CHECK(ErrorOf(company[0].RestageCommit(staged, answers, env)) == Error::DUPLICATE_SIGNATURE_KEY);
  }
}

TEST_CASE("Bounds: among very many proposals that fit no list, a committer looks no further at some point") {
  constexpr ProposalType kFit{0xF123}, kUnfit{0xF234};
  CompanyOptions options;
  options.policy.custom_proposals = {{kFit, CustomProposalType::Path::optional, {}},
                                     {kUnfit, CustomProposalType::Path::optional, {}}};
  options.dress = [&](Client& client) {
    client.profile.capabilities.proposals.push_back(kFit);
    if (client.name != "member 2") client.profile.capabilities.proposals.push_back(kUnfit);
  };
  Company company(AllSuites()[0], 3, options);
  const auto propose = [&](ProposalType type, std::uint16_t number) {
    company.Receive(0, company.Propose(1, {CustomProposal{type, Encode(number)}}));
  };
  propose(kFit, 0);
  for (std::uint16_t i = 0; i < 256; ++i) propose(kUnfit, i);
  propose(kFit, 1);
  const auto cached = company[0].proposals().in_order();
  const auto referenced = [&](std::size_t by_value) {
    CommitOptions own;
    for (std::size_t i = 0; i < by_value; ++i) {
      own.proposals.push_back(Must(company[0].MakePsk(ExternalPsk{Bytes{1}}, company.world.env)));
    }
    return Must(company[0].StageCommit(std::move(own), company.world.env)).referenced;
  };
  CHECK(referenced(0) == std::vector<CachedProposalPtr>{cached.front(), cached.back()});
  // With a long list of its own each look costs more: what came first is still found.
  CHECK(referenced(800) == std::vector<CachedProposalPtr>{cached.front()});
}

TEST_CASE("a committer may ignore what it received") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Company company(suite, 3);
    company.Deliver(1, company.ProposeUpdate(1));
    CommitOptions options;
    options.cached = CommitOptions::Cached::ignore;
    CHECK(Committed(company, 0, std::move(options)).empty());
  }
}

TEST_CASE("who has seen a proposal commits before sending data") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Policy lenient;
    lenient.send_with_uncommitted_proposals = Policy::Uncommitted::allow;
    for (const bool strict : {true, false}) {
      Company company(suite, 3, {Restarts::always, strict ? Policy{} : lenient, {}});
      company.ProposeToAll(1, {Remove{{2}}});
      const auto sent = company[0].Protect(AsView("data"), {}, company.world.env);
      CHECK(sent.ok() != strict);
      if (!sent.ok()) CHECK(sent.error() == Error::PENDING_PROPOSALS);
      company.MakeCommit(0);
      company.Send(0, "our commit is on its way");
    }
  }
}

// Lists that StageCommit refuses when they are given by value.
TEST_CASE("lists that break a rule are refused") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Company company(suite, 4);
    const Env& env = company.world.env;
    const auto refused = [&](std::vector<Proposal> proposals) {
      CommitOptions options;
      options.proposals = std::move(proposals);
      return ErrorOf(company[0].StageCommit(std::move(options), env));
    };
    const Client client = company.world.NewClient(suite, "newcomer");
    const auto add = [&]() -> Proposal { return {Add{company.world.NewKeyPackageOf(client).key_package}}; };
    const Proposal psk = Must(company[0].MakePsk(ExternalPsk{Bytes{1}}, env));
    const Proposal remove{Remove{{1}}}, extensions{GroupContextExtensions{}};
    const Proposal reinit{ReInit{Bytes(4, 1), ProtocolVersion::mls10, suite.id, {}}};
    CHECK(refused({remove, remove}) == Error::INVALID_PROPOSAL_LIST);
    CHECK(refused({{Remove{{0}}}}) == Error::INVALID_PROPOSAL_LIST);
    CHECK(refused({{Remove{{4}}}}) == Error::INVALID_REMOVE);
    CHECK(refused({{Remove{{0xFFFFFFFF}}}}) == Error::INVALID_REMOVE);
    CHECK(refused({psk, psk}) == Error::INVALID_PROPOSAL_LIST);
    CHECK(refused({extensions, extensions}) == Error::INVALID_PROPOSAL_LIST);
    CHECK(refused({reinit, remove}) == Error::INVALID_PROPOSAL_LIST);
    CHECK(refused({{ExternalInit{Bytes(32, 1)}}}) == Error::INVALID_PROPOSAL_LIST);
    CHECK(refused({{Update{company[0].tree().Leaf({0})}}}) == Error::INVALID_PROPOSAL_LIST);
    CHECK(refused({add(), add()}) == Error::INVALID_PROPOSAL_LIST);
    CHECK(refused({{ReInit{Bytes(4, 1), ProtocolVersion::reserved, suite.id, {}}}}) == Error::INVALID_REINIT);
    const auto psk_with = [](std::variant<ExternalPsk, ResumptionPsk> body, std::size_t nonce) -> Proposal {
      return {PreSharedKey{{std::move(body), Bytes(nonce, 1)}}};
    };
    CHECK(refused({psk_with(ExternalPsk{{1}}, 31)}) == Error::INVALID_PSK);
    for (const auto usage : {ResumptionPSKUsage::reinit, ResumptionPSKUsage::branch}) {
      CHECK(refused({psk_with(ResumptionPsk{usage, {1}, 0}, 32)}) == Error::INVALID_PSK);
    }
  }
}

TEST_CASE("Adds that break a rule are refused") {
  Company company(AllSuites()[0], 2);
  const Env& env = company.world.env;
  const Suite& suite = AllSuites()[0];
  Client client = company.world.NewClient(suite, "newcomer");
  const auto refused = [&](KeyPackage package) {
    const Error planned = ErrorOf(company[0].StageCommit(Proposing({Add{package}}), env));
    CHECK(ErrorOf(company[0].StageOwnProposal({Add{package}}, {}, env)) == planned);
    return planned;
  };
  const auto with = [&](auto&& change) {
    KeyPackage package = company.world.NewKeyPackageOf(client).key_package;
    change(package);
    Sign(suite, package, client.profile.signature_private_key);
    return package;
  };
  CHECK(refused(with([](KeyPackage& one) { one.cipher_suite = AllSuites()[1].id; })) ==
        Error::INVALID_KEY_PACKAGE);
  CHECK(refused(with([](KeyPackage& one) { one.version = ProtocolVersion{2}; })) ==
        Error::INVALID_KEY_PACKAGE);
  CHECK(refused(with([](KeyPackage& one) { one.init_key = one.leaf_node.encryption_key; })) ==
        Error::INVALID_KEY_PACKAGE);
  CHECK(refused(with([](KeyPackage& one) { one.leaf_node.leaf_node_source = LeafNodeSource::update; })) ==
        Error::INVALID_LEAF_SOURCE);
  CHECK(refused(with([](KeyPackage& one) {
          one.leaf_node.capabilities.credentials = {CredentialType::x509};
        })) == Error::INVALID_LEAF_NODE);
  CHECK(refused(with([](KeyPackage& one) { one.leaf_node.lifetime.not_after = kNow - 1; })) ==
        Error::EXPIRED);
  CHECK(refused(with([](KeyPackage& one) { one.leaf_node.lifetime.not_before = kNow + 1; })) ==
        Error::NOT_YET_VALID);
  CHECK(refused(with([](KeyPackage& one) { one.leaf_node.encryption_key.pop_back(); })) ==
        Error::INVALID_KEY_PACKAGE);
  KeyPackage forged = company.world.NewKeyPackageOf(client).key_package;
  forged.signature[5] ^= 1;
  CHECK(refused(forged) == Error::INVALID_KEY_PACKAGE);
  forged = company.world.NewKeyPackageOf(client).key_package;
  forged.leaf_node.signature[5] ^= 1;
  CHECK(refused(forged) == Error::BAD_LEAF_SIGNATURE);
  // Keys that a member has: judged with the list, not with the proposal.
  KeyPackage taken = with([&](KeyPackage& one) {
    one.leaf_node.encryption_key = ToBytes(company[0].tree().PublicKey(LeafIndex{1}));
  });
  CHECK(ErrorOf(company[0].StageCommit(Proposing({Add{taken}}), env)) == Error::DUPLICATE_ENCRYPTION_KEY);
  client.profile.signature_key = company.client(1).profile.signature_key;
  client.profile.signature_private_key = company.client(1).profile.signature_private_key.Clone();
  CHECK(ErrorOf(company[0].StageCommit(Proposing({Add{with([](KeyPackage&) {})}}), env)) ==
        Error::DUPLICATE_SIGNATURE_KEY);
  // Who leaves in the same commit leaves its keys free.
  CommitOptions swap = Proposing({Add{with([](KeyPackage&) {})}});
  swap.proposals.push_back({Remove{{1}}});
  company.Commit(0, std::move(swap));
  CHECK(company[1].phase() == Phase::removed);
}

TEST_CASE("the cache of proposals is bounded") {
  Policy policy;
  policy.limits.max_cached_proposals = 2;
  Company company(AllSuites()[0], 2, {Restarts::never, policy, {}});
  company.ProposeToAll(0, {Remove{{1}}});
  company.ProposeToAll(0, {Remove{{1}}});  // the same again takes no room
  CHECK(company[1].proposals().in_order().size() == 1);
  company.Deliver(0, company.ProposeUpdate(0));
  CHECK(company[1].proposals().in_order().size() == 2);
  const Env& env = company.world.env;
  StagedOwnProposal staged = Must(company[1].StageOwnProposal({Remove{{0}}}, {}, env));
  CHECK(ErrorOf(company[1].CompleteOwnProposal(std::move(staged), {}, env)) == Error::LIMIT_EXCEEDED);
  policy.limits.max_cached_proposals = 3;
  company[0].SetPolicy(policy);
  const Bytes third = company.ProposeUpdate(0);
  const MemoryRows before = World::Saved(company[1]);
  CHECK(ErrorOf(company.TryReceive(1, third)) == Error::LIMIT_EXCEEDED);
  CHECK(before == World::Saved(company[1]));
  company.Commit(1, Proposing({GroupContextExtensions{}}));
  company.Chat();
}

}  // namespace
}  // namespace mls::test
