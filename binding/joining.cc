// The ways into a group: created, joined by Welcome or by external Commit, made as a successor, loaded.
#include "args.h"
#include "bulk.h"
#include "bytes_holder.h"
#include "client.h"
#include "watch.h"

namespace mls::binding {

namespace {

// Into makes the state of a new group.
Result<GroupStatePtr> Into(const ClientKeys& keys, View scope, Group group) {
  auto state = keys.NewState(scope);
  if (!state.ok()) return state;
  (*state)->group.emplace(std::move(group));
  return state;
}

// OriginHold holds the old group of a successor, if there is one, for as long as a step looks at it.
class OriginHold {
 public:
  explicit OriginHold(const GroupStatePtr& origin) {
    if (origin != nullptr) hold_.emplace(*origin);
  }
  Status Check() const { return hold_ ? hold_->Check() : Status(kOk); }

 private:
  std::optional<Hold> hold_;
};

// Joining is a Welcome on its way: staged, opened with PSKs, completed with credentials. It asks up to twice.
struct Joining {
  ClientKeysPtr keys;
  ClientKeys::KeyPackagePtr key_package;
  Bytes scope;
  GroupStatePtr origin;
  Trust trust = Trust::ask;
  std::optional<StagedJoin> staged;
};

Result<Reply> CompleteJoining(Joining joining, const Answers& answers, const Env& env) {
  auto group = Group::CompleteJoin(std::move(*joining.staged), answers, env);
  if (!group.ok()) return group.error();
  auto state = Into(*joining.keys, joining.scope, std::move(*group));
  if (!state.ok()) return state.error();
  auto opened = Opened(std::move(*state));
  if (!opened.ok()) return opened.error();
  return Done(std::move(*opened));
}

template <class Next>
Asking AskForJoining(Joining joining, Next next) {
  Asking asking;
  asking.questions = joining.staged->questions;
  asking.resume = [joining = std::move(joining), next](Answers answers,
                                                       std::uint64_t now) mutable -> Result<Reply> {
    const GroupStatePtr origin = joining.origin;
    const OriginHold hold(origin);
    if (Status held = hold.Check(); !held.ok()) return held.error();
    const Surroundings surroundings(now);
    return next(std::move(joining), std::move(answers), surroundings);
  };
  return asking;
}

Result<Reply> OpenJoining(Joining joining, Answers answers, const Env& env) {
  Status opened = Group::OpenJoin(*joining.staged, std::move(answers.psks), env);
  if (!opened.ok()) return opened.error();
  const Questions& questions = joining.staged->questions;
  if (MustAsk(questions, joining.trust)) return Ask(AskForJoining(std::move(joining), CompleteJoining));
  const Answers all = AcceptAll(questions);
  return CompleteJoining(std::move(joining), all, env);
}

Result<Reply> StartJoining(Joining joining, View welcome, Bytes tree, Policy policy, const Env& env) {
  auto message = DecodeMessage(welcome, policy.limits);
  if (!message.ok()) return message.error();
  auto* found = std::get_if<Welcome>(&message->body);
  if (found == nullptr) return Error::WRONG_WIRE_FORMAT;
  // The keys are cloned: they are deleted from the client only when the group is stored.
  JoinInput input{joining.key_package->key_package, joining.key_package->keys.Clone(), std::move(tree),
                  joining.origin == nullptr ? nullptr : &*joining.origin->group, std::move(policy)};
  auto staged = Group::StageJoin(std::move(*found), std::move(input), env);
  if (!staged.ok()) return staged.error();
  joining.staged = std::move(*staged);
  if (!joining.staged->questions.psks.empty()) return Ask(AskForJoining(std::move(joining), OpenJoining));
  return OpenJoining(std::move(joining), {}, env);
}

// ExternalJoining asks once, for credentials and PSKs together.
struct ExternalJoining {
  ClientKeysPtr keys;
  ClientKeys::ProfilePtr profile;  // the staged join points to it
  Bytes scope;
  std::optional<StagedExternalJoin> staged;
};

Result<Reply> CompleteExternally(ExternalJoining joining, const Answers& answers, const Env& env) {
  auto join = Group::CompleteExternalJoin(std::move(*joining.staged), answers, env);
  if (!join.ok()) return join.error();
  auto state = Into(*joining.keys, joining.scope, std::move(*join->group));
  if (!state.ok()) return state.error();
  auto opened = Opened(std::move(*state), [message = std::move(join->message)](Napi::Env env, Filler& filler,
                                                                               Napi::Object object) mutable {
    object.Set("message", filler.Uint8Array(env, std::move(message)));
  });
  if (!opened.ok()) return opened.error();
  return Done(std::move(*opened));
}

// ExternalRequest is what the caller says; the PSK ids lack their nonces.
struct ExternalRequest {
  Bytes scope;
  std::shared_ptr<const Bytes> group_info, tree;
  std::vector<Bytes> psk_ids;
  ExternalJoinOptions options;
};

Result<Reply> StartExternally(ClientKeysPtr keys, ExternalRequest request, Trust trust, const Env& env) {
  auto message = DecodeMessage(*request.group_info, request.options.policy.limits);
  if (!message.ok()) return message.error();
  auto* info = std::get_if<GroupInfoMessage>(&message->body);
  if (info == nullptr) return Error::WRONG_WIRE_FORMAT;
  const Suite* suite = FindSuite(info->group_info.group_context.cipher_suite);
  if (suite == nullptr) return Error::UNSUPPORTED_CIPHERSUITE;
  auto profile = keys->Profile(*suite);
  if (!profile.ok()) return profile.error();
  for (Bytes& id : request.psk_ids) {
    auto nonce = env.random->Take(suite->Nh);
    if (!nonce.ok()) return nonce.error();
    request.options.psks.push_back({ExternalPsk{std::move(id)}, std::move(*nonce)});
  }
  ExternalJoining joining{std::move(keys), std::move(*profile), std::move(request.scope), {}};
  request.options.profile = joining.profile.get();
  request.options.ratchet_tree = *request.tree;
  auto staged = Group::StageExternalJoin(std::move(info->group_info), std::move(request.options), env);
  if (!staged.ok()) return staged.error();
  joining.staged = std::move(*staged);
  const Questions questions = joining.staged->questions;
  return AskOrFinish(std::move(joining), questions, trust, env, CompleteExternally);
}

// Succeeding: a successor group, planned and then made.
struct Succeeding {
  ClientKeysPtr keys;
  ClientKeys::ProfilePtr profile;  // the staged successor points to it
  Bytes scope;
  std::optional<StagedSuccessor> staged;
};

Result<Reply> CompleteSucceeding(Succeeding succeeding, const Answers& answers, const Env& env) {
  auto made = Group::CompleteSuccessor(std::move(*succeeding.staged), answers, env);
  if (!made.ok()) return made.error();
  auto state = Into(*succeeding.keys, succeeding.scope, std::move(*made->group));
  if (!state.ok()) return state.error();
  auto opened = Opened(std::move(*state),
                       [welcomes = PackedWelcomes::Of(made->welcomes), tree = std::move(made->ratchet_tree)](
                           Napi::Env env, Filler& filler, Napi::Object object) mutable {
                         welcomes.Set(env, filler, object);
                         object.Set("tree", filler.Uint8Array(env, std::move(tree)));
                       });
  if (!opened.ok()) return opened.error();
  return Done(std::move(*opened));
}

enum class Kind : std::uint8_t { reinit, branch };

struct SuccessorRequest {
  Bytes scope;
  Kind kind = Kind::branch;
  GroupStatePtr origin;
  BulkItems key_packages;
  SuccessorOptions options;
};

Result<Reply> StartSucceeding(ClientKeysPtr keys, SuccessorRequest request, Trust trust, const Env& env) {
  const OriginHold hold(request.origin);
  if (Status held = hold.Check(); !held.ok()) return held.error();
  const Group& origin = *request.origin->group;
  // A branch keeps the suite; after a ReInit it is the one that was announced.
  const Suite* suite = &origin.suite();
  if (request.kind == Kind::reinit && origin.reinit()) suite = FindSuite(origin.reinit()->cipher_suite);
  if (suite == nullptr) return Error::UNSUPPORTED_CIPHERSUITE;
  auto profile = keys->Profile(*suite);
  if (!profile.ok()) return profile.error();
  for (const Bytes& bytes : *request.key_packages) {
    auto key_package = DecodeKeyPackage(bytes, request.options.policy.limits);
    if (!key_package.ok()) return key_package.error();
    request.options.key_packages.push_back(std::move(*key_package));
  }
  Succeeding succeeding{std::move(keys), std::move(*profile), std::move(request.scope), {}};
  request.options.profile = succeeding.profile.get();
  auto staged = request.kind == Kind::reinit ? origin.StageReinit(std::move(request.options), env)
                                             : origin.StageBranch(std::move(request.options), env);
  if (!staged.ok()) return staged.error();
  succeeding.staged = std::move(*staged);
  const Questions questions = succeeding.staged->questions;
  return AskOrFinish(std::move(succeeding), questions, trust, env, CompleteSucceeding);
}

}  // namespace

Napi::Value ClientHolder::CreateGroup(const Napi::CallbackInfo& info) {
  const Napi::Object options = ObjectOf(info[0], "options");
  Bytes scope = BytesOf(options.Get("scope"), "scope");
  GroupOptions wanted{&SuiteOf(options.Get("suite"), "suite"), BytesOf(options.Get("groupId"), "groupId"),
                      ExtensionsOf(options.Get("extensions"), "extensions"), PolicyOf(options.Get("policy"))};
  const std::uint64_t now = SecondsOf(info[1], "now");
  return Async(info.Env(),
               [keys = keys(info.Env()), scope = std::move(scope), wanted = std::move(wanted),
                now]() -> Result<Reply> {
                 const Surroundings surroundings(now);
                 auto profile = keys->Profile(*wanted.suite);
                 if (!profile.ok()) return profile.error();
                 auto group = Group::Create(wanted, **profile, surroundings);
                 if (!group.ok()) return group.error();
                 auto state = Into(*keys, scope, std::move(*group));
                 if (!state.ok()) return state.error();
                 return Opened(std::move(*state));
               });
}

Napi::Value ClientHolder::Join(const Napi::CallbackInfo& info) {
  const Napi::Object options = ObjectOf(info[0], "options");
  Joining joining;
  joining.keys = keys(info.Env());
  joining.scope = BytesOf(options.Get("scope"), "scope");
  if (const auto origin = options.Get("origin"); !IsNothing(origin)) {
    joining.origin = GroupHolder::StateOf(origin, "origin");
  }
  joining.trust = TrustOf(info[1]);
  auto welcome = BytesHolder::Share(options.Get("welcome"), "welcome");
  Bytes reference = BytesOf(options.Get("reference"), "reference");
  auto tree = BytesHolder::Share(options.Get("tree"), "tree");
  Policy policy = PolicyOf(options.Get("policy"));
  const std::uint64_t now = SecondsOf(info[2], "now");
  return Async(info.Env(),
               [joining = std::move(joining), welcome = std::move(welcome), reference = std::move(reference),
                tree = std::move(tree), policy = std::move(policy), now]() mutable -> Result<Reply> {
                 const GroupStatePtr origin = joining.origin;
                 const OriginHold hold(origin);
                 if (Status held = hold.Check(); !held.ok()) return held.error();
                 joining.key_package = joining.keys->FindKeyPackage(reference);
                 if (joining.key_package == nullptr) return Error::NO_MATCHING_KEY_PACKAGE;
                 const Surroundings surroundings(now);
                 return StartJoining(std::move(joining), *welcome, *tree, std::move(policy), surroundings);
               });
}

Napi::Value ClientHolder::JoinExternally(const Napi::CallbackInfo& info) {
  const Napi::Object options = ObjectOf(info[0], "options");
  ExternalRequest request;
  request.scope = BytesOf(options.Get("scope"), "scope");
  request.group_info = BytesHolder::Share(options.Get("groupInfo"), "groupInfo");
  request.tree = BytesHolder::Share(options.Get("tree"), "tree");
  if (const auto resync = options.Get("resync"); !IsNothing(resync)) {
    request.options.resync = LeafIndex{Uint32Of(resync, "resync")};
  }
  const Napi::Array psks = ArrayOf(options.Get("psks"), "psks");
  for (std::uint32_t i = 0; i < psks.Length(); ++i) request.psk_ids.push_back(BytesOf(psks.Get(i), "psks"));
  request.options.authenticated_data = BytesOf(options.Get("authenticatedData"), "authenticatedData");
  request.options.policy = PolicyOf(options.Get("policy"));
  const Trust trust = TrustOf(info[1]);
  const std::uint64_t now = SecondsOf(info[2], "now");
  return Async(
      info.Env(),
      [keys = keys(info.Env()), request = std::move(request), trust, now]() mutable -> Result<Reply> {
        const Surroundings surroundings(now);
        return StartExternally(std::move(keys), std::move(request), trust, surroundings);
      });
}

Napi::Value ClientHolder::Succeed(const Napi::CallbackInfo& info) {
  const Napi::Object options = ObjectOf(info[0], "options");
  SuccessorRequest request;
  request.scope = BytesOf(options.Get("scope"), "scope");
  request.kind =
      Choice<Kind>(options.Get("kind"), "kind", {{"reinit", Kind::reinit}, {"branch", Kind::branch}});
  request.origin = GroupHolder::StateOf(options.Get("origin"), "origin");
  request.key_packages = Bulk::ItemsOf(options.Get("keyPackages"), "keyPackages");
  request.options.group_id = BytesOf(options.Get("groupId"), "groupId");
  request.options.extensions = ExtensionsOf(options.Get("extensions"), "extensions");
  request.options.welcomes = Choice<CommitOptions::Welcomes>(options.Get("welcomes"), "welcomes", kWelcomes);
  request.options.tree = Choice<TreePlace>(options.Get("tree"), "tree", kTreePlaces);
  request.options.policy = PolicyOf(options.Get("policy"));
  const Trust trust = TrustOf(info[1]);
  const std::uint64_t now = SecondsOf(info[2], "now");
  return Async(
      info.Env(),
      [keys = keys(info.Env()), request = std::move(request), trust, now]() mutable -> Result<Reply> {
        const Surroundings surroundings(now);
        return StartSucceeding(std::move(keys), std::move(request), trust, surroundings);
      });
}

Napi::Value ClientHolder::LoadGroup(const Napi::CallbackInfo& info) {
  const Napi::Object options = ObjectOf(info[0], "options");
  Bytes scope = BytesOf(options.Get("scope"), "scope");
  std::vector<Bytes> slices = RowsIn::Take(options.Get("rows"), "rows");
  Policy policy = PolicyOf(options.Get("policy"));
  const std::uint64_t now = SecondsOf(info[1], "now");
  return Async(info.Env(),
               [keys = keys(info.Env()), scope = std::move(scope), slices = std::move(slices),
                policy = std::move(policy), now]() mutable -> Result<Reply> {
                 const Surroundings surroundings(now);
                 auto state = keys->NewState(scope);
                 if (!state.ok()) return state.error();
                 auto rows = (*state)->rows.OpenRows(std::move(slices));
                 if (!rows.ok()) return rows.error();
                 (*state)->rows.Remember(*rows);
                 auto group = Group::Load(*rows, std::move(policy), surroundings);
                 if (!group.ok()) return group.error();
                 auto view = Replace(**state, std::move(*group));
                 if (!view.ok()) return view.error();
                 return Reply([state = std::move(*state), view = std::move(*view)](
                                  Napi::Env env, Filler& filler) mutable -> Napi::Value {
                   Napi::Object object = Napi::Object::New(env);
                   object.Set("group", GroupHolder::New(env, std::move(state)));
                   object.Set("batch", ToJs(env, View()));
                   object.Set("state", ToJs(env, view, filler));
                   return object;
                 });
               });
}

}  // namespace mls::binding
