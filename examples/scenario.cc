// A first reading: five clients, one group, from its creation to a restart.
//
// The engine never calls out, never waits, never reads a clock or a disk. Every operation has the same shape:
//
//    stage     check and compute as far as possible       StagedCommit staged = group.StageCommit(…)
//    answer    the application judges what is open        credentials and pre-shared keys, in
//    staged.questions complete  a Change: the rows to save, and what is    Done<NewCommit> done =
//    group.CompleteCommit(…)
//              to be sent or shown
//    apply     save the rows, then change the group       rows.Apply(change.batch); group.Apply(change)
//
// Until the last line nothing has happened: whatever fails before it leaves the group as it was.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

#include "mls.h"

namespace {

using namespace mls;

// Must takes the value out of a Result. A real application looks at Describe(error).fault instead.
template <class T>
T Must(Result<T> result) {
  if (!result.ok()) {
    std::printf("failed: %s\n", std::string(Describe(result.error()).name).c_str());
    std::exit(EXIT_FAILURE);
  }
  return std::move(*result);
}

// Check is for what the story claims.
void Check(bool holds, const char* what) {
  if (holds) return;
  std::printf("does not hold: %s\n", what);
  std::exit(EXIT_FAILURE);
}

constexpr std::uint64_t kDay = 24 * 3600;

std::uint64_t Now() {
  using std::chrono::system_clock;
  return static_cast<std::uint64_t>(system_clock::to_time_t(system_clock::now()));
}

SystemRandom system_random;
const Env env{Now(), &system_random, nullptr};  // what a step gets from outside; no pool: one thread
const Suite& suite = *FindSuite(CipherSuite::MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519);

// A Member is a client with its device's storage and, once it has joined, one group.
class Member {
 public:
  explicit Member(std::string name) : name_(std::move(name)) {
    SignatureKeyPair key = Must(GenerateSignatureKeyPair(suite, system_random));
    profile_ = {Credential::Basic(AsView(name_)),
                std::move(key.private_key),
                std::move(key.public_key),
                Must(DefaultCapabilities(system_random)),
                {}};
    key_package_ =
        Must(GenerateKeyPackage(suite, profile_, {env.now - kDay, env.now + 30 * kDay}, {}, system_random));
  }

  const std::string& name() const { return name_; }
  bool in_group() const { return group_ != nullptr; }
  const Group& group() const { return *group_; }
  const MemoryRows& rows() const { return rows_; }
  // What the client publishes, so that others can add it.
  const KeyPackage& key_package() const { return key_package_.key_package; }

  void CreateGroup() { Enter(Must(Group::Create({&suite, {}, {}, {}}, profile_, env))); }

  // Welcome in hand, we open it with the private half of our key package. The questions are asked twice:
  // first for pre-shared keys (none here), then for the credentials of all members.
  void Join(View welcome) {
    MLSMessage message = Must(DecodeMessage(welcome, {}));
    JoinInput input{key_package(), std::move(key_package_.keys), {}, nullptr, {}};
    StagedJoin staged =
        Must(Group::StageJoin(std::move(std::get<Welcome>(message.body)), std::move(input), env));
    Must(Group::OpenJoin(staged, {}, env));
    const Answers answers = Judge(staged.questions);
    Enter(Must(Group::CompleteJoin(std::move(staged), answers, env)));
  }

  // Joining without an invitation: the group's public state, signed by a member, is enough to make a commit
  // that adds us. It gives that commit.
  Bytes JoinByCommit(View group_info) {
    const MLSMessage message = Must(DecodeMessage(group_info, {}));
    ExternalJoinOptions options;
    options.profile = &profile_;
    StagedExternalJoin staged = Must(Group::StageExternalJoin(
        std::get<GroupInfoMessage>(message.body).group_info, std::move(options), env));
    const Answers answers = Judge(staged.questions);
    ExternalJoin join = Must(Group::CompleteExternalJoin(std::move(staged), answers, env));
    Enter(std::move(*join.group));
    return std::move(join.message);
  }
  // The delivery service has taken that commit.
  void ConfirmJoin() { Keep(Must(group_->Confirm())); }

  Bytes MakeGroupInfo() const {
    return EncodeMessage(GroupInfoMessage{Must(group_->MakeGroupInfo({}, env))});
  }

  // A commit is a candidate first. When the delivery service has taken it, Accepted enters the new epoch, and
  // only then may its Welcomes go out.
  NewCommit Commit(std::vector<Proposal> proposals) {
    CommitOptions options;
    options.proposals = std::move(proposals);
    StagedCommit staged = Must(group_->StageCommit(std::move(options), env));
    const Answers answers = Judge(staged.questions);
    return Keep(Must(group_->CompleteCommit(std::move(staged), answers, env)));
  }
  void Accepted(const NewCommit& commit) { Keep(Must(group_->AcceptCandidate(commit.id, env))); }

  // An Update proposes fresh keys for our own leaf; somebody else commits it.
  Bytes ProposeUpdate() {
    StagedOwnProposal staged = Must(group_->StageOwnUpdate({}, {}, env));
    const Answers answers = Judge(staged.questions);
    return Keep(Must(group_->CompleteOwnProposal(std::move(staged), answers, env)));
  }

  Bytes Send(const std::string& text) { return Keep(Must(group_->Protect(AsView(text), {}, env))); }

  // Receive takes whatever arrives: data, a proposal or a commit.
  Received Receive(View message) {
    StagedMessage staged = Must(group_->Stage(message, env));
    const Answers answers = Judge(staged.questions);
    Received received = Keep(Must(group_->Complete(std::move(staged), answers, env)));
    if (group_->phase() == Phase::removed) group_.reset();
    return received;
  }

  // Restart forgets everything in memory and reads the rows.
  void Restart() {
    group_.reset();
    group_ = std::make_unique<Group>(Must(Group::Load(rows_, {}, env)));
  }

 private:
  // A real application asks its directory who these keys belong to (RFC 9420 §5.3.1).
  static Answers Judge(const Questions& questions) { return AcceptAll(questions); }

  void Enter(Group group) {
    Batch whole;
    group.Save(whole);
    rows_.Apply(whole);
    group_ = std::make_unique<Group>(std::move(group));
  }

  // Keep makes a step durable, then lets it happen.
  void Keep(Change change) {
    rows_.Apply(change.batch);
    Must(group_->Apply(std::move(change)));
  }
  template <class T>
  T Keep(Done<T> done) {
    Keep(std::move(done.change));
    return std::move(done.output);
  }

  std::string name_;
  MemberProfile profile_;
  NewKeyPackage key_package_;
  std::unique_ptr<Group> group_;
  MemoryRows rows_;  // this device's disk
};

// The cast, and the delivery service between them: it hands every message to all other members.
Member alice("alice"), bob("bob"), carol("carol"), dave("dave"), erin("erin");
Member* const everybody[] = {&alice, &bob, &carol, &dave, &erin};

void Deliver(const Member& sender, View message) {
  for (Member* member : everybody) {
    if (member != &sender && member->in_group()) member->Receive(message);
  }
}

void Say(Member& sender, const std::string& text) {
  const Bytes message = sender.Send(text);
  std::printf("  %s: \"%s\" (%zu bytes on the wire), read by", sender.name().c_str(), text.c_str(),
              message.size());
  for (Member* member : everybody) {
    if (member == &sender || !member->in_group()) continue;
    const Received received = member->Receive(message);
    const auto* data = std::get_if<ApplicationMessage>(&received);
    Check(data != nullptr && Equal(data->data, AsView(text)) && data->sender == sender.group().self(),
          "the message arrives as it was sent");
    std::printf(" %s", member->name().c_str());
  }
  std::printf("\n");
}

// MakeCommit is the whole life of a commit: made, taken by the delivery service, applied by all.
NewCommit MakeCommit(Member& sender, std::vector<Proposal> proposals) {
  NewCommit commit = sender.Commit(std::move(proposals));
  sender.Accepted(commit);
  Deliver(sender, commit.message);
  return commit;
}

std::string Hex(View bytes) {
  std::string text;
  for (const std::uint8_t byte : bytes) {
    char digits[3];
    std::snprintf(digits, sizeof digits, "%02x", byte);
    text += digits;
  }
  return text;
}

// Members of one epoch agree on all of its secrets if they agree on its authenticator (RFC 9420 §8.7).
bool PrintTable() {
  const View expected = alice.group().epoch_authenticator();
  bool agree = true;
  std::printf("\n  member   leaf  epoch  members  rows  epoch authenticator\n");
  for (const Member* member : everybody) {
    if (!member->in_group()) {
      std::printf("  %-7s     -  (no longer in the group; %zu rows left)\n", member->name().c_str(),
                  member->rows().size());
      continue;
    }
    const Group& group = member->group();
    std::printf("  %-7s  %4u  %5llu  %7u  %4zu  %s…\n", member->name().c_str(), group.self().value,
                static_cast<unsigned long long>(group.context().epoch), group.tree().member_count(),
                member->rows().size(), Hex(group.epoch_authenticator().first(8)).c_str());
    agree =
        agree && Equal(group.epoch_authenticator(), expected) && group.context() == alice.group().context();
  }
  std::printf("\n  %s\n", agree ? "All members agree." : "The members do NOT agree.");
  return agree;
}

}  // namespace

int main() {
  std::printf("1. Alice creates a group and adds Bob, Carol and Dave with one commit and one Welcome.\n");
  alice.CreateGroup();
  const NewCommit adds =
      MakeCommit(alice, {{Add{bob.key_package()}}, {Add{carol.key_package()}}, {Add{dave.key_package()}}});
  for (Member* newcomer : {&bob, &carol, &dave}) newcomer->Join(adds.welcomes.front().message);
  Say(alice, "Welcome!");
  Say(dave, "Hello, all.");

  std::printf("2. Carol proposes new keys for herself; Bob commits that, and removes Dave.\n");
  Deliver(carol, carol.ProposeUpdate());
  MakeCommit(bob, {{Remove{dave.group().self()}}});
  Check(!dave.in_group(), "Dave knows that he is out");
  Say(bob, "Dave does not read this.");

  std::printf("3. Erin adds herself, with a GroupInfo that Alice published.\n");
  const Bytes commit = erin.JoinByCommit(alice.MakeGroupInfo());
  Deliver(erin, commit);
  erin.ConfirmJoin();
  Say(erin, "I let myself in.");

  std::printf("4. Bob's process dies. He restarts from his rows and goes on.\n");
  bob.Restart();
  Say(alice, "Still there?");
  Say(bob, "As if nothing had happened.");
  MakeCommit(bob, {});  // nothing proposed: fresh keys for Bob's own path
  Say(carol, "A new epoch, and all of us in it.");

  return PrintTable() ? EXIT_SUCCESS : EXIT_FAILURE;
}
