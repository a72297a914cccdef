// Every entry of a Welcome with our reference, which is public, was tried, and for each the whole encrypted
// GroupInfo was hashed anew: a Welcome of a few megabytes cost minutes, one of 64 MiB hours.
#include "support/company.h"
#include "support/count_of.h"

namespace mls::test {
namespace {

TEST_CASE(
    "of a Welcome's entries with our reference a few are tried, and what they are sealed for is hashed "
    "once") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Company company(suite, 1);
    const Client newcomer = company.world.NewClient(suite, "newcomer");
    const NewKeyPackage package = company.world.NewKeyPackageOf(newcomer);
    const NewCommit commit = company.Commit(0, Proposing({Add{package.key_package}}));
    const Welcome genuine = std::get<Welcome>(Must(DecodeMessage(commit.welcomes.at(0).message, {})).body);
    const auto with_garbage = [&](std::size_t count) {
      Welcome welcome = genuine;
      EncryptedGroupSecrets garbage = genuine.secrets.at(0);
      garbage.encrypted_group_secrets.ciphertext[0] ^= 1;
      welcome.secrets.insert(welcome.secrets.begin(), count, garbage);
      return EncodeMessage(std::move(welcome));
    };
    CHECK(company.TryJoin(with_garbage(15), package).ok());
    Error said = Error::INTERNAL;
    const Counters cost = CountOf([&] { said = ErrorOf(company.TryJoin(with_garbage(1000), package)); });
    CHECK(said == Error::LIMIT_EXCEEDED);
    CHECK(cost.hpke_opens <= 16);
  }
}

}  // namespace
}  // namespace mls::test
