// The rules of a proposal list, each broken alone (RFC 9420 §12.2), the order of application (§12.3), and
// what the plan says.
#include "group/proposal_list.h"

#include "support/company.h"
#include "support/custom_types.h"

namespace mls::test {
namespace {

const Bytes kReference(32, 1);
const Sender kCommitter = Sender::Member({0});
const Sender kJoiner = Sender::NewMemberCommit();

// Capable: a client that supports kCustom and kCustomExtension too.
Client Capable(World& world, const Suite& suite, const std::string& name) {
  Client client = world.NewClient(suite, name);
  client.profile.capabilities.proposals.push_back(kCustom);
  client.profile.capabilities.extensions.push_back(kCustomExtension);
  return client;
}

// Scene: a group of five, leaf 2 blank, and lists against it. Leaf 4 alone lacks kCustom and
// kCustomExtension.
class Scene {
 public:
  explicit Scene(const Suite& suite = AllSuites()[0], Extensions extensions = {})
      : suite_(suite), world(static_cast<std::uint64_t>(suite.id)) {
    policy.custom_proposals.push_back({kCustom, CustomProposalType::Path::optional, {}});
    clients.push_back(Capable(world, suite, "0"));
    group = std::make_unique<Group>(world.NewGroup(clients[0], policy, std::move(extensions)));
    for (std::uint32_t i = 1; i < 5; ++i) {
      const std::string name = std::to_string(i);
      clients.push_back(i == 4 ? world.NewClient(suite, name) : Capable(world, suite, name));
      world.AddMember(*group, {}, clients.back());
    }
    world.CommitNow(*group, Proposing({Remove{{2}}}));
  }

  Proposal AddOf(const Client& client) { return {Add{world.NewKeyPackageOf(client).key_package}}; }
  Proposal AddNew(const std::string& name = "new") { return AddOf(Capable(world, suite_, name)); }
  Proposal UpdateOf(std::uint32_t leaf) {
    LeafNode node = group->tree().Leaf({leaf});
    node.encryption_key = Must(GenerateHpkeKeyPair(suite_, world.random)).public_key;
    node.leaf_node_source = LeafNodeSource::update;
    return {Update{std::move(node)}};
  }
  Proposal Psk(std::variant<ExternalPsk, ResumptionPsk> body = ExternalPsk{{7}}) {
    return {PreSharedKey{{std::move(body), world.random.Some(suite_.Nh)}}};
  }
  Proposal NewReInit() { return {ReInit{Bytes(4, 1), ProtocolVersion::mls10, suite_.id, {}}}; }
  Proposal Init() { return {ExternalInit{Bytes(32, 1)}}; }

  Scene& Value(Proposal proposal, const Sender& committer = kCommitter) {
    proposals_.push_back(std::move(proposal));
    list_.push_back({&proposals_.back(), committer, nullptr, {}});
    return *this;
  }
  Scene& Reference(Proposal proposal, Sender sender) {
    proposals_.push_back(std::move(proposal));
    list_.push_back({&proposals_.back(), sender, &kReference, {}});
    return *this;
  }
  Scene& Joining(Proposal proposal) { return Value(std::move(proposal), kJoiner); }

  // Plan judges the list and forgets it.
  Result<CommitPlan> Plan(const Sender& committer = kCommitter) {
    const std::vector<ListedProposal> list = std::exchange(list_, {});
    PlanRules rules{&policy, world.env.now, nullptr, successor, judged};
    return PlanCommit(group->epoch(), committer, list, rules);
  }
  Error Refusal(const Sender& committer = kCommitter) { return ErrorOf(Plan(committer)); }

 private:
  const Suite& suite_;
  std::deque<Proposal> proposals_;
  std::vector<ListedProposal> list_;

 public:
  World world;
  Policy policy;
  std::vector<Client> clients;
  std::unique_ptr<Group> group;
  std::optional<ResumptionPSKUsage> successor;
  PlanRules::Judged judged = PlanRules::Judged::nothing;
};

const Sender kOne = Sender::Member({1}), kThree = Sender::Member({3});

TEST_CASE("R12.2: each rule of a regular list broken alone") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite);
    const auto list_error = Error::INVALID_PROPOSAL_LIST;
    CHECK(scene.Value(scene.UpdateOf(0)).Refusal() == list_error);  // the committer's own Update
    CHECK(scene.Reference(scene.UpdateOf(0), kCommitter).Refusal() == list_error);
    CHECK(scene.Value({Remove{{0}}}).Refusal() == list_error);  // the committer is removed
    CHECK(scene.Reference({Remove{{0}}}, kOne).Refusal() == list_error);
    CHECK(scene.Reference(scene.UpdateOf(1), kOne).Reference(scene.UpdateOf(1), kOne).Refusal() ==
          list_error);  // a leaf twice, in each of the ways
    CHECK(scene.Reference(scene.UpdateOf(1), kOne).Value({Remove{{1}}}).Refusal() == list_error);
    CHECK(scene.Value({Remove{{1}}}).Reference(scene.UpdateOf(1), kOne).Refusal() == list_error);
    CHECK(scene.Value({Remove{{1}}}).Reference({Remove{{1}}}, kThree).Refusal() == list_error);
    const Client twice = Capable(scene.world, suite, "twice");  // a client added twice
    CHECK(scene.Value(scene.AddOf(twice)).Value(scene.AddOf(twice)).Refusal() == list_error);
    CHECK(scene.Value(scene.AddOf(scene.clients[1])).Refusal() ==
          Error::DUPLICATE_SIGNATURE_KEY);  // a client who is a member
    const Proposal psk = scene.Psk();
    CHECK(scene.Value(psk).Value(psk).Refusal() == list_error);  // a PSK twice
    const Proposal extensions{GroupContextExtensions{}};
    CHECK(scene.Value(extensions).Reference(extensions, kOne).Refusal() == list_error);
    CHECK(scene.Value(scene.NewReInit()).Value(scene.Psk()).Refusal() == list_error);  // ReInit is alone
    CHECK(scene.Value(scene.NewReInit()).Reference(scene.NewReInit(), kOne).Refusal() == list_error);
    CHECK(scene.Value(scene.Init()).Refusal() == list_error);                   // for joiners
    CHECK(scene.Value({CustomProposal{kCustom, {}}}).Refusal() == list_error);  // member 4 lacks it
  }
}

TEST_CASE("R12.2: what looks like one of these and is none is accepted") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite);
    CHECK(scene.Plan().ok());
    CHECK(scene.Reference(scene.UpdateOf(1), kOne).Reference(scene.UpdateOf(3), kThree).Plan().ok());
    CHECK(scene.Value({Remove{{1}}}).Reference(scene.UpdateOf(3), kThree).Plan().ok());
    CHECK(scene.Reference({Remove{{4}}}, Sender::External(0)).Plan().ok());
    CHECK(scene.Value(scene.AddNew("one")).Value(scene.AddNew("two")).Plan().ok());
    CHECK(scene.Value({Remove{{1}}}).Value(scene.AddOf(scene.clients[1])).Plan().ok());  // out and in again
    CHECK(scene.Value(scene.Psk()).Value(scene.Psk()).Plan().ok());  // one key, two nonces
    CHECK(scene.Value(scene.NewReInit()).Plan().ok());
    CHECK(scene.Reference(scene.NewReInit(), kOne).Plan().ok());
  }
}

TEST_CASE("R12.2: each rule of an external list broken alone") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite);
    const auto list_error = Error::INVALID_PROPOSAL_LIST;
    CHECK(scene.Refusal(kJoiner) == list_error);  // no ExternalInit
    CHECK(scene.Joining({Remove{{1}}}).Refusal(kJoiner) == list_error);
    CHECK(scene.Joining(scene.AddNew()).Refusal(kJoiner) == list_error);
    CHECK(scene.Joining(scene.Init()).Joining(scene.Init()).Refusal(kJoiner) == list_error);
    CHECK(scene.Joining(scene.Init()).Joining({Remove{{1}}}).Joining({Remove{{3}}}).Refusal(kJoiner) ==
          list_error);
    CHECK(scene.Joining(scene.Init()).Joining(scene.AddNew()).Refusal(kJoiner) == list_error);
    CHECK(scene.Joining(scene.Init()).Joining({GroupContextExtensions{}}).Refusal(kJoiner) == list_error);
    CHECK(scene.Joining(scene.Init()).Joining(scene.NewReInit()).Refusal(kJoiner) == list_error);
    CHECK(scene.Joining(scene.Init()).Joining(scene.UpdateOf(1)).Refusal(kJoiner) == list_error);
    CHECK(scene.Joining({Remove{{4}}})
              .Joining(scene.Init())
              .Joining({CustomProposal{kCustom, {}}})
              .Refusal(kJoiner) == list_error);
    CHECK(scene.Joining(scene.Init()).Reference(scene.Psk(), kOne).Refusal(kJoiner) == list_error);
    CHECK(scene.Joining(scene.Init()).Reference({Remove{{1}}}, kThree).Refusal(kJoiner) == list_error);
    CHECK(scene.Joining(scene.Init()).Joining({Remove{{2}}}).Refusal(kJoiner) == Error::INVALID_REMOVE);

    CHECK(scene.Joining(scene.Init()).Plan(kJoiner).ok());
    CHECK(scene.Joining(scene.Psk())
              .Joining({Remove{{0}}})
              .Joining(scene.Init())
              .Joining(scene.Psk())
              .Plan(kJoiner)
              .ok());
  }
}

TEST_CASE("R12.1: a list is refused for a proposal that is invalid by itself") {
  const Suite& suite = AllSuites()[0];
  Scene scene(suite);
  CHECK(scene.Value({Remove{{2}}}).Refusal() == Error::INVALID_REMOVE);  // blank
  CHECK(scene.Value({Remove{{8}}}).Refusal() == Error::INVALID_REMOVE);  // beyond the tree
  CHECK(scene.Value({PreSharedKey{{ExternalPsk{{7}}, Bytes(31)}}}).Refusal() == Error::INVALID_PSK);
  CHECK(scene.Value({CustomProposal{ProposalType{0xF999}, {}}}).Refusal() == Error::UNSUPPORTED_PROPOSAL);
  Proposal older = scene.NewReInit();
  std::get<ReInit>(older.body).version = ProtocolVersion::reserved;
  CHECK(scene.Value(older).Refusal() == Error::INVALID_REINIT);
  const Extension extension{kCustomExtension, {}};
  CHECK(scene.Value({GroupContextExtensions{{extension, extension}}}).Refusal() ==
        Error::DUPLICATE_EXTENSION);
  CHECK(scene.Value({GroupContextExtensions{{{ExtensionType::ratchet_tree, {}}}}}).Refusal() ==
        Error::INVALID_EXTENSION);
  CHECK(scene.Value({GroupContextExtensions{{{ExtensionType::required_capabilities, {0xC0}}}}}).Refusal() ==
        Error::MALFORMED);
  Proposal reused = scene.UpdateOf(1);
  std::get<Update>(reused.body).leaf_node.encryption_key =
      ToBytes(scene.group->tree().PublicKey(LeafIndex{1}));
  CHECK(scene.Reference(reused, kOne).Refusal() == Error::ENCRYPTION_KEY_REUSED);
  Proposal wrong_source = scene.UpdateOf(1);
  std::get<Update>(wrong_source.body).leaf_node.leaf_node_source = LeafNodeSource::commit;
  CHECK(scene.Reference(wrong_source, kOne).Refusal() == Error::INVALID_LEAF_SOURCE);
  CHECK(scene.Reference(scene.UpdateOf(1), Sender::Member({2})).Refusal() == Error::UNKNOWN_SENDER);
}

TEST_CASE("R12.1.8: who may propose what") {
  Scene scene;
  PlanRules rules{&scene.policy, scene.world.env.now, nullptr, {}, {}};
  const PublicEpoch& epoch = scene.group->epoch();
  const auto outcome = [&](const Proposal& proposal, Sender sender) {
    const Status status = ValidateProposal(epoch, {}, nullptr, proposal, sender, rules);
    return status.ok() ? Error::INTERNAL : status.error();
  };
  const std::vector<Proposal> of_anybody = {
      scene.AddNew(), {Remove{{1}}}, scene.Psk(), scene.NewReInit(), {GroupContextExtensions{}}};
  const Proposal custom{CustomProposal{kCustom, {}}};
  for (const Proposal& proposal : of_anybody) {
    CHECK(outcome(proposal, kOne) == Error::INTERNAL);
    CHECK(outcome(proposal, Sender::External(0)) == Error::INTERNAL);
    const bool is_add = proposal.type() == ProposalType::add;
    CHECK(outcome(proposal, Sender::NewMemberProposal()) ==
          (is_add ? Error::INTERNAL : Error::INVALID_SENDER_TYPE));
  }
  for (const Proposal& proposal : {scene.UpdateOf(1), scene.Init()}) {
    CHECK(outcome(proposal, Sender::External(0)) == Error::INVALID_SENDER_TYPE);
    CHECK(outcome(proposal, Sender::NewMemberProposal()) == Error::INVALID_SENDER_TYPE);
  }
  CHECK(outcome(scene.UpdateOf(1), kOne) == Error::INTERNAL);
  CHECK(outcome(scene.UpdateOf(1), kJoiner) == Error::INVALID_SENDER_TYPE);
  CHECK(outcome(scene.Init(), kOne) == Error::INVALID_PROPOSAL_LIST);
  CHECK(outcome(custom, Sender::External(0)) == Error::INVALID_SENDER_TYPE);
  scene.policy.custom_proposals[0].external = CustomProposalType::External::allowed;
  CHECK(outcome(custom, Sender::External(0)) == Error::INTERNAL);
  scene.policy.new_member_proposals = Policy::NewMemberProposals::refuse;
  CHECK(outcome(of_anybody[0], Sender::NewMemberProposal()) == Error::NOT_AUTHORIZED);
  CHECK(outcome(of_anybody[0], kOne) == Error::INTERNAL);
}

TEST_CASE("R12.3: new extensions come first, wherever they stand in the list") {
  const Suite& suite = AllSuites()[0];
  const Extension requirement = MakeExtension(RequiredCapabilities{{kCustomExtension}, {}, {}});
  Scene scene(suite);
  const Client plain = scene.world.NewClient(suite, "plain");
  const auto require_more = [&] { return Proposal{GroupContextExtensions{{requirement}}}; };
  // Member 4 lacks the extension: the change needs it to go, or to change its leaf in the same list.
  CHECK(scene.Value(require_more()).Refusal() == Error::UNSUPPORTED_CAPABILITY);
  CHECK(scene.Value(require_more()).Value({Remove{{4}}}).Plan().ok());
  CHECK(scene.Value({Remove{{4}}}).Value(require_more()).Plan().ok());
  Proposal update = scene.UpdateOf(4);
  std::get<Update>(update.body).leaf_node.capabilities.extensions.push_back(kCustomExtension);
  CHECK(scene.Reference(update, Sender::Member({4})).Value(require_more()).Plan().ok());
  // A newcomer is held to the new requirement, also where it is named before it.
  CHECK(scene.Value(scene.AddOf(plain)).Value({Remove{{4}}}).Value(require_more()).Refusal() ==
        Error::UNSUPPORTED_CAPABILITY);
  CHECK(scene.Value(scene.AddOf(plain)).Value({Remove{{4}}}).Plan().ok());
  const auto plan = scene.Value(scene.AddNew()).Value({Remove{{4}}}).Value(require_more()).Plan();
  REQUIRE(plan.ok());
  CHECK(plan->extensions == Extensions{requirement});
  REQUIRE(plan->required.has_value());
  CHECK(plan->required->extension_types == std::vector{kCustomExtension});
}

TEST_CASE("R12.3: an extension in use or a required type needs every member that stays") {
  Scene scene;
  const auto refusal = [&](Extension extension) {
    return scene.Value({GroupContextExtensions{{std::move(extension)}}}).Refusal();
  };
  CHECK(refusal({kCustomExtension, {}}) == Error::UNSUPPORTED_CAPABILITY);
  CHECK(refusal(MakeExtension(RequiredCapabilities{{}, {kCustom}, {}})) == Error::UNSUPPORTED_CAPABILITY);
  CHECK(refusal(MakeExtension(RequiredCapabilities{{}, {}, {CredentialType{77}}})) ==
        Error::UNSUPPORTED_CAPABILITY);
  CHECK(refusal(MakeExtension(RequiredCapabilities{
            {ExtensionType::external_senders}, {ProposalType::reinit}, {CredentialType::basic}})) ==
        Error::INTERNAL);
}

TEST_CASE("R12.3: Updates, then Removes, then Adds, and the Adds in the order of the list") {
  Scene scene;
  std::vector<Proposal> adds;
  for (int i = 0; i < 4; ++i) adds.push_back(scene.AddNew(std::to_string(i)));
  const auto plan = scene.Value(adds[0])
                        .Reference(scene.UpdateOf(3), kThree)
                        .Value({Remove{{4}}})
                        .Reference(adds[1], kThree)
                        .Value(adds[2])
                        .Value({Remove{{1}}})
                        .Value(adds[3])
                        .Plan();
  REQUIRE(plan.ok());
  // Blank after the Removes: 1, 2, 4, 5, …
  CHECK(plan->added_in_order == std::vector<LeafIndex>{{1}, {2}, {4}, {5}});
  CHECK(plan->added == plan->added_in_order);
  CHECK(plan->removed == std::vector<LeafIndex>{{1}, {4}});
  CHECK(plan->updated == std::vector<LeafIndex>{{3}});
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(plan->tree.Leaf(plan->added_in_order[i]) == adds[i].As<Add>()->key_package.leaf_node);
  }
  CHECK(scene.group->tree().member_count() == 4);  // the epoch keeps its own tree
  CHECK(plan->tree.member_count() == 6);
  CHECK(plan->questions.credentials.size() == 4);
}

TEST_CASE("a custom proposal needs the support of all who process it, not of those added or removed") {
  Scene scene;
  const Proposal custom{CustomProposal{kCustom, {1}}};
  const Client plain = scene.world.NewClient(AllSuites()[0], "plain");
  CHECK(scene.Value(custom).Value({Remove{{4}}}).Plan().ok());
  CHECK(scene.Value(scene.AddOf(plain)).Value({Remove{{4}}}).Value(custom).Plan().ok());
  CHECK(scene.Value({Remove{{1}}}).Value(custom).Refusal() == Error::INVALID_PROPOSAL_LIST);
}

TEST_CASE("R12.4: a path is required but for lists of Adds, PSKs, ReInit and what the application says") {
  Scene scene;
  scene.world.CommitNow(*scene.group, Proposing({Remove{{4}}}));
  const auto required = [&](Proposal proposal, Sender sender = kCommitter) {
    return Must(scene.Reference(std::move(proposal), sender).Plan()).path_required;
  };
  CHECK(Must(scene.Plan()).path_required);
  CHECK(required(scene.UpdateOf(1), kOne));
  CHECK(required({Remove{{1}}}));
  CHECK(required({GroupContextExtensions{}}));
  CHECK(Must(scene.Joining(scene.Init()).Plan(kJoiner)).path_required);
  CHECK_FALSE(required(scene.AddNew()));
  CHECK_FALSE(required(scene.Psk()));
  CHECK_FALSE(required(scene.NewReInit()));
  CHECK_FALSE(required({CustomProposal{kCustom, {}}}));
  scene.policy.custom_proposals[0].path = CustomProposalType::Path::required;
  CHECK(required({CustomProposal{kCustom, {}}}));
  CHECK(Must(scene.Value(scene.AddNew()).Value({Remove{{1}}}).Plan()).path_required);
}

TEST_CASE("R12.1.4: only the first commit of a successor group links it to another") {
  Scene scene;
  const auto outcome = [&](ResumptionPSKUsage usage) {
    return scene.Value(scene.Psk(ResumptionPsk{usage, {1}, 2})).Refusal();
  };
  using Usage = ResumptionPSKUsage;
  CHECK(outcome(Usage::application) == Error::INTERNAL);
  CHECK(outcome(Usage::reinit) == Error::INVALID_PSK);
  CHECK(outcome(Usage::branch) == Error::INVALID_PSK);
  scene.successor = Usage::reinit;
  CHECK(outcome(Usage::reinit) == Error::INTERNAL);
  CHECK(outcome(Usage::branch) == Error::INVALID_PSK);
  scene.successor = Usage::branch;
  CHECK(outcome(Usage::branch) == Error::INTERNAL);
  CHECK(outcome(Usage::reinit) == Error::INVALID_PSK);
}

TEST_CASE(
    "key packages by value are verified here, others were when they came, and those judged before are not "
    "again") {
  Scene scene;
  Proposal bad_package = scene.AddNew();
  std::get<Add>(bad_package.body).key_package.signature[5] ^= 1;
  Proposal bad_leaf = scene.AddNew();
  std::get<Add>(bad_leaf.body).key_package.leaf_node.signature[5] ^= 1;
  CHECK(scene.Value(bad_package).Refusal() == Error::INVALID_KEY_PACKAGE);
  CHECK(scene.Value(scene.AddNew("good")).Value(bad_leaf).Refusal() == Error::BAD_LEAF_SIGNATURE);
  CHECK(scene.Reference(bad_package, kOne).Plan().ok());
  scene.judged = PlanRules::Judged::each;
  CHECK(scene.Value(bad_package).Plan().ok());
}

TEST_CASE(
    "R7.3: the lifetime of an Add holds now, unless the policy says otherwise or it was judged before") {
  Scene scene;
  const Proposal add = scene.AddNew();
  scene.world.env.now = kLifetime.not_after;
  CHECK(scene.Value(add).Plan().ok());
  scene.world.env.now = kLifetime.not_after + 1;
  CHECK(scene.Value(add).Refusal() == Error::EXPIRED);
  scene.world.env.now = kLifetime.not_before - 1;
  CHECK(scene.Value(add).Refusal() == Error::NOT_YET_VALID);
  scene.policy.lifetimes = Policy::Lifetimes::ignore;
  CHECK(scene.Value(add).Plan().ok());
  scene.policy.lifetimes = Policy::Lifetimes::check;
  scene.judged = PlanRules::Judged::each;
  CHECK(scene.Value(add).Plan().ok());
}

TEST_CASE("Limits: max_psks_per_commit, max_proposals_per_commit, max_leaves: lists at n and n + 1") {
  Scene scene;
  Limits& limits = scene.policy.limits;
  const auto psks = [&](int count) {
    for (int i = 0; i < count; ++i) scene.Value(scene.Psk());
    return scene.Refusal();
  };
  limits.max_psks_per_commit = 3;
  CHECK(psks(3) == Error::INTERNAL);
  CHECK(psks(4) == Error::LIMIT_EXCEEDED);
  limits.max_psks_per_commit = 10;
  limits.max_proposals_per_commit = 4;
  CHECK(psks(4) == Error::INTERNAL);
  CHECK(psks(5) == Error::LIMIT_EXCEEDED);
  limits.max_leaves = 5;  // four are there
  CHECK(scene.Value(scene.AddNew("one")).Plan().ok());
  CHECK(scene.Value(scene.AddNew("one")).Value(scene.AddNew("two")).Refusal() == Error::LIMIT_EXCEEDED);
  CHECK(scene.Value(scene.AddNew("one")).Value(scene.AddNew("two")).Value({Remove{{1}}}).Plan().ok());
}

TEST_CASE("R7.3: keys are unique among the members that a list leaves") {
  Scene scene;
  Proposal taken_signature = scene.UpdateOf(1);
  std::get<Update>(taken_signature.body).leaf_node.signature_key = scene.clients[3].profile.signature_key;
  CHECK(scene.Reference(taken_signature, kOne).Refusal() == Error::DUPLICATE_SIGNATURE_KEY);
  Proposal taken_key = scene.UpdateOf(1);
  std::get<Update>(taken_key.body).leaf_node.encryption_key =
      ToBytes(scene.group->tree().PublicKey(LeafIndex{3}));
  CHECK(scene.Reference(taken_key, kOne).Refusal() == Error::DUPLICATE_ENCRYPTION_KEY);
  const Proposal add = scene.AddNew();
  Proposal same_key = scene.UpdateOf(1);
  std::get<Update>(same_key.body).leaf_node.encryption_key =
      add.As<Add>()->key_package.leaf_node.encryption_key;
  CHECK(scene.Reference(same_key, kOne).Value(add).Refusal() == Error::INVALID_PROPOSAL_LIST);
}

TEST_CASE("R7.3: a credential type is one that all read, and its holder reads all that are in use") {
  const Suite& suite = AllSuites()[0];
  Scene scene;
  Client blinkered = Capable(scene.world, suite, "reads no basic");
  blinkered.profile.capabilities.credentials = {CredentialType::x509};
  const Error error = scene.Value(scene.AddOf(blinkered)).Refusal();
  CHECK(error == Error::INVALID_LEAF_NODE);  // it does not even read its own
  LeafNode foreign = scene.group->tree().Leaf({1});
  foreign.credential = {OpaqueCredential{CredentialType{77}, {}}};
  CHECK(ValidateCredentialTypes(scene.group->tree(), foreign).error() == Error::UNSUPPORTED_CREDENTIAL);
  LeafNode narrow = scene.group->tree().Leaf({1});
  narrow.capabilities.credentials = {CredentialType::x509};
  CHECK(ValidateCredentialTypes(scene.group->tree(), narrow).error() == Error::UNSUPPORTED_CREDENTIAL);
  CHECK(ValidateCredentialTypes(scene.group->tree(), scene.group->tree().Leaf({1})).ok());
}

TEST_CASE("R5.3.1: a list asks about each new credential, and about nothing that was known") {
  const Suite& suite = AllSuites()[0];
  Scene scene;
  Proposal renamed = scene.UpdateOf(3);
  std::get<Update>(renamed.body).leaf_node.credential = Credential::Basic(AsView("3 renamed"));
  const Client newcomer = Capable(scene.world, suite, "new");
  const auto plan = scene.Reference(renamed, kThree)
                        .Reference(scene.UpdateOf(1), kOne)  // a new key, the same credential
                        .Value(scene.AddOf(newcomer))
                        .Plan();
  REQUIRE(plan.ok());
  REQUIRE(plan->questions.credentials.size() == 2);
  const CredentialQuestion& successor = plan->questions.credentials[0];
  CHECK(successor.role == CredentialRole::successor);
  CHECK(successor.index == 3);
  CHECK(successor.credential == Credential::Basic(AsView("3 renamed")));
  CHECK(successor.former == scene.clients[3].profile.credential);
  const CredentialQuestion& member = plan->questions.credentials[1];
  CHECK(member.role == CredentialRole::member);
  CHECK(member.credential == newcomer.profile.credential);
  CHECK(member.signature_key == newcomer.profile.signature_key);
  CHECK_FALSE(member.former.has_value());
}

}  // namespace
}  // namespace mls::test
