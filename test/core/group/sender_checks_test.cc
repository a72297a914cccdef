// What we refuse to send, whatever our policy says of what we receive (RFC 9420 §6.3.1, §7.3, §12.1.2).
#include "group/successor.h"
#include "support/company.h"
#include "support/count_of.h"

namespace mls::test {
namespace {

// Members that ignore the lifetimes of the leaves that they receive.
CompanyOptions Careless() {
  CompanyOptions options;
  options.policy.lifetimes = Policy::Lifetimes::ignore;
  return options;
}

TEST_CASE(
    "R7.3-10: what a member itself adds is in its lifetime, at both ends, though it ignores those of "
    "others") {
  Company company(AllSuites().front(), 1, Careless());
  const Client client = company.world.NewClient(AllSuites().front(), "new");
  const NewKeyPackage package = company.world.NewKeyPackageOf(client);
  const Lifetime lifetime = package.key_package.leaf_node.lifetime;
  const auto at = [&](std::uint64_t now) {
    Env env = company.world.env;
    env.now = now;
    const Error proposed = ErrorOf(company[0].StageOwnProposal({Add{package.key_package}}, {}, env));
    const Error committed = ErrorOf(company[0].StageCommit(Proposing({Add{package.key_package}}), env));
    CHECK(proposed == committed);
    return proposed;
  };
  CHECK(at(lifetime.not_before - 1) == Error::NOT_YET_VALID);
  CHECK(at(lifetime.not_before) == Error::INTERNAL);
  CHECK(at(lifetime.not_after) == Error::INTERNAL);
  CHECK(at(lifetime.not_after + 1) == Error::EXPIRED);
}

TEST_CASE("what is sent fits into one message, frame included, or is refused before work is done") {
  CompanyOptions options;
  options.policy.limits.max_message_size = 4000;
  Company company(AllSuites().front(), 1, std::move(options));
  const auto send = [&](std::size_t data) {
    const Bytes authenticated(1000);
    return company[0].Protect(Bytes(data), authenticated, company.world.env);
  };
  std::size_t most = 3000;  // too much, by what the frame takes
  while (!send(most).ok()) --most;
  CHECK(most > 2700);
  CHECK(send(most)->output.size() <= 4000);
  const Counters before = CountOf([&] { CHECK(ErrorOf(send(most + 1)) == Error::TOO_LARGE); });
  CHECK(before.signatures == 1);  // how much the frame takes is seen when it is there
  const Counters none = CountOf([&] { CHECK(ErrorOf(send(3001)) == Error::TOO_LARGE); });
  CHECK(none.signatures == 0);
}

TEST_CASE("what is sent in the open fits into one message, too") {
  CompanyOptions options;
  options.policy.limits.max_message_size = 4000;
  options.policy.handshake_format = WireFormat::mls_public_message;
  Company company(AllSuites().front(), 2, std::move(options));
  const auto propose = [&](std::size_t authenticated) {
    StagedOwnProposal staged =
        Must(company[0].StageOwnProposal({Remove{{1}}}, Bytes(authenticated), company.world.env));
    return company[0].CompleteOwnProposal(std::move(staged), {}, company.world.env);
  };
  std::size_t most = 4000;  // too much, by what the frame takes
  while (!propose(most).ok()) --most;
  CHECK(propose(most)->output.size() == 4000);
  CHECK(ErrorOf(propose(most + 1)) == Error::TOO_LARGE);
}

TEST_CASE("R7.3: a Commit does not change its sender's signature key to that of another member") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Company company(suite, 2);
    const auto commit_with_key_of = [&](std::size_t member) {
      const MemberProfile& profile = company.client(member).profile;
      CommitOptions options;
      options.leaf.signature_key =
          SignatureKeyPair{profile.signature_private_key.Clone(), profile.signature_key};
      return company[0].StageCommit(std::move(options), company.world.env);
    };
    CHECK(ErrorOf(commit_with_key_of(1)) == Error::DUPLICATE_SIGNATURE_KEY);
    CHECK(commit_with_key_of(0).ok());  // its own is no duplicate
  }
}

TEST_CASE("an Update is not proposed as a structure, which would have no private key") {
  Company company(AllSuites().front(), 1);
  const Proposal update{Update{company[0].tree().Leaf(company[0].self())}};
  CHECK(ErrorOf(company[0].StageOwnProposal(update, {}, company.world.env)) == Error::MISUSE);
}

TEST_CASE("a credential of which nothing is known, and a chain without certificates, are nobody's identity") {
  CHECK(ErrorOf(ClientIdentity({OpaqueCredential{}})) == Error::UNSUPPORTED_CREDENTIAL);
  CHECK(ErrorOf(ClientIdentity({X509Credential{}})) == Error::INVALID_CREDENTIAL);
}

}  // namespace
}  // namespace mls::test
