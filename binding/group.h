// NativeGroup: one Group of the engine as a JavaScript class, and the state behind it.
#pragma once

#include <napi.h>

#include <atomic>
#include <map>
#include <random>

#include "convert.h"
#include "hold.h"
#include "holder.h"
#include "needs.h"
#include "rows.h"

namespace mls::binding {

// GroupState is shared by the JavaScript object and the work under way. One operation holds it at a time.
struct GroupState {
  explicit GroupState(SealedRows r) : rows(std::move(r)) {}
  SealedRows rows;
  std::optional<Group> group;
  std::map<std::uint64_t, Digest> digests;  // of the candidates' messages, by id: each is hashed once
  // Of events: the number of the last, and what tells them from those of others (core/group/inbox.h).
  std::uint64_t last_event = 0;
  std::uint64_t origin = std::random_device()() | std::uint64_t{std::random_device()()} << 32;
  void Drop() { group.reset(); }
  bool empty() const { return !group; }
  std::atomic<bool> held{false};
  std::atomic<bool> closed{false};
};
using GroupStatePtr = std::shared_ptr<GroupState>;

using Hold = HoldOf<GroupState>;

class GroupHolder : public Holder<GroupHolder> {
 public:
  static Napi::Function Define(Napi::Env env);
  explicit GroupHolder(const Napi::CallbackInfo& info);
  ~GroupHolder() override;
  static Napi::Value New(Napi::Env env, GroupStatePtr state);
  static GroupStatePtr StateOf(Napi::Value value, const char* name);

 private:
  Napi::Value State(const Napi::CallbackInfo& info);
  Napi::Value Run(const Napi::CallbackInfo& info);
  Napi::Value Commit(const Napi::CallbackInfo& info);
  Napi::Value Propose(const Napi::CallbackInfo& info);
  Napi::Value Accept(const Napi::CallbackInfo& info);
  Napi::Value Reject(const Napi::CallbackInfo& info);
  Napi::Value Confirm(const Napi::CallbackInfo& info);
  Napi::Value Members(const Napi::CallbackInfo& info);
  Napi::Value ExportSecret(const Napi::CallbackInfo& info);
  Napi::Value GroupInfoOf(const Napi::CallbackInfo& info);
  Napi::Value Tree(const Napi::CallbackInfo& info);
  Napi::Value TreeBytes(const Napi::CallbackInfo& info);
  Napi::Value Resumption(const Napi::CallbackInfo& info);
  Napi::Value Refresh(const Napi::CallbackInfo& info);
  Napi::Value Save(const Napi::CallbackInfo& info);
  void Close(const Napi::CallbackInfo& info);
  // With runs `body(group)` on the pool while the state is held.
  template <class Body>
  Napi::Value With(const Napi::CallbackInfo& info, Body body);

  GroupStatePtr state_;
};

// ViewOf is the public face of a held state, without the messages of candidates: whoever made one has its
// message.
StateView ViewOf(GroupState& state);
// Replace puts a group that was loaded or refreshed into the state. The messages of candidates that it did
// not have come with the view.
Result<StateView> Replace(GroupState& state, Group group);
// NoteCandidate hashes a candidate's message; before it is applied, since what fails then changes nothing.
Status NoteCandidate(GroupState& state, const Suite& suite, const Candidate& candidate);

// Opened gives the reply of what makes a group: the object, all its rows and its state.
Result<Reply> Opened(GroupStatePtr state, UniqueFunction<void(Napi::Env, Filler&, Napi::Object)> more = {});

// Welcomes of a commit, packed: the messages, and for each the key packages it is for.
struct PackedWelcomes {
  Packed messages;
  std::vector<Packed> recipients;
  static PackedWelcomes Of(const std::vector<WelcomeMessage>& welcomes);
  void Set(Napi::Env env, Filler& filler, Napi::Object object);
};

// ApplyStep applies a change and gives its packed rows.
Result<Bytes> ApplyStep(GroupState& state, Change change);

// Milliseconds since 1970 by this machine's clock.
std::uint64_t Milliseconds();
// KeepEvent saves an event into `batch` if the group's policy wants that, and gives its id.
template <class... Event>
std::optional<EventId> KeepEvent(GroupState& state, Batch& batch, const Event&... event) {
  if (state.group->policy().events != Policy::Events::durable) return std::nullopt;
  state.last_event = NextEvent(state.last_event, Milliseconds());
  const EventId id{state.last_event, state.origin};
  SaveEvent(id, event..., batch);
  return id;
}
Napi::Value ToJs(Napi::Env env, const std::optional<EventId>& id);  // bytes, or null

// run_steps.cc
Napi::Value RunSteps(const Napi::CallbackInfo& info, GroupStatePtr state);

}  // namespace mls::binding
