// A GREASE value that all members happened to list was taken for an extension that all support, so that a
// group could come to use it. RFC 9420 §13.5: a client's own capabilities are compared without the GREASE in
// its leaf.
#include "support/company.h"

namespace mls::test {
namespace {

constexpr ExtensionType kListed{0x1A1A};

TEST_CASE("issue: an extension that everyone lists as GREASE is supported by nobody") {
  Company company(AllSuites()[0], 2);
  for (std::size_t i = 0; i < company.size(); ++i) {
    CommitOptions options;
    options.leaf.capabilities = company[i].tree().Leaf(company[i].self()).capabilities;
    options.leaf.capabilities->extensions = {kListed};
    company.Commit(i, std::move(options));
  }
  const auto says = [&](const Extensions& extensions) {
    return ErrorOf(
        company[0].StageCommit(Proposing({GroupContextExtensions{extensions}}), company.world.env));
  };
  CHECK(says({{kListed, {}}}) == Error::UNSUPPORTED_CAPABILITY);
  CHECK(says({MakeExtension(RequiredCapabilities{{kListed}, {}, {}})}) == Error::UNSUPPORTED_CAPABILITY);
  Client founder = company.world.NewClient(AllSuites()[0], "founder");
  founder.profile.capabilities.extensions = {kListed};
  CHECK(ErrorOf(Group::Create({&AllSuites()[0], {}, {{kListed, {}}}, {}}, founder.profile,
                              company.world.env)) == Error::UNSUPPORTED_CAPABILITY);
}

}  // namespace
}  // namespace mls::test
