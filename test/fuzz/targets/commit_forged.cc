// Reaches: a whole Commit of an insider or a stranger, whose list of proposals, path, tree, tags and secrets
// are right but for one edit, up to the new epoch. Holds: LiveGroup::Receive; who takes a Commit has the
// secrets that its maker has. Input: a byte of choices, which part is edited, an edit, then the list:
// references of one byte are numbers of cached proposals.
#include "support/content.h"
#include "support/edit.h"
#include "support/mutate.h"

namespace mls::fuzz {

namespace {

using List = std::vector<ProposalOrRef>;

enum Choice : std::uint8_t {
  kSuite = 1,
  kNoPath = 2,
  kPrivate = 4,
  kStranger = 8,   // an external Commit
  kNoInit = 16,    // without its ExternalInit
  kSignAdds = 32,  // leaf and key package of every Add are signed again
  kUncached = 64,  // references stay as they are
};

void SignAdds(const LiveGroup& group, List& list) {
  for (ProposalOrRef& entry : list) {
    auto* value = std::get_if<ProposalByValue>(&entry.body);
    auto* add = value == nullptr ? nullptr : std::get_if<Add>(&value->proposal.body);
    if (add != nullptr) Sign(group.suite(), add->key_package, group.stranger.profile.signature_private_key);
  }
}

void NameReferences(const LiveGroup& group, List& list) {
  const std::vector<Bytes> known = group.References();
  for (ProposalOrRef& entry : list) {
    auto* reference = std::get_if<ProposalByReference>(&entry.body);
    if (reference != nullptr && reference->reference.size() == 1) {
      reference->reference = known[reference->reference[0] % known.size()];
    }
  }
}

template <class T>
void ChangeOne(std::vector<T>& values, const Edit& edit) {
  if (!values.empty()) edit.Change(values[edit.at % values.size()]);
}

void Edited(CommitForgery& forgery, std::size_t part, const Edit& edit) {
  if (part == 0) forgery.extensions = [edit](Extensions& value) { edit.Change(value); };
  if (part == 1) forgery.public_keys = [edit](std::vector<Bytes>& value) { ChangeOne(value, edit); };
  if (part == 2) forgery.leaf = [edit](LeafNode& value) { edit.Change(value); };
  if (part == 3) forgery.signed_leaf = [edit](LeafNode& value) { edit.Change(value); };
  if (part == 4) forgery.path_secrets = [edit](std::vector<Secret>& value) { ChangeOne(value, edit); };
  if (part == 5) forgery.path_context = [edit](GroupContext& value) { edit.Change(value); };
  if (part == 6) forgery.path = [edit](UpdatePath& value) { edit.Change(value); };
  if (part == 7) forgery.content = [edit](FramedContent& value) { edit.Change(value); };
  if (part == 8) forgery.confirmation_tag = [edit](Bytes& value) { value = edit.In(value); };
  if (part == 9) forgery.signed_content = [edit](AuthenticatedContent& value) { edit.Change(value); };
}

// Forged is nothing where an input asks for what nobody could make, such as a seal to a key that is none.
std::optional<ForgedCommit> Forged(const LiveGroup& group, std::uint8_t choice, CommitForgery forgery) {
  try {
    if ((choice & kStranger) == 0) return ForgeCommit(group.insider, std::move(forgery));
    return ForgeExternalCommit(group.insider, group.stranger, std::move(forgery),
                               (choice & kNoInit) != 0 ? Init::left_out : Init::first);
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

}  // namespace

void FuzzOne(View bytes) {
  Input input(bytes);
  const std::uint8_t choice = input.Byte();
  const std::size_t part = input.Below(11);
  const Edit edit = Edit::Read(input);
  auto list = Decode<List>(input.Rest());
  if (!list.ok()) return;
  LiveGroup& group = LiveGroup::Of(choice & kSuite);
  if ((choice & kSignAdds) != 0) SignAdds(group, *list);
  if ((choice & kUncached) == 0) NameReferences(group, *list);
  CommitForgery forgery;
  forgery.proposals = std::move(*list);
  if ((choice & kNoPath) != 0) forgery.path_is = CommitForgery::Path::without;
  if ((choice & kPrivate) != 0 && (choice & kStranger) == 0) forgery.format = WireFormat::mls_private_message;
  if (!edit.empty()) Edited(forgery, part, edit);
  const auto forged = Forged(group, choice, std::move(forgery));
  if (!forged) return;
  group.Receive(forged->message, [&](const Group& next) {
    const Secret expected = Must(DeriveSecret(next.suite(), forged->epoch_secret, "authentication"));
    Expect(Equal(expected, next.epoch_authenticator()), "who takes a commit has its maker's secrets");
  });
}

std::vector<Seed> Seeds() {
  std::vector<Seed> seeds;
  const Bytes no_edit(5, 0);
  for (const auto& [name, content] : ContentSeeds(LiveGroup::Of(0))) {
    List list;
    std::uint8_t choice = 0;
    if (const auto* proposal = std::get_if<ProposalContent>(&content.body)) {
      if (!std::holds_alternative<Update>(proposal->proposal.body)) list.push_back(Value(proposal->proposal));
    } else if (const auto* commit = std::get_if<CommitContent>(&content.body)) {
      list = commit->commit.proposals.Decode();
      if (content.sender.sender_type == SenderType::new_member_commit) choice = kStranger | kNoInit;
    }
    for (const std::uint8_t more : {0, +kNoPath, +kPrivate}) {
      const auto all = static_cast<std::uint8_t>(choice | more);
      seeds.push_back({name + "-" + std::to_string(more), Joined(Joined({all, 10}, no_edit), Encode(list))});
    }
  }
  const List cached = {Reference({0}), Reference({1}), Reference({2})};
  for (std::uint8_t part = 0; part < 10; ++part) {
    Bytes bytes = {0, part};
    Append(bytes, Edit::Encode(static_cast<std::uint16_t>(9 * part), 1, Bytes{1}));
    seeds.push_back({"edited-" + std::to_string(part), Joined(std::move(bytes), Encode(cached))});
  }
  seeds.push_back({"external", Joined(Joined({kStranger, 10}, no_edit), Encode(List()))});
  return seeds;
}

}  // namespace mls::fuzz

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned seed) {
  // What stands behind the edit is a list.
  const std::size_t inserted = size < 7 ? 0 : std::size_t{data[5]} << 8 | data[6];
  return mls::fuzz::Mutated<std::vector<mls::ProposalOrRef>>(data, size, max_size, seed, 7 + inserted);
}
