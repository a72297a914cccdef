// A message larger than Limits::max_message_size was sent all the same, and no receiver with that limit took
// it: the data alone was compared, not the message around it, and padding had no bound at all (RFC 9420
// §6.3.1, §15.1).
#include "support/company.h"

namespace mls::test {
namespace {

TEST_CASE("issue: what is sent is within the limit of those who receive it") {
  for (const PaddingPolicy padding :
       {PaddingPolicy{}, PaddingPolicy{PaddingPolicy::Kind::multiple, 0xFFFFFFFF}}) {
    CompanyOptions options;
    options.policy.limits.max_message_size = 20'000;
    options.policy.padding = padding;
    Company company(AllSuites().front(), 2, options);
    const Bytes message = company.Send(0, "text");
    CHECK(message.size() <= 20'000);
    company.Receive(1, message);
    CHECK(ErrorOf(company[0].Protect(Bytes(20'000, 1), {}, company.world.env)) == Error::TOO_LARGE);
    CHECK(ErrorOf(company[0].Protect(Bytes{1}, Bytes(20'000, 1), company.world.env)) == Error::TOO_LARGE);
    company.Chat();
  }
}

}  // namespace
}  // namespace mls::test
