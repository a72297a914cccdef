// A group from its creation on: members come, talk, and go (RFC 9420 §11, §12.4, §6).
#include "crypto/nist_curve.h"
#include "support/company.h"

namespace mls::test {
namespace {

template <class T>
T MustBe(Received received) {
  REQUIRE(std::holds_alternative<T>(received));
  return std::get<T>(std::move(received));
}

TEST_CASE("members are added, talk both ways, are removed and come back") {
  ForEverySuite([](const Suite& suite, Restarts restarts) {
    Company company(suite, 1, restarts);
    CHECK(company[0].context().epoch == 0);
    CHECK(company.Hire(0) == 1);
    company.Chat();
    CHECK(company.Hire(1) == 2);
    company.Chat();
    CHECK(company[2].context().epoch == 2);

    company.Commit(2, Proposing({Remove{{1}}}));
    CHECK(company[1].phase() == Phase::removed);
    company.Chat();
    const std::size_t back = company.Hire(0);
    CHECK(company[back].self() == LeafIndex{1});
    company.Chat();
    company.Commit(back);
    company.Chat();
  });
}

TEST_CASE("commits of every member follow each other, with a path and without") {
  ForEverySuite([](const Suite& suite, Restarts restarts) {
    Company company(suite, 3, restarts);
    for (std::size_t i = 0; i < 3; ++i) company.Commit(i);
    company.Chat();
    CommitOptions lean;
    lean.path = CommitOptions::Path::when_required;
    company.Hire(1, 1, std::move(lean));
    company.Chat();
    for (std::size_t i = 0; i < 4; ++i) company.Commit(3 - i);
    company.Chat();
    CHECK(company[0].context().epoch == 9);
  });
}

TEST_CASE("a commit has a path unless nothing in it needs one") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Company company(suite, 2);
    const auto has_path = [&](CommitOptions options) {
      options.format = WireFormat::mls_public_message;
      options.path = CommitOptions::Path::when_required;
      const NewCommit commit = company.Commit(0, std::move(options));
      const MLSMessage message = Must(DecodeMessage(commit.message, {}));
      return std::get<PublicMessage>(message.body).content.commit()->path.has_value();
    };
    const NewKeyPackage package = company.world.NewKeyPackageOf(company.world.NewClient(suite, "new"));
    CHECK(has_path({}));  // RFC 9420 §12.4: an empty list
    CHECK_FALSE(has_path(Proposing({Add{package.key_package}})));
    CHECK(has_path(Proposing({Remove{{2}}})));
    CHECK(has_path(Proposing({GroupContextExtensions{}})));
    CHECK_FALSE(has_path(Proposing({ReInit{Bytes(3, 1), ProtocolVersion::mls10, suite.id, {}}})));
  }
}

TEST_CASE("handshakes travel as PublicMessage and as PrivateMessage") {
  ForEverySuite([](const Suite& suite, Restarts restarts) {
    for (const WireFormat format : {WireFormat::mls_public_message, WireFormat::mls_private_message}) {
      Policy policy;
      policy.handshake_format = format;
      Company company(suite, 3, {restarts, policy, {}});
      const Bytes proposal = company.ProposeUpdate(1);
      CHECK(Must(DecodeMessage(proposal, {})).wire_format() == format);
      company.Deliver(1, proposal);
      const NewCommit commit = company.Commit(0);
      CHECK(Must(DecodeMessage(commit.message, {})).wire_format() == format);
      company.Chat();
      // One commit may choose for itself, and members need not agree on a format.
      CommitOptions other;
      other.format = format == WireFormat::mls_public_message ? WireFormat::mls_private_message
                                                              : WireFormat::mls_public_message;
      company.Commit(2, std::move(other));
      company.Chat();
    }
  });
}

TEST_CASE("authenticated data arrives with every kind of message") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    for (const WireFormat format : {WireFormat::mls_public_message, WireFormat::mls_private_message}) {
      Policy policy;
      policy.handshake_format = format;
      Company company(suite, 2, {Restarts::never, policy, {}});
      const Bytes note = {1, 2, 3};

      const Bytes message = company.Send(0, "text", "note");
      const auto read = MustBe<ApplicationMessage>(company.Receive(1, message));
      CHECK(Equal(read.authenticated_data, AsView("note")));
      CHECK(read.epoch == 1);

      const Bytes proposed = company.Propose(0, {GroupContextExtensions{}}, note);
      const auto proposal = MustBe<ReceivedProposal>(company.Receive(1, proposed));
      CHECK(proposal.proposal->content.content.authenticated_data == note);

      CommitOptions options;
      options.authenticated_data = note;
      const NewCommit commit = company.MakeCommit(0, std::move(options));
      const auto received = MustBe<ReceivedCommit>(company.Receive(1, commit.message));
      CHECK(received.authenticated_data == note);
      CHECK(company.Accept(0, commit.id).authenticated_data == note);
      CHECK(company.Agree());
    }
  }
}

TEST_CASE("padding hides lengths") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    const auto sizes = [&](PaddingPolicy padding) {
      Policy policy;
      policy.padding = padding;
      Company company(suite, 2, {Restarts::never, policy, {}});
      std::vector<std::size_t> all;
      for (const std::size_t length : {0, 1, 20, 40}) {
        const std::string text(length, 'x');
        const Bytes message = company.Send(0, text);
        CHECK(Equal(MustBe<ApplicationMessage>(company.Receive(1, message)).data, AsView(text)));
        all.push_back(message.size());
      }
      return all;
    };
    const auto plain = sizes({});
    // ECDSA signatures in DER differ by some bytes.
    const std::size_t slack = NistCurveOf(suite.signature) != nullptr ? 8 : 0;
    CHECK(plain[1] + slack >= plain[0] + 1);
    CHECK(plain[1] <= plain[0] + 1 + slack);
    const auto padded = sizes({PaddingPolicy::Kind::multiple, 256});
    CHECK(padded[0] == padded[3]);
    CHECK(padded[0] > plain[3]);
    const auto padme = sizes({PaddingPolicy::Kind::padme, 0});
    for (std::size_t i = 0; i < plain.size(); ++i) {
      CHECK(padme[i] + slack >= plain[i]);
      CHECK(padme[i] <= plain[i] + plain[i] / 8 + 1 + slack);
    }
  }
}

TEST_CASE("a commit reports who came, changed and went") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Company company(suite, 5);
    company.Deliver(1, company.ProposeUpdate(1));
    company.ProposeToAll(2, {Remove{{3}}});
    const NewKeyPackage package = company.world.NewKeyPackageOf(company.world.NewClient(suite, "new"));
    const NewCommit commit = company.MakeCommit(0, Proposing({Add{package.key_package}}));
    for (const std::size_t receiver : {1u, 4u}) {
      const auto received = MustBe<ReceivedCommit>(company.Receive(receiver, commit.message));
      CHECK(received.epoch == 2);
      CHECK(received.committer == LeafIndex{0});
      CHECK(received.sender_type == SenderType::member);
      CHECK(received.updated == std::vector<LeafIndex>{{1}});
      CHECK(received.removed == std::vector<LeafIndex>{{3}});
      CHECK(received.added == std::vector<LeafIndex>{{3}});
      CHECK_FALSE(received.own);
      CHECK_FALSE(received.self_removed);
    }
    const ReceivedCommit own = company.Accept(0, commit.id);
    CHECK(own.own);
    CHECK(own.added == std::vector<LeafIndex>{{3}});
  }
}

TEST_CASE("R12.4.2: a received commit is inspected before it is applied, and may be left alone") {
  ForEverySuite([](const Suite& suite, Restarts restarts) {
    Policy policy;
    policy.send_with_uncommitted_proposals = Policy::Uncommitted::allow;
    Company company(suite, 4, {restarts, policy, {}});
    const Env& env = company.world.env;
    company.ProposeToAll(2, {Remove{{3}}});
    const Client client = company.world.NewClient(suite, "new");
    const NewKeyPackage package = company.world.NewKeyPackageOf(client);
    CommitOptions options = Proposing({Add{package.key_package}});
    options.proposals.push_back({GroupContextExtensions{
        {MakeExtension(RequiredCapabilities{{}, {ProposalType::add}, {CredentialType::basic}})}}});
    const NewCommit commit = company.MakeCommit(0, std::move(options));
    const MemoryRows before = World::Saved(company[1]);

    const StagedMessage staged = Must(company[1].Stage(commit.message, env));
    REQUIRE(staged.commit.has_value());
    const PublicCommit& seen = *staged.commit;
    CHECK(seen.committer == LeafIndex{0});
    CHECK(seen.path() != nullptr);
    CHECK(seen.referenced.size() == 1);
    CHECK(seen.plan.removed == std::vector<LeafIndex>{{3}});
    CHECK(seen.plan.added == std::vector<LeafIndex>{{3}});
    CHECK(seen.plan.required.has_value());
    CHECK(seen.next->context.epoch == company[1].context().epoch + 1);
    CHECK(seen.next->tree.Leaf({3}) == package.key_package.leaf_node);
    REQUIRE(staged.questions.credentials.size() == 1);
    CHECK(staged.questions.credentials[0].credential == client.profile.credential);

    // Looking at it changed nothing: other messages are read, and the commit is there for the taking later.
    CHECK(before == World::Saved(company[1]));
    CHECK(company[1].context().epoch == 1);
    const Bytes chat = company.Send(2, "in between");
    CHECK(Equal(MustBe<ApplicationMessage>(company.Receive(1, chat)).data, AsView("in between")));
    company.Accept(0, commit.id);
    company.Deliver(0, commit.message);
    CHECK(company[1].context() == company[0].context());
    company.Enter(client, company.JoinByWelcome(commit.welcomes.at(0).message, package));
    company.Chat();
  });
}

TEST_CASE("a removed member is told so, keeps nothing, and can do nothing more") {
  ForEverySuite([](const Suite& suite, Restarts restarts) {
    Company company(suite, 3, restarts);
    company.ProposeUpdate(1);
    company.MakeCommit(1);
    const Env& env = company.world.env;
    StagedCommit begun = Must(company[1].StageCommit({}, env));
    StagedOwnProposal proposed = Must(company[1].StageOwnProposal({Remove{{0}}}, {}, env));
    const NewCommit commit = company.MakeCommit(0, Proposing({Remove{{1}}}));
    company.Accept(0, commit.id);
    CHECK_FALSE(MustBe<ReceivedCommit>(company.Receive(2, commit.message)).self_removed);
    const auto received = MustBe<ReceivedCommit>(company.Receive(1, commit.message));
    CHECK(received.self_removed);
    CHECK(company.store(1).size() == 1);
    CHECK(company.store(1).Get(RowKey(RowTag::removed)).has_value());
    Group& out = company[1];
    CHECK(ErrorOf(out.Stage(company.Send(0, "after"), env)) == Error::REMOVED);
    CHECK(ErrorOf(out.Protect({}, {}, env)) == Error::REMOVED);
    CHECK(ErrorOf(out.StageCommit({}, env)) == Error::REMOVED);
    CHECK(ErrorOf(out.StageOwnProposal({Remove{{0}}}, {}, env)) == Error::REMOVED);
    CHECK(ErrorOf(out.StageOwnUpdate({}, {}, env)) == Error::REMOVED);
    CHECK(ErrorOf(out.MakeGroupInfo({}, env)) == Error::REMOVED);
    CHECK(ErrorOf(out.StageBranch({}, env)) == Error::REMOVED);
    CHECK(ErrorOf(out.Export("label", {}, 16)) == Error::REMOVED);
    CHECK(ErrorOf(out.ResumptionPskOf(1)) == Error::REMOVED);
    CHECK(ErrorOf(out.RestageCommit(begun, {}, env)) == Error::REMOVED);
    CHECK(ErrorOf(out.CompleteCommit(std::move(begun), {}, env)) == Error::REMOVED);
    CHECK(ErrorOf(out.CompleteOwnProposal(std::move(proposed), {}, env)) == Error::REMOVED);
    CHECK(out.epoch_authenticator().empty());
    CHECK(out.candidates().empty());
    CHECK(out.proposals().empty());
    company.Chat();
  });
}

TEST_CASE("exporter secrets are the members' own, by label, context and epoch") {
  ForEverySuite([](const Suite& suite, Restarts restarts) {
    Company company(suite, 2, restarts);
    const auto secret = [&](std::size_t i, std::string_view label, Bytes context) {
      const Secret made = Must(company[i].Export(label, context, 24));
      return ToBytes(made.view());
    };
    const Bytes first = secret(0, "a", {1});
    CHECK(first.size() == 24);
    CHECK(first == secret(1, "a", {1}));
    CHECK(first != secret(1, "b", {1}));
    CHECK(first != secret(1, "a", {2}));
    company.Commit(0);
    CHECK(first != secret(1, "a", {1}));
    CHECK(secret(0, "a", {1}) == secret(1, "a", {1}));
    CHECK(ErrorOf(company[0].Export("a", {}, 255u * suite.Nh + 1)) == Error::TOO_LARGE);
  });
}

}  // namespace
}  // namespace mls::test
