// A member in the last epoch that 64 bits can count made a Commit to epoch 0, and so did whoever joined that
// group by Commit. Only those who received it refused.
#include "support/company.h"

namespace mls::test {
namespace {

constexpr std::uint64_t kLast = ~std::uint64_t{0};

// InLastEpoch gives the rows of `group` as if its epoch were the last: no secret depends on the number alone.
MemoryRows InLastEpoch(const Group& group) {
  const Bytes now = Encode(group.context().epoch), last = Encode(kLast);
  GroupContext context = group.context();
  context.epoch = kLast;
  const Bytes hash = ToBytes(Must(Hash(group.suite(), {Encode(context)})));
  const MemoryRows saved = World::Saved(group);
  MemoryRows rows;
  for (const auto& [key, value] : saved.rows()) {
    Bytes name = key, content = ToBytes(value.view());
    const RowTag tag{name.at(0)};
    const bool of_epochs =
        tag == RowTag::epoch_secrets || tag == RowTag::secret_tree || tag == RowTag::ratchet;
    if (of_epochs && StartsWith(View(name).subspan(1), now)) {
      std::copy(last.begin(), last.end(), name.begin() + 1);
    }
    if (tag == RowTag::epoch_secrets) {  // the hash of the context is the last thing in it
      std::copy(hash.begin(), hash.end(), content.end() - static_cast<std::ptrdiff_t>(hash.size()));
    }
    if (tag == RowTag::context) {  // the epoch stands behind format, version, suite and group_id
      const auto at = static_cast<std::ptrdiff_t>(2 + 2 + 2 + Encode(group.context().group_id).size());
      std::copy(last.begin(), last.end(), content.begin() + at);
    }
    rows.Put(name, content);
  }
  return rows;
}

TEST_CASE("R8.1: no Commit leads from the last epoch to epoch 0, neither a member's nor a joiner's") {
  Company company(AllSuites().front(), 2);
  const Env& env = company.world.env;
  const Group group = Must(Group::Load(InLastEpoch(company[0]), {}, env));
  REQUIRE(group.context().epoch == kLast);
  CHECK(ErrorOf(group.StageCommit({}, env)) == Error::LIMIT_EXCEEDED);
  const Client joiner = company.world.NewClient(AllSuites().front(), "joiner");
  const GroupInfo info = Must(group.MakeGroupInfo({}, env));
  CHECK(ErrorOf(company.TryJoinByCommit(joiner, info)) == Error::LIMIT_EXCEEDED);
}

}  // namespace
}  // namespace mls::test
