// Sending and receiving in batches: the steps of one group in their order, until one of them asks.
#include <algorithm>

#include "args.h"
#include "bulk.h"
#include "client.h"
#include "error.h"
#include "packed_results.h"
#include "watch.h"

namespace mls::binding {

namespace {

struct Step {
  enum class Kind : std::uint8_t { send, receive } kind;
  Bytes data;  // to send
  Bytes authenticated_data;
  BulkItems messages;  // the one at `at` is received
  std::size_t at = 0;
  bool inspect = false;
};

// What a step came to.
struct Sent {
  Bytes message;
};
struct Committed {
  ReceivedCommit commit;
  std::optional<std::uint64_t> candidate;  // of our own
  std::optional<PackedWelcomes> welcomes;
};
struct InPacked {};  // the next of the packed results
struct StepResult {
  std::variant<Error, Sent, ApplicationMessage, ProposalEvent, Committed, OwnMessage, InPacked> value;
  std::optional<EventId> inbox = std::nullopt;  // of an event that was saved
};

// RunOutcome is what goes back: results, rows, and, when more than messages happened, the state.
struct RunOutcome {
  std::vector<StepResult> results;
  Batch batch;
  Batch events;  // apart: who is removed by a later step deletes all rows before
  std::optional<StateView> state;
  std::optional<Asking> asking;
};

Napi::Value StepToJs(Napi::Env env, StepResult& step, Filler& filler) {
  if (std::holds_alternative<InPacked>(step.value)) return env.Null();
  Napi::Object object = Napi::Object::New(env);
  auto& result = step.value;
  if (step.inbox) object.Set("inbox", ToJs(env, step.inbox));
  const auto kind = [&](const char* name) { object.Set("kind", Napi::String::New(env, name)); };
  if (const auto* error = std::get_if<Error>(&result)) {
    kind("error");
    object.Set("error", Napi::Number::New(env, static_cast<double>(*error)));
  } else if (auto* sent = std::get_if<Sent>(&result)) {
    kind("sent");
    object.Set("message", filler.Uint8Array(env, std::move(sent->message)));
  } else if (auto* message = std::get_if<ApplicationMessage>(&result)) {
    kind("message");
    object.Set("sender", Napi::Number::New(env, message->sender.value));
    object.Set("epoch", ToJs(env, message->epoch));
    object.Set("data", filler.Uint8Array(env, std::move(message->data)));
    object.Set("authenticatedData", ToJs(env, View(message->authenticated_data)));
  } else if (const auto* proposed = std::get_if<ProposalEvent>(&result)) {
    kind("proposal");
    object.Set("epoch", ToJs(env, proposed->epoch));
    object.Set("proposal", ToJs(env, *proposed->proposal));
  } else if (auto* committed = std::get_if<Committed>(&result)) {
    kind("commit");
    object.Set("commit", ToJs(env, committed->commit));
    object.Set("candidate", committed->candidate ? ToJs(env, *committed->candidate) : env.Null());
    object.Set("welcomes", env.Null());
    if (committed->welcomes) committed->welcomes->Set(env, filler, object);
  } else {
    kind("own");
    const bool data = std::get<OwnMessage>(result).content_type == ContentType::application;
    object.Set("contentType", Napi::String::New(env, data ? "application" : "proposal"));
  }
  return object;
}

Napi::Value StepsToJs(Napi::Env env, std::vector<StepResult>& results, Filler& filler) {
  Napi::Array list = Napi::Array::New(env, results.size());
  for (std::uint32_t i = 0; i < results.size(); ++i) {
    Napi::HandleScope scope(env);
    list.Set(i, StepToJs(env, results[i], filler));
  }
  return list;
}

// Pack takes the messages out of the results. An event that was saved stays: it has a number besides.
PackedResults Pack(std::vector<StepResult>& results) {
  PackedResults packed;
  for (StepResult& step : results) {
    const auto* message = std::get_if<ApplicationMessage>(&step.value);
    const auto* sent = std::get_if<Sent>(&step.value);
    if ((message && !step.inbox && packed.Add(*message)) || (sent && packed.AddSent(sent->message)))
      step.value = InPacked{};
  }
  return packed;
}

Result<Reply> ReplyOf(GroupState& state, RunOutcome outcome) {
  outcome.batch.Append(std::move(outcome.events));
  auto packed = PackBatch(state.rows, outcome.batch);
  if (!packed.ok()) return packed.error();
  PackedResults messages = Pack(outcome.results);
  return Reply([results = std::move(outcome.results), messages = std::move(messages),
                batch = std::move(*packed), view = std::move(outcome.state),
                asking = std::move(outcome.asking)](Napi::Env env, Filler& filler) mutable -> Napi::Value {
    Napi::Object object = Napi::Object::New(env);
    object.Set("results", StepsToJs(env, results, filler));
    object.Set("messages", messages.ToJs(env));
    object.Set("batch", filler.Uint8Array(env, std::move(batch)));
    object.Set("state", view ? ToJs(env, *view, filler) : env.Null());
    object.Set("needs", asking ? NewNeeds(env, std::move(*asking)) : env.Null());
    return object;
  });
}

// Settle applies a change; its rows join those of the run.
Status Settle(GroupState& state, Change change, RunOutcome& outcome) {
  Batch rows = std::move(change.batch);
  if (Status applied = state.group->Apply(std::move(change)); !applied.ok()) return applied;
  outcome.batch.Append(std::move(rows));
  return kOk;
}

Committed Reported(ReceivedCommit commit, std::optional<std::uint64_t> candidate,
                   const std::vector<WelcomeMessage>& welcomes) {
  std::optional<PackedWelcomes> packed;
  if (commit.own) packed = PackedWelcomes::Of(welcomes);
  return {std::move(commit), candidate, std::move(packed)};
}

// The Welcomes of a candidate that its own echo accepts.
std::vector<WelcomeMessage> WelcomesOf(const Group& group, std::optional<std::uint64_t> candidate) {
  for (const CandidatePtr& one : group.candidates()) {
    if (candidate && one->id == *candidate) return one->welcomes;
  }
  return {};
}

Result<StepResult> Finish(GroupState& state, StagedMessage staged, const Answers& answers, const Env& env,
                          RunOutcome& outcome) {
  const std::optional<std::uint64_t> candidate = staged.own_candidate;
  const std::vector<WelcomeMessage> welcomes = WelcomesOf(*state.group, candidate);
  auto done = state.group->Complete(std::move(staged), answers, env);
  if (!done.ok()) return done.error();
  const bool cached = done->change.proposal != nullptr;
  if (Status settled = Settle(state, std::move(done->change), outcome); !settled.ok()) return settled.error();
  if (auto* own = std::get_if<OwnMessage>(&done->output)) return StepResult{*own};
  if (auto* message = std::get_if<ApplicationMessage>(&done->output)) {
    const auto inbox = KeepEvent(state, outcome.events, *message);
    return StepResult{std::move(*message), inbox};
  }
  outcome.state = ViewOf(state);
  if (auto* proposal = std::get_if<ReceivedProposal>(&done->output)) {
    ProposalEvent event{state.group->context().epoch, std::move(proposal->proposal)};
    // One that is repeated is kept once: anybody can send a PublicMessage again.
    const auto inbox = cached ? KeepEvent(state, outcome.events, event) : std::nullopt;
    return StepResult{std::move(event), inbox};
  }
  auto& commit = std::get<ReceivedCommit>(done->output);
  const auto inbox = KeepEvent(state, outcome.events, commit, welcomes);
  return StepResult{Reported(std::move(commit), candidate, welcomes), inbox};
}

ReceivedCommit Describe(const Group& group, const PublicCommit& commit) {
  ReceivedCommit described = DescribePlan(commit.plan, commit.content->content, commit.committer);
  const auto& removed = described.removed;
  described.self_removed = std::find(removed.begin(), removed.end(), group.self()) != removed.end();
  return described;
}

// AskFor keeps a staged message until it is answered.
Asking AskFor(GroupStatePtr state, StagedMessage staged) {
  Asking asking;
  asking.questions = staged.questions;
  if (staged.commit) asking.commit = Describe(*state->group, *staged.commit);
  asking.resume = [state = std::move(state), staged = std::move(staged)](
                      Answers answers, std::uint64_t now) mutable -> Result<Reply> {
    const Hold hold(*state);
    if (Status held = hold.Check(); !held.ok()) return held.error();
    RunOutcome outcome;
    const Surroundings surroundings(now);
    auto result = Finish(*state, std::move(staged), answers, surroundings, outcome);
    outcome.results.push_back(result.ok() ? std::move(*result) : StepResult{result.error()});
    auto reply = ReplyOf(*state, std::move(outcome));
    if (!reply.ok()) return reply.error();
    return Done(std::move(*reply));
  };
  return asking;
}

Result<StepResult> Send(GroupState& state, const Step& step, const Env& env, RunOutcome& outcome) {
  auto done = state.group->Protect(step.data, step.authenticated_data, env);
  if (!done.ok()) return done.error();
  if (Status settled = Settle(state, std::move(done->change), outcome); !settled.ok()) return settled.error();
  return StepResult{Sent{std::move(done->output)}};
}

// RunAll does the steps; the first that asks is staged and ends the run.
RunOutcome RunAll(const GroupStatePtr& state, const std::vector<Step>& steps, Trust trust, const Env& env) {
  RunOutcome outcome;
  const auto note = [&](Result<StepResult> result) {
    outcome.results.push_back(result.ok() ? std::move(*result) : StepResult{result.error()});
  };
  for (const Step& step : steps) {
    if (step.kind == Step::Kind::send) {
      note(Send(*state, step, env, outcome));
      continue;
    }
    auto staged = state->group->Stage((*step.messages)[step.at], env);
    if (!staged.ok()) {
      note(staged.error());
      continue;
    }
    if (MustAsk(staged->questions, trust) || (step.inspect && staged->commit)) {
      outcome.asking = AskFor(state, std::move(*staged));
      return outcome;
    }
    const Answers answers = AcceptAll(staged->questions);
    note(Finish(*state, std::move(*staged), answers, env, outcome));
  }
  return outcome;
}

StepResult ResultOf(InboxEvent saved) {
  StepResult result{Error::INTERNAL, saved.id};
  if (auto* commit = std::get_if<CommitEvent>(&saved.event)) {
    result.value = Reported(std::move(commit->commit), std::nullopt, commit->welcomes);
  } else if (auto* proposal = std::get_if<ProposalEvent>(&saved.event)) {
    result.value = std::move(*proposal);
  } else {
    result.value = std::move(std::get<ApplicationMessage>(saved.event));
  }
  return result;
}

std::vector<Step> StepsOf(Napi::Value value) {
  std::vector<Step> steps;
  const Napi::Array list = ArrayOf(value, "steps");
  for (std::uint32_t i = 0; i < list.Length(); ++i) {
    Napi::HandleScope scope(value.Env());
    const Napi::Object one = ObjectOf(list.Get(i), "steps");
    Step step;
    step.kind = Choice<Step::Kind>(one.Get("kind"), "kind",
                                   {{"send", Step::Kind::send}, {"receive", Step::Kind::receive}});
    if (step.kind == Step::Kind::send) {
      step.data = BytesOf(one.Get("data"), "data");
      step.authenticated_data = BytesOf(one.Get("authenticatedData"), "authenticatedData");
    } else {
      step.messages = Bulk::ItemsOf(one.Get("messages"), "messages");
      step.at = Uint32Of(one.Get("at"), "at");
      if (step.at >= step.messages->size()) ThrowType(value.Env(), "at", "an index of messages");
      step.inspect = BoolOf(one.Get("inspect"), "inspect");
    }
    steps.push_back(std::move(step));
  }
  return steps;
}

}  // namespace

Napi::Value ClientHolder::OpenInbox(const Napi::CallbackInfo& info) {
  Bytes scope = BytesOf(info[0], "scope");
  std::vector<Bytes> slices = RowsIn::Take(info[1], "rows");
  return Async(
      info.Env(),
      [keys = keys(info.Env()), scope = std::move(scope),
       slices = std::move(slices)]() mutable -> Result<Reply> {
        auto state = keys->NewState(scope);
        if (!state.ok()) return state.error();
        auto rows = (*state)->rows.OpenRows(std::move(slices));
        if (!rows.ok()) return rows.error();
        auto events = LoadInbox(*rows);
        if (!events.ok()) return events.error();
        std::vector<StepResult> results;
        for (InboxEvent& one : *events) results.push_back(ResultOf(std::move(one)));
        return Reply([results = std::move(results)](Napi::Env env, Filler& filler) mutable -> Napi::Value {
          return StepsToJs(env, results, filler);
        });
      });
}

Napi::Value RunSteps(const Napi::CallbackInfo& info, GroupStatePtr state) {
  std::vector<Step> steps = StepsOf(info[0]);
  const Trust trust = TrustOf(info[1]);
  const std::uint64_t now = SecondsOf(info[2], "now");
  return Async(info.Env(),
               [state = std::move(state), steps = std::move(steps), trust, now]() -> Result<Reply> {
                 const Hold hold(*state);
                 if (Status held = hold.Check(); !held.ok()) return held.error();
                 const Surroundings surroundings(now);
                 return ReplyOf(*state, RunAll(state, steps, trust, surroundings));
               });
}

}  // namespace mls::binding
