#include "tracker.h"

#include "args.h"
#include "bulk.h"
#include "bytes_holder.h"
#include "environment.h"
#include "watch.h"

namespace mls::binding {

namespace {

using TrackerHold = HoldOf<TrackerState>;

// What a step of a tracker came to.
struct Seeded {};
using TrackResult = std::variant<Seeded, CachedProposalPtr, ReceivedCommit>;

Reply TrackedReply(const Tracker& tracker, TrackResult result) {
  return Done([result = std::move(result), view = StateView::Of(tracker)](
                  Napi::Env env, Filler& filler) mutable -> Napi::Value {
    Napi::Object what = Napi::Object::New(env);
    const auto kind = [&](const char* name) { what.Set("kind", Napi::String::New(env, name)); };
    if (const auto* proposal = std::get_if<CachedProposalPtr>(&result)) {
      kind("proposal");
      what.Set("epoch", ToJs(env, view.epoch->context.epoch));
      what.Set("proposal", ToJs(env, **proposal));
    } else if (const auto* commit = std::get_if<ReceivedCommit>(&result)) {
      kind("commit");
      what.Set("commit", ToJs(env, *commit));
    } else {
      kind("seeded");
    }
    Napi::Object object = Napi::Object::New(env);
    object.Set("result", what);
    object.Set("state", ToJs(env, view, filler));
    return object;
  });
}

// AskOrFinish: `finish(state, staged, answers)` is run at once or when the questions are answered.
template <class Staged, class Finish>
Result<Reply> AskOrFinish(TrackerStatePtr state, Staged staged, Trust trust, Finish finish) {
  if (!MustAsk(staged.questions, trust)) {
    const Answers answers = AcceptAll(staged.questions);
    return finish(*state, std::move(staged), answers);
  }
  Asking asking;
  asking.questions = staged.questions;
  asking.resume = [state = std::move(state), staged = std::move(staged), finish](
                      Answers answers, std::uint64_t) mutable -> Result<Reply> {
    const TrackerHold hold(*state);
    if (Status held = hold.Free(); !held.ok()) return held.error();
    return finish(*state, std::move(staged), answers);
  };
  return Ask(std::move(asking));
}

Result<Reply> FinishSeed(TrackerState& state, StagedSeed staged, const Answers& answers) {
  if (state.tracker) {
    if (Status moved = state.tracker->Reseed(std::move(staged), answers); !moved.ok()) return moved.error();
  } else {
    auto tracker = Tracker::CompleteSeed(std::move(staged), answers, state.policy);
    if (!tracker.ok()) return tracker.error();
    state.tracker.emplace(std::move(*tracker));
  }
  return TrackedReply(*state.tracker, Seeded{});
}

Result<Reply> FinishHandshake(TrackerState& state, StagedHandshake staged, const Answers& answers) {
  if (state.empty()) return Error::CLOSED;
  TrackResult result;
  if (staged.commit) {
    const PublicCommit& commit = *staged.commit;
    result = DescribePlan(commit.plan, commit.content->content, commit.committer);
  } else {
    result = staged.proposal;
  }
  if (Status done = state.tracker->Complete(std::move(staged), answers); !done.ok()) return done.error();
  return TrackedReply(*state.tracker, std::move(result));
}

}  // namespace

Napi::Function TrackerHolder::Define(Napi::Env env) {
  return DefineClass(
      env, "Tracker",
      {InstanceMethod<&TrackerHolder::Seed>("seed"), InstanceMethod<&TrackerHolder::Receive>("receive"),
       InstanceMethod<&TrackerHolder::OfferGroupInfo>("offerGroupInfo"),
       InstanceMethod<&TrackerHolder::GroupInfoOf>("groupInfo"), InstanceMethod<&TrackerHolder::Tree>("tree"),
       InstanceMethod<&TrackerHolder::TreeBytes>("treeBytes"),
       InstanceMethod<&TrackerHolder::Members>("members"), InstanceMethod<&TrackerHolder::Save>("save"),
       InstanceMethod<&TrackerHolder::Load>("load"), InstanceMethod<&TrackerHolder::Close>("close")});
}

TrackerHolder::TrackerHolder(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<TrackerHolder>(info), state_(std::make_shared<TrackerState>()) {
  state_->policy = PolicyOf(info[0]);
}

TrackerHolder::~TrackerHolder() {
  if (state_ != nullptr) ThePool().Post([state = std::move(state_)] {});
}

template <class Body>
Napi::Value TrackerHolder::With(const Napi::CallbackInfo& info, Body body) {
  return Async(info.Env(), [state = state_, body = std::move(body)]() mutable -> Result<Reply> {
    const TrackerHold hold(*state);
    if (Status held = hold.Check(); !held.ok()) return held.error();
    return body(*state);
  });
}

Napi::Value TrackerHolder::Seed(const Napi::CallbackInfo& info) {
  auto group_info = BytesHolder::Share(info[0], "groupInfo");
  auto tree = BytesHolder::Share(info[1], "tree");
  const Trust trust = TrustOf(info[2]);
  const std::uint64_t now = SecondsOf(info[3], "now");
  return Async(info.Env(),
               [state = state_, group_info = std::move(group_info), tree = std::move(tree), trust,
                now]() mutable -> Result<Reply> {
                 const TrackerHold hold(*state);
                 if (Status held = hold.Free(); !held.ok()) return held.error();
                 const Surroundings surroundings(now);
                 auto staged = Tracker::StageSeed(*group_info, *tree, state->policy, surroundings);
                 if (!staged.ok()) return staged.error();
                 return AskOrFinish(state, std::move(*staged), trust, FinishSeed);
               });
}

Napi::Value TrackerHolder::Receive(const Napi::CallbackInfo& info) {
  Bytes message = BytesOf(info[0], "message");
  const Trust trust = TrustOf(info[1]);
  const std::uint64_t now = SecondsOf(info[2], "now");
  return Async(info.Env(), [state = state_, message = std::move(message), trust, now]() -> Result<Reply> {
    const TrackerHold hold(*state);
    if (Status held = hold.Check(); !held.ok()) return held.error();
    const Surroundings surroundings(now);
    auto staged = state->tracker->Stage(message, surroundings);
    if (!staged.ok()) return staged.error();
    return AskOrFinish(state, std::move(*staged), trust, FinishHandshake);
  });
}

Napi::Value TrackerHolder::OfferGroupInfo(const Napi::CallbackInfo& info) {
  auto group_info = BytesHolder::Share(info[0], "groupInfo");
  return With(info, [group_info = std::move(group_info)](TrackerState& state) -> Result<Reply> {
    if (Status taken = state.tracker->OfferGroupInfo(*group_info); !taken.ok()) return taken.error();
    return Reply([](Napi::Env env, Filler&) { return env.Undefined(); });
  });
}

namespace {

Reply BytesReply(Bytes bytes) {
  return [bytes = std::move(bytes)](Napi::Env env, Filler& filler) mutable {
    return filler.Uint8Array(env, std::move(bytes));
  };
}

}  // namespace

Napi::Value TrackerHolder::GroupInfoOf(const Napi::CallbackInfo& info) {
  return With(info, [](TrackerState& state) -> Result<Reply> {
    return BytesReply(ToBytes(state.tracker->group_info()));
  });
}

Napi::Value TrackerHolder::Tree(const Napi::CallbackInfo& info) {
  return With(info,
              [](TrackerState& state) -> Result<Reply> { return BytesReply(state.tracker->EncodeTree()); });
}

Napi::Value TrackerHolder::TreeBytes(const Napi::CallbackInfo& info) {
  return With(info, [](TrackerState& state) -> Result<Reply> {
    return Reply([tree = state.tracker->EncodeTree()](Napi::Env env, Filler&) mutable {
      return BytesHolder::New(env, std::move(tree));
    });
  });
}

Napi::Value TrackerHolder::Members(const Napi::CallbackInfo& info) {
  const LeafIndex from{Uint32Of(info[0], "from")};
  const std::uint32_t count = Uint32Of(info[1], "count");
  return With(info, [from, count](TrackerState& state) -> Result<Reply> {
    return Reply([view = MembersView::Of(state.tracker->epoch().tree, from, count)](
                     Napi::Env env, Filler& filler) mutable { return ToJs(env, std::move(view), filler); });
  });
}

Napi::Value TrackerHolder::Save(const Napi::CallbackInfo& info) {
  return With(info, [](TrackerState& state) -> Result<Reply> {
    Batch whole;
    state.tracker->Save(whole);
    auto packed = PackBatch(nullptr, whole);
    if (!packed.ok()) return packed.error();
    return BytesReply(std::move(*packed));
  });
}

Napi::Value TrackerHolder::Load(const Napi::CallbackInfo& info) {
  std::vector<Bytes> slices = RowsIn::Take(info[0], "rows");
  const std::uint64_t now = SecondsOf(info[1], "now");
  return Async(info.Env(), [state = state_, slices = std::move(slices), now]() mutable -> Result<Reply> {
    const TrackerHold hold(*state);
    if (Status held = hold.Free(); !held.ok()) return held.error();
    const Surroundings surroundings(now);
    auto rows = OpenRows(nullptr, std::move(slices));
    if (!rows.ok()) return rows.error();
    auto tracker = Tracker::Load(*rows, state->policy, surroundings);
    if (!tracker.ok()) return tracker.error();
    state->tracker.emplace(std::move(*tracker));
    return Reply([view = StateView::Of(*state->tracker)](Napi::Env env, Filler& filler) mutable {
      return ToJs(env, view, filler);
    });
  });
}

void TrackerHolder::Close(const Napi::CallbackInfo&) {
  state_->closed.store(true);
  ThePool().Post([state = state_] { const TrackerHold last(*state); });
}

}  // namespace mls::binding
