// Commits and proposals of our own: options read, keys and nonces drawn, staged, asked, completed.
#include "args.h"
#include "bulk.h"
#include "group.h"
#include "watch.h"

namespace mls::binding {

namespace {

// MakeLeafChange draws the signature key pair that a request asks for.
Result<LeafChange> MakeLeafChange(LeafChangeRequest request, const Suite& suite, Random& random) {
  if (!request.rotate_signature_key) return std::move(request.change);
  auto pair = GenerateSignatureKeyPair(suite, random);
  if (!pair.ok()) return pair.error();
  request.change.signature_key = std::move(*pair);
  return std::move(request.change);
}

// MakeProposal finishes a proposal by value; an Update is no such thing (RFC 9420 §12.1.2).
Result<Proposal> MakeProposal(const Group& group, NewProposal proposal, const Env& env) {
  if (proposal.ready) return std::move(*proposal.ready);
  if (proposal.psk) return group.MakePsk(std::move(*proposal.psk), env);
  if (!proposal.key_package) return Error::MISUSE;
  auto key_package = DecodeKeyPackage(*proposal.key_package, group.policy().limits);
  if (!key_package.ok()) return key_package.error();
  return Proposal{Add{std::move(*key_package)}};
}

// CommitRequest is a commit as asked for, with everything copied.
struct CommitRequest {
  CommitOptions options;
  BulkItems add;
  std::vector<NewProposal> proposals;
  LeafChangeRequest leaf;
};

CommitRequest CommitRequestOf(Napi::Value value) {
  const Napi::Object object = ObjectOf(value, "options");
  CommitRequest request;
  if (const auto add = object.Get("add"); !IsNothing(add)) request.add = Bulk::ItemsOf(add, "add");
  const Napi::Array proposals = ArrayOf(object.Get("proposals"), "proposals");
  for (std::uint32_t i = 0; i < proposals.Length(); ++i) {
    request.proposals.push_back(NewProposalOf(proposals.Get(i)));
  }
  CommitOptions& options = request.options;
  options.cached = BoolOf(object.Get("includeCached"), "includeCached") ? CommitOptions::Cached::include
                                                                        : CommitOptions::Cached::ignore;
  options.path = Choice<CommitOptions::Path>(
      object.Get("path"), "path",
      {{"always", CommitOptions::Path::always}, {"when-required", CommitOptions::Path::when_required}});
  options.welcomes = Choice<CommitOptions::Welcomes>(object.Get("welcomes"), "welcomes", kWelcomes);
  options.tree = Choice<TreePlace>(object.Get("tree"), "tree", kTreePlaces);
  options.external_pub = BoolOf(object.Get("externalPub"), "externalPub") ? ExternalPubPlace::include
                                                                          : ExternalPubPlace::leave_out;
  request.leaf = LeafChangeOf(object.Get("leaf"));
  options.authenticated_data = BytesOf(object.Get("authenticatedData"), "authenticatedData");
  options.group_info_extensions = ExtensionsOf(object.Get("groupInfoExtensions"), "groupInfoExtensions");
  return request;
}

// MakeOptions decodes key packages and draws what is to be drawn.
Result<CommitOptions> MakeOptions(const Group& group, CommitRequest request, const Env& env) {
  CommitOptions options = std::move(request.options);
  std::vector<std::optional<KeyPackage>> added(request.add == nullptr ? 0 : request.add->size());
  const auto decode = [&](std::size_t i) -> Status {
    auto key_package = DecodeKeyPackage((*request.add)[i], group.policy().limits);
    if (!key_package.ok()) return key_package.error();
    added[i] = std::move(*key_package);
    return kOk;
  };
  if (Status all = ParallelFor(env.pool, added.size(), 64, decode); !all.ok()) return all.error();
  options.proposals.reserve(added.size() + request.proposals.size());
  for (std::optional<KeyPackage>& one : added) options.proposals.push_back({Add{std::move(*one)}});
  for (NewProposal& one : request.proposals) {
    auto made = MakeProposal(group, std::move(one), env);
    if (!made.ok()) return made.error();
    options.proposals.push_back(std::move(*made));
  }
  auto leaf = MakeLeafChange(std::move(request.leaf), group.suite(), *env.random);
  if (!leaf.ok()) return leaf.error();
  options.leaf = std::move(*leaf);
  return options;
}

Result<Reply> FinishCommit(GroupState& state, StagedCommit staged, const Answers& answers, const Env& env) {
  auto made = state.group->CompleteCommit(std::move(staged), answers, env);
  if (!made.ok()) return made.error();
  auto batch = ApplyStep(state, std::move(made->change));
  if (!batch.ok()) return batch.error();
  return Done([id = made->output.id, message = std::move(made->output.message), batch = std::move(*batch),
               view = ViewOf(state)](Napi::Env env, Filler& filler) mutable -> Napi::Value {
    Napi::Object object = Napi::Object::New(env);
    object.Set("id", ToJs(env, id));
    object.Set("message", filler.Uint8Array(env, std::move(message)));
    object.Set("batch", filler.Uint8Array(env, std::move(batch)));
    object.Set("state", ToJs(env, view, filler));
    return object;
  });
}

Result<Reply> FinishProposal(GroupState& state, StagedOwnProposal staged, const Answers& answers,
                             const Env& env) {
  auto made = state.group->CompleteOwnProposal(std::move(staged), answers, env);
  if (!made.ok()) return made.error();
  Bytes reference = made->change.proposed;
  auto batch = ApplyStep(state, std::move(made->change));
  if (!batch.ok()) return batch.error();
  return Done([message = std::move(made->output), reference = std::move(reference), batch = std::move(*batch),
               view = ViewOf(state)](Napi::Env env, Filler& filler) mutable -> Napi::Value {
    Napi::Object object = Napi::Object::New(env);
    object.Set("message", filler.Uint8Array(env, std::move(message)));
    object.Set("reference", ToJs(env, View(reference)));
    object.Set("batch", filler.Uint8Array(env, std::move(batch)));
    object.Set("state", ToJs(env, view, filler));
    return object;
  });
}

// AskOrFinish is the second half of commit and propose: what was staged asks, or is finished.
template <class Staged, class Finish>
Result<Reply> AskOrFinish(GroupStatePtr state, Staged staged, Trust trust, const Env& env,
                          std::shared_ptr<Watch> watch, Finish finish) {
  if (!MustAsk(staged.questions, trust)) {
    const Answers answers = AcceptAll(staged.questions);
    return finish(*state, std::move(staged), answers, env);
  }
  Asking asking;
  asking.questions = staged.questions;
  asking.resume = [state = std::move(state), staged = std::move(staged), watch = std::move(watch), finish](
                      Answers answers, std::uint64_t now) mutable -> Result<Reply> {
    const Hold hold(*state);
    if (Status held = hold.Check(); !held.ok()) return held.error();
    const Surroundings surroundings(now, std::move(watch));
    return finish(*state, std::move(staged), answers, surroundings);
  };
  return Ask(std::move(asking));
}

// CommitFinisher finishes a commit with the answers, or asks again about one without the cached proposals
// that they turn down: what others proposed keeps nobody from committing (RFC 9420 §12.4).
struct CommitFinisher {
  GroupStatePtr state;
  Trust trust;
  std::shared_ptr<Watch> watch;

  Result<Reply> operator()(GroupState& held, StagedCommit staged, const Answers& answers,
                           const Env& env) const {
    auto again = held.group->RestageCommit(staged, answers, env);
    if (!again.ok()) return again.error();
    if (*again) return AskOrFinish(state, std::move(**again), trust, env, watch, *this);
    return FinishCommit(held, std::move(staged), answers, env);
  }
};

}  // namespace

Napi::Value GroupHolder::Commit(const Napi::CallbackInfo& info) {
  CommitRequest request = CommitRequestOf(info[0]);
  const Trust trust = TrustOf(info[1]);
  const std::uint64_t now = SecondsOf(info[2], "now");
  std::shared_ptr<Watch> watch = WatchHolder::Of(info[3]);
  return Async(info.Env(),
               [state = state_, request = std::move(request), trust, now,
                watch = std::move(watch)]() mutable -> Result<Reply> {
                 const Hold hold(*state);
                 if (Status held = hold.Check(); !held.ok()) return held.error();
                 const Surroundings surroundings(now, watch);
                 auto options = MakeOptions(*state->group, std::move(request), surroundings);
                 if (!options.ok()) return options.error();
                 auto staged = state->group->StageCommit(std::move(*options), surroundings);
                 if (!staged.ok()) return staged.error();
                 const CommitFinisher finish{state, trust, watch};
                 return AskOrFinish(state, std::move(*staged), trust, surroundings, watch, finish);
               });
}

Napi::Value GroupHolder::Propose(const Napi::CallbackInfo& info) {
  NewProposal proposal = NewProposalOf(info[0]);
  Bytes authenticated_data = BytesOf(info[1], "authenticatedData");
  const Trust trust = TrustOf(info[2]);
  const std::uint64_t now = SecondsOf(info[3], "now");
  return Async(
      info.Env(),
      [state = state_, proposal = std::move(proposal), authenticated_data = std::move(authenticated_data),
       trust, now]() mutable -> Result<Reply> {
        const Hold hold(*state);
        if (Status held = hold.Check(); !held.ok()) return held.error();
        const Surroundings surroundings(now);
        const mls::Env& env = surroundings;
        Result<StagedOwnProposal> staged = Error::INTERNAL;
        if (proposal.update) {
          auto leaf = MakeLeafChange(std::move(*proposal.update), state->group->suite(), *env.random);
          if (!leaf.ok()) return leaf.error();
          staged = state->group->StageOwnUpdate(std::move(*leaf), authenticated_data, env);
        } else {
          auto made = MakeProposal(*state->group, std::move(proposal), env);
          if (!made.ok()) return made.error();
          staged = state->group->StageOwnProposal(std::move(*made), authenticated_data, env);
        }
        if (!staged.ok()) return staged.error();
        return AskOrFinish(state, std::move(*staged), trust, env, std::make_shared<Watch>(), FinishProposal);
      });
}

}  // namespace mls::binding
