// RFC 9420 §12.1.4 to §12.1.7, §12.3: PSKs, ReInit, ExternalInit, GroupContextExtensions, and their order.
#include <set>

#include "kit/invitation.h"
#include "kit/lists.h"

namespace mls::test {
namespace {

// RefusesAlways: standing alone and in a Commit, made by others and by us.
void RefusesAlways(Scene& scene, const Proposal& proposal, Error expected) {
  scene.Refuses(kReceiver, Insider(scene, kForger).Public(proposal), expected);
  CHECK(scene[kReceiver].proposals().empty());
  BothRefuse(scene, {proposal}, expected);
  CHECK(Scene::Name(scene[0].StageOwnProposal(proposal, {}, scene.world.env)) == Describe(expected).name);
}

// A resumption PSK that everybody could find: the group's own, or another group's that the applications know.
Proposal ResumptionOf(Scene& scene, ResumptionPSKUsage usage, bool own) {
  const std::uint64_t epoch = scene[0].context().epoch;
  const ResumptionPsk psk{usage, own ? scene[0].context().group_id : Bytes{9}, epoch};
  scene.psks[Encode(PreSharedKeyID{psk, {}}.body)] =
      own ? ToBytes(Must(scene[0].ResumptionPskOf(epoch)).view()) : Bytes(20, 9);
  return Must(scene[0].MakePsk(psk, scene.world.env));
}

void RefusesUsage(ResumptionPSKUsage usage) {
  for (const Suite& suite : AllSuites()) {
    for (const bool own : {true, false}) {
      CAPTURE(suite.name);
      CAPTURE(own);
      Scene scene(suite, 4);
      RefusesAlways(scene, ResumptionOf(scene, usage, own), Error::INVALID_PSK);
      scene.GoesOn();
      if (!own) scene.NotInJournal();  // the replay has no other group
      TakesList(scene, {Value(ResumptionOf(scene, ResumptionPSKUsage::application, own))});
    }
  }
}

TEST_CASE("R11.2-09, R12.1.4-01: a PreSharedKey with usage reinit in an ordinary group") {
  RefusesUsage(ResumptionPSKUsage::reinit);
}

TEST_CASE("R11.3-06, R12.1.4-02: a PreSharedKey with usage branch in an ordinary group") {
  RefusesUsage(ResumptionPSKUsage::branch);
}

TEST_CASE("R12.1.4-03: a psk_nonce that has not Nh bytes") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 4);
    for (const std::size_t size : {std::size_t{0}, std::size_t{suite.Nh} - 1, std::size_t{suite.Nh} + 1}) {
      CAPTURE(size);
      RefusesAlways(scene, PskOf(scene, 1, [&](PreSharedKeyID& id) { id.psk_nonce.resize(size); }),
                    Error::INVALID_PSK);
    }
    scene.GoesOn();
    TakesList(scene, {Value(PskOf(scene, 1))});
  }
}

TEST_CASE("R12.1.4-04: our psk_nonce is random") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 2);
    scene.NotInJournal();
    SystemRandom random;
    const Env env{kNow, &random, nullptr};
    std::set<Bytes> nonces;
    for (int i = 0; i < 1000; ++i) {
      const Proposal psk = Must(scene[0].MakePsk(ExternalPsk{Bytes{1}}, env));
      const Bytes& nonce = psk.As<PreSharedKey>()->psk.psk_nonce;
      CHECK(nonce.size() == suite.Nh);
      nonces.insert(nonce);
    }
    CHECK(nonces.size() == 1000);
  }
}

TEST_CASE("R12.1.5-01: a ReInit to an older version") {
  Scene scene(AllSuites()[0], 4);
  RefusesAlways(scene, ReInitOf(scene, [](ReInit& one) { one.version = ProtocolVersion{0}; }),
                Error::INVALID_REINIT);
  scene.GoesOn();
}

TEST_CASE("R12.1.5-02: a ReInit to something that we cannot do closes the group, and nothing follows it") {
  const std::vector<std::pair<Hook<ReInit>, Error>> impossible = {
      {[](ReInit& one) { one.version = ProtocolVersion{0xFFFF}; }, Error::UNSUPPORTED_VERSION},
      {[](ReInit& one) { one.cipher_suite = CipherSuite{0x7777}; }, Error::UNSUPPORTED_CIPHERSUITE},
      {[](ReInit& one) { one.cipher_suite = CipherSuite{0x0A0A}; }, Error::UNSUPPORTED_CIPHERSUITE},
  };
  for (std::size_t i = 0; i < impossible.size(); ++i) {
    CAPTURE(i);
    Scene scene(AllSuites()[0], 3);
    const Proposal reinit = ReInitOf(scene, impossible[i].first);
    scene.Commit(0, Proposing(reinit));
    const Client client = scene.world.NewClient(AllSuites()[0], "member 1");
    SuccessorOptions options;
    options.profile = &client.profile;
    for (std::size_t member = 0; member < 3; ++member) {
      CHECK(scene[member].phase() == Phase::suspended);
      CHECK(scene[member].reinit() == *reinit.As<ReInit>());
      const Client same = scene.world.NewClient(AllSuites()[0], "member " + std::to_string(member));
      if (member != 1) options.key_packages.push_back(scene.world.NewKeyPackageOf(same).key_package);
    }
    CHECK(Scene::Name(scene[1].StageReinit(std::move(options), scene.world.env)) ==
          Describe(impossible[i].second).name);
    // A Welcome of a group with parameters that we can do is not the one announced.
    Scene other(AllSuites()[0], 1);
    const Invitation invitation(other);
    const auto refused = [&](View welcome, Error expected) {
      CHECK(Scene::Name(other.DoJoin(welcome, invitation.package, {}, &scene[1])) == Describe(expected).name);
      scene.NoteSuccessor(1, welcome, invitation.package, expected);
    };
    refused(invitation.genuine, Error::REINIT_MISMATCH);
    Welcome unknown = invitation.welcome;
    unknown.cipher_suite = CipherSuite{0x7777};
    refused(EncodeMessage(std::move(unknown)), Error::UNSUPPORTED_CIPHERSUITE);
  }
}

TEST_CASE("R12.1.6-01: ExternalInit only in an external Commit") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 4);
    const Insider insider(scene, kForger);
    const HpkeKeyPair external = Must(ExternalKeyPair(suite, insider.external_secret));
    const Proposal init{
        ExternalInit{Must(SendExternalInit(suite, external.public_key, scene.world.random)).kem_output}};
    RefusesAlways(scene, init, Error::INVALID_PROPOSAL_LIST);
    const AuthenticatedContent alone = insider.Sign(insider.Content(init));
    RefusesList(scene, {Reference(ToBytes(Must(ProposalRef(suite, alone))))}, Error::UNKNOWN_PROPOSAL);
    scene.GoesOn();
  }
}

// What some member lacks, in each of the three lists.
const RequiredCapabilities kLacking[] = {
    {{kCustomExtension}, {}, {}}, {{}, {kCustom}, {}}, {{}, {}, {CredentialType{0xF001}}}};

// CannotRequire: required_capabilities with what member 3 lacks, by value and by reference.
void CannotRequire(const RequiredCapabilities& required, const Hook<Capabilities>& others) {
  Scene scene(AllSuites()[0], 1);
  Capable(scene, 0, others);
  for (std::size_t i = 1; i < 4; ++i) {
    HireWith(scene, [&](Client& client) {
      if (i < 3) others(client.profile.capabilities);
    });
  }
  BothRefuse(scene, {Requiring(required)}, Error::UNSUPPORTED_CAPABILITY);
  scene.ProposeToAll(0, Requiring(required));
  RefusesList(scene, {ReferenceToNewest(scene, kForger)}, Error::UNSUPPORTED_CAPABILITY);
  // The creator leaves out what is in nobody's power.
  CHECK(ListOf(scene.Commit(0).message).empty());
  scene.Chat();
  // Without the member who lacks it, it is fine.
  TakesList(scene, {Value({Remove{{3}}}), Value(Requiring(required))});
}

TEST_CASE("R11.1-01: required_capabilities with an extension that a member lacks") {
  CannotRequire(kLacking[0], [](Capabilities& one) { one.extensions.push_back(kCustomExtension); });
}

TEST_CASE("R11.1-02: required_capabilities with a proposal type that a member lacks") {
  CannotRequire(kLacking[1], [](Capabilities& one) { one.proposals.push_back(kCustom); });
}

TEST_CASE("R11.1-03: required_capabilities with a credential type that a member lacks") {
  CannotRequire(kLacking[2], [](Capabilities& one) { one.credentials.push_back(CredentialType{0xF001}); });
  // No credential type is there by default.
  Scene scene(AllSuites()[0], 1);
  HireWith(scene, {});
  HireWith(scene, {});
  HireWith(scene, [](Client& client) { client.profile.capabilities.credentials = {CredentialType::basic}; });
  BothRefuse(scene, {Requiring({{}, {}, {CredentialType::x509}})}, Error::UNSUPPORTED_CAPABILITY);
  scene.GoesOn();
}

TEST_CASE("R11.1-04: default types need not be listed") {
  RequiredCapabilities required;
  for (std::uint16_t type = 1; type <= 5; ++type) required.extension_types.push_back(ExtensionType{type});
  for (std::uint16_t type = 1; type <= 7; ++type) required.proposal_types.push_back(ProposalType{type});
  const auto lists = [](const Capabilities& one) {
    return one.Supports(kCustom) || one.Supports(kCustomExtension) ||
           std::find(one.proposals.begin(), one.proposals.end(), ProposalType::add) != one.proposals.end();
  };
  Scene scene(AllSuites()[0], 4);
  for (std::uint32_t i = 0; i < 4; ++i) CHECK_FALSE(lists(scene[0].tree().Leaf({i}).capabilities));
  scene.Commit(0, Proposing(Requiring(required)));
  CHECK(scene[1].epoch().required == required);
  scene.GoesOn();
  TakesList(scene, {Value(Requiring(required)), Value(AddOf(scene))});
}

TEST_CASE("R12.1.7-01: required_capabilities that a member added in the same Commit lacks") {
  for (const RequiredCapabilities& required : kLacking) {
    Scene scene(AllSuites()[0], 1);
    const auto able = [&](Capabilities& one) {
      for (const ExtensionType type : required.extension_types) one.extensions.push_back(type);
      for (const ProposalType type : required.proposal_types) one.proposals.push_back(type);
      for (const CredentialType type : required.credential_types) one.credentials.push_back(type);
    };
    Capable(scene, 0, able);
    for (std::size_t i = 1; i < 4; ++i) {
      HireWith(scene, [&](Client& client) { able(client.profile.capabilities); });
    }
    const Proposal add = AddOf(scene);
    BothRefuse(scene, {Requiring(required), add}, Error::UNSUPPORTED_CAPABILITY);
    BothRefuse(scene, {add, Requiring(required)}, Error::UNSUPPORTED_CAPABILITY);
    scene.Commit(0, Proposing(Requiring(required)));
    BothRefuse(scene, {add}, Error::UNSUPPORTED_CAPABILITY);
    scene.GoesOn();
  }
}

TEST_CASE("R12.1.7-02: members removed in the same Commit do not count") {
  for (const bool by_value : {true, false}) {
    CAPTURE(by_value);
    Scene scene(AllSuites()[0], 1);
    const auto able = [](Capabilities& one) { one.extensions.push_back(kCustomExtension); };
    Capable(scene, 0, able);
    for (std::size_t i = 1; i < 4; ++i) {
      HireWith(scene, [&](Client& client) {
        if (i < 3) able(client.profile.capabilities);
      });
    }
    const Proposal required = Requiring(kLacking[0]);
    BothRefuse(scene, {required}, Error::UNSUPPORTED_CAPABILITY);
    if (!by_value) {
      scene.ProposeToAll(0, {Remove{{3}}});
      TakesList(scene, {Value(required), ReferenceToNewest(scene, kForger)});
      continue;
    }
    CommitOptions options = Proposing(required);
    options.proposals.push_back({Remove{{3}}});
    scene.Commit(0, std::move(options));
    CHECK(scene[3].phase() == Phase::removed);
    CHECK(scene[1].epoch().required == kLacking[0]);
    scene.GoesOn();
  }
}

TEST_CASE("R12.1.7-03: GroupContextExtensions replace all extensions") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 4);
    const Watcher watcher(scene);
    scene.Accepts(kReceiver, watcher.Propose({Remove{{3}}}));
    CommitOptions options = Proposing(Requiring({}));
    options.cached = CommitOptions::Cached::ignore;
    scene.Commit(0, std::move(options));
    CHECK(scene[kReceiver].context().extensions == Extensions{MakeExtension(RequiredCapabilities{})});
    scene.Refuses(kReceiver, watcher.Propose({Remove{{3}}}), Error::UNKNOWN_SENDER);
    scene.GoesOn();
  }
}

TEST_CASE("R12.3-01: GroupContextExtensions come first and hold for the other proposals") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 1);
    const auto able = [](Capabilities& one) { one.extensions.push_back(kCustomExtension); };
    Capable(scene, 0, able);
    for (std::size_t i = 1; i < 4; ++i) {
      HireWith(scene, [&](Client& client) { able(client.profile.capabilities); });
    }
    BothRefuse(scene, {AddOf(scene), Requiring(kLacking[0])}, Error::UNSUPPORTED_CAPABILITY);
    // What the old extensions demand is no longer asked for.
    scene.Commit(0, Proposing(Requiring(kLacking[0])));
    BothRefuse(scene, {AddOf(scene)}, Error::UNSUPPORTED_CAPABILITY);
    TakesList(scene, {Value(AddOf(scene)), Value({GroupContextExtensions{}})});
  }
}

TEST_CASE("R12.3-02: Removes free the leaves that Adds take, in the order of the list") {
  for (const Suite& suite : AllSuites()) {
    CAPTURE(suite.name);
    Scene scene(suite, 6);
    const Proposal first = AddOf(scene, "first"), second = AddOf(scene, "second");
    const Proposal third = AddOf(scene, "third");
    scene.ProposeToAll(0, {Remove{{5}}});
    const ProposalOrRef leaving = ReferenceToNewest(scene, kForger);
    CommitForgery forgery;
    forgery.proposals = {Value(first), Value(second), leaving, Value({Remove{{3}}}), Value(third)};
    const ForgedCommit commit = ForgeCommit(Insider(scene, kForger), forgery);
    scene.Accepts(kReceiver, commit.message);
    CHECK(scene[kReceiver].context() == commit.next);
    const RatchetTree& tree = scene[kReceiver].tree();
    const auto stands_at = [&](const Proposal& add, std::uint32_t leaf) {
      return tree.Leaf({leaf}) == add.As<Add>()->key_package.leaf_node;
    };
    CHECK(stands_at(first, 3));
    CHECK(stands_at(second, 5));
    CHECK(stands_at(third, 6));
    // The creator puts them where the receivers do.
    Scene ours(suite, 6);
    CommitOptions options;
    options.proposals = {AddOf(ours), {Remove{{3}}}, {Remove{{5}}}, AddOf(ours), AddOf(ours)};
    ours.Commit(0, std::move(options));
    CHECK(ours[1].context() == ours[0].context());
    CHECK(ours[1].tree().member_count() == 7);
  }
}

}  // namespace
}  // namespace mls::test
