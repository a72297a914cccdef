#include "group.h"

#include <chrono>

#include "args.h"
#include "bulk.h"
#include "bytes_holder.h"
#include "environment.h"
#include "error.h"
#include "watch.h"

namespace mls::binding {

namespace {

// BatchAndState is the reply of a step that has nothing more to say.
Result<Reply> BatchAndState(GroupState& state, Change change) {
  auto batch = ApplyStep(state, std::move(change));
  if (!batch.ok()) return batch.error();
  return Reply([batch = std::move(*batch), view = ViewOf(state)](Napi::Env env, Filler& filler) mutable {
    Napi::Object object = Napi::Object::New(env);
    object.Set("batch", filler.Uint8Array(env, std::move(batch)));
    object.Set("state", ToJs(env, view, filler));
    return object;
  });
}

Reply BytesReply(Bytes bytes) {
  return [bytes = std::move(bytes)](Napi::Env env, Filler& filler) mutable {
    return filler.Uint8Array(env, std::move(bytes));
  };
}

}  // namespace

StateView ViewOf(GroupState& state) {
  StateView view = StateView::Of(*state.group);
  std::map<std::uint64_t, Digest> digests;
  for (const CandidatePtr& candidate : state.group->candidates()) {
    const Digest digest = state.digests[candidate->id];
    digests.emplace(candidate->id, digest);
    view.pending.push_back({candidate->id, digest, {}});
  }
  state.digests = std::move(digests);  // without those that are gone
  return view;
}

Result<StateView> Replace(GroupState& state, Group group) {
  const std::map<std::uint64_t, Digest> known = state.digests;
  for (const CandidatePtr& candidate : group.candidates()) {
    Status noted = NoteCandidate(state, group.suite(), *candidate);
    if (!noted.ok()) return noted.error();
  }
  state.group.emplace(std::move(group));
  StateView view = ViewOf(state);
  for (std::size_t i = 0; i < view.pending.size(); ++i) {
    const auto former = known.find(view.pending[i].id);
    const bool is_new = former == known.end() || former->second != view.pending[i].digest;
    if (is_new) view.pending[i].message = state.group->candidates()[i]->message;
  }
  return view;
}

Status NoteCandidate(GroupState& state, const Suite& suite, const Candidate& candidate) {
  auto digest = Hash(suite, {candidate.message});
  if (!digest.ok()) return digest.error();
  state.digests[candidate.id] = *digest;
  return kOk;
}

Result<Bytes> ApplyStep(GroupState& state, Change change) {
  auto packed = PackBatch(state.rows, change.batch);
  if (!packed.ok()) return packed;
  if (change.candidate != nullptr) {
    Status noted = NoteCandidate(state, state.group->suite(), *change.candidate);
    if (!noted.ok()) return noted.error();
  }
  if (Status applied = state.group->Apply(std::move(change)); !applied.ok()) return applied.error();
  return packed;
}

Result<Reply> Opened(GroupStatePtr state, UniqueFunction<void(Napi::Env, Filler&, Napi::Object)> more) {
  Batch whole;
  state->group->Save(whole);
  auto packed = PackBatch(state->rows, whole);
  if (!packed.ok()) return packed.error();
  StateView view = ViewOf(*state);
  return Reply([state = std::move(state), batch = std::move(*packed), view = std::move(view),
                more = std::move(more)](Napi::Env env, Filler& filler) mutable {
    Napi::Object object = Napi::Object::New(env);
    object.Set("group", GroupHolder::New(env, std::move(state)));
    object.Set("batch", filler.Uint8Array(env, std::move(batch)));
    object.Set("state", ToJs(env, view, filler));
    if (more) more(env, filler, object);
    return object;
  });
}

PackedWelcomes PackedWelcomes::Of(const std::vector<WelcomeMessage>& welcomes) {
  PackedWelcomes packed;
  for (const WelcomeMessage& welcome : welcomes) {
    packed.messages.Add(welcome.message);
    Packed recipients;
    for (const Bytes& reference : welcome.key_packages) recipients.Add(reference);
    packed.recipients.push_back(std::move(recipients));
  }
  return packed;
}

void PackedWelcomes::Set(Napi::Env env, Filler& filler, Napi::Object object) {
  object.Set("welcomes", ToJs(env, std::move(messages), filler));
  Napi::Array lists = Napi::Array::New(env, recipients.size());
  for (std::uint32_t i = 0; i < recipients.size(); ++i) {
    Napi::HandleScope scope(env);
    lists.Set(i, ToJs(env, std::move(recipients[i]), filler));
  }
  object.Set("recipients", lists);
}

Napi::Value ToJs(Napi::Env env, const std::optional<EventId>& id) {
  return id ? ToJs(env, View(id->Encode())) : env.Null();
}

std::uint64_t Milliseconds() {
  const auto time = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(time).count());
}

Napi::Function GroupHolder::Define(Napi::Env env) {
  return DefineClass(
      env, "Group",
      {InstanceMethod<&GroupHolder::State>("state"), InstanceMethod<&GroupHolder::Run>("run"),
       InstanceMethod<&GroupHolder::Commit>("commit"), InstanceMethod<&GroupHolder::Propose>("propose"),
       InstanceMethod<&GroupHolder::Accept>("accept"), InstanceMethod<&GroupHolder::Reject>("reject"),
       InstanceMethod<&GroupHolder::Confirm>("confirm"), InstanceMethod<&GroupHolder::Members>("members"),
       InstanceMethod<&GroupHolder::ExportSecret>("exportSecret"),
       InstanceMethod<&GroupHolder::GroupInfoOf>("groupInfo"), InstanceMethod<&GroupHolder::Tree>("tree"),
       InstanceMethod<&GroupHolder::TreeBytes>("treeBytes"),
       InstanceMethod<&GroupHolder::Resumption>("resumption"),
       InstanceMethod<&GroupHolder::Refresh>("refresh"), InstanceMethod<&GroupHolder::Save>("save"),
       InstanceMethod<&GroupHolder::Close>("close")});
}

GroupHolder::GroupHolder(const Napi::CallbackInfo& info) : Holder<GroupHolder>(info) {
  if (!info[0].IsExternal()) ThrowType(info.Env(), "Group", "to be made by the addon");
  state_ = std::move(*info[0].As<Napi::External<GroupStatePtr>>().Data());
}

// A large tree is not let go on the JavaScript thread.
GroupHolder::~GroupHolder() {
  if (state_ != nullptr) ThePool().Post([state = std::move(state_)] {});
}

Napi::Value GroupHolder::New(Napi::Env env, GroupStatePtr state) {
  return Environment::Of(env).group.New({Napi::External<GroupStatePtr>::New(env, &state)});
}

GroupStatePtr GroupHolder::StateOf(Napi::Value value, const char* name) {
  return Held(value, name, "a group of the addon").state_;
}

template <class Body>
Napi::Value GroupHolder::With(const Napi::CallbackInfo& info, Body body) {
  return Async(info.Env(), [state = state_, body = std::move(body)]() mutable -> Result<Reply> {
    const Hold hold(*state);
    if (Status held = hold.Check(); !held.ok()) return held.error();
    return body(*state);
  });
}

Napi::Value GroupHolder::State(const Napi::CallbackInfo& info) {
  return With(info, [](GroupState& state) -> Result<Reply> {
    return Reply(
        [view = ViewOf(state)](Napi::Env env, Filler& filler) mutable { return ToJs(env, view, filler); });
  });
}

Napi::Value GroupHolder::Run(const Napi::CallbackInfo& info) { return RunSteps(info, state_); }

Napi::Value GroupHolder::Accept(const Napi::CallbackInfo& info) {
  const std::uint64_t id = Uint64Of(info[0], "id");
  const std::uint64_t now = SecondsOf(info[1], "now");
  return With(info, [id, now](GroupState& state) -> Result<Reply> {
    const Surroundings surroundings(now);
    std::vector<WelcomeMessage> welcomes;
    for (const CandidatePtr& candidate : state.group->candidates()) {
      if (candidate->id == id) welcomes = candidate->welcomes;
    }
    auto accepted = state.group->AcceptCandidate(id, surroundings);
    if (!accepted.ok()) return accepted.error();
    const auto inbox = KeepEvent(state, accepted->change.batch, accepted->output, welcomes);
    auto batch = ApplyStep(state, std::move(accepted->change));
    if (!batch.ok()) return batch.error();
    return Reply([commit = std::move(accepted->output), welcomes = PackedWelcomes::Of(welcomes), inbox,
                  batch = std::move(*batch), view = ViewOf(state)](Napi::Env env, Filler& filler) mutable {
      Napi::Object object = Napi::Object::New(env);
      object.Set("commit", ToJs(env, commit));
      welcomes.Set(env, filler, object);
      object.Set("inbox", ToJs(env, inbox));
      object.Set("batch", filler.Uint8Array(env, std::move(batch)));
      object.Set("state", ToJs(env, view, filler));
      return object;
    });
  });
}

Napi::Value GroupHolder::Reject(const Napi::CallbackInfo& info) {
  const std::uint64_t id = Uint64Of(info[0], "id");
  return With(info, [id](GroupState& state) -> Result<Reply> {
    auto change = state.group->RejectCandidate(id);
    if (!change.ok()) return change.error();
    return BatchAndState(state, std::move(*change));
  });
}

Napi::Value GroupHolder::Confirm(const Napi::CallbackInfo& info) {
  return With(info, [](GroupState& state) -> Result<Reply> {
    auto change = state.group->Confirm();
    if (!change.ok()) return change.error();
    return BatchAndState(state, std::move(*change));
  });
}

Napi::Value GroupHolder::Members(const Napi::CallbackInfo& info) {
  const LeafIndex from{Uint32Of(info[0], "from")};
  const std::uint32_t count = Uint32Of(info[1], "count");
  return With(info, [from, count](GroupState& state) -> Result<Reply> {
    return Reply([view = MembersView::Of(state.group->tree(), from, count)](
                     Napi::Env env, Filler& filler) mutable { return ToJs(env, std::move(view), filler); });
  });
}

Napi::Value GroupHolder::ExportSecret(const Napi::CallbackInfo& info) {
  std::string label = StringOf(info[0], "label");
  Bytes context = BytesOf(info[1], "context");
  const std::uint32_t length = Uint32Of(info[2], "length");
  return With(
      info,
      [label = std::move(label), context = std::move(context), length](GroupState& state) -> Result<Reply> {
        auto secret = state.group->Export(label, context, length);
        if (!secret.ok()) return secret.error();
        return Reply(
            [secret = std::move(*secret)](Napi::Env env, Filler&) { return ToJs(env, secret.view()); });
      });
}

Napi::Value GroupHolder::GroupInfoOf(const Napi::CallbackInfo& info) {
  const Napi::Object options = ObjectOf(info[0], "options");
  GroupInfoOptions wanted;
  wanted.tree = Choice<TreePlace>(options.Get("tree"), "tree", kTreePlaces);
  wanted.external_pub = BoolOf(options.Get("externalPub"), "externalPub") ? ExternalPubPlace::include
                                                                          : ExternalPubPlace::leave_out;
  wanted.extensions = ExtensionsOf(options.Get("extensions"), "extensions");
  const std::uint64_t now = SecondsOf(info[1], "now");
  return With(info, [wanted = std::move(wanted), now](GroupState& state) -> Result<Reply> {
    const Surroundings surroundings(now);
    auto made = state.group->MakeGroupInfo(wanted, surroundings);
    if (!made.ok()) return made.error();
    return BytesReply(EncodeMessage(GroupInfoMessage{std::move(*made)}));
  });
}

Napi::Value GroupHolder::Tree(const Napi::CallbackInfo& info) {
  return With(info, [](GroupState& state) -> Result<Reply> {
    return BytesReply(state.group->tree().EncodeExtension());
  });
}

Napi::Value GroupHolder::TreeBytes(const Napi::CallbackInfo& info) {
  return With(info, [](GroupState& state) -> Result<Reply> {
    return Reply([tree = state.group->tree().EncodeExtension()](Napi::Env env, Filler&) mutable {
      return BytesHolder::New(env, std::move(tree));
    });
  });
}

Napi::Value GroupHolder::Resumption(const Napi::CallbackInfo& info) {
  const std::uint64_t epoch = Uint64Of(info[0], "epoch");
  return With(info, [epoch](GroupState& state) -> Result<Reply> {
    auto secret = state.group->ResumptionPskOf(epoch);
    if (!secret.ok()) return secret.error();
    return Reply([secret = std::move(*secret)](Napi::Env env, Filler&) mutable {
      return SecretHolder::New(env, std::move(secret));
    });
  });
}

Napi::Value GroupHolder::Refresh(const Napi::CallbackInfo& info) {
  std::vector<Bytes> slices = RowsIn::Take(info[0], "rows");
  const std::uint64_t now = SecondsOf(info[1], "now");
  return With(info, [slices = std::move(slices), now](GroupState& state) mutable -> Result<Reply> {
    const Surroundings surroundings(now);
    auto delta = state.rows.OpenDelta(std::move(slices));
    if (!delta.ok()) return delta.error();
    auto group = state.group->Refresh(*delta, surroundings);
    if (!group.ok()) return group.error();
    auto view = Replace(state, std::move(*group));
    if (!view.ok()) return view.error();
    state.rows.Remember(*delta);
    return Reply([view = std::move(*view)](Napi::Env env, Filler& filler) mutable {
      Napi::Object object = Napi::Object::New(env);
      object.Set("state", ToJs(env, view, filler));
      return object;
    });
  });
}

Napi::Value GroupHolder::Save(const Napi::CallbackInfo& info) {
  return With(info, [](GroupState& state) -> Result<Reply> {
    Batch whole;
    state.group->Save(whole);
    auto packed = PackBatch(state.rows, whole);
    if (!packed.ok()) return packed.error();
    return BytesReply(std::move(*packed));
  });
}

void GroupHolder::Close(const Napi::CallbackInfo&) {
  state_->closed.store(true);
  ThePool().Post([state = state_] { const Hold last(*state); });
}

}  // namespace mls::binding
